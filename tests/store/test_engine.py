"""The store: the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select

from ccm.errors import InputError
from ccm.store import Store
from ccm.store.tables import customers, imports, metadata


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite's are not told of
def test_the_migrations_make_exactly_the_tables_of_this_version(store: Store) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    store.upgrade()
    store.upgrade()


def row(number: int, digest: str = "a") -> dict[str, str]:
    return {"id": f"C{number}", "document": "{}", "row_digest": digest}


def test_an_upsert_tells_new_from_changed_from_unchanged(store: Store) -> None:
    with store.write() as connection:
        assert store.upsert(connection, customers, [row(n) for n in range(2500)]) == (2500, 0, 0)
    with store.write() as connection:
        rows = [row(n, "b" if n < 10 else "a") for n in range(2501)]
        assert store.upsert(connection, customers, rows) == (1, 10, 2490)


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.execute(insert(customers), [row(1)])
        raise ZeroDivisionError
    with store.read() as connection:
        assert connection.execute(select(customers)).all() == []


def test_instants_come_back_in_utc_whatever_zone_they_were_given_in(store: Store) -> None:
    at = datetime(2026, 4, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    counts = dict.fromkeys(
        ("rows_read", "rows_new", "rows_changed", "rows_unchanged", "rows_set_aside", "fields_set_aside"), 0
    )
    with store.write() as connection:
        connection.execute(insert(imports).values(kind="x", file_digest="", at=at, **counts))
    with store.read() as connection:
        assert connection.scalar(select(imports.c.at)) == datetime(2026, 4, 1, tzinfo=UTC)
    with pytest.raises(Exception, match="time zone"), store.write() as connection:
        connection.execute(insert(imports).values(kind="x", file_digest="", at=at.replace(tzinfo=None), **counts))


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_a_wrong_store_url_names_the_possible_ones(url: str) -> None:
    with pytest.raises(InputError, match="sqlite"):
        Store(url)
