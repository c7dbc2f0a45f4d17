"""Importing a feed: what is taken, what is set aside, what stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from intake_parts import HEADER, KINDS, customer_row, make_workspace
from sqlalchemy import select

from ccm.errors import InputError
from ccm.intake import ImportReport
from ccm.intake.demo import write_demo_feed
from ccm.store import feeds, tables

ON_SQLITE = pytest.mark.parametrize("dialect", ["sqlite"])
"""For tests of values only: what is stored is the same on every database."""
Errors = Callable[[ImportReport], list[dict[str, str]]]
TRANSACTION = "T{0},A1,2026-01-0{0},debit,Groceries,{1},{2},"


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.rows_read, report.rows_new, report.rows_changed, report.rows_unchanged, report.rows_set_aside)


def stored(importer: Any, table: Any) -> list[dict[str, Any]]:
    with importer.store.read() as connection:
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def customer(importer: Any, customer_id: str) -> Any:
    with importer.store.read() as connection:
        return feeds.customers(connection, [customer_id])[customer_id]


def test_a_customer_row_becomes_the_customer_model(importer: Any) -> None:
    row = customer_row("C1", account="7; 8;7", mobile="07700 900123", email="Maeve@EXAMPLE.com", format="large_print")
    report = importer.rows("customers", row)
    assert counts(report) == (1, 1, 0, 0, 0)
    found = customer(importer, "C1")
    assert (found.account_ids, found.birth_date, found.timezone) == (("7", "8"), date(1980, 2, 3), "Europe/London")
    assert dict(found.contact_points) == {"sms": "+447700900123", "email": "Maeve@example.com"}
    assert (found.address.line1, found.address.country, found.accessible_format) == (
        "1 Alder Lane",
        "GB",
        "large_print",
    )


@ON_SQLITE
@pytest.mark.parametrize("name", ["𠮷野", "神谷", "葛󠄀城", "O'Brien-Núñez", "Siân  B", "Zoe\u0308", " leading"])
def test_names_are_kept_code_point_for_code_point(importer: Any, name: str) -> None:
    importer.rows("customers", customer_row("C1", family=name))
    assert customer(importer, "C1").family_name == name


@ON_SQLITE
@pytest.mark.parametrize("name", ["Taro\u2028Bcc: e", "a\u202eb", "x\x07y", '"A\nSTOP"', "b\ufeffc", "y" * 201])
def test_a_name_with_hidden_characters_sets_the_row_aside(importer: Any, errors: Errors, name: str) -> None:
    report = importer.rows("customers", customer_row("C1", family=name), customer_row("C2"))
    assert counts(report) == (2, 1, 0, 0, 1)
    assert [error["column"] for error in errors(report)] == ["family_name"]


def test_a_bad_field_is_dropped_and_told_without_its_value(importer: Any, errors: Errors) -> None:
    bad = customer_row("C1", mobile="+447700", email="maeve at example.com", format="braille").replace(
        "1980-02-03", "80"
    )
    report = importer.rows("customers", bad.replace("Europe/London", "../../etc/passwd"))
    assert (report.rows_new, report.rows_set_aside, report.fields_set_aside) == (1, 0, 5)
    found = customer(importer, "C1")
    assert (dict(found.contact_points), found.timezone, found.birth_date, found.accessible_format) == (
        {},
        None,
        None,
        "",
    )
    told = {error["column"]: error["value_class"] for error in errors(report)}
    assert told == {
        "timezone": "text of 16 characters", "birth_date": "digits, 2 long", "mobile": "digits, 6 long after a +",
        "email": "text of 20 characters without @", "accessible_format": "text of 7 characters",
    }  # fmt: skip
    assert {(error["row"], error["line"]) for error in errors(report)} == {("1", "2")}
    assert report.error_file is not None
    text = report.error_file.read_text("utf-8")
    assert not any(secret in text for secret in ("447700", "maeve", "braille", "passwd"))


@ON_SQLITE
@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("C1,", ",", "customer_id"),
        (",GB,Europe", ",XX,Europe", "jurisdiction"),
        (",GB,Europe", ",gb,Europe", "jurisdiction"),
        ("en-GB", "en_GB", "language"),
        ("en-GB", "xx-GB", "language"),
        (",active", ",Active", "status"),
        (",active", ",", "status"),
        ("Yarrow,Maeve", ",", ""),
        (",active", ",active,more", ""),
        (",GB,Europe/London", "", ""),
    ],
)
def test_a_bad_row_is_set_aside_and_the_rest_goes_on(
    importer: Any, errors: Errors, old: str, new: str, column: str
) -> None:
    report = importer.rows("customers", customer_row("C1").replace(old, new), customer_row("C2"))
    assert counts(report) == (2, 1, 0, 0, 1)
    assert [error["column"] for error in errors(report)] == [column]


def test_an_address_with_one_bad_part_is_dropped_whole(importer: Any, errors: Errors) -> None:
    report = importer.rows("customers", customer_row("C1").replace("Leeds", '"Le\neds"'))
    assert customer(importer, "C1").address is None
    assert [error["column"] for error in errors(report)] == ["city"]


def test_a_customer_without_a_first_address_line_cannot_be_reached_by_letter(importer: Any) -> None:
    report = importer.rows("customers", customer_row("C1").replace("1 Alder Lane", ""))
    assert report.fields_set_aside == 0
    assert customer(importer, "C1").reach("letter") is None


@ON_SQLITE
@pytest.mark.parametrize("amount", ["１２３", "1,5", "1e3", "NaN", "--1", "1.23456", "", "0x1", "9" * 19, "1 000", "٣"])
def test_an_amount_that_is_no_number_sets_the_row_aside(importer: Any, errors: Errors, amount: str) -> None:
    good, bad = TRANSACTION.format(1, "5.00", "95.00"), TRANSACTION.format(2, f'"{amount}"', "90.00")
    report = importer.rows("transactions", good, bad)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert [(error["row"], error["column"]) for error in errors(report)] == [("2", "amount")]


@ON_SQLITE
@pytest.mark.parametrize(
    ("written", "kept"), [("14100.00", "14100.00"), ("+7.50", "7.50"), ("-0.00", "0.00"), ("007", "7")]
)
def test_amounts_stay_exact(importer: Any, written: str, kept: str) -> None:
    importer.rows("transactions", TRANSACTION.format(1, written, "123456789012345678.1234"))
    (row,) = stored(importer, tables.transactions)
    assert (row["amount"], Decimal(row["balance"])) == (kept, Decimal("123456789012345678.1234"))


def test_leading_zeros_of_keys_stay(importer: Any) -> None:
    importer.rows("transactions", "00123,0007,2026-01-01,credit,x,1,1,")
    (row,) = stored(importer, tables.transactions)
    assert (row["transaction_id"], row["account_id"]) == ("00123", "0007")


def test_without_a_kind_column_the_sign_says_credit_or_debit(importer: Any) -> None:
    columns = {key: key for key in ("transaction_id", "account_id", "booked_on", "amount", "balance")}
    importer.workspace = make_workspace(transactions={"columns": columns})
    importer.rows("transactions", "T1,A,2026/01/31,-5.00,95.00", "T2,A,2026-02-01,5.00,100.00")
    rows = stored(importer, tables.transactions)
    assert [(row["kind"], row["amount"]) for row in rows] == [("debit", "5.00"), ("credit", "5.00")]


def test_the_same_file_twice_changes_nothing(importer: Any, tmp_path: Path) -> None:
    write_demo_feed(tmp_path / "demo", 60, seed=4)
    first = [importer.file(kind, tmp_path / "demo" / f"{kind}.csv") for kind in KINDS]
    before = [stored(importer, tables.metadata.tables[name]) for name in ("customers", "contacts", "consents", "cases")]
    second = [importer.file(kind, tmp_path / "demo" / f"{kind}.csv") for kind in KINDS]
    after = [stored(importer, tables.metadata.tables[name]) for name in ("customers", "contacts", "consents", "cases")]
    assert before == after
    for one, two in zip(first, second, strict=True):
        assert one.rows_new == one.rows_read - one.rows_set_aside
        assert two == replace(one, rows_new=0, rows_unchanged=one.rows_new)
    assert [row["rows_unchanged"] for row in stored(importer, tables.imports)].count(0) == len(KINDS)


def test_a_changed_row_is_updated(importer: Any) -> None:
    importer.rows("customers", customer_row("C1"), customer_row("C2"))
    report = importer.rows("customers", customer_row("C1"), customer_row("C2", email="new@example.com"))
    assert counts(report) == (2, 0, 1, 1, 0)
    assert customer(importer, "C2").contact_points["email"] == "new@example.com"


def test_of_rows_with_one_key_the_last_counts(importer: Any, errors: Errors) -> None:
    rows = [customer_row("C1", given=name) for name in ("One", "Two", "Three")]
    report = importer.rows("customers", rows[0], customer_row("C2"), *rows[1:])
    assert counts(report) == (4, 2, 0, 0, 2)
    assert customer(importer, "C1").given_name == "Three"
    assert [(error["row"], error["reason"]) for error in errors(report)] == [
        ("1", "row 4 has the same key; the last one counts"), ("3", "row 4 has the same key; the last one counts"),
    ]  # fmt: skip


def test_two_equal_contacts_in_the_history_are_two_contacts(importer: Any) -> None:
    row = "C1,savings-offer,offers,sms,2026-03-27T16:00:00+00:00,delivered"
    report = importer.rows("history", row, row)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert counts(importer.rows("history", row)) == (1, 0, 0, 1, 0)
    assert counts(importer.rows("history", row, row, row)) == (3, 1, 0, 2, 0)


def test_a_consent_on_record_is_never_changed(importer: Any, errors: Errors) -> None:
    row = "C1,marketing,email,opt_in,{},2026-01-01T00:00:00+00:00,web form"
    importer.rows("consents", row.format("true"))
    report = importer.rows("consents", row.format("false"))
    assert counts(report) == (1, 0, 0, 0, 1)
    assert "never changed" in errors(report)[0]["reason"]
    assert [consent["granted"] for consent in stored(importer, tables.consents)] == [True]


def test_a_time_without_an_offset_is_in_the_feeds_zone(importer: Any) -> None:
    importer.workspace = make_workspace(history={"timezone": "Asia/Tokyo"})
    importer.rows(
        "history", "C1,offer,offers,sms,2026-03-01T09:00:00,sent", "C1,offer,offers,sms,2026-03-01T09:00:00Z,sent"
    )
    times = sorted(row["at"] for row in stored(importer, tables.contacts))
    assert times == [datetime(2026, 3, 1, 0, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)]


@ON_SQLITE
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("K1,C1,complaint,closed,2026-03-01T00:00:00Z,,email", "closed_at must be given"),
        ("K1,C1,complaint,open,2026-03-01T00:00:00Z,2026-03-02T00:00:00Z,email", "closed_at must be empty"),
        ("K1,C1,complaint,closed,2026-03-01T00:00:00Z,2026-02-01T00:00:00Z,email", "before opened_at"),
        ("K1,C1,complaint,closed,yesterday,2026-02-01T00:00:00Z,email", "is no time"),
        ("K1,C1,complaint,pending,2026-03-01T00:00:00Z,,email", "is none of open, closed"),
    ],
)
def test_a_case_that_contradicts_itself_is_set_aside(importer: Any, errors: Errors, row: str, told: str) -> None:
    report = importer.rows("cases", row)
    assert report.rows_set_aside == 1
    assert told in errors(report)[0]["reason"]


def test_rows_of_unknown_owners_are_kept_and_counted(importer: Any) -> None:
    importer.rows("customers", customer_row("C1"))
    report = importer.rows("preferences", "C1,*,email,1,true", "C9,*,email,1,true", "C9,*,sms,2,true")
    assert (report.rows_new, report.orphans) == (3, 2)


def test_declared_attributes_keep_their_types(importer: Any, errors: Errors) -> None:
    types = {"branch": "text", "since": "date", "limit": "decimal", "children": "integer", "vip": "boolean"}
    columns = {"id": "id", "family_name": "name", "language": "lang", "jurisdiction": "j", "contact.line": "line"}
    columns |= {f"attributes.{name}": name for name in types}
    importer.workspace = make_workspace(attributes=types, customers={"columns": columns})
    report = importer.text(
        "customers",
        "id,name,lang,j,line,branch,since,limit,children,vip,extra\n"
        "C1,橘,ja-JP,JP,U123,本店,2020-04-01,12.50,2,yes,ignored\nC2,橘,ja-JP,JP,,,20,x,2.5,maybe,\n",
    )
    assert (report.rows_new, report.fields_set_aside) == (2, 4)
    found = customer(importer, "C1")
    assert found.attributes == {
        "branch": "本店", "since": date(2020, 4, 1), "limit": Decimal("12.50"), "children": 2, "vip": True,
    }  # fmt: skip
    assert (found.contact_points["line"], dict(customer(importer, "C2").attributes)) == ("U123", {})


def test_the_error_file_is_safe_to_open_in_a_spreadsheet(importer: Any, errors: Errors) -> None:
    evil = "=HYPERLINK(1)"
    importer.workspace = make_workspace(accounts={"columns": {
        "account_id": "id", "currency": evil, "opening_balance": "＝1+1"}})  # fmt: skip
    report = importer.text("accounts", f"id,{evil},＝1+1\nA1,nope,5\nA2,GBP,abc\n")
    assert [error["column"] for error in errors(report)] == [f"'{evil}", "'＝1+1"]


def test_a_mended_feed_leaves_no_old_error_file(importer: Any) -> None:
    text = HEADER + "\n" + customer_row("C1").replace("GB,Europe", "GB,Erewhon") + "\n"
    report = importer.text("customers", text)
    assert report.error_file is not None
    assert report.error_file.is_file()
    columns = {k: v for k, v in importer.workspace.settings.feeds["customers"].columns.items() if k != "timezone"}
    importer.workspace = make_workspace(customers={"columns": columns})
    assert importer.text("customers", text).error_file is None
    assert not report.error_file.exists()


def test_a_killed_import_is_finished_by_importing_again(
    importer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    monkeypatch.setattr("ccm.intake.feed.ROWS_PER_TRANSACTION", 10)
    write_demo_feed(tmp_path / "demo", 35, seed=1)
    file = tmp_path / "demo" / "customers.csv"
    upsert, calls = importer.store.upsert, []

    def dies(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return upsert(*arguments)

    monkeypatch.setattr(importer.store, "upsert", dies)
    with pytest.raises(Killed):
        importer.file("customers", file)
    assert len(stored(importer, tables.customers)) == 20
    assert not list((tmp_path / "errors").glob("*"))
    monkeypatch.setattr(importer.store, "upsert", upsert)
    report = importer.file("customers", file)
    assert (report.rows_new, report.rows_unchanged) == (15, 20)
    assert len(stored(importer, tables.customers)) == 35


def test_an_unknown_feed_names_the_known_ones(importer: Any) -> None:
    feeds_known = dict(importer.workspace.settings.feeds)
    del feeds_known["cases"]
    settings = importer.workspace.settings.model_copy(update={"feeds": feeds_known})
    importer.workspace = replace(importer.workspace, settings=settings)
    with pytest.raises(InputError, match=r"no \[feeds.cases.columns\]; feeds: accounts, consents"):
        importer.text("cases", "case_id\nK1\n")
