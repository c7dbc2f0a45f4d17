"""Supplier events: delivered, bounced, complained, unsubscribed. They also settle messages that are `unknown`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, StringConstraints, ValidationError
from sqlalchemy import Connection, false, or_, select, update

from ccm.errors import Erased, InputError
from ccm.log import leaves, sequencer
from ccm.model.customer import Frozen
from ccm.pipeline import contact_points, contents
from ccm.pipeline.choices import Consents
from ccm.pipeline.digest_parts import withhold_parts
from ccm.pipeline.project import Project
from ccm.pipeline.reserve import lock_guards
from ccm.store.tables import contacts, messages, suppressions

EventKind = Literal["accepted", "delivered", "failed", "bounced", "complained", "unsubscribed", "opened"]
Reference = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,400}$")]
"""An id: printable ASCII without spaces."""
MAX_LINE = 64 * 1024

STATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # event kind: (state it leads to, states it may come from)
    "accepted": ("accepted", ("unknown", "sending")),
    "delivered": ("delivered", ("unknown", "sending", "accepted")),
    "failed": ("failed", ("unknown", "sending", "accepted")),
    "bounced": ("failed", ("unknown", "sending", "accepted", "delivered")),
}


class Event(Frozen):
    """One event. The message is named by our id or by the supplier's reference."""

    kind: EventKind
    at: AwareDatetime
    message_id: Reference | None = None
    supplier_reference: Reference | None = None


def read_events(file: Path) -> tuple[list[Event], list[str]]:
    """Events of a file with one JSON object a line, and what is wrong with the lines that are none."""
    events, problems = [], []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"is longer than {MAX_LINE} bytes")
            event = Event.model_validate(json.loads(line))
            if not (event.message_id or event.supplier_reference):
                raise ValueError("names no message: message_id or supplier_reference is needed")
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            name = ".".join(map(str, first["loc"]))
            problems.append(f"{file.name}:{number}: {name}: {first['msg']}")
        except (ValueError, RecursionError) as error:
            problems.append(f"{file.name}:{number}: {error}")
        else:
            events.append(event)
    return events, problems


def _lines(file: Path) -> Iterator[bytes]:
    """The file's lines; of one that is too long only the beginning, which is enough to refuse it."""
    try:
        with file.open("rb") as stream:
            while line := stream.readline(MAX_LINE + 1):
                yield line
                while len(line) > MAX_LINE and not line.endswith(b"\n"):
                    line = stream.readline(MAX_LINE + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def receive(project: Project, events: Iterable[Event]) -> Counter[str]:
    """Applies events; one that was applied before, or says nothing new, changes nothing.

    Returns counts by what they did: the event's kind, ``repeated`` or ``unknown_message``.
    """
    counts: Counter[str] = Counter()
    for event in events:
        with project.store.write() as connection:
            counts[_apply(project, connection, event)] += 1
    return counts


def _apply(project: Project, connection: Connection, event: Event) -> str:
    which = or_(
        messages.c.id == event.message_id if event.message_id else false(),
        messages.c.supplier_reference == event.supplier_reference if event.supplier_reference else false(),
    )
    if event.kind == "failed":  # gives a slot back; the guard comes before the message, as at a hand-off
        lock_guards(project, connection, connection.scalars(select(messages.c.customer_id).where(which)))
    row = connection.execute(select(messages).where(which).with_for_update()).mappings().first()
    if row is None:
        return "unknown_message"
    changed = False
    if event.kind in STATES:
        state, possible = STATES[event.kind]
        if row["state"] in possible and row["state"] != state:
            changed = True
            _settle(connection, row, event, state, project.clock())
            if event.kind == "bounced":
                _suppress(project, connection, row, event, "hard_bounce")
    elif event.kind in ("complained", "unsubscribed"):
        if not str(row["customer_id"]).startswith(leaves.ERASED):
            changed = _withdraw_consent(project, connection, row, event)
            if event.kind == "complained":
                changed |= _suppress(project, connection, row, event, "complaint")
    elif event.kind == "opened":
        changed = True
    if not changed:
        return "repeated"
    entries = [leaves.event_leaf(message_id=row["id"], state=event.kind, detail="", at=event.at)]
    if event.kind == "failed" and row["digest"]:
        entries += withhold_parts(connection, {row["id"]: "failed"}, project.clock())
    sequencer.append(connection, entries)
    return event.kind


def _settle(connection: Connection, row: Mapping[Any, Any], event: Event, state: str, now: datetime) -> None:
    values: dict[str, Any] = {"state": state, "updated_at": now, "lease_owner": None, "lease_until": None}
    if state == "failed":
        values |= {"reason": event.kind, "detail": ""}
    if event.supplier_reference and not row["supplier_reference"]:
        values["supplier_reference"] = event.supplier_reference
    connection.execute(update(messages).where(messages.c.id == row["id"]).values(**values))
    # A bounce reached nobody, but it was sent: it keeps its slot; a definite failure gives the slot back.
    status = {"accepted": "sent", "delivered": "delivered"}.get(state, "released")
    if event.kind != "bounced":
        connection.execute(update(contacts).where(contacts.c.id == row["id"]).values(status=status))


def _withdraw_consent(project: Project, connection: Connection, row: Mapping[Any, Any], event: Event) -> bool:
    """Marketing consent on the message's channel; whether that said anything new."""
    customer_id, evidence = row["customer_id"], f"{event.kind} on message {row['id']}"
    subject = leaves.subjects(connection, [customer_id], project.random_bytes)[customer_id]
    told = Consents(project.store, connection, customer_id, subject, "reply", event.at, evidence)
    done = told.add("marketing", row["channel"], granted=False, basis="withdrawn")
    sequencer.append(connection, told.entries)
    return done


def _suppress(project: Project, connection: Connection, row: Mapping[Any, Any], event: Event, kind: str) -> bool:
    """Leaves the address that the message went to in peace; another address of the customer on the channel is free.

    Returns whether that was not on record yet.
    """
    # The ledger has the digest of the address alone; of a message from before it had, the content has the address.
    point = connection.scalar(select(contacts.c.contact_point).where(contacts.c.id == row["id"]))
    if not point:
        try:
            recipient = contents.load(project, [row])[row["id"]].recipient
        except Erased:  # nobody knows the address any more, and its customer is gone or the message is long past
            return False
        salt = contact_points.made_salt(connection, project.random_bytes)
        point = contact_points.contact_point(row["channel"], recipient, salt)
    values = {
        "customer_id": row["customer_id"], "kind": kind, "channel": row["channel"], "at": event.at,
        "contact_point": point,
        "evidence": f"{event.kind} on message {row['id']}", "row_digest": "",
    }  # fmt: skip
    added = project.store.insert(suppressions).values(values).on_conflict_do_nothing()
    return connection.execute(added.returning(suppressions.c.at)).first() is not None
