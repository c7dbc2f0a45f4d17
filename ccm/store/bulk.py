"""Inserting many rows of one table cheaply: the driver gets them, in the form that is quickest for it.

SQLAlchemy's INSERT of a thousand messages takes three (SQLite) to eight times (PostgreSQL) the time of this process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any

import orjson
from sqlalchemy import Connection, Table
from sqlalchemy.engine import Dialect

from ccm.store.queries import stored
from ccm.store.tables import Instant


def insert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Inserts rows, columns by name; columns that none of them has get what the database gives them.

    `same`: further columns, which have one value in all rows. Values are those that SQLAlchemy takes for the columns.
    A column that the database gives nothing may be left out of a row in which it is NULL: None takes SQLite's driver
    three times the time of a text. Raises `sqlalchemy.exc.IntegrityError` as SQLAlchemy does.
    """
    if not rows:
        return
    shared = same or {}
    if connection.dialect.name == "sqlite":
        alike: defaultdict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            alike[tuple(row)].append(row)
        for names, group in alike.items():
            connection.exec_driver_sql(_sqlite(table, (*names, *shared)), _tuples(table, names, group, shared))
    else:
        # One value of JSON: the server makes rows of it in less time than this process needs to bind 40 values each.
        document, constants = (
            orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
            for value in (rows, [shared])
        )
        names = tuple(sorted(set().union(*rows)))
        statement = _postgresql(table, names, tuple(shared), connection.dialect)
        connection.exec_driver_sql(statement, (document, constants) if shared else (document,))


@lru_cache(maxsize=64)
def _sqlite(table: Table, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _tuples(
    table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    columns: list[Iterable[Any]] = list(zip(*(row.values() for row in rows), strict=True))
    for place, name in enumerate(names):
        if isinstance(table.c[name].type, Instant):
            columns[place] = map(_maybe_stored, columns[place])
    constants = [_maybe_stored(value) if isinstance(value, datetime) else value for value in shared.values()]
    return list(zip(*columns, *(repeat(value, len(rows)) for value in constants), strict=True))


def _maybe_stored(at: datetime | None) -> str | None:
    return None if at is None else stored(at)


@lru_cache(maxsize=64)
def _postgresql(table: Table, names: tuple[str, ...], shared: tuple[str, ...], dialect: Dialect) -> str:
    sources = [_recordset(table, names, "given", dialect)]
    if shared:
        sources.append(_recordset(table, shared, "shared", dialect))
    columns = ", ".join((*names, *shared))
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {', '.join(sources)}"  # noqa: S608


def _recordset(table: Table, names: tuple[str, ...], alias: str, dialect: Dialect) -> str:
    types = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(%s) AS {alias} ({types})"


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, datetime):
        return f"{stored(value)}Z"
    raise TypeError(type(value).__name__)
