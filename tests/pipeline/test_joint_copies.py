"""Copies for joint holders: their own message, language, channel and caps; the customer's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, insert, select, update
from support import RUN_AT, Bank

from ccm.delivery import deliver
from ccm.log.verify import verify_messages
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.copies import part_of
from ccm.pipeline.data import check_data, given_data
from ccm.pipeline.erasure import erase
from ccm.pipeline.record import record
from ccm.pipeline.replay import replay
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import cases, contacts, customers, erasures, messages, preferences, relations
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
PAYMENT = {
    "payment": {"amount": "120.50", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss",
                "reference": "RENT APRIL"}
}  # fmt: skip
NOTICE = "payment-received"


@pytest.fixture(autouse=True)
def own_communications(bank: Bank) -> None:
    """The communications of other tests in this process stay as they are."""
    bank.project.workspace = replace(bank.project.workspace, communications=dict(bank.project.workspace.communications))
    bank.project._compiled = dict(bank.project._compiled)
    with_terms(bank, copies="joint")
    bank.approve(NOTICE)


def with_terms(bank: Bank, **terms: Any) -> None:
    project = bank.project
    compiled = project.compiled(NOTICE)
    communication = Communication.model_validate(compiled.communication.model_dump() | terms)
    project._compiled[NOTICE] = replace(compiled, communication=communication)
    project.workspace.communications[NOTICE] = communication


def with_cap(bank: Bank, limit: int) -> None:
    policy = Policy.model_validate({"caps": [{"id": "all", "limit": limit, "days": 7}]})
    bank.project.workspace = replace(bank.project.workspace, policy=policy)
    with_terms(bank, obeys_caps=True, counts_toward_caps=True)


def change(bank: Bank, customer_id: str, **values: Any) -> None:
    with bank.project.store.write() as connection:
        plain = orjson.loads(connection.scalar(select(customers.c.document).where(customers.c.id == customer_id)))
        document = orjson.dumps(plain | values).decode()
        connection.execute(update(customers).where(customers.c.id == customer_id).values(document=document))


def people(bank: Bank, count: int) -> list[str]:
    """Customers with an e-mail address and without wishes or a history, in code point order."""
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        chosen = [one.id for one in everybody if one.status == "active" and one.reach("email")][:count]
        for table in (contacts, preferences, cases):
            connection.execute(delete(table))
    for number, customer in enumerate(chosen):
        change(bank, customer, family_name=f"Family{number}", language="en-GB", jurisdiction="GB",
               timezone="Europe/London", contact_points={"email": f"c{number}@example.com"})  # fmt: skip
    return chosen


def hold_together(bank: Bank, customer: str, *holders: str, purposes: str = "") -> None:
    with bank.project.store.write() as connection:
        connection.execute(insert(relations), [
            {"customer_id": customer, "kind": "joint", "related_id": holder, "purposes": purposes, "row_digest": ""}
            for holder in holders
        ])  # fmt: skip


def chunk(bank: Bank, ids: Sequence[str], name: str = "run") -> list[Composed]:
    compiled = bank.project.compiled(NOTICE)
    data = {customer: given_data(check_data(compiled.communication, PAYMENT)) for customer in ids}
    occasion = Occasion(f"{NOTICE}/x", name, RUN_AT, {})
    outcomes, _ = compose(bank.project, compiled, occasion, ids, given=data)
    return record(bank.project, compiled, occasion, outcomes, given=data)


def told(outcomes: Sequence[Composed]) -> list[tuple[str, str]]:
    return [(one.decision.customer_id, one.state if one.state == "due" else one.reason) for one in outcomes]


def rows_of(bank: Bank) -> list[Any]:
    with bank.project.store.read() as connection:
        return list(connection.execute(select(messages).order_by(messages.c.id)).mappings())


def test_a_holder_gets_the_customers_matter_in_their_own_name_language_and_channel(bank: Bank) -> None:
    one, other = people(bank, 2)
    change(bank, other, family_name="田中", given_name="未来", language="ja-JP", jurisdiction="JP",
           contact_points={"email": "mirai@example.com", "sms": "+819012345678"})  # fmt: skip
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences).values(
            customer_id=other, category="*", channel="email", rank=1, allowed=True, row_digest=""))  # fmt: skip
    hold_together(bank, one, other)
    first, copy = chunk(bank, [one])
    assert first.message is not None
    assert copy.message is not None
    assert (first.message.recipient, first.language) == ("c0@example.com", "en")
    assert (copy.message.recipient, copy.language, copy.jurisdiction) == ("mirai@example.com", "ja", "JP")
    assert copy.rendered is not None
    assert "田中" in copy.rendered.text
    assert "Family0" not in copy.rendered.text
    assert "RENT APRIL" in copy.rendered.text


def test_a_copy_is_a_message_of_its_own_in_the_holders_ledger(bank: Bank) -> None:
    one, other = people(bank, 2)
    hold_together(bank, one, other)
    chunk(bank, [one])
    by_part = {row["part"]: row for row in rows_of(bank)}
    mine, copy = by_part[""], by_part[part_of(one, other)]
    assert (mine["customer_id"], copy["customer_id"]) == (one, other)
    assert copy["trigger_key"] == f"{mine['id']}\n{copy['part']}", "it leads to the first, and names nobody"
    with bank.project.store.read() as connection:
        ledger = {row.id: row.customer_id for row in connection.execute(select(contacts))}
        verdicts = {found.message: found.verdict for found in replay(connection, rows_of(bank))}
    assert ledger == {mine["id"]: one, copy["id"]: other}
    assert set(verdicts.values()) == {"agrees"}
    assert not verify_messages(bank.project.store)


def test_both_are_handed_over(bank: Bank) -> None:
    one, other = people(bank, 2)
    hold_together(bank, one, other)
    chunk(bank, [one])
    deliver(bank.project, moment=lambda: RUN_AT + timedelta(hours=14))
    assert [row["state"] for row in rows_of(bank)] == ["accepted", "accepted"]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("status", "reason"), [("closed", "closed"), ("deceased", "deceased"), (None, "unknown_customer")]
)  # fmt: skip
def test_a_holder_who_is_not_an_active_customer_gets_none(bank: Bank, status: str | None, reason: str) -> None:
    one, other = people(bank, 2)
    if status is not None:
        change(bank, other, status=status)
    holder = other if status else "Z9"
    hold_together(bank, one, holder)
    assert told(chunk(bank, [one])) == [(one, "due"), (holder, reason)]
    assert {row["customer_id"]: row["state"] for row in rows_of(bank)} == {one: "due", holder: "withheld"}
    with bank.project.store.read() as connection:
        assert connection.execute(select(erasures)).all() == [], "who was never there was not erased"


@ONE_DATABASE
def test_a_customer_who_gets_nothing_keeps_no_holder_from_it(bank: Bank) -> None:
    one, other = people(bank, 2)
    change(bank, one, status="deceased")
    hold_together(bank, one, other)
    assert told(chunk(bank, [one])) == [(one, "deceased"), (other, "due")]


@ONE_DATABASE
def test_what_the_holder_refuses_is_withheld_from_the_holder_alone(bank: Bank) -> None:
    one, other = people(bank, 2)
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences).values(
            customer_id=other, category="*", channel="*", allowed=False, row_digest=""))  # fmt: skip
    hold_together(bank, one, other)
    assert told(chunk(bank, [one])) == [(one, "due"), (other, "opted_out")]


@ONE_DATABASE
def test_a_relation_for_other_purposes_and_a_communication_without_copies_make_none(bank: Bank) -> None:
    one, other = people(bank, 2)
    hold_together(bank, one, other, purposes="regulatory")
    assert told(chunk(bank, [one])) == [(one, "due")]
    hold_together(bank, other, one)
    with_terms(bank, copies="")
    assert told(chunk(bank, [other])) == [(other, "due")]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_holders_caps_count_what_one_transaction_brings_them(bank: Bank, limit: int) -> None:
    with_cap(bank, limit)
    one, two, holder = people(bank, 3)
    hold_together(bank, one, holder)
    hold_together(bank, two, holder)
    outcomes = [state for customer, state in told(chunk(bank, [one, two, holder])) if customer == holder]
    assert outcomes == (["due"] * limit + ["cap", "cap"])[:3]


@ONE_DATABASE
def test_a_holder_whose_channel_is_full_within_a_transaction_is_told_on_the_next(bank: Bank) -> None:
    policy = Policy.model_validate({"caps": [{"id": "mail", "channels": ["email"], "limit": 1, "days": 7}]})
    bank.project.workspace = replace(bank.project.workspace, policy=policy)
    with_terms(bank, obeys_caps=True, counts_toward_caps=True, on_cap="fallback", channels=("email", "sms"))
    one, two, holder = people(bank, 3)
    change(bank, holder, contact_points={"email": "h@example.com", "sms": "+447700900001"})
    hold_together(bank, one, holder)
    hold_together(bank, two, holder)
    outcomes = [found for found in chunk(bank, [one, two]) if found.decision.customer_id == holder]
    assert [(found.state, found.decision.channel) for found in outcomes] == [("due", "email"), ("due", "sms")]
    assert [found.message.channel for found in outcomes if found.message] == ["email", "sms"]


def test_nobody_gets_a_copy_or_their_own_twice_for_one_occasion(bank: Bank) -> None:
    one, holder = people(bank, 2)
    hold_together(bank, one, holder)
    assert told(chunk(bank, [one, holder])) == [(one, "due"), (holder, "due"), (holder, "due")]
    again = told(chunk(bank, [one, holder], "again"))
    assert again == [(one, "already_sent"), (holder, "already_sent"), (holder, "already_sent")]


def test_a_trigger_brings_its_data_to_the_holder_too(bank: Bank) -> None:
    one, holder = people(bank, 2)
    hold_together(bank, one, holder)
    first, again = (send(bank.project, NOTICE, one, PAYMENT, key="k", at=RUN_AT) for _ in range(2))
    assert (first.message_id, again.repeated) == (again.message_id, True)
    assert sorted((row["customer_id"], row["state"]) for row in rows_of(bank)) == [(one, "due"), (holder, "due")]


@ONE_DATABASE
def test_erasing_the_customer_leaves_no_id_of_theirs_with_the_copy(bank: Bank) -> None:
    one, holder = people(bank, 2)
    hold_together(bank, one, holder)
    chunk(bank, [one])
    erase(bank.project, one, bank.project.workspace.person("aoi"), "The customer asked for it.")
    [copy] = [row for row in rows_of(bank) if row["part"]]
    assert copy["state"] == "due", "it is the holder's own"
    assert not [name for name, value in copy.items() if isinstance(value, str) and one in value]
