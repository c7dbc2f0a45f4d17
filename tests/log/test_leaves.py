from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from sqlalchemy import delete, select

from ccm.errors import InputError
from ccm.log import leaves
from ccm.store import Store
from ccm.store.tables import customer_salts

AT = datetime(2026, 3, 31, 9, tzinfo=UTC)


def numbered() -> Callable[[int], bytes]:
    """Random bytes that are none: 1, 2, 3, …"""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def test_a_decision_leaf_is_this_text() -> None:
    # The format is final: what was written once must be written so for ever.
    leaf = leaves.decision_leaf(
        message_id="m1",
        subject="ab",
        communication="quarterly-statement",
        at=AT,
        state="due",
        reason="preferred",
        channel="email",
        release="cd",
        body_digest="ef",
        trace_digest="12",
        run=None,
    )
    assert leaf == (
        b'{"at":"2026-03-31T09:00:00.000000Z","body":"ef","channel":"email","communication":"quarterly-statement",'
        b'"kind":"decision","message":"m1","reason":"preferred","release":"cd","run":null,"state":"due",'
        b'"subject":"ab","trace":"12","v":1}'
    )


def test_a_leaf_of_a_held_message_says_until_when_and_by_what_in_the_order_of_names() -> None:
    leaf = leaves.decision_leaf(
        message_id="m1", subject="ab", communication="offer", at=AT, state="due", reason="preferred", channel="sms",
        release="cd", body_digest=None, trace_digest="12", run="r", held=(AT + timedelta(hours=1), "quiet_hours"),
    )  # fmt: skip
    assert leaf == (
        b'{"at":"2026-03-31T09:00:00.000000Z","body":null,"channel":"sms","communication":"offer",'
        b'"due":"2026-03-31T10:00:00.000000Z","held":"quiet_hours","kind":"decision","message":"m1",'
        b'"reason":"preferred","release":"cd","run":"r","state":"due","subject":"ab","trace":"12","v":1}'
    )


@pytest.mark.parametrize(
    ("leaf", "fields"),
    [
        (
            leaves.release_leaf(
                digest="d", communication="c", action="approved", person="p", comment="Ask Mrs Hara", at=AT
            ),
            {"kind": "release", "release": "d", "communication": "c", "action": "approved", "person": "p",
             "comment": leaves.digest_of("Ask Mrs Hara")},
        ),
        (
            leaves.send_leaf(message_id="m", channel="sms", adapter="twilio", attempt=2, at=AT),
            {"kind": "send", "message": "m", "channel": "sms", "adapter": "twilio", "attempt": 2},
        ),
        (
            leaves.receipt_leaf(message_id="m", state="accepted", supplier_reference="SM1", at=AT),
            {"kind": "receipt", "message": "m", "state": "accepted", "reference": "SM1"},
        ),
        (
            leaves.event_leaf(message_id="m", state="withheld", detail="cap", at=AT),
            {"kind": "event", "message": "m", "state": "withheld", "detail": "cap"},
        ),
        (
            leaves.preference_leaf(
                subject="s", category="offers", channel="*", rank=None, allowed=False, source="reply", at=AT
            ),
            {"kind": "preference", "subject": "s", "category": "offers", "channel": "*", "rank": None,
             "allowed": False, "source": "reply"},
        ),
        (
            leaves.access_leaf(message_id="m", person="p", purpose="complaint", at=AT),
            {"kind": "access", "message": "m", "person": "p", "purpose": "complaint"},
        ),
        (
            leaves.certificate_leaf(run="r", digest="d", at=AT),
            {"kind": "certificate", "run": "r", "digest": "d"},
        ),
        (
            leaves.import_leaf(kind="customers", file_digest="d", counts={"rows_new": 3}, at=AT),
            {"kind": "import", "feed": "customers", "file": "d", "counts": {"rows_new": 3}},
        ),
    ],
)  # fmt: skip
def test_each_kind_of_leaf_has_its_fields(leaf: bytes, fields: dict[str, object]) -> None:
    assert json.loads(leaf) == {"v": 1, "at": "2026-03-31T09:00:00.000000Z", **fields}


def test_an_instant_is_the_same_text_in_every_zone() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert leaves.instant(tokyo) == leaves.instant(AT) == "2026-03-31T09:00:00.000000Z"
    assert leaves.instant(AT + timedelta(microseconds=1)) == "2026-03-31T09:00:00.000001Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="time zone"):
        leaves.instant(datetime(2026, 3, 31, 9))  # noqa: DTZ001


def test_a_subject_is_a_keyed_hash_of_the_customer_id(store: Store) -> None:
    with store.write() as connection:
        found = leaves.subjects(connection, ["b", "a", "a", "東京'\\"], numbered())
        salts = {row.customer_id: row.salt for row in connection.execute(select(customer_salts))}
    assert found == {
        customer_id: hmac.new(salt, customer_id.encode(), "sha256").hexdigest() for customer_id, salt in salts.items()
    }
    assert list(found) == ["b", "a", "東京'\\"]
    assert {len(salt) for salt in salts.values()} == {32}


def test_a_customer_keeps_the_subject_until_the_salt_is_destroyed(store: Store) -> None:
    random_bytes = numbered()
    with store.write() as connection:
        first = leaves.subjects(connection, ["a"], random_bytes)
    with store.write() as connection:
        again = leaves.subjects(connection, ["a", "b"], random_bytes)
        connection.execute(delete(customer_salts).where(customer_salts.c.customer_id == "a"))
        new = leaves.subjects(connection, ["a"], random_bytes)
    assert again["a"] == first["a"] != new["a"]


def test_subjects_of_a_large_chunk_come_at_once(store: Store) -> None:
    wanted = [f"c{number}" for number in range(3000)]
    with store.write() as connection:
        assert len(set(leaves.subjects(connection, wanted, numbered()).values())) == 3000
        assert leaves.subjects(connection, [], numbered()) == {}
