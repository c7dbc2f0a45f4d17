"""Whoever gives a slot back takes the customer's guard first, as whoever counts the slots does; all in one order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, event, func, select, text
from support import Bank

from ccm.batch import runs
from ccm.delivery import claims
from ccm.inbound.receive import Event, receive
from ccm.pipeline.erasure import erase
from ccm.pipeline.reserve import lock_guards
from ccm.store.tables import chunks, contacts, customer_guards, messages


def cancels(bank: Bank, message: str) -> None:
    with bank.project.store.read() as connection:
        run = connection.scalar(select(messages.c.run_id).where(messages.c.id == message))
    runs.cancel(bank.project, str(run))


def hears_of_a_failure(bank: Bank, message: str) -> None:
    receive(bank.project, [Event(kind="failed", at=bank.clock(), message_id=message)])


@pytest.mark.offers_due
@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize(("state", "act"), [("due", cancels), ("accepted", hears_of_a_failure)])
def test_a_slot_is_given_back_when_nobody_counts(bank: Bank, state: str, act: Callable[[Bank, str], None]) -> None:
    store = bank.project.store
    with store.write() as connection:
        one = connection.execute(select(messages).where(messages.c.state == "due")).mappings().first()
        assert one is not None
        connection.execute(messages.update().where(messages.c.id == one["id"]).values(state=state))
    giver = threading.Thread(target=act, args=(bank, one["id"]))
    with store.write() as counting:
        lock_guards(bank.project, counting, [one["customer_id"]])
        giver.start()
        while giver.is_alive() and not _waits(bank):
            time.sleep(0.01)
        assert giver.is_alive(), "it changed the ledger that another was counting"
        assert counting.scalar(select(contacts.c.status).where(contacts.c.id == one["id"])) == "reserved"
    giver.join()
    with store.read() as connection:
        assert connection.scalar(select(contacts.c.status).where(contacts.c.id == one["id"])) == "released"


def _waits(bank: Bank) -> bool:
    """Whether somebody waits for a lock of another."""
    with bank.project.store.read() as connection:
        waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
        return bool(connection.scalar(waiting))


@pytest.mark.offers_due
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_what_expires_and_what_is_withdrawn_meanwhile_do_not_wait_for_each_other(bank: Bank) -> None:
    stale = bank.clock() + timedelta(days=365)
    with bank.project.store.read() as connection:
        one = connection.execute(select(messages).where(messages.c.state == "due")).mappings().first()
    assert one is not None
    expiring = threading.Thread(target=claims.expire, args=(bank.project, stale))
    with bank.project.store.write() as withdrawing:
        lock_guards(bank.project, withdrawing, [one["customer_id"]])
        expiring.start()
        while not _waits(bank):
            time.sleep(0.01)
        withdrawing.execute(messages.update().where(messages.c.id == one["id"]).values(state="withheld", reason="r"))
    expiring.join()
    with bank.project.store.read() as connection:
        states = {row.id: row.reason for row in connection.execute(select(messages.c.id, messages.c.reason))}
    assert states.pop(one["id"]) == "r"
    assert "expired" in states.values()


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_an_erasure_and_a_chunk_that_is_being_recorded_do_not_wait_for_each_other(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", bank.clock(), limit=3)
    with bank.project.store.read() as connection:
        customer = orjson.loads(connection.scalars(select(chunks.c.customer_ids)).one())[0]
    person = bank.project.workspace.person("aoi")
    erasing = threading.Thread(target=erase, args=(bank.project, customer, person, "asked for it"))
    with bank.project.store.write() as recording:
        recording.execute(chunks.update().where(chunks.c.run_id == run.id).values(state="done"))
        erasing.start()
        while not _waits(bank):
            time.sleep(0.01)
        lock_guards(bank.project, recording, [customer])
    erasing.join()
    with bank.project.store.read() as connection:
        [(state, ids)] = connection.execute(select(chunks.c.state, chunks.c.customer_ids)).all()
    assert state == "done"
    assert orjson.loads(ids)[0].startswith("erased:")


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_whoever_waited_for_a_guard_that_was_erased_makes_it_anew_and_holds_no_other_meanwhile(bank: Bank) -> None:
    store, guard, free = bank.project.store, customer_guards.c.customer_id, []

    def locks() -> None:
        with store.write() as connection:
            lock_guards(bank.project, connection, ["C1", "C2"])

    def looks(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO customer_guards"):
            with store.read() as other:
                free.append(other.scalar(select(guard).where(guard == "C1").with_for_update(skip_locked=True)))

    locks()
    event.listen(store.engine, "before_cursor_execute", looks)
    waiting = threading.Thread(target=locks)
    with store.write() as erasing:
        erasing.execute(delete(customer_guards).where(guard == "C2"))
        waiting.start()
        while not _waits(bank):
            time.sleep(0.01)
    waiting.join()
    assert free == ["C1"]
    with store.read() as connection:
        assert set(connection.scalars(select(guard))) == {"C1", "C2"}
