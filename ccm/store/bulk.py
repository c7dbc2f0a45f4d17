"""Inserting many rows of one table cheaply: the driver gets them, in the form that is quickest for it.

SQLAlchemy's INSERT of a thousand messages takes three (SQLite) to eight times (PostgreSQL) the time of this process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, Table
from sqlalchemy.engine import Dialect

from ccm.store.tables import Instant


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows which all have the same columns, by name; the others get what the database gives them.

    Values are those that SQLAlchemy takes for the columns. Raises `sqlalchemy.exc.IntegrityError` as it does.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_sqlite(table, names), _tuples(table, names, rows))
    else:
        # One value of JSON: the server makes rows of it in less time than this process needs to bind 40 values each.
        document = orjson.dumps(rows, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
        connection.exec_driver_sql(_postgresql(table, names, connection.dialect), (document,))


@lru_cache(maxsize=64)
def _sqlite(table: Table, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _tuples(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    instants = [place for place, name in enumerate(names) if isinstance(table.c[name].type, Instant)]
    taken = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    found = []
    for row in rows:
        values = list(taken(row))
        for place in instants:
            if values[place] is not None:
                values[place] = _stored(values[place])
        found.append(tuple(values))
    return found


@lru_cache(maxsize=4096)  # the rows of a chunk share most of theirs
def _stored(at: datetime) -> str:
    """An instant as SQLAlchemy writes it into SQLite."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


@lru_cache(maxsize=64)
def _postgresql(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    types = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in names)
    columns = ", ".join(names)
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM json_to_recordset(%s) AS given ({types})"  # noqa: S608


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, datetime):
        return f"{_stored(value)}Z"
    raise TypeError(type(value).__name__)
