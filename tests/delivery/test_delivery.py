"""Delivery: each message at most once, whatever the supplier answers and whoever dies."""

import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, insert, select, update
from support import DELIVER_AT, RUN_AT, Bank

from ccm.adapters.standin import TwilioStandin
from ccm.batch import coordinator, runs
from ccm.compliance import approvals
from ccm.delivery import claims, deliver
from ccm.errors import NotAllowed
from ccm.inbound.receive import Event, read_events, receive
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.pipeline import contents
from ccm.pipeline.trigger import Accepted, send
from ccm.store import feeds
from ccm.store.tables import cases, consents, contacts, messages, preferences
from ccm.workspace.channels import Channel

DAY = datetime(2026, 4, 1, 10, tzinfo=UTC)
PAYMENT = {
    "payment": {"amount": "120.50", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss",
                "reference": "RENT APRIL"}
}  # fmt: skip


def at(moment: datetime) -> Any:
    return lambda: moment


def states(bank: Bank, **where: str) -> Counter[str]:
    query = select(messages.c.state).where(*(messages.c[name] == value for name, value in where.items()))
    with bank.project.store.read() as connection:
        return Counter(connection.scalars(query))


def one_due(bank: Bank, channel: str = "email") -> Any:
    with bank.project.store.read() as connection:
        query = select(messages).where(messages.c.state == "due", messages.c.channel == channel)
        return connection.execute(query.order_by(messages.c.id).limit(1)).mappings().one()


def row(bank: Bank, message: str) -> Any:
    with bank.project.store.read() as connection:
        return connection.execute(select(messages).where(messages.c.id == message)).mappings().one()


def carried_by(bank: Bank, channel: str, adapter: str, **settings: Any) -> None:
    """Puts another supplier behind a channel."""
    old = bank.project.workspace.channels[channel]
    fields = old.model_dump() | {"adapter": adapter, "settings": settings, "lease_seconds": 120}
    bank.project.workspace.channels[channel] = Channel.model_validate(fields)


@pytest.mark.offers_due
def test_text_messages_wait_for_the_morning_and_mail_does_not(bank: Bank) -> None:
    first = deliver(bank.project, moment=at(datetime(2026, 4, 1, 20, 30, tzinfo=UTC)))
    assert states(bank, channel="email")["due"] == 0
    waiting = states(bank, channel="sms")["due"]
    assert waiting > 0
    assert first.outcomes["sms", "accepted"] + waiting + first.of("withheld") == sum(
        count for state, count in states(bank, channel="sms").items() if state in ("accepted", "due")
    )
    for moment in (*DELIVER_AT, datetime(2026, 4, 2, 10, tzinfo=UTC), datetime(2026, 4, 2, 19, tzinfo=UTC)):
        deliver(bank.project, moment=at(moment))
    assert states(bank, channel="sms")["due"] == 0


@pytest.mark.offers_due
def test_a_second_pass_sends_nothing_again(bank: Bank) -> None:
    sent = deliver(bank.project, moment=at(DAY)).of("accepted")
    assert sent > 0
    assert deliver(bank.project, moment=at(DAY)).of("accepted") == 0


def withheld_reason(bank: Bank, message: str) -> tuple[str, str]:
    deliver(bank.project, moment=at(DAY))
    found = row(bank, message)
    with bank.project.store.read() as connection:
        status = connection.scalar(select(contacts.c.status).where(contacts.c.id == message))
    assert status == "released", "a message that never went gives its slot back"
    return found["state"], found["reason"]


@pytest.mark.offers_due
def test_a_consent_withdrawn_after_the_decision_stops_the_message(bank: Bank) -> None:
    message = one_due(bank)
    event = Event(kind="unsubscribed", at=DAY - timedelta(hours=1), message_id=message["id"])
    assert receive(bank.project, [event, event]) == {"unsubscribed": 1, "repeated": 1}
    assert withheld_reason(bank, message["id"]) == ("withheld", "consent_withdrawn")


@pytest.mark.offers_due
def test_a_complaint_opened_after_the_decision_stops_the_offer(bank: Bank) -> None:
    message = one_due(bank)
    with bank.project.store.write() as connection:
        connection.execute(
            insert(cases).values(
                case_id="K-new", customer_id=message["customer_id"], kind="complaint", status="open",
                opened_at=DAY - timedelta(hours=1), channel="phone", row_digest="",
            )
        )  # fmt: skip
    assert withheld_reason(bank, message["id"]) == ("withheld", "complaint_open")


