"""The demonstration feed: the same each time, importable, and dirty in the ways it says."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from intake_parts import KINDS, make_workspace

from ccm.errors import InputError
from ccm.intake.demo import DOES_NOT_RECONCILE, LONG_STATEMENT, NO_ADDRESS, write_demo_feed


def rows(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_feed(folder, 600, seed=7)
    return folder


def test_the_same_number_and_seed_give_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    write_demo_feed(tmp_path, 600, seed=7)
    assert all((tmp_path / f"{kind}.csv").read_bytes() == (demo / f"{kind}.csv").read_bytes() for kind in KINDS)


def test_more_customers_change_nothing_about_the_first(demo: Path, tmp_path: Path) -> None:
    write_demo_feed(tmp_path, 50, seed=7)
    for kind in KINDS:
        assert (demo / f"{kind}.csv").read_bytes().startswith((tmp_path / f"{kind}.csv").read_bytes())


def test_another_seed_gives_other_customers(demo: Path, tmp_path: Path) -> None:
    write_demo_feed(tmp_path, 600, seed=8)
    assert rows(demo, "customers") != rows(tmp_path, "customers")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_feed_imports_with_little_set_aside(demo: Path, importer: Any) -> None:
    reports = {kind: importer.file(kind, demo / f"{kind}.csv") for kind in KINDS}
    assert {kind: report.rows_set_aside for kind, report in reports.items() if report.rows_set_aside} == {
        "transactions": 1
    }
    assert 5 < reports["customers"].fields_set_aside < 60
    assert sum(report.orphans for report in reports.values()) == 0


def test_the_columns_are_those_of_the_repositorys_mapping(demo: Path) -> None:
    for kind, feed in make_workspace().settings.feeds.items():
        assert set(rows(demo, kind)[0]) == set(feed.columns.values())


def test_every_kind_of_customer_is_there(demo: Path) -> None:
    people = rows(demo, "customers")
    assert set(Counter(row["jurisdiction"] for row in people)) == {"US", "GB", "JP"}
    assert {row["status"] for row in people} == {"active", "closed", "deceased"}
    assert {row["accessible_format"] for row in people} == {"", "large_print"}
    assert people[NO_ADDRESS]["address_line1"] == ""
    assert any("𠮷" in row["family_name"] for row in people)
    currencies = {row["account_id"]: row["currency"] for row in rows(demo, "accounts")}
    assert {(row["jurisdiction"], currencies[row["account_id"]]) for row in people} == {
        ("US", "USD"), ("GB", "GBP"), ("JP", "JPY"),
    }  # fmt: skip
    assert {row["status"] for row in rows(demo, "cases")} == {"open", "closed"}
    assert {row["granted"] for row in rows(demo, "consents")} == {"true", "false"}
    assert {row["allowed"] for row in rows(demo, "preferences")} == {"true", "false"}


def test_statements_have_1_to_60_bookings_in_the_quarter(demo: Path) -> None:
    bookings = rows(demo, "transactions")
    per_account = Counter(row["account_id"] for row in bookings)
    assert len(per_account) == 600
    assert (min(per_account.values()), max(per_account.values())) == (1, 60)
    assert per_account[rows(demo, "accounts")[LONG_STATEMENT]["account_id"]] == 60
    assert all(date(2026, 1, 1) <= date.fromisoformat(row["booked_on"]) <= date(2026, 3, 31) for row in bookings)
    assert DOES_NOT_RECONCILE < 600


def test_us_and_uk_numbers_are_from_the_ranges_kept_for_fiction(demo: Path) -> None:
    for row in rows(demo, "customers"):
        if len(row["mobile"]) > 10 and row["jurisdiction"] != "JP":
            number = phonenumbers.format_number(phonenumbers.parse(row["mobile"]), phonenumbers.PhoneNumberFormat.E164)
            assert number.startswith("+447700900") or number[5:10] == "55501"


@pytest.mark.parametrize(("count", "end"), [(0, date(2026, 3, 31)), (1, date(2026, 3, 30)), (1, date(2026, 4, 30))])
def test_an_impossible_feed_is_refused(tmp_path: Path, count: int, end: date) -> None:
    with pytest.raises(InputError):
        write_demo_feed(tmp_path, count, 1, end)
