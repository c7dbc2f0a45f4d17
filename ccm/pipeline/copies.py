"""Copies for joint holders: a customer's matter told to another person, as that person likes to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from ccm.decide import Facts, decide
from ccm.decide.relations import joint_holders
from ccm.model.message import Decision
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
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


def part_of(about: str, holder: str) -> str:
    """The part of a copy: the same in every run, and without the ids in it."""
    return PART + hashlib.sha256(f"{about}\n{holder}".encode()).hexdigest()[:16]