@pytest.mark.offers_due
def test_an_opt_out_after_the_decision_stops_the_offer(bank: Bank) -> None:
    message = one_due(bank)
    with bank.project.store.write() as connection:
        connection.execute(
            insert(preferences).values(
                customer_id=message["customer_id"], category="offers", channel="*", allowed=False, row_digest=""
            )
        )
    assert withheld_reason(bank, message["id"]) == ("withheld", "opted_out")


@pytest.mark.offers_due
def test_a_cap_filled_after_the_decision_stops_the_offer(bank: Bank) -> None:
    message = one_due(bank)
    with bank.project.store.write() as connection:
        for number in range(2):
            connection.execute(
                insert(contacts).values(
                    id=f"other-{number}", customer_id=message["customer_id"], communication="x", category="offers",
                    channel="sms", at=DAY - timedelta(hours=number + 1), status="sent", counts=True, row_digest="",
                )
            )  # fmt: skip
    assert withheld_reason(bank, message["id"]) == ("withheld", "cap")


def test_a_withdrawn_release_stops_what_is_queued(bank: Bank) -> None:
    digest = bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    project = bank.project
    approvals.withdraw(
        project.store, digest, project.workspace.person("sam"), bank.clock(), "wrong rate",
        record=project.record_release_action,
    )  # fmt: skip
    done = deliver(project, moment=at(DAY))
    assert done.of("accepted") == 0
    assert states(bank)["due"] == 0


def test_a_rehearsal_is_refused_where_something_would_leave_the_machine(bank: Bank) -> None:
    carried_by(bank, "email", "smtp", host="localhost", port=9, security="none")
    with pytest.raises(NotAllowed, match="smtp"):
        deliver(bank.project, moment=at(DAY))


