"""Messages of one customer are judged together, and it comes out as if each had been judged alone."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from handoff_parts import DAY, NOTICE, another_contact, notice, payment, people, row, rows, told_of, with_terms
from sqlalchemy import event, select, update
from support import Bank

from ccm.compliance import stops
from ccm.decide.chain import links
from ccm.delivery import claims, deliver
from ccm.delivery.handoff import hand_off
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.pipeline.replay import replay
from ccm.pipeline.traces import load, opened_all
from ccm.pipeline.trigger import send
from ccm.store.tables import contacts, messages
from ccm.workspace.policy import Policy

OWNER, LEASE = "test", timedelta(seconds=600)


def waiting(bank: Bank, customers: list[str], count: int, seed: int) -> None:
    """Notices to each customer that are due since some time, alike for all; others of one of them are too."""
    chosen = random.Random(seed)
    for number in range(count):
        due = DAY - timedelta(hours=chosen.choice((0, 1, 5, 30, 200, 400)), minutes=number)
        for customer in customers:
            message = notice(bank, customer, f"{customer}-{number}").message_id
            with bank.project.store.write() as connection:
                connection.execute(update(messages).where(messages.c.id == message).values(due_at=due, expires_at=None))
                connection.execute(update(contacts).where(contacts.c.id == message).values(at=due))
    for number in range(chosen.randint(0, 2)):
        at = DAY - timedelta(hours=chosen.randint(1, 100))
        for customer in customers:
            another_contact(bank, customer, at, f"{customer}-x{number}")


def found(bank: Bank, customer: str) -> list[Any]:
    """State, reason, times and what each decision at hand-off saw, in the order in which they were due."""
    with bank.project.store.read() as connection:
        dates = {one.id: (one.status, one.at) for one in connection.execute(select(contacts))}
        mine = [one for one in rows(bank) if one["customer_id"] == customer]
        grounds = load(connection, mine)
        seen = {
            one["id"]: [sorted((c.at, c.status) for c in trace.facts.contacts)
                        for trace, _ in opened_all(one, grounds)[1:] if trace.facts is not None] for one in mine
        }  # fmt: skip
    mine.sort(key=lambda one: one["trigger_key"])
    return [(one["state"], one["reason"], one["detail"], one["due_at"], dates[one["id"]], seen[one["id"]])
            for one in mine]  # fmt: skip


def judged(bank: Bank, customer: str, groups: Any) -> None:
    """Hands off what is due to one customer, in transactions of these groups."""
    leased = claims.claim(bank.project.store, OWNER, "email", bank.clock(), LEASE, DAY)
    mine = [one for one in leased if one["customer_id"] == customer]
    claims_back = [one["id"] for one in leased if one["customer_id"] != customer]
    with bank.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.id.in_(claims_back)).values(state="due", lease_owner=None))
    for group in groups(mine):
        hand_off(bank.project, group, {}, OWNER, "outbox", lambda: DAY, LEASE)


@pytest.mark.parametrize("on_cap", ["drop", "defer"])
@pytest.mark.parametrize("seed", range(4))
def test_it_comes_out_as_if_each_had_been_alone(bank: Bank, seed: int, on_cap: str) -> None:
    with_terms(bank, channels=("email",), obeys_caps=True, counts_toward_caps=True, on_cap=on_cap, copies="")
    together, alone = people(bank, 2)
    waiting(bank, [together, alone], 7, seed)
    policy = Policy.model_validate(
        {"caps": [{"id": "week", "limit": 3, "days": 7}, {"id": "d", "limit": 2, "per": "day"}]}
    )
    with_terms(bank, policy)
    judged(bank, together, lambda mine: [mine])
    judged(bank, alone, lambda mine: [[one] for one in mine])
    one, other = found(bank, together), found(bank, alone)
    assert one == other
    assert len({state for state, *_ in one}) > 1, "some go, and some do not"
    with bank.project.store.read() as connection:
        assert {verdict.verdict for verdict in replay(connection, rows(bank))} == {"agrees"}
    sequencer.integrate(bank.project.store)
    assert verify_messages(bank.project.store) == ()


def test_of_those_that_were_due_before_a_caps_window_began_no_more_go_than_it_holds(bank: Bank) -> None:
    with_terms(bank, channels=("email",), obeys_caps=True, counts_toward_caps=True)
    [customer] = people(bank, 1)
    long_ago = DAY - timedelta(days=20)
    ids = [notice(bank, customer, f"k{number}").message_id for number in range(3)]
    with bank.project.store.write() as connection:
        for table, changed in ((messages, {"due_at": long_ago, "expires_at": None}), (contacts, {"at": long_ago})):
            connection.execute(update(table).where(table.c.id.in_(ids)).values(**changed))
    with_terms(bank, Policy.model_validate({"caps": [{"id": "week", "limit": 1, "days": 7}]}))
    deliver(bank.project, moment=lambda: DAY)
    assert Counter((one["state"], one["reason"]) for one in rows(bank))["withheld", "cap"] == 2


def test_no_more_go_than_a_rule_allows_though_they_count_toward_no_cap(bank: Bank) -> None:
    with_terms(bank, channels=("email",))
    [customer] = people(bank, 1)
    ids = [notice(bank, customer, f"k{number}").message_id for number in range(3)]
    with bank.project.store.write() as connection:
        long_ago = update(contacts).where(contacts.c.id.in_(ids)).values(at=DAY - timedelta(days=20))
        connection.execute(long_ago)
    rule = bank.limit_by_rule("payments")
    deliver(bank.project, moment=lambda: DAY)
    assert Counter((one["state"], one["detail"]) for one in rows(bank))["withheld", rule] == 2


def test_thirty_for_one_customer_take_few_transactions(bank: Bank) -> None:
    with_terms(bank, channels=("email",))
    [customer] = people(bank, 1)
    for number in range(30):
        notice(bank, customer, f"k{number}")
    begun: Counter[str] = Counter()
    event.listen(bank.project.store.engine, "commit", lambda _: begun.update(["commit"]))
    deliver(bank.project, moment=lambda: DAY)
    assert Counter(one["state"] for one in rows(bank)) == {"accepted": 30}
    assert begun["commit"] < 30


def on_two_channels_at_once(bank: Bank, limit: int, **terms: Any) -> str:
    """A notice by e-mail and text message that waits for three hours, and the customer."""
    policy = Policy.model_validate({"caps": [{"id": "few", "limit": limit, "hours": 2}]})
    with_terms(
        bank, policy, channels=("email", "sms"), urgent=True, at_once=("email", "sms"), obeys_caps=True,
        counts_toward_caps=True, copies="", **terms,
    )  # fmt: skip
    [customer] = people(bank, 1)
    notice(bank, customer)
    assert [one["state"] for one in rows(bank)] == ["due", "due"]
    return customer


@pytest.mark.parametrize(("language", "told"), [("en", "payment-received by e-mail"), ("ja", "payment-received")])
def test_what_goes_on_two_channels_at_once_takes_room_twice_at_its_hand_off(
    bank: Bank, language: str, told: str
) -> None:
    customer, later = on_two_channels_at_once(bank, 3), DAY + timedelta(hours=3)
    for number in range(2):
        another_contact(bank, customer, later - timedelta(minutes=number), f"x{number}")
    bank.clock.now = later
    deliver(bank.project, moment=lambda: later)
    first, second = rows(bank)
    assert (first["state"], second["state"], second["reason"]) == ("accepted", "withheld", "cap")
    with bank.project.store.read() as connection:
        assert {verdict.verdict for verdict in replay(connection, rows(bank))} == {"agrees"}
    assert told in told_of(bank, second["id"], language)
    assert first["id"] in told_of(bank, second["id"], language)


def test_what_goes_on_two_channels_at_once_does_not_come_too_soon_after_itself(bank: Bank) -> None:
    on_two_channels_at_once(bank, 2, not_within=[{"days": 7, "of": [NOTICE]}])
    deliver(bank.project, moment=lambda: DAY + timedelta(hours=3))
    assert [one["state"] for one in rows(bank)] == ["accepted", "accepted"]


def test_what_went_on_one_of_two_channels_does_not_go_there_again_for_the_same_occasion(bank: Bank) -> None:
    with_terms(bank, channels=("sms", "email"), urgent=True, at_once=("sms", "email"), copies="")
    [customer] = people(bank, 1)
    person, record = bank.project.workspace.person("ren"), bank.project.record_stop
    stops.stop(bank.project.store, "channel", "sms", person, bank.clock(), "wrong sender", record=record)
    for key in ("k1", "k2"):
        send(bank.project, NOTICE, customer, payment(), key=key, at=DAY, occasion="april")
    states = [(one["channel"], one["state"], one["reason"]) for one in rows(bank)]
    assert states == [
        ("sms", "withheld", "stopped_channel"), ("email", "due", "default_order"), (None, "withheld", "already_sent"),
    ]  # fmt: skip


def test_one_whose_lease_went_to_another_process_is_left_to_it(bank: Bank) -> None:
    with_terms(bank, channels=("email",))
    [customer] = people(bank, 1)
    ids = [notice(bank, customer, f"k{number}").message_id for number in range(2)]
    leased = claims.claim(bank.project.store, OWNER, "email", bank.clock(), LEASE, DAY)
    with bank.project.store.write() as connection:
        taken = messages.c.id == ids[0]
        connection.execute(update(messages).where(taken).values(lease_owner="other", fence=messages.c.fence + 1))
    going, counts = hand_off(bank.project, leased, {}, OWNER, "outbox", lambda: DAY, LEASE)
    assert ([one["id"] for one in going], counts.total()) == ([ids[1]], 0)
    assert (row(bank, ids[0])["state"], row(bank, ids[1])["state"]) == ("claimed", "sending")
    assert len(links(row(bank, ids[0])["trace"])) == 1
