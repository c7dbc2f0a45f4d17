"""Copies for joint holders: a customer's matter told to another person, as that person likes to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ccm.decide import Facts, decide
from ccm.decide.relations import joint_holders
from ccm.log.leaves import ERASED
from ccm.model.message import Decision
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.store.tables import messages
from ccm.workspace.communication import Communication

PART = "joint:"
"""What the parts of copies begin with, before a digest of both persons."""


class Copy(NamedTuple):
    """A message to one holder."""

    holder: str
    known: tuple[Facts, Decision] | None
    """The holder's facts and the decision about them; None where nobody knows the holder as a customer."""

    @property
    def sent(self) -> bool:
        """Whether it goes out, as far as the decision goes."""
        return self.known is not None and self.known[1].send


def copies(
    connection: Connection, project: Project, communication: Communication, facts: Mapping[str, Facts], at: datetime
) -> dict[str, list[Copy]]:
    """Customer to the copies of what they get themselves, in the order of the holders' ids; one decision a holder."""
    if communication.copies != "joint":
        return {}
    holders = {
        customer_id: found for customer_id, known in facts.items()
        if (found := joint_holders(known.relations, communication.purpose))
    }  # fmt: skip
    wanted = sorted({holder for found in holders.values() for holder in found})
    workspace = project.workspace
    decided = {
        holder: (known, decide(communication, workspace.policy, workspace.channels, known, at))
        for holder, known in (gather(connection, project, communication, wanted, at) if wanted else {}).items()
    }
    return {
        customer_id: [Copy(holder, decided.get(holder)) for holder in found] for customer_id, found in holders.items()
    }


def originals(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> dict[str, tuple[str, str]]:
    """Of rows of `messages` that are copies: id to the id of the customer's own message, and the customer's.

    The key of a copy is made from that message's id. Those whose own row was erased are left out: nobody knows.
    """
    first = {row["id"]: str(row["trigger_key"]).partition("\n")[0] for row in rows if row["part"].startswith(PART)}
    if not first:
        return {}
    query = select(messages.c.id, messages.c.customer_id).where(messages.c.id.in_(set(first.values())))
    customers = {row.id: row.customer_id for row in connection.execute(query)}
    return {copy: (own, customers[own]) for copy, own in first.items() if own in customers}


def holders_no_more(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> set[str]:
    """The ids of copies to somebody who is no joint holder any more of the customer whose matter they tell of.

    A customer's erasure ends no joint holding: what the holder was to be told stays the holder's own.
    """
    about = {copy: customer for copy, (_, customer) in originals(connection, rows).items()}
    held = feeds.relations(connection, sorted({*about.values()})) if about else {}
    return {
        row["id"] for row in rows
        if not (customer := about.get(row["id"], "")).startswith(ERASED)
        and row["customer_id"] not in joint_holders(held.get(customer, ()), row["purpose"])
    }  # fmt: skip


def part_of(about: str, holder: str) -> str:
    """The part of a copy: the same in every run, and without the ids in it."""
    return PART + hashlib.sha256(f"{about}\n{holder}".encode()).hexdigest()[:16]
