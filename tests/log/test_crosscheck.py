from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from log_parts import forget
from sqlalchemy import delete, func, insert, select, update

from ccm.log import leaves, sequencer
from ccm.log.crosscheck import verify_messages
from ccm.store import Store
from ccm.store.tables import customer_salts, erasures, log_waiting, messages, release_actions, releases

AT = datetime(2026, 3, 31, 9, 0, 0, 5, tzinfo=UTC)
TRACE = b"trace"


def row(message_id: str, state: str, **values: Any) -> dict[str, Any]:
    empty = {column.name: "" for column in messages.columns}
    return {
        **empty, "id": message_id, "state": state, "run_id": None, "trigger_key": message_id,
        "customer_id": f"customer of {message_id}", "communication": "savings-offer", "channel": "email",
        "reason": "preferred", "release": "cd", "body_digest": "ef", "trace": TRACE, "decided_at": AT,
        "updated_at": AT, "due_at": None, "expires_at": None, "lease_until": None, "lease_owner": None,
        "archive_offset": None, "archive_length": None, "segments": 0, "pages": 0, "fence": 0, "attempts": 0,
        "supplier_reference": None, "content_salt": None, "erased_at": None, **values,
    }  # fmt: skip


def decision(of: dict[str, Any], subject: str, state: str, reason: str) -> bytes:
    return leaves.decision_leaf(
        message_id=of["id"], subject=subject, communication=of["communication"], at=AT, state=state,  # type: ignore[arg-type]
        reason=reason, channel=of["channel"], release=of["release"], body_digest=of["body_digest"],
        trace_digest=sha256(TRACE).hexdigest(), run=of["run_id"],
    )  # fmt: skip


def sent(message_id: str) -> bytes:
    return leaves.send_leaf(message_id=message_id, channel="email", adapter="outbox", attempt=1, at=AT)


def receipt(message_id: str, state: str, reference: str | None = None) -> bytes:
    return leaves.receipt_leaf(message_id=message_id, state=state, supplier_reference=reference, at=AT)


def event(message_id: str | None, state: str, detail: str = "") -> bytes:
    return leaves.event_leaf(message_id=message_id, state=state, detail=detail, at=AT)


ROWS = [
    row("due", "due"),
    row("claimed", "claimed"),
    row("sending", "sending"),
    row("accepted", "accepted", supplier_reference="S1"),
    row("delivered", "delivered", supplier_reference="S2"),
    row("failed", "failed", reason="refused"),
    row("bounced", "failed", reason="bounced", supplier_reference="S3"),
    row("unknown", "unknown", reason="outcome_unknown"),
    row("found", "accepted", reason="outcome_unknown", supplier_reference="S4"),
    row("withheld", "withheld", reason="no_consent", channel=None, body_digest=None, release=""),
    row("stopped", "withheld", reason="cap"),
    row("aside", "set_aside", reason="missing_data", channel=None, body_digest=None),
]
DECIDED = {"withheld": ("withheld", "no_consent"), "aside": ("set_aside", "missing_data")}
LATER = [
    *(sent(name) for name in ("sending", "accepted", "delivered", "failed", "bounced", "unknown", "found")),
    receipt("accepted", "accepted", "S1"),
    event("delivered", "delivered"),
    receipt("delivered", "accepted", "S2"),  # the supplier's event was quicker than its answer
    receipt("failed", "failed"),
    receipt("bounced", "accepted", "S3"),
    event("bounced", "bounced"),
    receipt("unknown", "unknown"),
    receipt("found", "unknown"),
    event("found", "accepted"),
    event("stopped", "withheld", "cap"),
    event("accepted", "opened"),
    event(None, "delivered"),
]


@pytest.fixture
def told(store: Store) -> Store:
    """A store with messages in every state and release actions, all of them in the log."""
    with store.write() as connection:
        subjects = leaves.subjects(connection, [message["customer_id"] for message in ROWS], lambda size: bytes(size))
        connection.execute(insert(messages), ROWS)
        decisions = [
            decision(message, subjects[message["customer_id"]], *DECIDED.get(message["id"], ("due", "preferred")))
            for message in ROWS
        ]
        connection.execute(
            insert(releases).values(digest="cd", communication="savings-offer", manifest="{}", created_at=AT)
        )
        action = {"digest": "cd", "person": "sato", "comment": "Fine.", "at": AT}
        for name in ("submitted", "approved"):
            connection.execute(insert(release_actions).values(action=name, **action))
            decisions.append(leaves.release_leaf(action=name, communication="savings-offer", **action))  # type: ignore[arg-type]
        sequencer.append(connection, decisions)
        sequencer.append(connection, LATER)
    return store


