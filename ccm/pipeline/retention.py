"""Retention: what is due for disposal and why, what a legal hold keeps, and the disposal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, true

from ccm.compliance.releases import canonical
from ccm.compliance.retained import contradictions, maxima, minima
from ccm.compliance.rules import Rule
from ccm.errors import InputError
from ccm.log import leaves, sequencer
from ccm.log.leaves import DISPOSED, instant
from ccm.pipeline import holds
from ccm.pipeline.erasure import blank_messages
from ccm.pipeline.project import Project
from ccm.pipeline.reseal import reseal
from ccm.store.engine import BATCH
from ccm.store.tables import contacts, messages
from ccm.workspace.retention import Period
from ccm.workspace.settings import Person

FINAL = ("accepted", "delivered", "failed", "withheld", "set_aside", "cancelled", "digested")
_STARTS = {"decided": messages.c.decided_at, "settled": messages.c.updated_at}


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose periods are over: all those that apply, by id."""

    message: str
    customer_id: str
    communication: str
    purpose: str
    jurisdiction: str
    decided_at: datetime
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is due at an instant. `held` is due too, but a legal hold keeps it; `unlimited` counts what no period ends.

    `unlimited` is (purpose, jurisdiction) to number of messages.
    """

    at: datetime
    due: tuple[Due, ...]
    held: tuple[Due, ...]
    unlimited: Mapping[tuple[str, str], int]
    contradictions: tuple[str, ...] = ()
    """Rules of which one ends what another keeps, in words; the longer period counts."""


@dataclass(frozen=True, slots=True)
class Disposal:
    """What was disposed of; `digest` is the SHA-256 of `report`, as it stands in the log."""

    report: bytes
    digest: str
    messages: int
    held: int


def report(project: Project, at: datetime) -> Report:
    """What is due for disposal at `at`; changes nothing."""
    due: list[Due] = []
    unlimited: dict[tuple[str, str], int] = {}
    with project.store.read() as connection:
        kept = messages.c.erased_at.is_(None)
        groups = connection.execute(
            select(messages.c.purpose, messages.c.jurisdiction).where(kept).distinct()
            .order_by(messages.c.purpose, messages.c.jurisdiction)
        ).all()  # fmt: skip
        for purpose, jurisdiction in groups:
            mine = and_(kept, messages.c.purpose == purpose, messages.c.jurisdiction == jurisdiction)
            if applying := _applying(project, purpose, jurisdiction, at):
                over: dict[str, Due] = {}
                for scope, periods in applying:
                    for item in _due(connection, and_(mine, scope), periods, at):
                        over.setdefault(item.message, item)
                due += sorted(over.values(), key=lambda item: (item.decided_at, item.message))
            else:
                counted = select(func.count()).select_from(messages).where(mine)
                unlimited[purpose, jurisdiction] = connection.execute(counted).scalar_one()
        held = holds.in_force(connection)
    return Report(
        at, tuple(item for item in due if item.customer_id not in held),
        tuple(item for item in due if item.customer_id in held), unlimited,
        tuple(told for _, told in contradictions(project.rules, at)),
    )  # fmt: skip


def _applying(
    project: Project, purpose: str, jurisdiction: str, at: datetime
) -> list[tuple[ColumnElement[bool], list[Period]]]:
    """Groups of periods, and the messages they are about: a message is due where all periods of one group are over.

    The schedule is one group, each rule's maximum another. What rules in force ask to be kept is in every group: it
    ends nothing by itself, and nothing ends before it.
    """
    own = [period for period in project.workspace.retention.periods if period.applies(purpose, jurisdiction)]
    asked = [
        Period(id=rule.id.lower(), days=rule.asks.evidence_days or 0, source=rule.file.source)
        for rule in minima(project.rules, purpose, jurisdiction, at)
    ]
    capped = [
        # From the decision on, which comes first: content is never kept a day too long.
        (_scope(rule), Period(id=rule.id.lower(), days=rule.asks.content_days or 0, starts="decided",
                              source=rule.file.source))
        for rule in maxima(project.rules, purpose, jurisdiction, at)
    ]  # fmt: skip
    groups = [(scope, [period, *asked]) for scope, period in capped]
    return [(true(), [*own, *asked]), *groups] if own else groups


def _scope(rule: Rule) -> ColumnElement[bool]:
    """The rest of a rule's scope, as rows of messages tell it."""
    applies = rule.file.applies
    named = ((messages.c.channel, applies.channels), (messages.c.category, applies.categories),
             (messages.c.communication, applies.communications))  # fmt: skip
    parts: list[ColumnElement[bool]] = [column.in_(values) for column, values in named if values]
    if applies.languages:
        parts.append(or_(*(messages.c.language.in_([name]) | messages.c.language.startswith(f"{name}-")
                           for name in applies.languages)))  # fmt: skip
    return and_(true(), *parts)


