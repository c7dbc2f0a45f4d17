"""Digests: messages that one communication collects from others, once a customer and window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ccm.decide.windows import shown
from ccm.pipeline.project import Project
from ccm.store import queries
from ccm.store.engine import insert_of
from ccm.store.tables import digests
from ccm.workspace.collecting import Collects
from ccm.workspace.sendtimes import WEEKDAYS

Window = tuple[datetime, datetime]
"""From (inclusive) and to (exclusive), in UTC."""
_DAYS = range(-8, 9)


def window_of(collects: Collects, at: datetime, zone: str) -> Window:
    """The window of a collecting communication in which an instant lies; `zone` is the organisation's.

    One ends where the next begins: at the first instant at which the clocks show the time, or at the first after it
    where they skip it. So a day is 23 to 25 hours long.
    """
    today, minutes = at.astimezone(ZoneInfo(zone)).date(), collects.at.hour * 60 + collects.at.minute
    days = [today + timedelta(days=number) for number in _DAYS]
    closings = [
        shown(zone, day, minutes)[0] for day in days
        if collects.day is None or WEEKDAYS[day.weekday()] == collects.day
    ]  # fmt: skip
    return max(closing for closing in closings if closing <= at), min(closing for closing in closings if closing > at)


def windows_of(project: Project, communication_id: str) -> Callable[[datetime], Window]:
    """For `join_digest`: the windows of a communication; the rest of the project's life they stay the same."""
    collects = project.workspace.communication(communication_id).collects
    assert collects is not None, "the workspace was refused where something is collected into what does not collect"
    zone = project.workspace.settings.organisation.timezone
    return lambda at: window_of(collects, at, zone)


def join_digest(
    connection: Connection, communication: str, customer_ids: Collection[str], at: datetime,
    window_of: Callable[[datetime], Window],
) -> dict[str, str]:  # fmt: skip
    """The id of the digest that what is decided at `at` becomes a part of, by customer.

    `communication` is the one that collects, `window_of` gives the window in which an instant lies. The rows of
    `digests` are made where they are not there yet, in the caller's transaction; customer, communication and start
    are unique in the database, and the id follows from them, so that two transactions never make two. Where a digest
    was closed already, the next window is joined: the caller holds the customers' guards, as whoever closes does.
    """
    joined: dict[str, str] = {}
    left, moment = sorted(set(customer_ids)), at
    while left:
        start, end = window_of(moment)
        wanted = {digest_id(communication, customer_id, start): customer_id for customer_id in left}
        connection.execute(
            insert_of(connection.dialect.name, digests).on_conflict_do_nothing(),
            [
                {"id": found, "customer_id": customer_id, "communication": communication, "window_start": start,
                 "window_end": end, "state": "open"}
                for found, customer_id in wanted.items()
            ],
        )  # fmt: skip
        closed = select(digests.c.id).where(digests.c.state != "open")
        full = {row[0] for row in queries.of(connection, closed, digests.c.id, list(wanted))}
        joined |= {customer_id: found for found, customer_id in wanted.items() if found not in full}
        left, moment = [customer_id for found, customer_id in wanted.items() if found in full], end
    return joined


def digest_id(communication: str, customer_id: str, window_start: datetime) -> str:
    """32 hexadecimal digits, the same for the same window."""
    key = f"digest\n{communication}\n{customer_id}\n{window_start.astimezone(UTC).isoformat()}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def digest_of(connection: Connection, row: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    """The row of `digests` that a message became a part of, or is; None where it has to do with none."""
    if row["digest"] is None:
        return None
    return connection.execute(select(digests).where(digests.c.id == row["digest"])).mappings().first()
