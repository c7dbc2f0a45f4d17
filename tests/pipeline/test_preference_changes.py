"""What a customer says on the page or by reply: one transaction, with evidence, harmless when repeated."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from support import Bank

from ccm.errors import InputError, NotFound
from ccm.log.waiting import every_leaf
from ccm.pipeline.preference_changes import (
    Change,
    ConsentToMarketing,
    SetAccessibleFormat,
    SetAllowed,
    SetHours,
    SetLanguage,
    SetOrder,
    SetPause,
    Unsubscribe,
    UnsubscribeFromMarketing,
    change_preferences,
)
from ccm.store import feeds
from ccm.store.tables import consents, customer_choices, preferences

AT = datetime(2026, 4, 2, 9, tzinfo=UTC)
WHO = "H0000001"


def change(bank: Bank, *changes: Change, at: datetime = AT, who: str = WHO) -> int:
    return change_preferences(bank.project, who, changes, source="page", evidence="preference page", at=at)


def rows(bank: Bank, table: Any, who: str = WHO) -> list[dict[str, Any]]:
    query = select(table).where(table.c.customer_id == who)
    with bank.project.store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def wishes(bank: Bank) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["category"], row["channel"]): row for row in rows(bank, preferences)}


def entries(bank: Bank) -> list[dict[str, Any]]:
    with bank.project.store.read() as connection:
        found = [json.loads(entry) for _, entry in every_leaf(connection)]
    return [entry for entry in found if entry["kind"] in ("preference", "choice", "consent")]


def test_a_refusal_is_kept_with_its_time_and_source_and_stands_in_the_log(bank: Bank) -> None:
    assert change(bank, Unsubscribe("offers", "email")) == 1
    row = wishes(bank)["offers", "email"]
    assert (row["allowed"], row["at"], row["source"]) == (False, AT, "page")
    [entry] = entries(bank)
    assert (entry["kind"], entry["category"], entry["allowed"]) == ("preference", "offers", False)
    assert WHO not in json.dumps(entry)


def test_the_same_changes_again_leave_no_row_and_no_entry(bank: Bank) -> None:
    said = (
        SetAllowed("offers", "sms", False), SetOrder("*", ("letter", "email")), SetPause(AT + timedelta(days=30)),
        SetHours("18:00-20:00"), UnsubscribeFromMarketing(), SetLanguage("ja-JP"), SetAccessibleFormat("large_print"),
    )  # fmt: skip
    assert change(bank, *said) > 6
    before = entries(bank)
    assert change(bank, *said) == 0
    assert change(bank, *said, at=AT + timedelta(hours=1)) == 0
    assert entries(bank) == before


def test_an_order_takes_the_rank_of_the_channels_that_it_does_not_name(bank: Bank) -> None:
    change(bank, SetOrder("*", ("letter", "sms", "email")))
    change(bank, SetOrder("*", ("email",)), at=AT + timedelta(minutes=1))
    ranks = {channel: row["rank"] for (category, channel), row in wishes(bank).items() if category == "*"}
    assert ranks == {"letter": None, "sms": None, "email": 1}


def test_a_pause_of_everything_replaces_the_narrower_ones_and_its_end_ends_all(bank: Bank) -> None:
    change(bank, SetPause(AT + timedelta(days=90), "offers", "email"), SetPause(AT + timedelta(days=30)))
    pauses = {key: row["paused_until"] for key, row in wishes(bank).items() if row["paused_until"]}
    assert pauses == {("*", "*"): AT + timedelta(days=30)}
    change(bank, SetPause(None), at=AT + timedelta(days=1))
    assert not any(row["paused_until"] for row in wishes(bank).values())


def test_what_was_stated_later_stays_when_an_older_change_comes_in(bank: Bank) -> None:
    change(bank, SetAllowed("offers", "email", False), SetLanguage("en-GB"))
    older = AT - timedelta(hours=1)
    assert change(bank, SetAllowed("offers", "email", True), SetLanguage("ja-JP"), at=older) == 0
    assert not wishes(bank)["offers", "email"]["allowed"]


def test_leaving_all_marketing_withdraws_consent_on_every_channel_with_the_evidence(bank: Bank) -> None:
    change(bank, UnsubscribeFromMarketing())
    told = [row for row in rows(bank, consents) if row["at"] == AT]
    assert {row["channel"] for row in told} >= {"email", "sms", "letter", "line"}
    assert all((row["granted"], row["evidence"]) == (False, "preference page") for row in told)
    later = AT + timedelta(days=1)
    change(bank, ConsentToMarketing(("email",)), at=later)
    [given] = [row for row in rows(bank, consents) if row["at"] == later]
    assert (given["granted"], given["basis"], given["channel"]) == (True, "opt_in", "email")


def test_a_chosen_language_and_format_count_more_than_the_feeds(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        before = feeds.customers(connection, [WHO])[WHO]
    wanted = "en-GB" if before.language == "ja-JP" else "ja-JP"
    change(bank, SetLanguage(wanted), SetAccessibleFormat("large_print"))
    with bank.project.store.read() as connection:
        after = feeds.customers(connection, [WHO])[WHO]
    assert (after.language, after.accessible_format) == (wanted, "large_print")
    assert len(rows(bank, customer_choices)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        SetAllowed("Offers!", "email", True), SetAllowed("offers", "fax", True), SetOrder("*", ("email", "email")),
        SetOrder("*", ("*",)), SetHours("25:00-26:00"), SetHours("18:00-18:00"), SetLanguage("<script>"),
        SetPause(datetime(2026, 5, 1)), ConsentToMarketing(()),  # noqa: DTZ001  without a zone on purpose
        SetAccessibleFormat("braille"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_change_that_is_none_is_refused_and_nothing_is_stored(bank: Bank, wrong: Change) -> None:
    with pytest.raises(InputError):
        change(bank, SetAllowed("offers", "letter", False), wrong)
    assert entries(bank) == []


def test_a_customer_who_does_not_exist_is_not_made_up(bank: Bank) -> None:
    with pytest.raises(NotFound):
        change(bank, Unsubscribe("offers", "email"), who="nobody")
    with bank.project.store.read() as connection:
        assert not connection.scalar(select(func.count()).select_from(preferences).where(
            preferences.c.customer_id == "nobody"))  # fmt: skip
