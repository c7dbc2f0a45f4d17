"""The offers run on the shared bank feed, against a query over the same CSV files that knows nothing of the engine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import select
from support import RUN_AT, SHARED, Bank, Clock, copy_workspace, keep_only

from ccm.batch import coordinator, runs
from ccm.intake import import_feed
from ccm.pipeline.project import open_project
from ccm.store.tables import messages

BANK = SHARED / "bank"
QUERY = Path(__file__).with_name("bank_offers.sql")
FEEDS = {
    "customers": "customers", "preferences": "preferences", "consents": "consents", "cases": "cases",
    "history": "contact_history",
}  # fmt: skip
pytestmark = pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")


def by_the_query() -> dict[str, str]:
    """Customer to the channel that takes the offer, or the reason why none does."""
    rows = duckdb.connect().execute(QUERY.read_text("utf-8"), {"bank": str(BANK)}).fetchall()
    return dict(rows)


def by_the_engine(folder: Path) -> dict[str, str]:
    root = copy_workspace(folder / "bank")
    keep_only(root, "savings-offer")
    clock = Clock()
    bank = Bank(open_project(root, clock=clock), clock)
    project = bank.project
    for kind, name in FEEDS.items():
        file = BANK / f"{name}.csv"
        import_feed(project.store, project.workspace, kind, file, errors_dir=folder / "errors", now=RUN_AT)  # type: ignore[arg-type]
    bank.approve("savings-offer")
    run = runs.start(project, "savings-offer", RUN_AT)
    coordinator.execute(project, run.id, workers=1)
    # A channel stands in the row of whoever may be told, whatever the check of the words made of the message then.
    query = select(messages.c.customer_id, messages.c.channel, messages.c.reason)
    with project.store.read() as connection:
        return {customer: str(channel or reason) for customer, channel, reason in connection.execute(query)}


def test_every_customer_of_the_bank_is_told_or_left_alone_for_the_reason_that_an_independent_query_gives(
    tmp_path: Path,
) -> None:
    expected, found = by_the_query(), by_the_engine(tmp_path)
    counts = Counter(expected.values())
    # Every reason that the feed can give is there, or the comparison would show little.
    assert set(counts) == {
        "email", "sms", "closed", "deceased", "complaint_open", "complaint_recent", "opted_out", "no_consent",
        "consent_withdrawn", "consent_too_weak", "no_address", "no_channel", "cap",
    }  # fmt: skip
    differing = {customer: (expected[customer], found.get(customer)) for customer in expected
                 if expected[customer] != found.get(customer)}  # fmt: skip
    assert not differing
    assert Counter(found.values()) == counts
