"""A communication's query: refused when it is wrong, run on a chunk when it is right."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import insert

from ccm.errors import InputError, TemplateError
from ccm.intake import import_feed
from ccm.model.customer import Customer
from ccm.pipeline import data_sql
from ccm.pipeline.data import DataLoader, DataRefusal, DataResult, DataValues, previous_period
from ccm.store import Store, feeds, tables
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy
from ccm.workspace.settings import Settings
from ccm.workspace.yamlfile import read_toml, read_yaml

REPOSITORY = Path(__file__).parents[2]
BANK = REPOSITORY.parent / "shared" / "data" / "bank"
STATEMENT = REPOSITORY / "templates" / "quarterly-statement"
AT = datetime(2026, 4, 1, tzinfo=UTC)
ON_SQLITE = pytest.mark.parametrize("dialect", ["sqlite"])


def make_loader(sql: str, fields: dict[str, Any], **data: Any) -> DataLoader:
    communication = Communication.model_validate({
        "id": "notice", "name": {"en": "Notice", "ja": "通知"}, "purpose": "servicing", "category": "notices",
        "channels": ["email"], "languages": ["en"], "jurisdictions": ["GB"],
        "data": {"sql": "data.sql" if sql else "", "fields": fields, **data},
    })  # fmt: skip
    return DataLoader(make_workspace({"notice": sql}), communication)


def make_workspace(sql: dict[str, str]) -> Workspace:
    settings = Settings.model_validate(read_toml(REPOSITORY / "ccm.toml", REPOSITORY).data)
    return Workspace(REPOSITORY, settings, {}, {}, sql, {}, {}, {}, (), (), {}, Policy())


@pytest.fixture(scope="module")
def statement() -> DataLoader:
    communication = Communication.model_validate(read_yaml(STATEMENT / "communication.yaml", REPOSITORY).data)
    sql = (STATEMENT / "data.sql").read_text("utf-8")
    return DataLoader(make_workspace({"quarterly-statement": sql}), communication)


def person(customer_id: str, *account_ids: str) -> Customer:
    return Customer(id=customer_id, language="en-GB", jurisdiction="GB", account_ids=account_ids)


def add_account(store: Store, account_id: str, opening: str, *bookings: tuple[str, str, str, str]) -> None:
    """Bookings are (date, kind, amount, balance)."""
    account = {"account_id": account_id, "currency": "GBP", "opened_on": None, "statement_frequency": "",
               "opening_balance": opening, "row_digest": ""}  # fmt: skip
    rows = [
        {"transaction_id": f"{account_id}-{number}", "account_id": account_id, "booked_on": date.fromisoformat(day),
         "kind": kind, "description": f"Booking {number}", "amount": amount, "balance": balance, "counterparty": "",
         "row_digest": ""}
        for number, (day, kind, amount, balance) in enumerate(bookings, 1)
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(tables.accounts).values(account))
        if rows:
            connection.execute(insert(tables.transactions), rows)


def load(loader: DataLoader, store: Store, people: Sequence[Customer], **parameters: object) -> dict[str, DataResult]:
    with store.read() as connection:
        return loader.load(connection, people, AT, parameters)


def values(result: DataResult) -> dict[str, Any]:
    assert isinstance(result, DataValues), result
    return dict(result.values)


def reason(result: DataResult) -> str:
    assert isinstance(result, DataRefusal), result
    return result.reason


def test_a_statement_has_signed_rows_totals_and_balances(store: Store, statement: DataLoader) -> None:
    add_account(
        store, "A1", "100.00", ("2025-12-31", "credit", "9.00", "9.00"), ("2026-01-05", "debit", "30.50", "79.50"),
        ("2026-01-05", "credit", "10.00", "110.00"), ("2026-03-31", "credit", "1.00", "80.50"),
        ("2026-04-01", "debit", "5.00", "1.00"),
    )  # fmt: skip
    found = values(load(statement, store, [person("C1", "A1")])["C1"])
    assert found["account"] == {"number": "A1", "currency": "GBP", "opened_on": None}
    assert found["period"] == {"start": date(2026, 1, 1), "end": date(2026, 3, 31)}
    sums = [str(found[name]) for name in ("opening_balance", "total_in", "total_out", "closing_balance")]
    assert sums == ["100.00", "11.00", "30.50", "80.50"]
    rows = [(row["booked_on"].day, str(row["amount"]), str(row["balance"])) for row in found["transactions"]]
    assert rows == [(5, "10.00", "110.00"), (5, "-30.50", "79.50"), (31, "1.00", "80.50")]


def test_each_customer_gets_own_data_or_a_reason(store: Store, statement: DataLoader) -> None:
    add_account(store, "A1", "1.00")
    add_account(store, "A2", "1.00", ("2026-02-01", "credit", "1.00", "2.01"))
    add_account(store, "A3", "1.00", ("2026-02-01", "credit", "1.001", "2.001"))
    people = [person("C1", "A1"), person("C2", "A2"), person("C3", "A3"), person("C4"), person("C5", "A9"),
              person("C6", "A1", "A2")]  # fmt: skip
    results = load(statement, store, people)
    assert list(results) == ["C1", "C2", "C3", "C4", "C5", "C6"]
    assert values(results["C1"])["transactions"] == []
    assert values(results["C1"])["closing_balance"] == Decimal("1.00")
    assert [reason(results[f"C{number}"]) for number in range(2, 7)] == [
        "balance_does_not_reconcile", "data_precision", "no_data", "no_data", "several_rows",
    ]  # fmt: skip
    refused = results["C2"]
    assert isinstance(refused, DataRefusal)
    assert refused.detail.startswith("row 1 of 1 (2026-02-01)")


def test_the_digest_changes_with_the_data_and_with_nothing_else(store: Store, statement: DataLoader) -> None:
    add_account(store, "A1", "1.00", ("2026-02-01", "credit", "1.00", "2.00"))
    add_account(store, "A2", "5.00")

    def digest(people: list[Customer]) -> str:
        result = load(statement, store, people)["C1"]
        assert isinstance(result, DataValues)
        return result.digest

    first = digest([person("C1", "A1")])
    assert digest([person("C2", "A2"), person("C1", "A1")]) == first
    add_account(store, "A3", "1.00")
    with store.write() as connection:
        connection.execute(tables.transactions.update().values(description="Another"))
    assert digest([person("C1", "A1")]) != first


@ON_SQLITE
def test_texts_too_long_and_missing_values_are_refused_for_that_customer_only(store: Store) -> None:
    fields = {"name": {"type": "text", "max_length": 2}}
    sql = "SELECT customer_id, CASE customer_id WHEN 'C1' THEN 'ab' WHEN 'C2' THEN 'abc' END AS name FROM customers"
    results = load(make_loader(sql, fields), store, [person("C1"), person("C2"), person("C3")])
    assert values(results["C1"]) == {"name": "ab"}
    assert [reason(results[key]) for key in ("C2", "C3")] == ["data_too_long", "data_missing_field"]


@ON_SQLITE
def test_parameters_are_typed_and_named(store: Store) -> None:
    fields = {"rate": {"type": "percent"}, "until": {"type": "date"}}
    loader = make_loader(
        "SELECT customer_id, $rate::DECIMAL(6,4) AS rate, $until AS until FROM customers", fields,
        parameters={"rate": "percent", "until": "date"},
    )  # fmt: skip
    found = values(load(loader, store, [person("C1")], rate="0.0425", until="2026-06-30")["C1"])
    assert found == {"rate": Decimal("0.0425"), "until": date(2026, 6, 30)}
    with pytest.raises(InputError, match="parameter until needs a value"):
        load(loader, store, [person("C1")], rate="0.0425")
    with pytest.raises(InputError, match="parameter 'rat' is not declared; known: rate, until"):
        load(loader, store, [person("C1")], rat="1")
    with pytest.raises(InputError, match="parameter 'until' must be a date"):
        load(loader, store, [person("C1")], rate="0.0425", until="June")


def test_a_communication_without_query_needs_no_data_or_a_trigger(store: Store) -> None:
    one = make_loader("", {})
    assert values(load(one, store, [person("C1")])["C1"]) == {}
    two = make_loader("", {"name": {"type": "text"}})
    assert reason(load(two, store, [person("C1")])["C1"]) == "no_data"


FIELD = {"name": {"type": "text"}}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT customer_id,\n  nme AS name\nFROM customers", "data.sql:2: Binder Error"),
        ("SELECT customer_id\nFRM customers", "data.sql:2: Parser Error"),
        ("SELECT customer_id, language AS nam FROM customers", "did you mean 'name'"),
        ("SELECT customer_id FROM customers", "column 'name' (text) is missing"),
        ("SELECT customer_id, 1.5 AS name FROM customers", "is DECIMAL(2,1), the field text: give VARCHAR"),
        ("SELECT customer_id, NULL AS name FROM customers", "always NULL"),
        ("SELECT language AS name, customer_id FROM customers", "first column must be customer_id"),
        ("SELECT customer_id, language AS name FROM customers; SELECT 1", "one SELECT statement"),
        ("DELETE FROM customers", "one SELECT statement"),
        ("COPY customers TO 'x'", "one SELECT statement"),
        ("SUMMARIZE customers", "plain SELECT"),
        ("-- nothing", "one SELECT statement"),
        ("SELECT customer_id, $nme AS name FROM customers", "'$nme' is not declared; did you mean '$name'"),
        ("SELECT customer_id, content AS name FROM customers, read_text('/etc/passwd')", "'read_text' is none of"),
        ("SELECT customer_id, a AS name FROM customers, '/etc/passwd' AS f(a)", "Error"),
        ("SELECT customer_id, a AS name FROM customers, sniff_csv('x')", "'sniff_csv' is none of"),
        ("SELECT customer_id, sql AS name FROM customers, duckdb_tables()", "'duckdb_tables' is none of"),
        ("SELECT customer_id, getenv('HOME') AS name FROM customers", "Error"),
        ("SELECT customer_id,\n random()::VARCHAR AS name FROM customers", "data.sql:2: 'random' is not possible"),
        ("SELECT customer_id, now()::VARCHAR AS name FROM customers", "'now' is not possible"),
        ("SELECT customer_id, current_date::VARCHAR AS name FROM customers", "'current_date' is not possible"),
        ("SELECT customer_id, (SELECT uuid()::VARCHAR) AS name FROM customers", "'uuid' is not possible"),
        ("WITH c AS (SELECT * FROM somewhere) SELECT customer_id, x AS name FROM customers, c", "somewhere"),
    ],
)
def test_a_wrong_query_is_refused_when_it_is_compiled(sql: str, told: str) -> None:
    with pytest.raises(TemplateError) as caught:
        make_loader(sql, FIELD, parameters={"name": "text"})
    assert str(caught.value).startswith("templates/notice/data.sql:")
    assert told in str(caught.value)


def test_a_variable_of_the_program_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sql, "secret", duckdb.sql("SELECT 'C1' AS customer_id, 'x' AS name"), raising=False)
    with pytest.raises(TemplateError, match="Table with name secret does not exist"):
        make_loader("SELECT customer_id, name FROM secret", FIELD)


def test_binary_floating_point_is_no_money() -> None:
    with pytest.raises(TemplateError, match="column 'sum' is DOUBLE, the field money: give DECIMAL"):
        make_loader(
            "SELECT customer_id, 0.1::DOUBLE AS sum FROM customers", {"sum": {"type": "money", "currency": "EUR"}}
        )


@ON_SQLITE
def test_a_query_that_fails_on_the_data_does_not_repeat_them(store: Store) -> None:
    loader = make_loader("SELECT customer_id, (language::DATE)::VARCHAR AS name FROM customers", FIELD)
    with pytest.raises(TemplateError, match="fails on the data of these customers") as caught:
        load(loader, store, [person("C1")])
    assert "en-GB" not in str(caught.value)


@ON_SQLITE
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'C9' AS customer_id, 'x' AS name FROM customers", "none of the customers"),
        ("SELECT NULL::VARCHAR AS customer_id, 'x' AS name FROM customers", "without customer_id"),
        ("SELECT customer_id, 'x' AS name FROM customers, range(1000)", "is a join too wide"),
    ],
)
def test_rows_for_nobody_or_far_too_many_are_refused(store: Store, sql: str, told: str) -> None:
    with pytest.raises(TemplateError, match=told):
        load(make_loader(sql, FIELD), store, [person("C1")])


@ON_SQLITE
def test_an_endless_query_is_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = (
        "WITH RECURSIVE n AS (SELECT 1::BIGINT AS i UNION ALL SELECT (i + 1) % 1000 FROM n) "
        "SELECT customer_id, (SELECT sum(i) FROM n)::VARCHAR AS name FROM customers"
    )
    loader = make_loader(endless, FIELD)
    monkeypatch.setattr(data_sql, "SECONDS", 0.3)
    with pytest.raises(TemplateError, match="takes longer than"):
        load(loader, store, [person("C1")])


@ON_SQLITE
def test_a_query_that_eats_memory_is_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(data_sql._SETTINGS, "memory_limit", "20MB")
    loader = make_loader(
        "SELECT customer_id, (SELECT string_agg(i::VARCHAR, 'x' ORDER BY i % 7) FROM range(5000000) r(i))[:1] AS name "
        "FROM customers", FIELD,
    )  # fmt: skip
    with pytest.raises(TemplateError, match="of memory"):
        load(loader, store, [person("C1")])


@ON_SQLITE
def test_a_loader_works_in_a_forked_and_in_another_process(store: Store) -> None:
    loader = make_loader("SELECT customer_id, language AS name FROM customers", FIELD)
    assert values(load(loader, store, [person("C1")])["C1"]) == {"name": "en-GB"}
    copy = pickle.loads(pickle.dumps(loader))
    assert values(load(copy, store, [person("C1")])["C1"]) == {"name": "en-GB"}
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if values(load(loader, store, [person("C1")])["C1"]) == {"name": "en-GB"} else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("kind", "at", "start", "end"),
    [
        ("previous_quarter", "2026-04-01T00:00:00+00:00", "2026-01-01", "2026-03-31"),
        ("previous_quarter", "2026-04-01T00:00:00+09:00", "2026-01-01", "2026-03-31"),
        ("previous_quarter", "2026-03-31T14:59:59+00:00", "2025-10-01", "2025-12-31"),
        ("previous_quarter", "2026-02-14T12:00:00+00:00", "2025-10-01", "2025-12-31"),
        ("previous_quarter", "2026-12-31T14:59:59+00:00", "2026-07-01", "2026-09-30"),
        ("previous_month", "2026-01-01T00:00:00+00:00", "2025-12-01", "2025-12-31"),
        ("previous_month", "2024-03-31T00:00:00+00:00", "2024-02-01", "2024-02-29"),
    ],
)
def test_the_previous_period_is_counted_in_the_organisations_calendar(kind: str, at: str, start: str, end: str) -> None:
    found = previous_period(kind, datetime.fromisoformat(at), "Asia/Tokyo")
    assert found == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")
@ON_SQLITE
def test_459_accounts_of_the_bank_feed_reconcile_to_the_cent(
    store: Store, statement: DataLoader, tmp_path: Path
) -> None:
    workspace = replace(make_workspace({}), root=tmp_path)
    for kind in ("customers", "accounts", "transactions"):
        import_feed(store, workspace, kind, BANK / f"{kind}.csv", errors_dir=tmp_path, now=AT)  # type: ignore[arg-type]
    with store.read() as connection:
        people = list(feeds.customers(connection, feeds.customer_ids(connection, None, 2000)).values())
        results = statement.load(connection, people, AT, {})
    kinds = Counter("ok" if isinstance(result, DataValues) else result.reason for result in results.values())
    assert kinds == {"ok": 459, "balance_does_not_reconcile": 770}
