"""Under lock: who changed since they were composed is decided again, and nobody allowed is refused."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select
from support import RUN_AT, Bank

from ccm.decide import Facts
from ccm.delivery import deliver
from ccm.log.verify import verify_messages
from ccm.model.message import Decision
from ccm.pipeline import reserve
from ccm.pipeline.compose import Composed, Occasion, compose, compose_anew
from ccm.pipeline.record import record
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import cases, consents, contacts, messages, preferences
from ccm.workspace.communication import Communication

OCCASION = Occasion("savings-offer/x", "run", RUN_AT, {})


def open_to_offers(bank: Bank, count: int, *channels: str) -> list[str]:
    """Customers who may get offers on the channels, with an empty history."""
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        chosen = [one.id for one in everybody if one.status == "active" and all(map(one.reach, channels))][:count]
        for table in (contacts, preferences, cases):
            connection.execute(delete(table).where(table.c.customer_id.in_(chosen)))
        connection.execute(delete(consents))
        rows = [{"customer_id": customer, "purpose": "marketing", "channel": channel, "basis": "opt_in_written",
                 "granted": True, "at": RUN_AT - timedelta(hours=1), "evidence": "", "row_digest": ""}
                for customer in chosen for channel in channels]  # fmt: skip
        connection.execute(insert(consents), rows)
    return chosen


def with_terms(bank: Bank, **terms: Any) -> None:
    """Gives the offer other terms, whatever its release says: what is tested comes after the approval."""
    project = bank.project
    compiled = project.compiled("savings-offer")
    communication = Communication.model_validate(compiled.communication.model_dump() | terms)
    project._compiled["savings-offer"] = replace(compiled, communication=communication)
    project.workspace.communications["savings-offer"] = communication


@pytest.fixture(autouse=True)
def own_communications(bank: Bank) -> None:
    """The communications of other tests in this process stay as they are."""
    bank.project.workspace = replace(bank.project.workspace, communications=dict(bank.project.workspace.communications))
    bank.project._compiled = dict(bank.project._compiled)


def fill(bank: Bank, customers: Iterable[str], channel: str = "email", status: str = "sent", count: int = 2) -> None:
    rows = [{"id": f"{customer}-{channel}-{number}", "customer_id": customer, "communication": "other",
             "category": "offers", "channel": channel, "at": RUN_AT - timedelta(hours=number + 1), "status": status,
             "counts": True, "row_digest": ""} for customer in customers for number in range(count)]  # fmt: skip
    with bank.project.store.write() as connection:
        connection.execute(insert(contacts), rows)


def composed(bank: Bank, ids: list[str]) -> list[Composed]:
    return compose(bank.project, bank.project.compiled("savings-offer"), OCCASION, ids)[0]


def recorded(bank: Bank, outcomes: list[Composed]) -> list[Composed]:
    return record(bank.project, bank.project.compiled("savings-offer"), OCCASION, outcomes)


def rows_of(bank: Bank) -> list[Any]:
    with bank.project.store.read() as connection:
        return list(connection.execute(select(messages).order_by(messages.c.customer_id, messages.c.part)).mappings())


def test_a_slot_that_was_taken_meanwhile_withholds_the_message(bank: Bank) -> None:
    ids = open_to_offers(bank, 2, "email")
    outcomes = composed(bank, ids)
    assert [outcome.state for outcome in outcomes] == ["due", "due"]
    fill(bank, ids[:1])
    assert [(one.state, one.reason) for one in recorded(bank, outcomes)] == [
        ("withheld", "cap"), ("due", outcomes[1].reason),
    ]  # fmt: skip
    assert [row["body_digest"] is None for row in rows_of(bank)] == [True, False]


def test_a_slot_that_became_free_meanwhile_is_used_and_the_message_composed_then(bank: Bank) -> None:
    ids = open_to_offers(bank, 2, "email")
    fill(bank, ids)
    outcomes = composed(bank, ids)
    assert [outcome.reason for outcome in outcomes] == ["cap", "cap"]
    with bank.project.store.write() as connection:
        connection.execute(contacts.update().where(contacts.c.customer_id == ids[0]).values(status="released"))
    assert [one.state for one in recorded(bank, outcomes)] == ["due", "withheld"]
    assert [row["state"] for row in rows_of(bank)] == ["due", "withheld"]
    assert rows_of(bank)[0]["body_digest"], "it was rendered, and its body is in the archive"


def test_where_the_channel_filled_up_the_message_is_composed_for_the_next_one(bank: Bank) -> None:
    [cap] = [cap for cap in bank.project.workspace.policy.caps if cap.id == "offers-week"]
    only_mail = cap.model_copy(update={"channels": ("email",)})
    policy = bank.project.workspace.policy.model_copy(update={"caps": (only_mail,)})
    bank.project.workspace = replace(bank.project.workspace, policy=policy)
    with_terms(bank, on_cap="fallback", urgent=True)
    ids = open_to_offers(bank, 4, "email", "sms")
    outcomes = composed(bank, ids)
    ways = {one.decision.customer_id: one.decision.channel for one in outcomes if one.state == "due"}
    mine = [customer for customer, channel in ways.items() if channel == "email"][:1]
    fill(bank, mine)
    final = {one.decision.customer_id: one for one in recorded(bank, outcomes)}
    changed = final[mine[0]]
    assert (changed.state, changed.decision.channel) == ("due", "sms")
    assert changed.message is not None
    assert changed.message.channel == "sms"
    assert [one for one in final.values() if one.decision.channel != ways.get(one.decision.customer_id)] == [changed]


def test_an_unchanged_ledger_is_not_decided_upon_again(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = open_to_offers(bank, 3, "email")
    outcomes = composed(bank, ids)
    fill(bank, ids[1:2], count=1)
    asked: list[str] = []
    decide = reserve.decide

    def counted(communication: Any, policy: Any, channels: Any, facts: Facts, at: Any) -> Decision:
        asked.append(facts.customer.id)
        return decide(communication, policy, channels, facts, at)

    monkeypatch.setattr(reserve, "decide", counted)
    recorded(bank, outcomes)
    assert asked == ids[1:2]


def together(bank: Bank) -> str:
    """Records an offer that went out by e-mail and text at once; returns the customer."""
    [customer] = open_to_offers(bank, 1, "email", "sms")
    [outcome] = composed(bank, [customer])
    compiled = bank.project.compiled("savings-offer")
    decision = outcome.decision._replace(channel="email", also=("sms",))
    assert outcome.facts is not None
    outcomes = compose_anew(bank.project, compiled, OCCASION, {customer: (outcome.facts, decision)})[customer]
    assert [(one.part, one.state) for one in outcomes] == [("", "due"), ("sms", "due")]
    recorded(bank, outcomes)
    return customer


def test_what_goes_out_at_once_on_two_channels_is_two_messages_and_takes_room_twice(bank: Bank) -> None:
    bank.approve("savings-offer")
    customer = together(bank)
    first, second = rows_of(bank)
    assert (first["part"], first["channel"], second["part"], second["channel"]) == ("", "email", "sms", "sms")
    assert second["trigger_key"] == f"{first['trigger_key']}\nsms"
    with bank.project.store.read() as connection:
        ledger = connection.execute(
            select(contacts.c.id, contacts.c.counts).where(contacts.c.customer_id == customer)
        ).all()
        assert {one.channel for one in feeds.contacts(connection, [customer], RUN_AT)[customer]} == {"email", "sms"}
    assert {row.id: row.counts for row in ledger} == {first["id"]: True, second["id"]: True}


def test_neither_of_two_channels_at_once_stops_the_other_at_its_hand_off(bank: Bank) -> None:
    bank.approve("savings-offer")
    together(bank)  # the week's cap of two is full with their own slots
    for hour in (15, 20):
        deliver(bank.project, moment=lambda hour=hour: RUN_AT + timedelta(hours=hour))  # type: ignore[misc]
    assert Counter(row["state"] for row in rows_of(bank)) == {"accepted": 2}


def test_a_message_that_expires_while_it_is_held_gives_its_slot_back(bank: Bank) -> None:
    bank.approve("savings-offer")
    [customer] = open_to_offers(bank, 1, "email")
    send(bank.project, "savings-offer", customer, None, key="k", at=RUN_AT)
    with bank.project.store.write() as connection:
        connection.execute(messages.update().values(due_at=RUN_AT + timedelta(days=9)))
    before = deliver(bank.project, moment=lambda: RUN_AT + timedelta(hours=47))
    assert before.of("withheld: expired") == 0
    assert deliver(bank.project, moment=lambda: RUN_AT + timedelta(hours=48)).of("withheld: expired") == 1
    with bank.project.store.read() as connection:
        assert connection.scalar(select(contacts.c.status).where(contacts.c.customer_id == customer)) == "released"
    assert [(row["state"], row["reason"]) for row in rows_of(bank)] == [("withheld", "expired")]
    assert not verify_messages(bank.project.store)
