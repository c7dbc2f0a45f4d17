"""A communication's own data, for a chunk of customers from its query or for one from the caller."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, select

from ccm.errors import InputError, Problem, TemplateError
from ccm.model.customer import Customer
from ccm.pipeline.balance import BalanceFailure, chain_rows
from ccm.pipeline.data_check import MAX_DEPTH, conform, depth, from_json, from_query
from ccm.pipeline.data_sql import Query
from ccm.store import bookings, tables
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, FieldType, ScalarType


@dataclass(frozen=True, slots=True)
class DataValues:
    """Data that fit: plain dicts, lists, str, bool, int, Decimal, date, datetime (UTC) and None."""

    values: Mapping[str, Any]
    digest: str
    """SHA-256 over the values and the query's parameters, hexadecimal."""


@dataclass(frozen=True, slots=True)
class DataRefusal:
    """Why one customer's message can't be made from the data there are.

    `reason` is one of ``no_data``, ``several_rows``, ``data_missing_field``, ``data_too_long``, ``data_invalid``,
    ``data_precision``, ``balance_does_not_reconcile``; `detail` says where, without personal data.
    """

    reason: str
    detail: str


DataResult = DataValues | DataRefusal


def previous_period(kind: str, at: datetime, zone: str) -> tuple[date, date]:
    """First and last day (both inclusive) of the ``previous_month`` or ``previous_quarter`` before `at`.

    `zone` is the organisation's IANA time zone: its calendar says which day `at` is.
    """
    today = at.astimezone(ZoneInfo(zone)).date()
    months = {"previous_month": 1, "previous_quarter": 3}[kind]
    this_period = date(today.year, (today.month - 1) // months * months + 1, 1)
    last_day = this_period - timedelta(days=1)
    return date(last_day.year, last_day.month - months + 1, 1), last_day


def check_data(communication: Communication, data: Mapping[str, Any]) -> dict[str, Any]:
    """A caller's JSON as the communication's data: exact decimals, dates and times from text.

    Raises `InputError` naming every problem at once: unknown fields (with the nearest known one), missing ones,
    wrong types, texts that are too long or hold control characters. A missing optional field becomes None.
    """
    if depth(data) > MAX_DEPTH:
        raise InputError(f"{communication.id}: data is nested deeper than {MAX_DEPTH} levels")
    values, problems = conform(communication.data.fields, data, from_json)
    if problems:
        lines = "\n".join(f"  {problem.path}: {problem.message}" for problem in problems)
        raise InputError(f"{communication.id}: the data do not fit:\n{lines}")
    if refusal := _reconcile(communication, values):
        raise InputError(f"{communication.id}: {refusal.reason}: {refusal.detail}")
    return values


def given_data(values: Mapping[str, Any]) -> DataValues:
    """Data that `check_data` accepted, as `DataLoader.load` would return them."""
    return _digested(values, {})


class DataLoader:
    """Loads a communication's data. Makes and checks its query once; raises `TemplateError` where that is wrong."""

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self.communication = communication
        source = communication.data
        self._types: dict[str, ScalarType] = dict(source.parameters)
        if source.period:
            self._types |= {"period_start": "date", "period_end": "date"}
        self.query: Query | None = None
        self._zone = workspace.settings.organisation.timezone
        if source.sql:
            folder = f"templates/{communication.id}"
            reserved = {"customer_id"} & source.fields.keys()
            if reserved:
                message = "field 'customer_id' is taken by the query's first column"
                raise TemplateError([Problem(f"{folder}/communication.yaml", 0, message)])
            path = f"{folder}/{source.sql}"
            self.query = Query(workspace.sql[communication.id], path, source.fields, self._types)

    def load(
        self, connection: Connection, customers: Sequence[Customer], at: datetime, parameters: Mapping[str, object]
    ) -> dict[str, DataResult]:
        """The data of each customer, or why there are none; one entry for every customer.

        `at` is the instant the period is counted from; `parameters` are values (as such or as text) for
        the declared parameters, and may replace the period's. Raises `InputError` for parameters that do not
        fit, `TemplateError` for a query that fails.
        """
        if self.query is None:
            if any(not field.optional for field in self.communication.data.fields.values()):
                return {customer.id: DataRefusal("no_data", "the data come with a trigger") for customer in customers}
            empty = dict.fromkeys(self.communication.data.fields)
            return {customer.id: _digested(empty, {}) for customer in customers}
        values = self._parameters(at, parameters)
        read = self._read(connection, customers, values)
        rows: dict[str, list[dict[str, Any]]] = {customer.id: [] for customer in customers}
        for customer_id, row in self.query.run(read, values, len(customers)):
            if customer_id not in rows:
                message = "gives a customer_id that is none of the customers it was run for"
                raise TemplateError([Problem(self.query.path, 0, message)])
            rows[customer_id].append(row)
        return {customer_id: self._result(found, values) for customer_id, found in rows.items()}

    def period(self, at: datetime) -> tuple[date, date]:
        """First and last day (both inclusive) that data at `at` are about; for a communication with a period."""
        return previous_period(self.communication.data.period, at, self._zone)

    def require_feeds(self, connection: Connection, at: datetime) -> None:
        """Raises `InputError` where a feed that the query reads was not imported for the period at all.

        A forgotten import must not become a thousand statements without a booking.
        """
        wanted = self.query.tables if self.query else frozenset()
        for table in sorted(wanted - {"customers"}):
            query = select(tables.metadata.tables[table]).limit(1)
            about = ""
            if table == "transactions" and self.communication.data.period:
                start, end = self.period(at)
                query = query.where(tables.transactions.c.booked_on.between(start, end))
                about = f" from {start} to {end}"
            if connection.execute(query).first() is None:
                raise InputError(f"there are no {table}{about}; import them with: ccm import {table} FILE")

    def _parameters(self, at: datetime, given: Mapping[str, object]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if self.communication.data.period:
            values["period_start"], values["period_end"] = self.period(at)
        for name, value in given.items():
            if name not in self._types:
                known = ", ".join(self._types) or "none"
                raise InputError(f"{self.communication.id}: parameter '{name}' is not declared; known: {known}")
            values[name] = _parameter(self.communication.id, name, self._types[name], value)
        missing = [name for name in self._types if name not in values]
        if missing:
            raise InputError(f"{self.communication.id}: parameter {', '.join(missing)} needs a value")
        return values

    def _read(
        self, connection: Connection, customers: Sequence[Customer], values: Mapping[str, Any]
    ) -> dict[str, Sequence[Sequence[Any]]]:
        """The chunk's rows of the tables that the query reads, in the form that `Query.run` takes."""
        wanted = self.query.tables if self.query else frozenset()
        found: dict[str, Sequence[Sequence[Any]]] = {}
        if "customers" in wanted:
            found["customers"] = [
                (c.id, c.language, c.jurisdiction, c.segment, orjson.dumps(c.account_ids).decode()) for c in customers
            ]
        account_ids = [account_id for customer in customers for account_id in customer.account_ids]
        if "accounts" in wanted:
            found["accounts"] = bookings.accounts(connection, account_ids)
        if "transactions" in wanted:
            start, end = values.get("period_start"), values.get("period_end")
            found["transactions"] = bookings.transactions(connection, account_ids, start, end)
        return found

    def _result(self, rows: Sequence[dict[str, Any]], parameters: Mapping[str, Any]) -> DataResult:
        if not rows:
            return DataRefusal("no_data", "the query gives no row for this customer")
        if len(rows) > 1:
            return DataRefusal("several_rows", f"the query gives {len(rows)} rows for this customer, not one")
        values, problems = conform(self.communication.data.fields, rows[0], from_query)
        if problems:
            first = min(problems, key=lambda problem: (problem.code, problem.path))
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            return DataRefusal(first.code, f"{first.path}: {first.message}{more}")
        return _reconcile(self.communication, values) or _digested(values, parameters)


def _parameter(communication: str, name: str, kind: ScalarType, value: object) -> Any:
    if isinstance(value, date | Decimal) and not isinstance(value, datetime):
        value = str(value)
    field = FieldType(type=kind) if kind != "money" else FieldType(type="decimal")
    try:
        if kind == "integer" and isinstance(value, str) and value.lstrip("-").isdecimal():
            value = int(value)
        result = from_json(field, value)
    except ValueError as error:
        raise InputError(f"{communication}: parameter '{name}' {error}") from None
    # DuckDB's TIMESTAMP has no zone; the tables and queries are in UTC.
    return result.replace(tzinfo=None) if isinstance(result, datetime) else result


def _reconcile(communication: Communication, values: dict[str, Any]) -> DataRefusal | None:
    """Runs the communication's checks; puts checked rows into the order in which they chain."""
    for check in communication.data.checks:
        chained = chain_rows(check, values)
        if isinstance(chained, BalanceFailure):
            return DataRefusal("balance_does_not_reconcile", chained.detail)
        *parents, name = check.rows.split(".")
        place = values
        for parent in parents:
            place = place[parent]
        place[name] = chained
    return None


def _digested(values: Mapping[str, Any], parameters: Mapping[str, Any]) -> DataValues:
    plain = orjson.dumps([parameters, values], default=str, option=orjson.OPT_SORT_KEYS)
    return DataValues(values, hashlib.sha256(plain).hexdigest())
