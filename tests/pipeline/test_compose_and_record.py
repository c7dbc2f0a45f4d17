"""One road for a trigger and a chunk: decide, render, check, reserve, record."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from support import RUN_AT, Bank

from ccm.errors import InputError, NotAllowed, NotFound
from ccm.log.waiting import every_leaf
from ccm.pipeline import contact_points, traces
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.record import record
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import cases, consents, contacts, customer_salts, messages, preferences, transactions

CUSTOMERS = 8  # where letters are laid out: enough for both languages
ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
PAYMENT = {
    "payment": {"amount": "120.50", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss",
                "reference": "RENT APRIL"}
}  # fmt: skip


def composed(bank: Bank, communication: str) -> dict[str, Composed]:
    compiled = bank.project.compiled(communication)
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, CUSTOMERS if "letter" in compiled.communication.channels else 1000)
    period = {}
    if compiled.communication.data.period:
        start, end = compiled.data.period(RUN_AT)
        period = {"period_start": start, "period_end": end}
    outcomes, _ = compose(bank.project, compiled, Occasion("x", "run", RUN_AT, period), ids)
    return {outcome.decision.customer_id: outcome for outcome in outcomes}


def reasons(outcomes: dict[str, Composed]) -> Counter[tuple[str, str]]:
    return Counter((outcome.state, outcome.reason) for outcome in outcomes.values())


def changed_wordings(bank: Bank, **change: Any) -> None:
    """Changes Japanese deposit-protection wording, or removes it."""
    kept = []
    for wording in bank.project.workspace.wordings:
        if (wording.id, wording.language) != ("deposit-protection", "ja"):
            kept.append(wording)
        elif change:
            kept.append(wording.model_copy(update=change))
    object.__setattr__(bank.project.workspace, "wordings", tuple(kept))
    bank.project._compiled = {}


@ONE_DATABASE
def test_without_wording_for_their_language_and_jurisdiction_customers_are_withheld(bank: Bank) -> None:
    before = composed(bank, "quarterly-statement")
    changed_wordings(bank)
    after = composed(bank, "quarterly-statement")
    for customer, outcome in before.items():
        if outcome.decision.send and outcome.language == "ja":
            assert (after[customer].state, after[customer].reason) == ("withheld", "wording_missing")
            assert after[customer].detail == "deposit-protection"
        else:
            assert after[customer].state == outcome.state
    assert reasons(after)["withheld", "wording_missing"] > 0


@ONE_DATABASE
def test_wording_that_is_not_in_force_yet_is_missing(bank: Bank) -> None:
    changed_wordings(bank, effective_from=RUN_AT + timedelta(seconds=1))
    assert reasons(composed(bank, "quarterly-statement"))["withheld", "wording_missing"] > 0
    changed_wordings(bank, effective_from=RUN_AT)
    assert reasons(composed(bank, "quarterly-statement"))["withheld", "wording_missing"] == 0


@ONE_DATABASE
def test_a_statement_that_does_not_reconcile_is_set_aside_with_row_and_reason(bank: Bank) -> None:
    victim = next(c for c, outcome in composed(bank, "quarterly-statement").items() if outcome.state == "due")
    with bank.project.store.write() as connection:
        account = feeds.customers(connection, [victim])[victim].account_ids[0]
        row = connection.scalar(
            select(func.min(transactions.c.transaction_id)).where(transactions.c.account_id == account)
        )
        connection.execute(update(transactions).where(transactions.c.transaction_id == row).values(amount="0.01"))
    outcome = composed(bank, "quarterly-statement")[victim]
    assert (outcome.state, outcome.reason) == ("set_aside", "balance_does_not_reconcile")
    assert "2026-" in outcome.detail


@ONE_DATABASE
def test_what_breaks_a_rule_never_becomes_a_message(bank: Bank) -> None:
    template = bank.project.workspace.root / "templates/savings-offer/en/sms.txt"
    template.write_text(
        "Guaranteed and risk-free profit: https://www.hinokibank.example/ {{ wording.marketing_opt_out }}"
    )
    outcomes = composed(bank.reopened(), "savings-offer").values()
    texts = [outcome for outcome in outcomes if outcome.decision.channel == "sms" and outcome.language == "en"]
    assert texts
    assert {(outcome.state, outcome.reason, outcome.message) for outcome in texts} == {("withheld", "rule_MK04", None)}


@ONE_DATABASE
def test_a_customer_who_vanished_is_accounted_for(bank: Bank) -> None:
    compiled = bank.project.compiled("savings-offer")
    outcomes, _ = compose(bank.project, compiled, Occasion("x", "run", RUN_AT, {}), ["nobody"])
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [("withheld", "unknown_customer")]


@ONE_DATABASE
def test_an_outcome_that_is_printed_names_no_customer_and_no_address(bank: Bank) -> None:
    found = composed(bank, "savings-offer")
    customer_id, outcome = next((key, one) for key, one in found.items() if one.message is not None)
    assert outcome.message is not None
    assert outcome.message_id in repr(outcome)
    assert customer_id not in repr(outcome)
    assert outcome.message.recipient not in repr(outcome)


def test_the_trace_names_the_rules_for_a_run_and_for_a_trigger_alike(bank: Bank) -> None:
    bank.approve("savings-offer")
    compiled = bank.project.compiled("savings-offer")
    [customer] = open_to_offers(bank, 1)
    outcomes, _ = compose(bank.project, compiled, Occasion("x", "run", RUN_AT, {}), [customer])
    record(bank.project, compiled, Occasion("x", "run", RUN_AT, {}), outcomes)
    with bank.project.store.write() as connection:
        connection.execute(delete(contacts))
    send(bank.project, "savings-offer", customer, None, key="k", at=RUN_AT)
    with bank.project.store.read() as connection:
        rows = connection.execute(select(messages)).mappings().all()
        policies = traces.load(connection, rows)
    found = {row["run_id"]: row for row in rows}
    assert {row["state"] for row in rows} == {"due"}
    named = {row["run_id"]: traces.opened(row, policies)[0].outcome.rules for row in rows}
    assert named["run"] == named[None]
    content = {rule.id for rule in compiled.rules.stopping(
        compiled.communication, found[None]["channel"], outcomes[0].jurisdiction, str(outcomes[0].language), RUN_AT
    )}  # fmt: skip
    assert {"MK04", "SC02"} <= content <= set(named[None])


@ONE_DATABASE
def test_equal_input_gives_equal_bodies_and_digests(bank: Bank) -> None:
    compiled = bank.project.compiled("savings-offer")
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 10)
    first, second = (compose(bank.project, compiled, Occasion("x", "run", RUN_AT, {}), ids) for _ in range(2))
    assert first == second


def test_recording_puts_message_reservation_and_leaf_into_one_transaction(bank: Bank) -> None:
    compiled = bank.project.compiled("savings-offer")
    occasion = Occasion("x", "run", RUN_AT, {})
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 1000)
    outcomes, _ = compose(bank.project, compiled, occasion, ids)
    occasion = Occasion("savings-offer/k", None, RUN_AT, {})  # a trigger needs no run
    with bank.project.store.write() as connection:
        connection.execute(delete(contacts))
    [one] = [outcome for outcome in outcomes if outcome.state == "due"][:1]
    record(bank.project, compiled, occasion, [one])
    with bank.project.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(messages)) == 1
        assert connection.scalar(select(contacts.c.status)) == "reserved"
        [(_, entry)] = every_leaf(connection)
        salts = set(connection.scalars(select(customer_salts.c.customer_id)))
    assert one.message_id.encode() in bytes(entry)
    assert one.decision.customer_id.encode() not in bytes(entry), "the log names no customer"
    assert salts == {one.decision.customer_id, contact_points.SALT_ID}


def open_to_offers(bank: Bank, count: int) -> list[str]:
    """Customers who may get offers by e-mail, with an empty history."""
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100))
        chosen = [person.id for person in everybody.values() if person.status == "active" and person.reach("email")][
            :count
        ]
        connection.execute(delete(contacts).where(contacts.c.customer_id.in_(chosen)))
        connection.execute(delete(preferences).where(preferences.c.customer_id.in_(chosen)))
        connection.execute(
            insert(consents),
            [
                {"customer_id": customer, "purpose": "marketing", "channel": "email", "basis": "opt_in",
                 "granted": True, "at": RUN_AT - timedelta(hours=1), "evidence": "", "row_digest": ""}
                for customer in chosen
            ],
        )  # fmt: skip
        connection.execute(delete(cases).where(cases.c.customer_id.in_(chosen)))
    return chosen


def test_caps_are_exact_while_processes_race_for_the_same_customers(bank: Bank) -> None:
    bank.approve("savings-offer")
    chosen = open_to_offers(bank, 4)
    bank.project.store.close()

    def race(number: int) -> None:
        project = bank.project
        project.reopen()
        for turn in range(3):
            for customer in chosen:
                send(project, "savings-offer", customer, None, key=f"{customer}-{number}-{turn}", at=RUN_AT)

    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                race(number)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    with bank.project.store.read() as connection:
        states = Counter(connection.execute(select(messages.c.customer_id, messages.c.state, messages.c.reason)))
    for customer in chosen:
        due = sum(count for (who, state, _), count in states.items() if who == customer and state == "due")
        assert due == 2, "no more than the cap of 2 in 7 days, and no less"
        assert states[customer, "withheld", "cap"] == 10


@ONE_DATABASE
def test_a_trigger_needs_an_approved_release_a_customer_and_fitting_data(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        [customer] = feeds.customer_ids(connection, None, 1)
    with pytest.raises(NotAllowed, match="ccm submit payment-received"):
        send(bank.project, "payment-received", customer, PAYMENT, key="k", at=RUN_AT)
    bank.approve("payment-received")
    with pytest.raises(NotFound, match="'nobody' does not exist"):
        send(bank.project, "payment-received", "nobody", PAYMENT, key="k", at=RUN_AT)
    with pytest.raises(NotFound, match="savings-offer"):
        send(bank.project, "nonsense", customer, PAYMENT, key="k", at=RUN_AT)
    with pytest.raises(InputError, match=r"payment\.amount"):
        send(bank.project, "payment-received", customer, {"payment": {"amount": "１２"}}, key="k", at=RUN_AT)


@ONE_DATABASE
@pytest.mark.parametrize("amount", [10**30, -(10**99), "\ud800", True, 1.5, None])
def test_an_amount_that_is_none_is_refused_by_name(bank: Bank, amount: object) -> None:
    with bank.project.store.read() as connection:
        [customer] = feeds.customer_ids(connection, None, 1)
    data = {"payment": PAYMENT["payment"] | {"amount": amount}}
    with pytest.raises(InputError, match=r"payment\.amount"):
        send(bank.project, "payment-received", customer, data, key="k", at=RUN_AT, dry_run=True)
    data = {"payment": PAYMENT["payment"] | {"payer": "A\ud800"}}
    with pytest.raises(InputError, match=r"payment\.payer"):
        send(bank.project, "payment-received", customer, data, key="k", at=RUN_AT, dry_run=True)


@ONE_DATABASE
def test_a_dry_run_of_a_trigger_needs_no_approval_and_records_nothing(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        [customer] = feeds.customer_ids(connection, None, 1)
    send(bank.project, "payment-received", customer, PAYMENT, key="k", at=datetime.now(UTC), dry_run=True)
    with bank.project.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(messages)) == 0
