"""Claiming due messages under a lease, and what becomes of leases that ran out.

``due -> claimed -> sending -> accepted | failed | unknown``. A claim carries a fence: a process whose lease
ran out can write nothing more about the message. No connection is held while a supplier is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, literal, or_, select, update

from ccm.log import leaves, sequencer
from ccm.pipeline.digest_parts import withhold_parts
from ccm.pipeline.project import Project
from ccm.pipeline.reserve import lock_guards
from ccm.store import Store
from ccm.store.lease import owner_is_gone
from ccm.store.tables import contacts, messages

BATCH = 100
"""Messages claimed at a time."""

Row = Mapping[str, Any]


def claim(store: Store, owner: str, channel: str, now: datetime, lease: timedelta, moment: datetime) -> list[Row]:
    """Up to `BATCH` messages of a channel that are due at `moment`, earliest first, now leased to `owner`.

    `now` is the wall clock, which leases run on; `moment` the clock of deliveries (the same but in a rehearsal).
    """
    due = (
        select(messages.c.id)
        .where(messages.c.state == "due", messages.c.due_at <= moment, messages.c.channel == channel)
        .order_by(messages.c.due_at, messages.c.id)
        .limit(BATCH)
    )
    with store.write() as connection:
        rows = _lease(store, connection, due, owner, now, lease, state="claimed")
    return sorted(rows, key=lambda row: (row["due_at"], row["id"]))


def _lease(
    store: Store, connection: Connection, ids: Select[Any], owner: str, now: datetime, lease: timedelta, **values: Any
) -> list[Row]:
    """Leases the messages that `ids` selects to `owner` and moves their fences on; passes over locked ones."""
    locked = ids.with_for_update(skip_locked=True) if store.dialect == "postgresql" else ids
    # Materialised: as a plain subquery PostgreSQL may run it more than once, and each time it would pass over what it
    # has locked just now and take others, so that more than the limit were claimed.
    chosen = locked.cte("chosen").prefix_with("MATERIALIZED", dialect="postgresql")
    rows = connection.execute(
        update(messages)
        .where(messages.c.id.in_(select(chosen.c.id)))
        .values(lease_owner=owner, lease_until=now + lease, fence=messages.c.fence + 1, updated_at=now, **values)
        .returning(*messages.c)
    ).mappings()
    return [dict(row) for row in rows]


def still_leased(store: Store, connection: Connection, rows: Sequence[Row], owner: str, now: datetime) -> list[Row]:
    """Those of claimed rows whose lease still holds, in their order; until the transaction ends nobody takes them."""
    mine = select(messages.c.id, messages.c.fence).where(
        messages.c.id.in_([row["id"] for row in rows]), messages.c.state == "claimed",
        messages.c.lease_owner == owner, messages.c.lease_until > now,
    )  # fmt: skip
    if store.dialect == "postgresql":
        mine = mine.order_by(messages.c.id).with_for_update()
    fences = {found.id: found.fence for found in connection.execute(mine)}
    return [row for row in rows if fences.get(row["id"]) == row["fence"]]


def mark_sending(
    connection: Connection, rows: Sequence[Row], owner: str, adapter: str, now: datetime, lease: timedelta,
    moment: datetime,
) -> set[str]:  # fmt: skip
    """Moves claimed messages whose lease still holds to `sending`; returns their ids.

    Committed before the supplier is called: after a crash the message is then known to be in doubt. Its
    contact is dated `moment`, so that windows of caps are counted on when messages really go.
    """
    fences = {row["id"]: row["fence"] for row in rows}
    moved = set(
        connection.execute(
            update(messages)
            .where(
                messages.c.id.in_(fences),
                messages.c.state == "claimed",
                messages.c.lease_owner == owner,
                messages.c.lease_until > now,
                messages.c.fence == case(fences, value=messages.c.id, else_=-1),
            )
            .values(
                state="sending",
                adapter=adapter,
                attempts=messages.c.attempts + 1,
                lease_until=now + lease,
                updated_at=now,
            )
            .returning(messages.c.id)
        ).scalars()
    )
    date_anew(connection, dict.fromkeys(moved, moment))
    return moved


def date_anew(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Dates the contacts of messages; the caller holds their customers' guards and saw that there is room then."""
    if moments:
        anew = _by_id(moments, contacts.c.id, contacts.c.at)
        connection.execute(update(contacts).where(contacts.c.id.in_(moments)).values(at=anew))


