"""A query that is put together once finds what SQLAlchemy finds, and asks for all its values."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, or_, select

from ccm.store import Store, queries
from ccm.store.queries import Query, given, one_of
from ccm.store.tables import contacts

AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))
HOSTILE = ("C'1", 'C"2', "C%3", "C\\4", "{5}", "𠮷野家 [6]", "C,7")
FOUND = Query(
    select(contacts.c.customer_id, contacts.c.at)
    .where(
        one_of(contacts.c.customer_id, "ids"),
        contacts.c.at >= given("since"),
        contacts.c.status.not_in(("released", "failed")),
        or_(contacts.c.category == given("category"), one_of(contacts.c.channel, "channels")),
    )
    .order_by(contacts.c.id)
)


@pytest.fixture
def filled(store: Store) -> Store:
    rows = [
        {"id": f"{place} {status}", "customer_id": name, "communication": "offer", "category": "offers",
         "channel": "email", "at": AT + timedelta(days=place), "status": status, "counts": True, "row_digest": ""}
        for place, name in enumerate(HOSTILE) for status in ("sent", "failed")
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(contacts), rows)
    return store


def test_what_is_given_is_a_value_whatever_it_says(filled: Store) -> None:
    since = (AT + timedelta(days=1)).astimezone(TOKYO)
    with filled.read() as connection:
        for category, channels in (("offers", []), ("' OR 1=1 --", {"email"})):
            found = FOUND(connection, ids=HOSTILE, since=since, category=category, channels=channels)
            assert [(name, queries.instant(at)) for name, at in found] == [
                (name, AT + timedelta(days=place)) for place, name in enumerate(HOSTILE) if place
            ]
        assert FOUND(connection, ids=HOSTILE, since=since, category="'", channels=["sms"]) == []
        assert FOUND(connection, ids=[], since=since, category="offers", channels=[]) == []


def test_a_value_too_few_or_too_many_is_refused(filled: Store) -> None:
    with filled.read() as connection:
        with pytest.raises(TypeError, match=r"\['ids'\]"):
            FOUND(connection, ids=HOSTILE)
        with pytest.raises(TypeError, match="other"):
            FOUND(connection, ids=[], since=AT, category="", channels=[], other="")


def test_a_statement_of_sqlalchemy_takes_the_same_condition_again_and_again(filled: Store) -> None:
    with filled.read() as connection:
        for ids in (HOSTILE[:1], HOSTILE[1:3], ()):
            for column in (contacts.c.customer_id, contacts.c.channel):
                found = queries.of(connection, select(column).where(contacts.c.status == "sent"), column, ids)
                assert {row[0] for row in found} == (set(ids) if column is contacts.c.customer_id else set())
