"""News that is collected, for the tests of digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from support import Bank

from ccm.delivery import deliver
from ccm.pipeline.trigger import Accepted, send
from ccm.store import feeds
from ccm.store.tables import cases, consents, contacts, digests, messages, preferences

WEDNESDAY = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
CLOSES = datetime(2026, 4, 3, 8, tzinfo=UTC)  # Friday, 17:00 in Tokyo, where the bank is
DAYTIME = datetime(2026, 4, 3, 18, 30, tzinfo=UTC)  # office hours for everybody somewhere later that day


def news(event: str = "Savings evening") -> dict[str, Any]:
    return {"news": {"branch": "Leith", "event": event, "held_on": "2026-05-14"}}


def readers(bank: Bank, count: int, language: str = "en") -> list[str]:
    """Approves both communications; customers who agreed to marketing by e-mail, with an empty history."""
    bank.approve("branch-news")
    bank.approve("news-digest")
    bank.clock.now = WEDNESDAY
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        chosen = [one.id for one in everybody if one.status == "active" and one.reach("email")
                  and one.language.startswith(language)][:count]  # fmt: skip
        for table in (contacts, preferences, cases):
            connection.execute(delete(table).where(table.c.customer_id.in_(chosen)))
        connection.execute(delete(consents))
    for customer in chosen:
        agree(bank, customer, WEDNESDAY - timedelta(days=1))
    assert len(chosen) == count
    return chosen


def agree(bank: Bank, customer: str, at: datetime, *, granted: bool = True) -> None:
    row = {"customer_id": customer, "purpose": "marketing", "channel": "email", "basis": "opt_in_written",
           "granted": granted, "at": at, "evidence": "", "row_digest": ""}  # fmt: skip
    with bank.project.store.write() as connection:
        connection.execute(insert(consents), [row])


def tell(bank: Bank, customer: str, key: str, at: datetime = WEDNESDAY, **more: Any) -> Accepted:
    return send(bank.project, "branch-news", customer, news(**more), key=f"{key}-{customer}", at=at)


def rows_of(bank: Bank, communication: str) -> list[Any]:
    query = select(messages).where(messages.c.communication == communication).order_by(messages.c.decided_at)
    with bank.project.store.read() as connection:
        return list(connection.execute(query.order_by(messages.c.id)).mappings())


def digests_of(bank: Bank) -> list[Any]:
    with bank.project.store.read() as connection:
        return list(connection.execute(select(digests).order_by(digests.c.window_start)).mappings())


def deliver_at(bank: Bank, at: datetime) -> Any:
    bank.clock.now = max(bank.clock.now, at)
    return deliver(bank.project, moment=lambda: at).outcomes
