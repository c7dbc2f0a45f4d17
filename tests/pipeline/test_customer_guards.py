"""Whoever gives a slot back takes the customer's guard first, as whoever counts the slots does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from support import Bank

from ccm.batch import runs
from ccm.delivery import claims
from ccm.inbound.receive import Event, receive
from ccm.pipeline.reserve import lock_guards
from ccm.store.tables import contacts, messages


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