def _due(connection: Connection, mine: ColumnElement[bool], periods: Sequence[Period], at: datetime) -> list[Due]:
    over = (_STARTS[period.starts] <= period.over_before(at) for period in periods)
    names = ("id", "customer_id", "communication", "purpose", "jurisdiction", "decided_at")
    rows = connection.execute(
        select(*(messages.c[name] for name in names))
        .where(mine, messages.c.state.in_(FINAL), *over)
        .order_by(messages.c.decided_at, messages.c.id)
    )
    ids = tuple(period.id for period in periods)
    return [
        Due(row.id, row.customer_id, row.communication, row.purpose, row.jurisdiction, row.decided_at, ids)
        for row in rows
    ]


def dispose(project: Project, at: datetime, person: Person) -> Disposal:
    """Destroys the contents of what is due at `at`, and cuts customers out of the rows; holds are kept.

    The report, which names messages and no customers, is written first; its digest and the messages stand in the log.
    Raises `NotAllowed` without the role, `InputError` where `at` is yet to come, `TryAgain` as `reseal`.
    """
    holds.require_role(person, "dispose of messages")
    now = project.clock()
    if at > now:
        raise InputError(f"--at {instant(at)} is yet to come: what is due then may still be put under hold")
    found = report(project, at)
    sources = {period.id: period.source for period in project.workspace.retention.periods}
    sources |= {rule.id.lower(): rule.file.source for rule in project.rules}
    used = sorted({period for item in found.due for period in item.periods})
    document: dict[str, Any] = {
        "format": "ccm-disposal 1", "at": instant(at), "disposed_at": instant(now), "person": person.id,
        "periods": {period: sources[period] for period in used},
        "messages": [
            {"message": item.message, "communication": item.communication, "purpose": item.purpose,
             "jurisdiction": item.jurisdiction, "decided_at": instant(item.decided_at),
             "periods": list(item.periods)} for item in found.due
        ],
        "under_hold": len(found.held), "contradictions": list(found.contradictions),
    }  # fmt: skip
    written = canonical(document).encode()
    digest = sha256(written).hexdigest()
    for customer_id in sorted({item.customer_id for item in found.due}):
        reseal(project, customer_id)
    for start in range(0, len(found.due), DISPOSED):
        _dispose(project, found.due[start : start + DISPOSED], digest, person, now)
    return Disposal(written, digest, len(found.due), len(found.held))


def _dispose(project: Project, due: Sequence[Due], digest: str, person: Person, now: datetime) -> None:
    with project.store.write() as connection:
        held = holds.in_force(connection)  # again: somebody may have placed one while the report was made
        ids = [item.message for item in due if item.customer_id not in held]
        customers = sorted({item.customer_id for item in due})
        subjects = leaves.subjects(connection, customers, project.random_bytes)
        blank_messages(connection, ids, now, subjects)
        for start in range(0, len(ids), BATCH):
            connection.execute(delete(contacts).where(contacts.c.id.in_(ids[start : start + BATCH])))
        leaf = leaves.disposal_leaf(messages=ids, report=digest, person=person.id, at=now)
        sequencer.append(connection, [leaf])
