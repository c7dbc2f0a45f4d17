"""A communication's query: checked once, then run by DuckDB on tables that hold one chunk of customers.

The query is hostile until checked. It is one SELECT over ``customers``, ``accounts`` and ``transactions``; DuckDB
has no file or network access and fixed settings; functions that give another result another time are refused.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from weakref import WeakSet

import duckdb
import orjson

from ccm.errors import Problem, TemplateError
from ccm.pipeline.data_types import type_problems
from ccm.workspace.communication import FieldType, ScalarType

SECONDS = 60.0
"""A query that takes longer is stopped."""
MEMORY = "512MB"
ROWS_PER_CUSTOMER = 100
"""More rows than this on average are a join gone wrong."""
TABLES = {
    "customers": "customer_id VARCHAR, language VARCHAR, jurisdiction VARCHAR, segment VARCHAR, account_ids VARCHAR[]",
    "accounts": "account_id VARCHAR, currency VARCHAR, opened_on DATE, statement_frequency VARCHAR, "
    "opening_balance DECIMAL(24,4)",
    "transactions": "transaction_id VARCHAR, account_id VARCHAR, booked_on DATE, kind VARCHAR, description VARCHAR, "
    "amount DECIMAL(24,4), balance DECIMAL(24,4), counterparty VARCHAR",
}
"""What a query may read, as DuckDB declares it."""
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
_SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",  # a second guard: a query must not read this program's variables
    "memory_limit": MEMORY,
    "temp_directory": "",
    "threads": "1",
}
_DUMMY: Mapping[str, Any] = {
    "text": "", "integer": 0, "boolean": False, "date": date(2000, 1, 1), "datetime": datetime(2000, 1, 1),  # noqa: DTZ001
    "decimal": Decimal(0), "money": Decimal(0), "percent": Decimal(0),
}  # fmt: skip


class Query:
    """One checked query. Raises `TemplateError`, with file and line, when it can't be used."""

    _connection: duckdb.DuckDBPyConnection | None

    def __init__(
        self, text: str, path: str, fields: Mapping[str, FieldType], parameters: Mapping[str, ScalarType]
    ) -> None:  # fmt: skip
        """`path` is shown in messages; `parameters` are the known names and their scalar types."""
        self.text, self.path = text, path
        self._fields = fields
        self._open()
        self.parameters = self._parse(parameters)
        with _INSPECTION.open() as connection:
            self.tables = self._inspect(connection)
            self.columns = self._bind(connection, {name: _DUMMY[parameters[name]] for name in self.parameters})

    def run(
        self, tables: Mapping[str, Sequence[Sequence[Any]]], values: Mapping[str, Any], customers: int
    ) -> list[tuple[str, dict[str, Any]]]:
        """(customer id, values by field) of each result row, in the query's order.

        `tables` holds the rows of each table in `self.tables`, in the order of `TABLES`: text, dates as ISO 8601,
        amounts as text; account ids as a JSON list. `customers` is their number. Raises `TemplateError` when the
        query fails on the data.
        """
        found: list[tuple[str, dict[str, Any]]] = []
        with self._lock:
            if self._connection is None:
                self._connection = _connect()
            for table in sorted(self.tables):
                _fill(self._connection, table, tables[table])
            with self._told(self._connection, with_data=True):
                self._connection.execute(self.text, {name: values[name] for name in self.parameters})
                while rows := self._connection.fetchmany(1000):
                    if len(found) + len(rows) > max(customers, 1) * ROWS_PER_CUSTOMER:
                        message = f"gives more than {ROWS_PER_CUSTOMER} rows a customer; is a join too wide?"
                        raise self._error(0, message)
                    if not all(isinstance(row[0], str) for row in rows):
                        raise self._error(0, "gives a row without customer_id")
                    found.extend((row[0], dict(zip(self.columns[1:], row[1:], strict=True))) for row in rows)
        return found

    def _open(self) -> None:
        self._connection = None
        self._lock = threading.Lock()
        _alive.add(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_connection", "_lock")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def close(self) -> None:
        """Gives the connection back; the next `run` opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _error(self, line: int, message: str) -> TemplateError:
        return TemplateError([Problem(self.path, line, message)])

    def _parse(self, known: Mapping[str, ScalarType]) -> tuple[str, ...]:
        """The parameters that the one statement uses."""
        try:
            statements = duckdb.extract_statements(self.text)
        except duckdb.Error as error:
            raise self._error(*_place(error)) from None
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise self._error(0, "must be one SELECT statement and nothing else")
        used = sorted(statements[0].named_parameters)
        for name in used:
            if name not in known:
                near = get_close_matches(name, list(known), 1)
                hint = f"did you mean '${near[0]}'?" if near else f"known: {', '.join(known) or 'none'}"
                raise self._error(self._line_of(f"${name}"), f"parameter '${name}' is not declared; {hint}")
        return tuple(used)

    def _line_of(self, text: str) -> int:
        return self.text[: max(self.text.find(text), 0)].count("\n") + 1

    def _inspect(self, connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
        """The tables the query reads; refuses what is not the same each time, and every other source."""
        row = connection.execute("SELECT json_serialize_sql(?)", [self.text]).fetchone()
        tree = json.loads(row[0]) if row else {"error": True}
        if tree["error"]:
            raise self._error(0, "must be a plain SELECT statement")
        unstable = _unstable(connection)
        tables = set()
        for node in _nodes(tree):
            kind = node.get("type")
            name = str(node.get("function_name", "")).lower()
            if kind == "COLUMN_REF" and len(node["column_names"]) == 1:
                name = node["column_names"][0].lower()  # current_date and its kin are written without brackets
            if name in unstable:
                line = self.text.encode()[: node["query_location"]].count(b"\n") + 1
                raise self._error(line, f"'{name}' is not possible: the same customers must give the same data")
            if kind == "TABLE_FUNCTION":
                name = str(node["function"]["function_name"]).lower()
                if name not in _TABLE_FUNCTIONS:
                    raise self._error(self._line_of(name), f"'{name}' is none of {', '.join(sorted(_TABLE_FUNCTIONS))}")
            elif kind == "SHOW_REF":
                raise self._error(0, "must be a plain SELECT statement")
            elif kind == "BASE_TABLE" and node["table_name"].lower() in TABLES:
                tables.add(node["table_name"].lower())
        return frozenset(tables)

    def _bind(self, connection: duckdb.DuckDBPyConnection, dummies: Mapping[str, Any]) -> list[str]:
        with self._told(connection, with_data=False):
            connection.execute(f"EXPLAIN {self.text}", dict(dummies))  # its errors tell the line, those of sql() don't
            relation = connection.sql(self.text, params=dict(dummies))
            assert relation is not None  # a SELECT always has a result
            columns, types = list(relation.columns), list(relation.types)
        problems = type_problems(self._fields, columns, types)
        if problems:
            raise TemplateError(Problem(self.path, 0, message) for message in problems)
        return columns

    @contextmanager
    def _told(self, connection: duckdb.DuckDBPyConnection, *, with_data: bool) -> Iterator[None]:
        timer = threading.Timer(SECONDS, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException:
            raise self._error(0, f"takes longer than {SECONDS:.0f} seconds") from None
        except duckdb.OutOfMemoryException:
            raise self._error(0, f"needs more than {MEMORY} of memory") from None
        except duckdb.Error as error:
            line, message = _place(error)
            if with_data:  # DuckDB's words may repeat a customer's value
                message = f"fails on the data of these customers ({message.split(':')[0]})"
            raise self._error(line, message) from None
        finally:
            timer.cancel()


class _Inspection:
    """The empty tables that queries are checked against: one database for all, as opening one takes 40 ms."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            if self._connection is None:
                self._connection = _connect()
                for table, columns in TABLES.items():
                    self._connection.execute(f"CREATE TABLE {table} ({columns})")
            yield self._connection

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


_INSPECTION = _Inspection()
_alive: WeakSet[Query] = WeakSet()


def _before_fork() -> None:
    # A child must not inherit a connection: closing it there crashes the child (DuckDB 2.0), using it may hang.
    _INSPECTION.close()
    for query in list(_alive):
        query.close()


os.register_at_fork(before=_before_fork)


_UNSTABLE: set[str] = set()


def _unstable(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Functions that give another result another time; asked once a process."""
    if not _UNSTABLE:
        rows = connection.execute("SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
        _UNSTABLE.update(name for (name,) in rows.fetchall())
    return _UNSTABLE


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config=_SETTINGS)  # type: ignore[arg-type]
    connection.execute("SET lock_configuration = true")
    return connection


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    # One JSON parameter is the fastest way in without a data-frame library: 3 µs a row, executemany takes 300.
    casts = []
    for index, column in enumerate(TABLES[table].split(", "), 1):
        name, kind = column.split(" ", 1)
        value = f"from_json(c[{index}], '[\"VARCHAR\"]')" if kind == "VARCHAR[]" else f"c[{index}]::{kind}"
        casts.append(f"{value} AS {name}")
    source = "SELECT unnest(from_json(?::JSON, '[[\"VARCHAR\"]]')) AS c"
    text = orjson.dumps(rows, default=tuple).decode()
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(casts)} FROM ({source})", [text])  # noqa: S608


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _place(error: duckdb.Error) -> tuple[int, str]:
    """Line (0: unknown) and first line of DuckDB's message."""
    text = str(error)
    line = re.search(r"^LINE (\d+):", text, re.MULTILINE)
    return int(line[1]) if line else 0, text.strip().splitlines()[0]
