"""accept: one notification for one customer, now. A chunk of one on the same road as a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError as Duplicate

from ccm.errors import Conflict, NotFound
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.data import DataResult, check_data, given_data
from ccm.pipeline.gate import require_approved, require_no_collector
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.record import record
from ccm.store import feeds
from ccm.store.tables import messages


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a trigger. `repeated`: the key was used before, and this is the message it made then."""

    message_id: str
    state: str
    reason: str
    detail: str
    channel: str | None
    due_at: datetime | None
    repeated: bool = False


def send(
    project: Project, communication_id: str, customer_id: str, data: Mapping[str, Any] | None, *, key: str,
    at: datetime, dry_run: bool = False, occasion: str = "",
) -> Accepted:  # fmt: skip
    """Decides, renders, checks and records one message; dispatching is the delivery's work.

    `key` makes a repeat harmless: the second call returns the first one's message and does nothing. `dry_run`
    records nothing and needs no approval. `occasion` names what it is about, where runs or other triggers are about the
    same: nobody gets a communication twice for one occasion, and an address or household that is to get it once does.
    A run's is its instant (``20260401T003000Z``) or its period (``2026-01-01--2026-03-31``). Raises `NotFound` for an
    unknown customer or communication, `InputError` for data that do not fit, `NotAllowed` where the release is not
    approved, `Conflict` where the key was used for another customer.
    """
    compiled = project.compiled(communication_id)
    require_no_collector(compiled.communication)
    unique = f"{communication_id}/{key}"
    about = Occasion(f"{communication_id}/{occasion or key}", None, at, {}, {customer_id: unique})
    if (earlier := _earlier(project, unique, customer_id)) is not None and not dry_run:
        return earlier
    with project.store.read() as connection:
        if not feeds.customers(connection, [customer_id]):
            raise NotFound(f"customer '{customer_id}' does not exist; import customers first")
        if not dry_run:
            require_approved(connection, compiled.release, max(at, project.clock()))
    given = None
    if not compiled.communication.data.sql:
        values = check_data(compiled.communication, data or {})
        given = {customer_id: given_data(values)}
    composed, _ = compose(project, compiled, about, [customer_id], given=given)
    if not dry_run:
        composed = _record(project, compiled, about, composed, given)
        if not composed:
            again = _earlier(project, unique, customer_id)
            assert again is not None
            return again
    outcome = composed[0]
    return Accepted(
        outcome.message_id, outcome.state, outcome.reason, outcome.detail, outcome.decision.channel,
        outcome.decision.due_at,
    )  # fmt: skip


def _record(
    project: Project, compiled: Compiled, occasion: Occasion, composed: list[Composed],
    given: Mapping[str, DataResult] | None,
) -> list[Composed]:  # fmt: skip
    """Records, or returns an empty list where another call with the same key was faster."""
    try:
        return record(project, compiled, occasion, composed, given=given)
    except Duplicate:
        return []


def _earlier(project: Project, key: str, customer_id: str) -> Accepted | None:
    with project.store.read() as connection:
        row = connection.execute(select(messages).where(messages.c.trigger_key == key)).mappings().first()
    if row is None:
        return None
    if row["customer_id"] != customer_id:
        raise Conflict(
            f"key '{key.partition('/')[2]}' was used for another customer; each trigger needs one of its own"
        )
    return Accepted(
        row["id"], row["state"], row["reason"], row["detail"], row["channel"], row["due_at"], repeated=True
    )  # fmt: skip