def after(store: Store, *statements: Any) -> tuple[str, ...]:
    with store.write() as connection:
        for statement in statements:
            if callable(statement):
                statement(connection)
            else:
                connection.execute(statement)
    return verify_messages(store)


def change(message_id: str, **values: Any) -> Any:
    return update(messages).where(messages.c.id == message_id).values(**values)


def test_tables_that_agree_with_the_log_have_no_faults(told: Store) -> None:
    assert verify_messages(told) == ()
    sequencer.integrate(told)
    assert verify_messages(told) == ()  # once more: nothing of the first look stays behind


def test_an_empty_store_has_no_faults(store: Store) -> None:
    assert verify_messages(store) == ()


def test_a_message_without_a_decision_in_the_log_is_found(told: Store) -> None:
    assert after(told, insert(messages).values(row("new", "due"))) == ("message new: the log has no decision about it",)


def test_a_decision_without_its_message_is_found(told: Store) -> None:
    assert after(told, delete(messages).where(messages.c.id == "due")) == (
        "message due: the log has its decision, but there is no such message",
    )


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"channel": "sms"}, "the log says channel email, its row says sms"),
        ({"channel": None}, "the log says channel email, its row says None"),
        ({"release": "00"}, "the log says release cd, its row says 00"),
        ({"body_digest": "00"}, "the log says body digest ef, its row says 00"),
        ({"communication": "other"}, "the log says communication savings-offer, its row says other"),
        ({"trace": b"other"}, f"the log says trace digest {sha256(TRACE).hexdigest()}, its row says "
                              f"{sha256(b'other').hexdigest()}"),
        ({"customer_id": "customer of claimed"}, "the log says another customer than its row"),
        ({"reason": "fallback"}, "the log says due (preferred), its row says due (fallback)"),
        ({"state": "withheld", "reason": "cap"}, "the log says None (None), its row says withheld (cap)"),
        ({"state": "set_aside"}, "the log says due (preferred), its row says set_aside (preferred)"),
        ({"state": "sending"}, "it is sending, but the log has no send"),
        ({"state": "failed"}, "it is failed, but the log has no receipt or event that says so"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_changed_row_is_found(told: Store, values: dict[str, Any], fault: str) -> None:
    assert after(told, change("due", **values)) == (f"message due: {fault}",)


def test_a_withheld_message_made_due_is_found(told: Store) -> None:
    assert after(told, change("withheld", state="due", reason="preferred")) == (
        "message withheld: the log says withheld (no_consent), its row says due (preferred)",
    )


def test_a_message_stopped_for_another_reason_is_found(told: Store) -> None:
    assert after(told, change("stopped", reason="expired")) == (
        "message stopped: the log says withheld (cap), its row says withheld (expired)",
    )


@pytest.mark.parametrize("message", ["accepted", "delivered", "unknown", "sending"])
@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_send_that_is_not_in_the_log_is_found(told: Store, message: str, waits: bool) -> None:
    if not waits:
        sequencer.integrate(told)
    assert after(told, partial(forget, leaf=sent(message))) == (
        f"message {message}: it is {message}, but the log has no send",
    )


@pytest.mark.parametrize(
    ("message", "leaf"),
    [
        ("accepted", receipt("accepted", "accepted", "S1")),
        ("delivered", event("delivered", "delivered")),
        ("failed", receipt("failed", "failed")),
        ("unknown", receipt("unknown", "unknown")),
    ],
)
@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_answer_that_is_not_in_the_log_is_found(told: Store, message: str, leaf: bytes, waits: bool) -> None:
    if not waits:
        sequencer.integrate(told)
    assert after(told, partial(forget, leaf=leaf)) == (
        f"message {message}: it is {message}, but the log has no receipt or event that says so",
    )


def test_a_pack_of_waiting_leaves_that_is_taken_away_is_found(told: Store) -> None:
    first, later = select(func.min(log_waiting.c.id)), select(func.max(log_waiting.c.id))
    answered = {"accepted", "delivered", "failed", "bounced", "unknown", "found"}
    faults = after(told, delete(log_waiting).where(log_waiting.c.id == later.scalar_subquery()))
    named = [fault.partition(": ")[0].removeprefix("message ") for fault in faults]
    assert {name for name in named if named.count(name) == 1} == {"sending", "failed", "bounced", "stopped"}
    assert {*named} == {*answered, "sending", "stopped"}
    faults = after(told, delete(log_waiting).where(log_waiting.c.id == first.scalar_subquery()))
    assert [fault for fault in faults if "no decision" in fault] == [
        f"message {name}: the log has no decision about it" for name in sorted(row["id"] for row in ROWS)
    ]
    assert [fault for fault in faults if fault.startswith("release")]


def test_a_waiting_leaf_that_is_changed_is_found(told: Store) -> None:
    changed = decision(ROWS[0], "0" * 64, "due", "preferred")
    assert after(told, insert(log_waiting).values(leaves=changed)) == (
        "message due: the log says another customer than its row",
    )


def test_another_supplier_reference_is_found(told: Store) -> None:
    assert after(told, change("accepted", supplier_reference="S9")) == (
        "message accepted: the log says another supplier reference than its row",
    )


def erased(told: Store, message: str, *, leaf: bool) -> list[Any]:
    """What an erasure does to a message of its own customer."""
    with told.write() as connection:
        customer = f"customer of {message}"
        [name] = leaves.subjects(connection, [customer], lambda size: bytes(size)).values()
        if leaf:
            done = {"subject": name, "person": "mori", "reason": "asked", "at": AT}
            sequencer.append(connection, [leaves.erasure_leaf(**done)])  # type: ignore[arg-type]
            connection.execute(insert(erasures).values(messages=1, **done))
    return [
        delete(customer_salts).where(customer_salts.c.customer_id == customer),
        update(messages).where(messages.c.id == message).values(customer_id=f"erased:{name}"),
    ]


def test_an_erased_customer_is_no_fault(told: Store) -> None:
    assert after(told, *erased(told, "due", leaf=True)) == ()


def test_an_erasure_that_the_log_does_not_know_is_found(told: Store) -> None:
    assert after(told, *erased(told, "due", leaf=False)) == (
        "message due: its customer is erased, but the log has no erasure or disposal of it",
    )
    assert len(after(told, delete(customer_salts))) == len(ROWS)


def test_an_erasure_hides_no_deletion(told: Store) -> None:
    gone = delete(messages).where(messages.c.id == "due")
    assert after(told, *erased(told, "due", leaf=True), gone) == (
        "message due: the log has its decision, but there is no such message",
    )


def test_an_erasure_hides_no_change_of_customer(told: Store) -> None:
    other = change("due", customer_id="erased:" + "0" * 64)
    assert after(told, *erased(told, "due", leaf=True), other) == (
        "message due: the salt of its customer is gone, so whose it is cannot be told from the log",
    )


def test_an_erasure_that_the_store_does_not_list_is_found(told: Store) -> None:
    [fault] = after(told, *erased(told, "due", leaf=True), delete(erasures))
    assert fault.endswith("erased by mori at 2026-03-31T09:00:00.000005Z: 1 in the log only")


def test_of_two_decisions_the_newest_counts(told: Store) -> None:
    first = next(message for message in ROWS if message["id"] == "due")
    with told.write() as connection:
        subject = leaves.subjects(connection, [first["customer_id"]], lambda size: bytes(size))
        sequencer.append(connection, [decision({**first, "channel": "sms"}, *subject.values(), "due", "fallback")])
    assert len(verify_messages(told)) == 2
    assert after(told, change("due", channel="sms", reason="fallback")) == ()


def test_release_actions_and_their_leaves_must_pair(told: Store) -> None:
    at = "2026-03-31T09:00:00.000005Z"
    assert after(told, delete(release_actions).where(release_actions.c.action == "submitted")) == (
        f"release cd: submitted by sato at {at}: 1 in the log only",
    )
    forged = {"digest": "cd", "action": "approved", "person": "mori", "comment": "", "at": AT}
    assert after(told, insert(release_actions).values(**forged)) == (
        f"release cd: approved by mori at {at}: 1 not in the log",
        f"release cd: submitted by sato at {at}: 1 in the log only",
    )


def test_a_changed_comment_of_an_approval_is_found(told: Store) -> None:
    faults = after(told, update(release_actions).values(comment="Never read it."))
    assert len(faults) == 4


@pytest.mark.parametrize("entry", [b"\xff", b"[1]", b"{", b'{"kind":"decision","message":{"a":1}}',
                                   b'{"kind":"decision","message":"\\u0000"}'])  # fmt: skip
def test_a_leaf_that_holds_anything_else_is_told_and_stops_nothing(told: Store, entry: bytes) -> None:
    faults = after(told, insert(log_waiting).values(leaves=entry), change("due", channel="sms"))
    assert "message due: the log says channel email, its row says sms" in faults
    assert len(faults) == 2
    sequencer.integrate(told)
    assert len(verify_messages(told)) == 2


@pytest.mark.parametrize("entry", [b"{}", b'{"kind":"send"}', b'{"kind":"event","message":"x"}', b'{"kind":[1]}'])
def test_leaves_of_no_message_are_passed_over(told: Store, entry: bytes) -> None:
    assert after(told, insert(log_waiting).values(leaves=entry)) == ()
