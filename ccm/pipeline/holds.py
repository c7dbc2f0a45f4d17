"""Legal holds: what must not be erased or disposed of, while a person says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, insert, select

from ccm.errors import Conflict, InputError, NotAllowed, NotFound
from ccm.log import leaves, sequencer
from ccm.pipeline.project import Project
from ccm.store.tables import customers, legal_holds
from ccm.workspace.settings import Person, Role

MAY: tuple[Role, ...] = ("compliance", "administrator")
"""The roles of which a person needs one to place or lift a hold, to erase, and to dispose."""
LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold in force."""

    customer_id: str
    person: str
    reason: str
    at: datetime


def require_role(person: Person, what: str) -> None:
    """Raises `NotAllowed` without one of the roles in `MAY`."""
    if not set(person.roles) & set(MAY):
        raise NotAllowed(f"{person.id} may not {what}: it takes the role {' or '.join(MAY)}")


def checked_reason(reason: str) -> str:
    """The reason without the space around it. Raises `InputError` where there is none, or too much of one."""
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InputError(f"--reason: say why, in 1 to {LONGEST_REASON} characters")
    return reason


def in_force(connection: Connection, customer_ids: Collection[str] | None = None) -> Mapping[str, Hold]:
    """The holds in force by customer id, of these customers or of all."""
    newest = select(func.max(legal_holds.c.id)).group_by(legal_holds.c.customer_id)
    query = select(legal_holds).where(legal_holds.c.id.in_(newest), legal_holds.c.action == "placed")
    if customer_ids is not None:
        query = query.where(legal_holds.c.customer_id.in_(list(customer_ids)))
    rows = connection.execute(query.order_by(legal_holds.c.customer_id))
    return {row.customer_id: Hold(row.customer_id, row.person, row.reason, row.at) for row in rows}


def act(project: Project, customer_id: str, action: Literal["placed", "lifted"], person: Person, reason: str) -> None:
    """Places a hold on a customer, or lifts it, and logs it.

    Raises `NotAllowed` without the role, `NotFound` where there is no such customer, `Conflict` where the hold is so
    already, `InputError` without a reason.
    """
    require_role(person, "place or lift a legal hold")
    reason, now = checked_reason(reason), project.clock()
    with project.store.write() as connection:
        held = customer_id in in_force(connection, [customer_id])
        if not held and connection.scalar(select(customers.c.id).where(customers.c.id == customer_id)) is None:
            raise NotFound(f"customer '{customer_id}' does not exist")
        if held == (action == "placed"):
            raise Conflict(f"customer '{customer_id}' is {'' if held else 'not '}under legal hold")
        row = {"action": action, "person": person.id, "reason": reason, "at": now}
        connection.execute(insert(legal_holds).values(customer_id=customer_id, **row))
        [subject] = leaves.subjects(connection, [customer_id], project.random_bytes).values()
        leaf = leaves.hold_leaf(subject=subject, action=action, person=person.id, reason=reason, at=now)
        sequencer.append(connection, [leaf])
