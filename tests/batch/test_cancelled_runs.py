"""A run that is cancelled halfway: nothing of it goes out any more, whichever way its messages were on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from support import DELIVER_AT, RUN_AT, Bank

from ccm.batch import coordinator, runs
from ccm.batch.certificate import certificate
from ccm.delivery import claims, deliver
from ccm.errors import Conflict
from ccm.log.verify import verify_messages
from ccm.store.tables import contacts, messages


def offers(bank: Bank) -> str:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    return run.id


def nothing_goes(bank: Bank, run: str) -> None:
    for moment in DELIVER_AT:
        deliver(bank.project, moment=lambda moment=moment: moment)
    found = certificate(bank.project, run)
    assert (found.sent, found.unknown, found.adds_up) == (0, 0, True)
    with bank.project.store.read() as connection:
        taken = select(contacts.c.id).join(messages, messages.c.id == contacts.c.id)
        assert not connection.execute(taken.where(contacts.c.status != "released")).all()
    assert not verify_messages(bank.project.store)


@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_what_a_sender_had_taken_and_gives_back_does_not_go_out(bank: Bank, state: str) -> None:
    run, now = offers(bank), bank.clock()
    moment, lease = DELIVER_AT[0] + timedelta(days=1), timedelta(minutes=1)
    rows = claims.claim(bank.project.store, "another-host/1/1", "email", now, lease, moment)
    assert rows
    if state == "sending":  # the outbox knows that it never got them
        with bank.project.store.write() as connection:
            claims.mark_sending(connection, rows, "another-host/1/1", "outbox", now, lease, moment)
    runs.cancel(bank.project, run)
    bank.clock.now += 2 * lease
    nothing_goes(bank, run)
    with bank.project.store.read() as connection:
        mine = select(messages.c.reason).where(messages.c.id.in_([row["id"] for row in rows]))
        assert set(connection.scalars(mine)) == {"run_cancelled"}


def test_it_is_not_started_again_and_nobody_is_sent_to_resume_it(bank: Bank) -> None:
    runs.cancel(bank.project, offers(bank))
    with pytest.raises(Conflict, match="was cancelled; one that was cancelled is not started again"):
        runs.start(bank.project, "savings-offer", RUN_AT)


def test_what_was_withheld_of_it_for_new_words_is_not_composed_anew(bank: Bank) -> None:
    run = offers(bank)
    with bank.project.store.write() as connection:
        withheld = update(messages).where(messages.c.run_id == run, messages.c.state == "due")
        connection.execute(withheld.values(state="withheld", reason="wording_changed"))
    runs.cancel(bank.project, run)
    with pytest.raises(Conflict, match="was cancelled; nothing of it is composed anew"):
        runs.again(bank.project, run, RUN_AT + timedelta(days=1))