class Mailbox:
    """Keeps what a mail server was given; answers as it is told."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.got: list[bytes] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.got.append(envelope.original_content)
        return self.answer


@contextmanager
def mail_server(bank: Bank, box: Mailbox) -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        carried_by(bank, "email", "smtp", host="127.0.0.1", port=port, security="none")
        yield
    finally:
        controller.stop()


def only_mail(bank: Bank) -> int:
    """Leaves the mails due; returns how many."""
    with bank.project.store.write() as connection:
        connection.execute(
            update(messages).where(messages.c.state == "due", messages.c.channel != "email").values(state="cancelled")
        )
    bank.clock.now = DAY
    return states(bank, channel="email")["due"]


@pytest.mark.offers_due
def test_mail_goes_through_a_real_server_byte_for_byte_and_once(bank: Bank) -> None:
    count, box = only_mail(bank), Mailbox()
    with mail_server(bank, box):
        assert deliver(bank.project).of("accepted") == count
        assert deliver(bank.project).of("accepted") == 0
    assert len(box.got) == count == len(set(box.got))
    message = row(bank, _first(bank))
    [content] = contents.load(bank.project, [message]).values()
    assert content.body in box.got


def _first(bank: Bank) -> str:
    with bank.project.store.read() as connection:
        return str(connection.scalar(select(func.min(messages.c.id)).where(messages.c.state == "accepted")))


@pytest.mark.offers_due
def test_a_definite_refusal_fails_and_gives_the_slot_back(bank: Bank) -> None:
    only_mail(bank)
    message = one_due(bank)
    with mail_server(bank, Mailbox("554 no")):
        deliver(bank.project)
    assert (row(bank, message["id"])["state"], row(bank, message["id"])["reason"]) == ("failed", "refused")
    with bank.project.store.read() as connection:
        assert connection.scalar(select(contacts.c.status).where(contacts.c.id == message["id"])) == "released"


@pytest.mark.offers_due
def test_a_refusal_for_now_is_tried_again_later_and_not_for_ever(bank: Bank) -> None:
    only_mail(bank)
    message, box = one_due(bank), Mailbox("451 later")
    with bank.project.store.write() as connection:  # ten passes over one are as good as over all
        others = (messages.c.state == "due", messages.c.id != message["id"])
        connection.execute(update(messages).where(*others).values(state="cancelled"))
    with mail_server(bank, box):
        attempts = bank.project.workspace.channels["email"].retry.attempts
        for tried in range(1, attempts + 1):
            deliver(bank.project)
            assert row(bank, message["id"])["attempts"] == tried
            deliver(bank.project)
            assert row(bank, message["id"])["attempts"] == tried, "not before its wait is over"
            bank.clock.now += timedelta(hours=1)
    assert (row(bank, message["id"])["state"], row(bank, message["id"])["reason"]) == ("failed", "retries_exhausted")


def accept_payment(bank: Bank, key: str = "k1") -> Accepted:
    """One payment notice for somebody who can be reached by SMS now."""
    bank.clock.now = DAY
    with bank.project.store.read() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100))
        preferring = feeds.preferences(connection, list(everybody))
    customer = next(
        person.id for person in everybody.values()
        if person.status == "active" and person.reach("sms") and person.timezone == "Europe/London"
        and not preferring.get(person.id)
    )  # fmt: skip
    return send(bank.project, "payment-received", customer, PAYMENT, key=key, at=DAY)


def test_same_trigger_twice_goes_once(bank: Bank) -> None:
    bank.approve("payment-received")
    first, second = accept_payment(bank), accept_payment(bank)
    assert (first.state, first.channel, second.repeated) == ("due", "sms", True)
    assert first.message_id == second.message_id
    assert deliver(bank.project, moment=at(DAY)).of("accepted") == 1


@pytest.mark.parametrize("behaviour", ["garbage", "drop", "hang", "break", "no-sid"])
def test_an_unknown_outcome_is_never_sent_again_blindly(bank: Bank, behaviour: str) -> None:
    bank.approve("payment-received")
    accepted = accept_payment(bank)
    bank.project.environ = {"TWILIO_SID": "AC" + "0" * 32, "TWILIO_TOKEN": "secret"}
    with TwilioStandin() as supplier:
        carried_by(
            bank, "sms", "twilio-sms", account_sid_env="TWILIO_SID", auth_token_env="TWILIO_TOKEN",
            base_url=supplier.url, timeout_seconds=1,
        )  # fmt: skip
        supplier.misbehave(behaviour)
        deliver(bank.project)
        assert row(bank, accepted.message_id)["state"] == "unknown"
        before = len(supplier.messages)
        bank.clock.now += timedelta(days=1)
        deliver(bank.project)
        assert len(supplier.messages) == before
    with bank.project.store.read() as connection:
        assert connection.scalar(select(contacts.c.status).where(contacts.c.id == accepted.message_id)) == "unknown"
    event = Event(kind="delivered", at=DAY, message_id=accepted.message_id, supplier_reference="SM1")
    assert receive(bank.project, [event]) == {"delivered": 1}
    assert row(bank, accepted.message_id)["state"] == "delivered"
    sequencer.integrate(bank.project.store)
    assert verify_messages(bank.project.store) == ()


def leave_sending(bank: Bank, message: str) -> None:
    """What a sender leaves that died while it called the supplier."""
    with bank.project.store.write() as connection:
        connection.execute(
            update(messages)
            .where(messages.c.id == message)
            .values(state="sending", lease_owner="gone-host/1/1", lease_until=bank.clock.now - timedelta(1), attempts=1)
        )


@pytest.mark.offers_due
def test_a_sender_that_died_without_handing_over_is_found_out_and_the_message_goes(bank: Bank) -> None:
    message = one_due(bank)
    leave_sending(bank, message["id"])
    deliver(bank.project, moment=at(DAY))
    assert row(bank, message["id"])["state"] == "accepted"


@pytest.mark.offers_due
def test_a_sender_that_died_after_handing_over_is_found_out_and_nothing_goes_twice(bank: Bank) -> None:
    message = one_due(bank)
    deliver(bank.project, moment=at(DAY))
    before = sorted(path.name for path in bank.project.outbox.rglob("*.eml"))
    leave_sending(bank, message["id"])
    deliver(bank.project, moment=at(DAY))
    assert row(bank, message["id"])["state"] == "accepted"
    assert sorted(path.name for path in bank.project.outbox.rglob("*.eml")) == before


@pytest.mark.offers_due
def test_where_the_supplier_cannot_be_asked_a_dead_sender_leaves_it_unknown(bank: Bank) -> None:
    only_mail(bank)
    message, box = one_due(bank), Mailbox()
    with mail_server(bank, box):
        with bank.project.store.write() as connection:
            connection.execute(update(messages).where(messages.c.id == message["id"]).values(adapter="smtp"))
        leave_sending(bank, message["id"])
        deliver(bank.project)
        assert (row(bank, message["id"])["state"], row(bank, message["id"])["reason"]) == ("unknown", "sender_died")
        [content] = contents.load(bank.project, [message]).values()
        assert not any(content.recipient.encode() in body for body in box.got)


@pytest.mark.offers_due
def test_two_senders_never_claim_the_same_message(bank: Bank) -> None:
    now, lease = bank.clock(), timedelta(minutes=2)
    first = claims.claim(bank.project.store, "a", "email", now, lease, DAY)
    second = claims.claim(bank.project.store, "b", "email", now, lease, DAY)
    assert first
    assert second == []


@pytest.mark.offers_due
def test_senders_at_once_hand_over_each_message_once(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 2)  # so that there is something left for each
    bank.clock.now = DAY
    bank.project.environ = {"TWILIO_SID": "AC" + "0" * 32, "TWILIO_TOKEN": "secret"}
    with TwilioStandin() as supplier:
        carried_by(
            bank, "sms", "twilio-sms", account_sid_env="TWILIO_SID", auth_token_env="TWILIO_TOKEN",
            base_url=supplier.url,
        )  # fmt: skip
        bank.project.store.close()
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    bank.project.reopen()
                    deliver(bank.project)
                    status = 0
                finally:
                    os._exit(status)
            children.append(child)
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
        sent = [message["To"] for message in supplier.messages]
    accepted = states(bank, channel="sms")["accepted"]
    assert len(sent) == accepted > 1
    assert states(bank)["unknown"] == states(bank)["failed"] == 0


@pytest.mark.offers_due
def test_a_sender_whose_lease_went_to_another_can_write_nothing_more(bank: Bank) -> None:
    now, lease, store = bank.clock(), timedelta(minutes=2), bank.project.store
    [mine, *_] = claims.claim(store, "a/1/1", "email", now, lease, DAY)
    later = now + timedelta(minutes=5)
    assert claims.give_back_lost(store, later) > 0
    claims.claim(store, "b/2/2", "email", later, lease, DAY)
    with store.write() as connection:
        assert claims.mark_sending(connection, [mine], "a/1/1", "outbox", later, lease, DAY) == set()
        assert claims.settle(connection, [mine], "a/1/1", later, "accepted") == set()


@pytest.mark.offers_due
def test_a_body_changed_in_the_archive_is_not_sent(bank: Bank) -> None:
    for pack in bank.project.archive.folder.rglob("*.pack"):
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 0xFF
        pack.write_bytes(content)
    done = deliver(bank.project, moment=at(DAY))
    assert done.of("failed") > 0
    with bank.project.store.read() as connection:
        reasons = set(connection.scalars(select(messages.c.reason).where(messages.c.state == "failed")))
    assert reasons == {"archive_damaged"}


@pytest.mark.offers_due
def test_a_bounce_is_a_failure_and_an_event_for_nobody_changes_nothing(bank: Bank) -> None:
    message = one_due(bank)
    deliver(bank.project, moment=at(DAY))
    bounced = Event(kind="bounced", at=DAY, message_id=message["id"])
    nobody = Event(kind="delivered", at=DAY, message_id="0" * 32)
    assert receive(bank.project, [bounced, nobody, bounced]) == {"bounced": 1, "unknown_message": 1, "repeated": 1}
    assert row(bank, message["id"])["state"] == "failed"


@pytest.mark.offers_due
def test_a_spam_complaint_withdraws_the_consent(bank: Bank) -> None:
    message = one_due(bank)
    receive(bank.project, [Event(kind="complained", at=DAY, message_id=message["id"])])
    with bank.project.store.read() as connection:
        newest = connection.execute(
            select(consents.c.granted, consents.c.basis)
            .where(consents.c.customer_id == message["customer_id"], consents.c.channel == "email")
            .order_by(consents.c.at.desc())
        ).first()
    assert newest == (False, "withdrawn")


def test_events_of_a_file_are_read_line_by_line_and_bad_lines_are_told(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        '{"kind": "delivered", "at": "2026-04-01T00:00:00Z", "message_id": "m"}\n'
        "not json\n"
        '{"kind": "eaten", "at": "2026-04-01T00:00:00Z", "message_id": "m"}\n'
        '{"kind": "delivered", "at": "2026-04-01T00:00:00", "message_id": "m"}\n'
        '{"kind": "delivered", "at": "2026-04-01T00:00:00Z"}\n' + "[" * 60_000 + "\n"
        '{"kind": "delivered", "at": "2026-04-01T00:00:00Z", "message_id": "\\ud800"}\n' + "9" * 200_000 + "\n"
        '{"kind": "opened", "at": "2026-04-01T00:00:00Z", "message_id": "n"}\n'
    )
    events, problems = read_events(file)
    assert [event.kind for event in events] == ["delivered", "opened"]
    assert [problem.split(":")[1] for problem in problems] == ["2", "3", "4", "5", "6", "7", "8"]
