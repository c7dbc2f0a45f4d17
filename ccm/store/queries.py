"""Queries put together once and then given to the driver as they are.

SQLAlchemy takes half a millisecond to put a statement together and to find it among those it knows: for a decision
about one customer, who is asked about in a dozen of them, more than half of the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

Value = str | datetime | Collection[str]


def given(name: str) -> BindParameter[Any]:
    """A value that a `Query` gets each time. SQLAlchemy would ask for it when it puts the statement together."""
    return bindparam(name, required=False)


class one_of(ColumnElement[bool]):  # noqa: N801  it reads as a part of a statement
    """A column of text is one of those that the statement is given as `name`.

    They travel as one value, a JSON list (SQLite) or an array (PostgreSQL): half the time of a list of a thousand.
    """

    _traverse_internals = [
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.column, self.values = column, given(name)


@compiles(one_of, "sqlite")
def _sqlite(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608


@compiles(one_of, "postgresql")
def _postgresql(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} = ANY({values}::text[])"


class Query:
    """A statement whose bound parameters get values of their own each time."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: dict[str, SQLCompiler] = {}

    def __call__(self, connection: Connection, **values: Value) -> list[tuple[Any, ...]]:
        """Plain tuples with every value as the driver has it, in a third of the time of SQLAlchemy's rows."""
        name = connection.dialect.name
        compiled = self._compiled.get(name)
        if compiled is None:
            made = self._statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
            assert isinstance(made, SQLCompiler)
            compiled = self._compiled[name] = made
        arguments = {**compiled.params}
        if values.keys() != {key for key, value in arguments.items() if value is None}:
            raise TypeError(f"a query got values for {sorted(values)}")
        for key, value in values.items():
            arguments[key] = _sent(value, name)
        places = compiled.positiontup
        sent = arguments if places is None else tuple(arguments[place] for place in places)
        with connection.exec_driver_sql(compiled.string, sent) as result:
            return [] if result.cursor is None else list(result.cursor.fetchall())


def of(
    connection: Connection, statement: Select[*tuple[Any, ...]], key: ColumnElement[str], ids: Collection[str]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Rows whose `key` is one of `ids`, with values of the columns' types: for what is not asked for each message."""
    if not ids:
        return iter(())
    wanted = _sent(ids, connection.dialect.name)
    return iter(connection.execute(statement.where(one_of(key, "ids")), {"ids": wanted}).all())


def _sent(value: Value, dialect: str) -> str | datetime | list[str]:
    """A value as the driver takes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return stored(value) if dialect == "sqlite" else value
    return orjson.dumps(list(value)).decode() if dialect == "sqlite" else list(value)


@lru_cache(maxsize=4096)  # the rows of a chunk share most of theirs
def stored(at: datetime) -> str:
    """An instant as SQLAlchemy writes it into SQLite."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def instant(value: Any) -> datetime:
    """An instant as the driver gives it: SQLite's text without a zone, or PostgreSQL's aware one."""
    return datetime.fromisoformat(value + "+00:00") if isinstance(value, str) else value.astimezone(UTC)
