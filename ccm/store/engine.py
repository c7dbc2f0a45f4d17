"""Opening the store, transactions, and bulk upserts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import Pool, QueuePool

from ccm.errors import InputError, TryAgain
from ccm.store.turns import turn

VERSIONS = Path(__file__).parent / "migrations" / "versions"
BATCH = 1000
"""Rows per statement: keeps below SQLite's and PostgreSQL's limits on bound values."""
_CACHE_KB = 16_384
"""Of one SQLite connection: the pages of the indexes into which a chunk's messages go, in no order."""
_CHECKPOINT_PAGES = 8_000
"""Pages of SQLite's log of changes (32 MB) before they go into the file: a chunk's messages touch more than the usual
thousand, and most of their pages again and again."""


class Store:
    """One database. Connections are kept for the next transaction; a forked process leaves its parent's alone.

    `read` and `write` hand out a connection inside a transaction. On SQLite `write` takes the write lock
    at once (``BEGIN IMMEDIATE``), so that what it reads cannot change before it writes.
    """

    def __init__(self, url: str, root: Path | None = None) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InputError("store url is none of sqlite:///FILE, postgresql+psycopg://USER@HOST/NAME") from error
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"store url: '{parsed.drivername}' is none of sqlite, postgresql+psycopg")
        self.dialect = parsed.get_backend_name()
        self._file: Path | None = None
        if self.dialect == "sqlite" and parsed.database and parsed.database != ":memory:":
            path = Path(parsed.database)
            path = path if path.is_absolute() or root is None else root / path
            path.parent.mkdir(parents=True, exist_ok=True)
            parsed = parsed.set(database=str(path))
            self._file = path
        self.url = parsed.render_as_string(hide_password=False)
        self.engine = _engine(self.url, self.dialect)
        _stores.add(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; everything read belongs to one snapshot on SQLite."""
        with self._open() as connection:
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection for one transaction that commits at the end, or leaves nothing behind."""
        with nullcontext() if self._file is None else turn(self._file), self._open() as connection:
            connection = connection.execution_options(ccm_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except OperationalError as error:
            raise TryAgain(f"the store does not answer: {error.orig}{self._of_its_disk(error)}") from error
        try:
            yield connection
        except OperationalError as error:
            # "database is locked" and lost connections pass; anything else in here is told as it is.
            raise TryAgain(f"the store refused for now: {error.orig}{self._of_its_disk(error)}") from error
        finally:
            connection.close()

    def _of_its_disk(self, error: OperationalError) -> str:
        """What to look at where SQLite could not read or write its file; it does not say which, nor why."""
        name = getattr(error.orig, "sqlite_errorname", "")
        if not name.startswith(("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
            return ""
        return f"; look at {self._file}: is its disk full, or may nothing be written there?"

    def upgrade(self) -> None:
        """Brings the tables to this version of ccm (Alembic); harmless, and quick, when they are."""
        with self.read() as connection:
            if inspect(connection).has_table("alembic_version"):
                current = connection.scalar(text("SELECT version_num FROM alembic_version"))
                if current == max(file.name.split("_")[0] for file in VERSIONS.glob("[0-9]*.py")):
                    return
        from alembic import command  # a quarter of a second that a current store is spared
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(VERSIONS.parent))
        with self.write() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(727001)"))  # one upgrader at a time
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()

    def insert(self, table: Table) -> Any:
        """A dialect's INSERT, which knows ON CONFLICT."""
        return insert_of(self.dialect, table)

    def upsert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
        """Inserts rows, or updates those whose ``row_digest`` changed.

        Returns (new, changed, unchanged). Rows of one call must differ in their primary key.
        """
        keys = list(table.primary_key.columns)
        new = changed = 0
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            wanted = [tuple(row[key.name] for key in keys) for row in batch]
            single = len(keys) == 1
            condition = keys[0].in_([key[0] for key in wanted]) if single else tuple_(*keys).in_(wanted)
            known = {tuple(row[:-1]): row[-1] for row in connection.execute(
                select(*keys, table.c.row_digest).where(condition))}  # fmt: skip
            todo = []
            for key, row in zip(wanted, batch, strict=True):
                if key not in known:
                    new += 1
                    todo.append(row)
                elif known[key] != row["row_digest"]:
                    changed += 1
                    todo.append(row)
            if todo:
                statement = self.insert(table)
                names = [column.name for column in table.columns if column not in keys]
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=keys, set_={name: statement.excluded[name] for name in names}
                    ),
                    [dict(row) for row in todo],
                )
        return new, changed, len(rows) - new - changed


def insert_of(dialect: str, table: Table) -> Any:
    """A dialect's INSERT, which knows ON CONFLICT."""
    return (sqlite_insert if dialect == "sqlite" else postgresql_insert)(table)


def _engine(url: str, dialect: str) -> Engine:
    if dialect == "postgresql":
        engine = create_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True)

        @event.listens_for(engine, "connect")
        def _in_utc(connection: Any, _record: Any) -> None:
            # The driver then gives instants in UTC itself; to bring each there from the server's zone takes longer.
            connection.execute("SET TIME ZONE 'UTC'")
            connection.commit()

        return engine
    # Kept, since the last one to be closed writes the whole log of changes back into the file.
    engine = create_engine(url, poolclass=QueuePool, pool_size=5, max_overflow=-1, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by sqlite3
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: a message marked `sending` must still be so after a power cut, or it could go twice.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("ccm_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


_stores: WeakSet[Store] = WeakSet()
_inherited: list[Pool] = []
"""What a forked process got from its parent. Even to close one of these would break the parent's, so they stay."""


def _leave_inherited() -> None:
    for store in list(_stores):
        _inherited.append(store.engine.pool)
        store.engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_inherited)


def store_url(configured: str) -> str:
    """The store's address: the environment variable CCM_STORE_URL, else what ccm.toml says."""
    return os.environ.get("CCM_STORE_URL") or configured


def open_existing(url: str, root: Path) -> Store | None:
    """The store, or None where nothing was stored yet; unlike `Store` it makes no file and no table."""
    parsed = make_url(url) if url.startswith("sqlite") else None
    if parsed is not None and not (parsed.database and (root / parsed.database).is_file()):
        return None
    store = Store(url, root)
    with store.read() as connection:
        if inspect(connection).has_table("customers"):
            return store
    store.close()
    return None
