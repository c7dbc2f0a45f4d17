"""Digests: messages that one communication collects from others, once a customer and window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccm.store.engine import insert_of
from ccm.store.tables import digests

Window = tuple[datetime, datetime]
"""From (inclusive) and to (exclusive), in UTC."""


def day_window(at: datetime, zone: str) -> Window:
    """The calendar day of `at` in an IANA zone: 23 to 25 hours, from one midnight to the next."""
    place = ZoneInfo(zone)
    first = datetime.combine(at.astimezone(place).date(), datetime.min.time())
    start, end = (day.replace(tzinfo=place).astimezone(UTC) for day in (first, first + timedelta(days=1)))
    return start, end


def join_digest(
    connection: Connection, communication: str, customer_ids: Collection[str], at: datetime,
    window_of: Callable[[datetime], Window],
) -> dict[str, str]:  # fmt: skip
    """The id of the digest that what is decided at `at` becomes a part of, by customer.

    `communication` is the one that collects, `window_of` gives the window in which an instant lies. The rows of
    `digests` are made where they are not there yet, in the caller's transaction; customer, communication and start
    are unique in the database, and the id follows from them, so that two transactions never make two. A digest whose
    window was closed is not opened again: its id is returned, and whoever closes it must hold the customers' guards.
    """
    start, end = window_of(at)
    joined = {customer_id: digest_id(communication, customer_id, start) for customer_id in sorted(set(customer_ids))}
    if joined:
        connection.execute(
            insert_of(connection.dialect.name, digests).on_conflict_do_nothing(),
            [
                {"id": found, "customer_id": customer_id, "communication": communication, "window_start": start,
                 "window_end": end, "state": "open"}
                for customer_id, found in joined.items()
            ],
        )  # fmt: skip
    return joined


def digest_id(communication: str, customer_id: str, window_start: datetime) -> str:
    """32 hexadecimal digits, the same for the same window."""
    key = f"digest\n{communication}\n{customer_id}\n{window_start.astimezone(UTC).isoformat()}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]
