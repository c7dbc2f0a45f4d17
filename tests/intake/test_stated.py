"""What a feed says against what the customer said: the newest counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intake_parts import HEADER, customer_row, make_workspace
from sqlalchemy import insert, select, update

from ccm.store import Store
from ccm.store.feeds import customers as read_customers
from ccm.store.tables import customer_choices, preferences, relations, suppressions

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PLAIN = "customer_id,category,channel,rank,allowed"
YES, NO = "C1,offers,email,,true", "C1,offers,email,,false"


def said(store: Store, at: datetime, **values: Any) -> None:
    """The customer said it on the page."""
    with store.write() as connection:
        connection.execute(update(preferences).values(source="page", at=at, **values))


def stored(store: Store) -> Any:
    with store.read() as connection:
        return connection.execute(select(preferences)).mappings().one()


def test_a_row_that_the_feed_repeats_never_overwrites_the_customer(store: Store, importer: Any) -> None:
    importer.rows("preferences", YES, header=PLAIN)
    said(store, NOW - timedelta(days=1), allowed=False)
    importer.rows("preferences", YES, header=PLAIN)
    assert not stored(store)["allowed"]


def test_a_row_that_changed_counts_as_stated_at_the_import(store: Store, importer: Any) -> None:
    importer.rows("preferences", YES, header=PLAIN)
    said(store, NOW - timedelta(days=1), allowed=True)
    importer.rows("preferences", NO, header=PLAIN)
    assert (stored(store)["allowed"], stored(store)["source"], stored(store)["at"]) == (False, "feed", NOW)


def test_a_row_that_changed_does_not_overwrite_what_the_customer_said_after(store: Store, importer: Any) -> None:
    importer.rows("preferences", NO, header=PLAIN)
    said(store, NOW + timedelta(hours=1), allowed=False)
    for _ in range(2):
        importer.rows("preferences", YES, header=PLAIN)
        assert (stored(store)["allowed"], stored(store)["source"]) == (False, "page")


def test_a_row_that_the_feed_has_for_the_first_time_leaves_what_the_customer_said(store: Store, importer: Any) -> None:
    row = {"customer_id": "C1", "category": "offers", "channel": "email", "allowed": False, "row_digest": ""}
    with store.write() as connection:
        connection.execute(insert(preferences).values(**row))
    said(store, NOW - timedelta(days=1))
    importer.rows("preferences", YES, header=PLAIN)
    assert not stored(store)["allowed"]


@pytest.mark.parametrize(("hours", "allowed"), [(-1, False), (1, True)])
def test_a_feed_with_times_is_compared_by_them(store: Store, importer: Any, hours: int, allowed: bool) -> None:
    columns = {name: name for name in ("customer_id", "category", "channel", "rank", "allowed", "at", "paused_until",
                                       "hours")}  # fmt: skip
    importer.workspace = make_workspace(preferences={"columns": columns})
    header = "customer_id,category,channel,rank,allowed,at,paused_until,hours"
    importer.rows("preferences", f"C1,offers,email,,false,{NOW.isoformat()},,", header=header)
    said(store, NOW, allowed=False)
    at = (NOW + timedelta(hours=hours)).isoformat()
    importer.rows("preferences", f"C1,offers,email,,true,{at},2026-06-01T00:00:00Z,18:00-20:00", header=header)
    assert stored(store)["allowed"] is allowed
    assert stored(store)["hours"] == ("18:00-20:00" if allowed else "")


def test_a_chosen_language_ends_where_the_feed_brings_another_than_before(store: Store, importer: Any) -> None:
    importer.rows("customers", customer_row("C1"), header=HEADER)
    with store.write() as connection:
        connection.execute(insert(customer_choices).values(
            customer_id="C1", name="language", value="ja-JP", at=NOW, source="page"))  # fmt: skip

    def language() -> str:
        with store.read() as connection:
            return read_customers(connection, ["C1"])["C1"].language

    importer.rows("customers", customer_row("C1", email="new@example.com"), header=HEADER)
    assert language() == "ja-JP"
    importer.rows("customers", customer_row("C1").replace("en-GB", "fr-FR"), header=HEADER)
    assert language() == "fr-FR"


def test_suppressions_and_relations_are_taken_and_bad_ones_set_aside(store: Store, importer: Any, errors: Any) -> None:
    header = "customer_id,kind,channel,at,until,evidence"
    at = "2026-01-01T00:00:00Z"
    report = importer.rows(
        "suppressions", f"C1,bereavement,*,{at},,letter of the son", f"C1,hard_bounce,email,{at},2025-01-01T00:00:00Z,",
        f"C1,angry,*,{at},,", f"C2,do_not_contact,fax,{at},,", header=header,
    )  # fmt: skip
    assert (report.rows_new, report.rows_set_aside) == (1, 3)
    assert [row["line"] for row in errors(report)] == ["3", "4", "5"]
    report = importer.rows(
        "relations", "C1,guardian,C2,regulatory servicing", "C1,guardian,C1,", "C1,household,F1,",
        "C1,joint,C3,chatting", header="customer_id,kind,related_id,purposes",
    )  # fmt: skip
    assert (report.rows_new, report.rows_set_aside) == (2, 2)
    with store.read() as connection:
        assert connection.scalar(select(suppressions.c.evidence)) == "letter of the son"
        assert set(connection.scalars(select(relations.c.purposes))) == {"servicing regulatory", ""}
