"""One address and one household get an offer once: in a chunk, over chunks, beside triggers, and under a race."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, insert, select, update
from support import RUN_AT, Bank

from ccm.decide.trace import words
from ccm.errors import Conflict
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.contact_points import contact_point, made_salt
from ccm.pipeline.explain import explained
from ccm.pipeline.explain import told as in_words
from ccm.pipeline.record import record
from ccm.pipeline.replay import replay
from ccm.pipeline.traces import Traces
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import cases, consents, contacts, customers, messages, preferences, relations
from ccm.workspace.communication import Communication

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
NAME = "20260401T003000Z"
OFFER = "savings-offer"


def open_to_offers(bank: Bank, count: int) -> list[str]:
    """Customers who may get offers by e-mail, with an empty history, in code point order."""
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        chosen = [one.id for one in everybody if one.status == "active" and one.reach("email")][:count]
        for table in (contacts, preferences, cases, consents):
            connection.execute(delete(table).where(table.c.customer_id.in_(chosen)))
        rows = [{"customer_id": customer, "purpose": "marketing", "channel": "email", "basis": "opt_in_written",
                 "granted": True, "at": RUN_AT - timedelta(hours=1), "evidence": "", "row_digest": ""}
                for customer in chosen]  # fmt: skip
        connection.execute(insert(consents), rows)
    return chosen


def share_address(bank: Bank, ids: Sequence[str], address: str = "both@example.com") -> None:
    with bank.project.store.write() as connection:
        for customer_id in ids:
            plain = orjson.loads(connection.scalar(select(customers.c.document).where(customers.c.id == customer_id)))
            plain["contact_points"] = plain["contact_points"] | {"email": address}
            document = orjson.dumps(plain).decode()
            connection.execute(update(customers).where(customers.c.id == customer_id).values(document=document))


def live_together(bank: Bank, ids: Sequence[str], household: str = "F1", purposes: str = "") -> None:
    with bank.project.store.write() as connection:
        rows = [{"customer_id": customer, "kind": "household", "related_id": household, "purposes": purposes,
                 "row_digest": ""} for customer in ids]  # fmt: skip
        connection.execute(insert(relations), rows)


def with_terms(bank: Bank, **terms: Any) -> None:
    """Gives the offer other terms, whatever its release says: what is tested comes after the approval."""
    project = bank.project
    compiled = project.compiled(OFFER)
    communication = Communication.model_validate(compiled.communication.model_dump() | terms)
    project._compiled[OFFER] = replace(compiled, communication=communication)
    project.workspace.communications[OFFER] = communication


@pytest.fixture(autouse=True)
def own_communications(bank: Bank) -> None:
    """The communications of other tests in this process stay as they are."""
    bank.project.workspace = replace(bank.project.workspace, communications=dict(bank.project.workspace.communications))
    bank.project._compiled = dict(bank.project._compiled)


def chunk(bank: Bank, ids: Sequence[str], name: str = NAME) -> list[str]:
    """Records a chunk of a run about an occasion; returns what came of each customer."""
    occasion = Occasion(f"{OFFER}/{name}", f"run-{name}", RUN_AT, {})
    outcomes, _ = compose(bank.project, bank.project.compiled(OFFER), occasion, ids)
    return told(record(bank.project, bank.project.compiled(OFFER), occasion, outcomes))


def told(outcomes: Sequence[Composed]) -> list[str]:
    return [outcome.state if outcome.state == "due" else outcome.reason for outcome in outcomes]


def triggered(bank: Bank, customer: str, occasion: str = NAME) -> str:
    accepted = send(bank.project, OFFER, customer, None, key=f"k-{customer}", at=RUN_AT, occasion=occasion)
    return accepted.state if accepted.state == "due" else accepted.reason


def households(bank: Bank, ids: Sequence[str]) -> str:
    with_terms(bank, one_per="household")
    live_together(bank, ids)
    return "household_served"


def addresses(bank: Bank, ids: Sequence[str]) -> str:
    share_address(bank, ids)
    return "duplicate_contact_point"


Bond = Callable[[Bank, Sequence[str]], str]
either = pytest.mark.parametrize("bond", [households, addresses])


@either
def test_of_one_chunk_the_first_customer_gets_it(bank: Bank, bond: Bond) -> None:
    ids = open_to_offers(bank, 4)
    reason = bond(bank, ids[:3])
    assert chunk(bank, ids) == ["due", reason, reason, "due"]


@either
def test_over_chunks_and_triggers_who_was_recorded_first_gets_it(bank: Bank, bond: Bond) -> None:
    bank.approve(OFFER)
    first, second, third, fourth = open_to_offers(bank, 4)
    reason = bond(bank, [first, second, third])
    assert chunk(bank, [second, fourth]) == ["due", "due"]
    assert chunk(bank, [first]) == [reason]
    assert triggered(bank, third) == reason


@either
def test_a_trigger_keeps_a_run_about_the_same_from_the_others(bank: Bank, bond: Bond) -> None:
    bank.approve(OFFER)
    first, second = open_to_offers(bank, 2)
    reason = bond(bank, [first, second])
    assert triggered(bank, second) == "due"
    assert chunk(bank, [first, second]) == [reason, "already_sent"]


@either
@ONE_DATABASE
def test_another_occasion_is_free_again(bank: Bank, bond: Bond) -> None:
    ids = open_to_offers(bank, 2)
    reason = bond(bank, ids)
    assert chunk(bank, ids) == ["due", reason]
    assert chunk(bank, ids, "20260402T003000Z") == ["due", reason]


@either
def test_processes_that_race_for_one_address_or_household_send_it_one_message(bank: Bank, bond: Bond) -> None:
    bank.approve(OFFER)
    ids = open_to_offers(bank, 4)
    reason = bond(bank, ids)
    bank.project.store.close()
    children = []
    for number in range(2):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                bank.project.reopen()
                if number:
                    for customer in ids[2:]:
                        triggered(bank, customer)
                else:
                    for customer in ids[:2]:
                        chunk(bank, [customer])
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    with bank.project.store.read() as connection:
        found = Counter(row.reason if row.state == "withheld" else row.state
                        for row in connection.execute(select(messages.c.state, messages.c.reason)))  # fmt: skip
    assert found == {"due": 1, reason: 3}


@either
def test_a_transaction_waits_for_one_about_the_same_address_or_household(
    bank: Bank, bond: Bond, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = open_to_offers(bank, 2)
    reason = bond(bank, ids)
    compiled, occasion = bank.project.compiled(OFFER), Occasion(f"{OFFER}/{NAME}", "run", RUN_AT, {})
    with bank.project.store.write() as connection:
        made_salt(connection, bank.project.random_bytes)  # else the two would wait for each other to make it
    early, late = ([compose(bank.project, compiled, occasion, [one])[0], []] for one in ids)
    locked, over = threading.Event(), threading.Event()

    store = Traces.store

    def under_lock(*given: Any) -> Any:
        if threading.current_thread() is first:
            locked.set()
            over.wait(1)  # without the lock the other one would be recorded now
        return store(*given)

    monkeypatch.setattr(Traces, "store", under_lock)
    first = threading.Thread(target=lambda: early[1].extend(record(bank.project, compiled, occasion, early[0])))
    first.start()
    assert locked.wait(60)
    late[1].extend(record(bank.project, compiled, occasion, late[0]))
    over.set()
    first.join()
    assert told(early[1]) == ["due"]
    assert told(late[1]) == [reason]


@either
@ONE_DATABASE
def test_who_may_not_get_it_keeps_nobody_else_from_it(bank: Bank, bond: Bond) -> None:
    first, second, third = open_to_offers(bank, 3)
    reason = bond(bank, [first, second, third])
    with bank.project.store.write() as connection:
        connection.execute(delete(consents).where(consents.c.customer_id == first))
    assert chunk(bank, [first, second, third]) == ["no_consent", "due", reason]


@ONE_DATABASE
def test_who_is_refused_for_the_household_leaves_the_address_to_others(bank: Bank) -> None:
    first, second, third = open_to_offers(bank, 3)
    households(bank, [first, second])
    addresses(bank, [second, third])
    assert chunk(bank, [first, second, third]) == ["due", "household_served", "due"]


@ONE_DATABASE
def test_each_member_gets_what_is_for_each_customer(bank: Bank) -> None:
    ids = open_to_offers(bank, 2)
    live_together(bank, ids)
    assert chunk(bank, ids) == ["due", "due"]


@ONE_DATABASE
def test_a_household_for_other_purposes_or_of_others_is_none(bank: Bank) -> None:
    first, second, third, fourth = open_to_offers(bank, 4)
    with_terms(bank, one_per="household")
    live_together(bank, [first], purposes="servicing")
    live_together(bank, [second, third])
    live_together(bank, [third], "F2")
    live_together(bank, [fourth], "F2")
    assert chunk(bank, [first]) == ["due"]
    assert chunk(bank, [third]) == ["due"], "the first one is no member for marketing"
    assert chunk(bank, [second, fourth]) == ["household_served", "due"], "of two households the first counts"


@ONE_DATABASE
def test_the_ledger_holds_the_digest_of_the_address_and_not_the_address(bank: Bank) -> None:
    [customer] = open_to_offers(bank, 1)
    assert chunk(bank, [customer]) == ["due"]
    with bank.project.store.write() as connection:
        salt = made_salt(connection, bank.project.random_bytes)
        address = feeds.customers(connection, [customer])[customer].reach("email")
        [kept] = connection.scalars(select(contacts.c.contact_point).where(contacts.c.customer_id == customer))
    assert kept == contact_point("email", str(address), salt)


@ONE_DATABASE
def test_a_reminder_by_the_same_key_finds_the_message_of_that_key(bank: Bank) -> None:
    bank.approve(OFFER)
    [customer] = open_to_offers(bank, 1)
    first, again = (
        send(bank.project, OFFER, customer, None, key="k", at=RUN_AT, occasion=NAME) for _ in range(2)
    )  # fmt: skip
    assert (first.repeated, again.repeated, again.message_id) == (False, True, first.message_id)


@ONE_DATABASE
def test_a_key_that_was_used_for_another_customer_is_refused_and_nothing_is_lost_in_silence(bank: Bank) -> None:
    bank.approve(OFFER)
    first, second = open_to_offers(bank, 2)
    send(bank.project, OFFER, first, None, key="k", at=RUN_AT)
    with pytest.raises(Conflict, match="key 'k' was used for another customer") as refused:
        send(bank.project, OFFER, second, None, key="k", at=RUN_AT)
    assert first not in str(refused.value)
    assert send(bank.project, OFFER, second, None, key="k2", at=RUN_AT).state == "due"


@ONE_DATABASE
@either
def test_why_another_one_got_it_instead_is_told_and_decided_again(bank: Bank, bond: Bond) -> None:
    bank.approve(OFFER)
    ids = open_to_offers(bank, 2)
    reason = bond(bank, ids)
    assert chunk(bank, ids) == ["due", reason]
    with bank.project.store.read() as connection:
        [row] = connection.execute(select(messages).where(messages.c.reason == reason)).mappings().all()
        english, japanese = (
            "\n".join(in_words(explained(bank.project, connection, row, one), one)) for one in ("en", "ja")
        )  # fmt: skip
        assert [one.verdict for one in replay(connection, [row])] == ["agrees"]
    assert f"the decision was to send; what came after it has to change: {words(reason, 'en')}" in english
    assert f"判断は送信可。その後の事由の解消が必要：{words(reason, 'ja')}" in japanese
