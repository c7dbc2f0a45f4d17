"""The proof of exactness counts from the log: what the engine's ledger does not have is found all the same."""

import pytest
from handoff_parts import NOTICE, notice, people, row, with_terms
from sqlalchemy import delete, update
from support import Bank

from bench.recount import Recount, recount
from ccm.delivery import deliver
from ccm.log import sequencer
from ccm.store.tables import contacts

CAPS = [{"id": "few", "channels": ["email"], "limit": 1, "hours": 3}]
TERMS = {"channels": ["email"], "on_cap": "drop", "expires_after_hours": 72}


def counted(bank: Bank) -> Recount:
    sequencer.integrate(bank.project.store)
    with bank.project.store.read() as connection:
        return recount(
            connection, CAPS, {NOTICE: {"channels": ["email"], "on_cap": "drop", "expires_after_hours": 72}}
        )[1]


@pytest.fixture
def sent(bank: Bank) -> str:
    """The id of a notice that went out by e-mail."""
    with_terms(bank, channels=("email",), copies="")
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    deliver(bank.project)
    assert row(bank, message)["state"] == "accepted"
    return message


def test_a_message_that_took_no_room_is_found(bank: Bank, sent: str) -> None:
    assert counted(bank).unlike == []
    with bank.project.store.write() as connection:
        connection.execute(delete(contacts).where(contacts.c.id == sent))
    assert counted(bank).unlike == [sent]


def test_so_is_one_that_took_it_at_another_time_or_gave_it_back(bank: Bank, sent: str) -> None:
    with bank.project.store.write() as connection:
        connection.execute(update(contacts).where(contacts.c.id == sent).values(status="released"))
    assert counted(bank).unlike == [sent]


def test_a_window_that_holds_too_many_is_found_whatever_the_ledger_says(bank: Bank, sent: str) -> None:
    with bank.project.store.read() as connection:
        customer = connection.execute(contacts.select().where(contacts.c.id == sent)).one().customer_id
    notice(bank, customer, "k2")
    deliver(bank.project)
    with bank.project.store.write() as connection:
        connection.execute(delete(contacts))
    assert len(counted(bank).exceeded) > 0
