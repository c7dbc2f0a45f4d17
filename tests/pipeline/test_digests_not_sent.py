"""A digest that does not go out after all takes its parts with it: nobody is counted as told."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from digest_parts import CLOSES, DAYTIME, agree, deliver_at, readers, rows_of, tell
from sqlalchemy import insert, select, update
from support import Bank

from ccm.adapters.suppliers.outbox import Outbox
from ccm.compliance import stops
from ccm.errors import SupplierRefused
from ccm.inbound.receive import Event, receive
from ccm.log.verify import verify_messages
from ccm.pipeline.digest_closing import close_digests
from ccm.pipeline.erasure import erase
from ccm.pipeline.explain import explained, told
from ccm.store.tables import customers, messages, preferences

GONE = ("withheld", "digest_withheld")


@pytest.fixture
def closed(bank: Bank) -> str:
    """A customer whose digest of two parts was made and waits to go."""
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    tell(bank, customer, "b")
    close_digests(bank.project, CLOSES)
    [digest] = rows_of(bank, "news-digest")
    assert (digest["state"], states(bank)) == ("due", [("digested", "digested", "")] * 2)
    return customer


def states(bank: Bank) -> list[tuple[str, str, str]]:
    return [(row["state"], row["reason"], row["detail"]) for row in rows_of(bank, "branch-news")]


def told_by(bank: Bank, row: Any, language: str) -> str:
    with bank.project.store.read() as connection:
        return "\n".join(told(explained(bank.project, connection, row, language), language))


def expiring(bank: Bank, at: datetime) -> None:
    with bank.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.communication == "news-digest").values(expires_at=at))


def test_parts_of_a_digest_that_is_withheld_at_handoff_are_withheld_with_it(bank: Bank, closed: str) -> None:
    agree(bank, closed, CLOSES + timedelta(minutes=1), granted=False)
    deliver_at(bank, DAYTIME)
    [digest], [part, _] = rows_of(bank, "news-digest"), rows_of(bank, "branch-news")
    assert (digest["state"], digest["reason"]) == ("withheld", "consent_withdrawn")
    assert states(bank) == [(*GONE, "consent_withdrawn")] * 2
    english, japanese = (told_by(bank, part, language) for language in ("en", "ja"))
    assert f"was to be told in message {digest['id']} (news-digest), which did not go out: withheld, the" in english
    assert "withheld: the digest that was to tell of it did not go out (digest_withheld) [consent_withdrawn]" in english
    assert f"メッセージ {digest['id']}（news-digest）に収録予定だったが送付なし：送信見送り、同意が撤回" in japanese
    assert "collected" in told_by(bank, digest, "en")
    assert "withheld, the digest that was to tell of it did not go out" in told_by(bank, digest, "en")
    assert "送信見送り、まとめて送るお知らせを送らなかったため" in told_by(bank, digest, "ja")
    assert not verify_messages(bank.project.store)


def test_so_are_those_of_one_that_expired_before_it_could_go(bank: Bank, closed: str) -> None:
    expiring(bank, CLOSES + timedelta(minutes=1))
    deliver_at(bank, CLOSES + timedelta(hours=1))
    assert states(bank) == [(*GONE, "expired")] * 2
    assert not verify_messages(bank.project.store)


def test_and_of_one_that_the_supplier_refused_for_good(
    bank: Bank, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise SupplierRefused("no_such_mailbox", "there is no such mailbox")

    monkeypatch.setattr(Outbox, "send", refused)
    deliver_at(bank, DAYTIME)
    assert rows_of(bank, "news-digest")[0]["state"] == "failed"
    assert states(bank) == [(*GONE, "refused")] * 2
    assert "did not go out: failed" in told_by(bank, rows_of(bank, "branch-news")[0], "en")
    assert not verify_messages(bank.project.store)


def test_a_stop_keeps_back_a_digest_that_was_to_tell_of_what_is_stopped(bank: Bank, closed: str) -> None:
    person, record = bank.project.workspace.person("ren"), bank.project.record_stop
    stops.stop(bank.project.store, "communication", "branch-news", person, bank.clock(), "wrong day", record=record)
    deliver_at(bank, DAYTIME)
    [digest] = rows_of(bank, "news-digest")
    assert (digest["state"], digest["reason"], digest["detail"]) == ("withheld", "stopped_communication", "branch-news")
    assert states(bank) == [(*GONE, "stopped_communication")] * 2
    assert "stopped_communication" in told_by(bank, digest, "en")
    assert not verify_messages(bank.project.store)


@pytest.mark.parametrize(
    ("opts_in", "became"), [(False, ("withheld", "opted_out")), (True, ("accepted", "default_order"))]
)
def test_so_does_an_opt_out_from_what_parts_are_about_but_not_their_age(
    bank: Bank, closed: str, opts_in: bool, became: tuple[str, str]
) -> None:
    stale = update(messages).where(messages.c.communication == "branch-news")
    refused = {"customer_id": closed, "category": "news", "channel": "*", "allowed": opts_in, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(stale.values(expires_at=CLOSES + timedelta(minutes=1)))
        connection.execute(insert(preferences), [refused])
    deliver_at(bank, DAYTIME)
    [digest] = rows_of(bank, "news-digest")
    assert (digest["state"], digest["reason"]) == became


@pytest.mark.parametrize("outcome", ["accepted", "unknown"])
def test_and_of_one_of_which_the_supplier_says_later_that_it_failed(bank: Bank, closed: str, outcome: str) -> None:
    deliver_at(bank, DAYTIME)
    [digest] = rows_of(bank, "news-digest")
    with bank.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == digest["id"]).values(state=outcome))
    event = Event(kind="failed", at=DAYTIME, message_id=digest["id"])
    assert receive(bank.project, [event, event]) == {"failed": 1, "repeated": 1}
    assert states(bank) == [(*GONE, "failed")] * 2
    assert not verify_messages(bank.project.store)


def test_one_that_bounces_keeps_its_parts_since_they_were_sent(bank: Bank, closed: str) -> None:
    deliver_at(bank, DAYTIME)
    [digest] = rows_of(bank, "news-digest")
    receive(bank.project, [Event(kind="bounced", at=DAYTIME, message_id=digest["id"])])
    assert states(bank) == [("digested", "digested", "")] * 2


def test_and_of_a_customer_who_was_erased_before_it_went(bank: Bank, closed: str) -> None:
    erase(bank.project, closed, bank.project.workspace.person("aoi"), "asked for it")
    assert states(bank) == [("withheld", "erased", "")] * 2
    assert not verify_messages(bank.project.store)


def test_parts_of_a_digest_that_goes_stay_a_part_of_it(bank: Bank, closed: str) -> None:
    deliver_at(bank, DAYTIME)
    assert rows_of(bank, "news-digest")[0]["state"] == "accepted"
    assert states(bank) == [("digested", "digested", "")] * 2
    assert "told in message" in told_by(bank, rows_of(bank, "branch-news")[0], "en")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_digest_does_not_go_to_an_address_that_was_the_customers(bank: Bank, closed: str) -> None:
    with bank.project.store.write() as connection:
        mine = customers.c.id == closed
        plain = orjson.loads(connection.scalar(select(customers.c.document).where(mine)))
        changed = plain | {"contact_points": {"email": "new@example.com"}}
        connection.execute(update(customers).where(mine).values(document=orjson.dumps(changed).decode()))
    deliver_at(bank, DAYTIME)
    assert states(bank) == [(*GONE, "address_changed")] * 2