def _by_id(values: Mapping[str, Any], key: Column[str], column: Column[Any]) -> ColumnElement[Any]:
    """The value of a column by that of another; a plain value where all are the same."""
    if len({*values.values()}) == 1:
        return literal(next(iter(values.values())), column.type)
    return case({name: literal(value, column.type) for name, value in values.items()}, value=key, else_=None)


CONTACT_STATES = {"accepted": "sent", "failed": "released", "withheld": "released", "unknown": "unknown"}
"""What a message's state makes of its contact; in the others the reservation stays as it is."""


def settle(
    connection: Connection, rows: Sequence[Row], owner: str, now: datetime, state: str,
    values: Mapping[str, Mapping[str, Any]] | None = None,
) -> set[str]:  # fmt: skip
    """Writes that messages came to `state`, frees their leases, and returns their ids.

    `values` holds further columns by message id, the same ones for every message. A message whose lease
    went to somebody else is left alone, and out of the result. `state` ``due`` with a later ``due_at`` puts
    a message back; its reservation stays.
    """
    fences = {row["id"]: row["fence"] for row in rows}
    columns = {
        name: _by_id({key: more[name] for key, more in (values or {}).items()}, messages.c.id, messages.c[name])
        for name in next(iter((values or {}).values()), {})
    }
    settled = set(
        connection.execute(
            update(messages)
            .where(
                messages.c.id.in_(fences),
                messages.c.lease_owner == owner,
                messages.c.fence == case(fences, value=messages.c.id, else_=-1),
            )
            .values(state=state, lease_owner=None, lease_until=None, updated_at=now, **columns)
            .returning(messages.c.id)
        ).scalars()
    )
    if state in CONTACT_STATES:
        connection.execute(update(contacts).where(contacts.c.id.in_(settled)).values(status=CONTACT_STATES[state]))
    return settled


def expire(project: Project, moment: datetime) -> list[tuple[str, str]]:
    """Withholds what waits but is stale at `moment`, gives its slots back and logs it; `BATCH` messages at a time.

    Without it a message that is held, or whose channel nobody delivers any more, would keep its slot for ever.
    Returns (id, channel) of each; an empty list means that there are no more, or that another process is at them.
    """
    now, m = project.clock(), messages.c
    is_stale = and_(m.state == "due", m.expires_at <= moment)
    with project.store.write() as connection:
        there = connection.execute(select(m.id, m.customer_id).where(is_stale).order_by(m.id).limit(BATCH)).all()
        # Guards before messages, as everywhere: whoever cancels or erases would wait for these, and this for them.
        lock_guards(project, connection, [row.customer_id for row in there])
        found = sorted(connection.execute(
            update(messages)
            .where(m.id.in_([row.id for row in there]), is_stale)
            .values(state="withheld", reason="expired", detail="", updated_at=now)
            .returning(m.id, m.channel, m.digest)
        ))  # fmt: skip
        ids = [row.id for row in found]
        connection.execute(update(contacts).where(contacts.c.id.in_(ids)).values(status="released"))
        entries = [leaves.event_leaf(message_id=message, state="withheld", detail="expired", at=now) for message in ids]
        gone = {row.id: "expired" for row in found if row.digest}
        sequencer.append(connection, [*entries, *withhold_parts(connection, gone, now)])
    return [(row.id, row.channel) for row in found]


def lost(connection: Connection, now: datetime) -> ColumnElement[bool]:
    """The condition for leases that nobody keeps: run out, or held by a process of this host that is gone."""
    holders = connection.scalars(
        select(messages.c.lease_owner).where(messages.c.state.in_(("claimed", "sending"))).distinct()
    )
    gone = [name for name in holders if name and owner_is_gone(name)]
    return or_(messages.c.lease_until <= now, messages.c.lease_owner.in_(gone))


def give_back_lost(store: Store, now: datetime) -> int:
    """Claims whose owner was lost before sending are due again; returns how many."""
    with store.write() as connection:
        done = connection.execute(
            update(messages)
            .where(messages.c.state == "claimed", lost(connection, now))
            .values(state="due", lease_owner=None, lease_until=None, updated_at=now)
        )
        return done.rowcount


def lost_sending(store: Store, owner: str, now: datetime, lease: timedelta) -> list[Row]:
    """Messages that were with the supplier when their sender was lost, taken over by `owner`.

    Whether they went out is not known: they are never simply sent again.
    """
    with store.write() as connection:
        late = (
            select(messages.c.id)
            .where(messages.c.state == "sending", lost(connection, now))
            .order_by(messages.c.id)
            .limit(BATCH)
        )
        return _lease(store, connection, late, owner, now, lease)
