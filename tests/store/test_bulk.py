"""Rows that were inserted in bulk read as those that SQLAlchemy inserted one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from ccm.store import Store, bulk
from ccm.store.tables import contacts, customer_guards, messages

TOKYO = timezone(timedelta(hours=9))
AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def message(number: int, **change: Any) -> dict[str, Any]:
    return {
        "id": f"m{number}", "run_id": None, "trigger_key": f"key {number}\nsms", "occasion": "o", "customer_id": "C 😀",
        "communication": "offer", "part": "sms", "category": "offers", "purpose": "marketing", "channel": "email",
        "language": "ja", "jurisdiction": "JP", "state": "due", "reason": "ok", "detail": "\"'\\x00 %s ? 𠮷野家\n",
        "recipient": None, "subject": "", "media_type": "text/plain", "body_digest": None, "archive_offset": 2**40,
        "content_salt": bytes(range(256)), "segments": 0, "pages": 0, "release": "r", "wording": "[]", "trace": b"",
        "decided_at": AT, "due_at": AT.astimezone(TOKYO).replace(microsecond=7), "expires_at": None, "fence": 0,
        "attempts": 0, "adapter": "", "updated_at": AT, **change,
    }  # fmt: skip


def test_every_kind_of_value_is_stored_as_sqlalchemy_stores_it(store: Store) -> None:
    with store.write() as connection:
        bulk.insert(connection, messages, [message(1), message(2, trace=b"\0\xff", expires_at=AT)])
        connection.execute(insert(messages), [message(3), message(4, trace=b"\0\xff", expires_at=AT)])
        bulk.insert(connection, customer_guards, [{"customer_id": "one"}, {"customer_id": "two"}])
        bulk.insert(connection, customer_guards, [])
    with store.read() as connection:
        read = [dict(row) for row in connection.execute(select(messages).order_by(messages.c.id)).mappings()]
        raw = connection.exec_driver_sql("SELECT due_at, decided_at, expires_at FROM messages ORDER BY id").all()
        assert sorted(connection.scalars(select(customer_guards.c.customer_id))) == ["one", "two"]
    for row in read:
        number = int(row["id"][1:])
        row |= {"id": "", "trigger_key": row["trigger_key"].replace(str(number), "")}
    assert read[:2] == read[2:]
    assert read[0]["due_at"] == AT.replace(microsecond=7)
    assert raw[:2] == raw[2:], "and byte for byte, so that the database compares them alike"


def test_rows_may_leave_out_what_is_null_in_them(store: Store) -> None:
    full = [message(1, expires_at=AT), message(2, run_id="r", channel=None, archive_offset=None), message(3)]
    slim = [{name: value for name, value in row.items() if value is not None} for row in full]
    with store.write() as connection:
        bulk.insert(connection, messages, slim)
        read = [dict(row) for row in connection.execute(select(messages).order_by(messages.c.id)).mappings()]
    assert [{name: row[name] for name in full[0]} for row in read] == full


def test_what_is_left_out_gets_the_databases_own_default(store: Store) -> None:
    row = {"id": "c", "customer_id": "C", "communication": "x", "category": "offers", "channel": "sms", "at": AT,
           "status": "reserved", "counts": False, "row_digest": ""}  # fmt: skip
    with store.write() as connection:
        bulk.insert(connection, contacts, [row])
        found = connection.execute(select(contacts)).mappings().one()
    assert (found["counts"], found["purpose"], found["priority"]) == (False, "", "")


def test_a_key_that_is_taken_is_told_as_such_and_leaves_nothing(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as connection:
        bulk.insert(connection, messages, [message(1), message(2, trigger_key=message(1)["trigger_key"])])
    with store.read() as connection:
        assert connection.execute(select(messages.c.id)).all() == []


def test_an_instant_without_a_zone_is_refused(store: Store) -> None:
    row = message(1, due_at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises((ValueError, TypeError)), store.write() as connection:
        bulk.insert(connection, messages, [row])
