"""A stop holds within a second of its commit, on whatever process hands messages over."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from support import DELIVER_AT, RUN_AT, Bank

from ccm.adapters.suppliers.outbox import Outbox
from ccm.batch import coordinator, runs
from ccm.compliance import approvals, stops
from ccm.compliance.approvals import Terms
from ccm.delivery import deliver
from ccm.errors import NotAllowed
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.pipeline.trigger import send
from ccm.store import Store
from ccm.store.tables import messages

COMMUNICATION = "savings-offer"
MANY = 300


def stop(bank: Bank, target: Any, name: str, comment: str = "wrong rate") -> None:
    project = bank.project
    stops.stop(
        project.store, target, name, project.workspace.person("ren"), bank.clock(), comment, record=project.record_stop
    )


def outcomes(bank: Bank) -> Counter[tuple[str, str]]:
    with bank.project.store.read() as connection:
        return Counter((state, reason) for state, reason in connection.execute(
            select(messages.c.state, messages.c.reason)))  # fmt: skip


def verified(bank: Bank) -> None:
    sequencer.integrate(bank.project.store)
    assert verify_messages(bank.project.store) == ()


def at(moment: datetime) -> Any:
    return lambda: moment


@pytest.mark.parametrize("target", ["release", "communication", "wording", "version", "channel"])
@pytest.mark.offers_due
def test_what_is_stopped_is_withheld_though_it_was_queued_before(bank: Bank, target: str) -> None:
    digest = bank.project.compiled(COMMUNICATION).release.digest
    names = {
        "release": digest, "communication": COMMUNICATION, "wording": "marketing-opt-out",
        "version": "marketing-opt-out@1", "channel": "email",
    }  # fmt: skip
    kind = "wording" if target == "version" else target
    queued = outcomes(bank)
    waiting = sum(count for (state, _), count in queued.items() if state == "due")
    stop(bank, kind, names[target])
    done = deliver(bank.project, moment=at(DELIVER_AT[0]))
    refused = done.of(f"withheld: stopped_{kind}")
    assert refused > 0
    assert refused == outcomes(bank)["withheld", f"stopped_{kind}"]
    if target != "channel":
        assert (refused, done.of("accepted")) == (waiting, 0)
    verified(bank)


def test_composing_refuses_what_is_stopped(bank: Bank) -> None:
    bank.approve("payment-received")
    digest = bank.approve(COMMUNICATION)
    stop(bank, "communication", COMMUNICATION, "wrong rate")
    with pytest.raises(NotAllowed, match="stopped_communication: communication savings-offer was stopped by ren"):
        runs.start(bank.project, COMMUNICATION, RUN_AT)
    project = bank.project
    stops.resume(
        project.store, "communication", COMMUNICATION, project.workspace.person("sam"), bank.clock(), "corrected",
        record=project.record_stop,
    )  # fmt: skip
    run = runs.start(project, COMMUNICATION, RUN_AT)
    stop(bank, "release", digest)  # while the run is on
    coordinator.execute(project, run.id, workers=1)
    found = outcomes(bank)
    assert found["withheld", "stopped_release"] > 0
    assert not [state for state, _ in found if state == "due"]
    stop(bank, "channel", "sms")
    data = {"payment": {"amount": "1", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss"}}
    with project.store.read() as connection:
        customer = connection.scalar(
            select(messages.c.customer_id).where(messages.c.reason == "stopped_release").limit(1)
        )
    sent = {send(project, "payment-received", str(customer), data, key=f"k{n}", at=RUN_AT).reason for n in range(2)}
    assert sent <= {"stopped_channel", ""}
    verified(bank)


@pytest.mark.offers_due
def test_a_slow_group_is_stopped_half_way(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[float] = []
    really = Outbox.send

    def slow(adapter: Outbox, message: Any) -> Any:
        handed.append(time.monotonic())
        if len(handed) == 2:
            stop(bank, "communication", COMMUNICATION)  # as another host would, between claim and send
            time.sleep(0.3)
        return really(adapter, message)

    monkeypatch.setattr(Outbox, "send", slow)
    done = deliver(bank.project, moment=at(DELIVER_AT[0]))
    assert len(handed) == done.of("accepted") == 2
    assert done.of("withheld: stopped_communication") > 2
    assert outcomes(bank)["sending", ""] == 0
    verified(bank)


def many_due(bank: Bank) -> None:
    """Copies of one message that is due, so that delivering takes some seconds."""
    with bank.project.store.write() as connection:
        found = connection.execute(
            select(messages).where(messages.c.state == "due", messages.c.channel == "sms").limit(1)
        ).mappings().one()  # fmt: skip
        copies = [dict(found, id=f"{n:032x}", run_id=None, trigger_key=f"copy {n}") for n in range(MANY)]
        connection.execute(insert(messages), copies)


def _deliver(bank: Bank, url: str, started: Any) -> None:
    bank.project.store = Store(url)
    started.set()
    deliver(bank.project, moment=at(DELIVER_AT[0]))


@pytest.mark.offers_due
def test_another_process_hands_nothing_over_later_than_a_second_after_the_stop(bank: Bank) -> None:
    bank.project.workspace.communications[COMMUNICATION] = bank.project.workspace.communications[
        COMMUNICATION
    ].model_copy(update={"obeys_caps": False})  # copies for one customer would fill the caps
    many_due(bank)
    url, context = bank.project.store.url, multiprocessing.get_context("fork")
    bank.project.store.close()
    started = context.Event()
    process = context.Process(target=_deliver, args=(bank, url, started))
    process.start()
    try:
        assert started.wait(30)
        while not any(bank.project.outbox.rglob("*.txt")):
            time.sleep(0.02)
        stop(bank, "communication", COMMUNICATION)
        committed = time.time()
        process.join(300)
    finally:
        process.kill()
    handed = [file.stat().st_mtime for file in bank.project.outbox.rglob("*.txt")]
    assert 0 < len(handed) < MANY
    assert max(handed) <= committed + 1
    found = outcomes(bank)
    assert found["withheld", "stopped_communication"] >= MANY - len(handed)
    assert not [state for state, _ in found if state in ("due", "claimed", "sending")]


def test_an_approval_that_ended_withholds_what_is_queued_with_its_own_reason(bank: Bank) -> None:
    project = bank.project
    release = project.compiled(COMMUNICATION).release
    record, people = project.record_release_action, project.workspace.person
    ends = Terms(expires_at=DELIVER_AT[0])
    approvals.submit(project.store, release, people("mika"), bank.clock(), record=record)
    approvals.approve(project.store, release.digest, people("aoi"), bank.clock(), record=record, terms=ends)
    run = runs.start(project, COMMUNICATION, RUN_AT)
    coordinator.execute(project, run.id, workers=1)
    first = deliver(project, moment=at(DELIVER_AT[0] - timedelta(seconds=1)))
    assert first.of("accepted") > 0
    with project.store.write() as connection:
        ids = connection.scalars(select(messages.c.id).where(messages.c.state == "accepted").limit(2)).all()
        connection.execute(messages.update().where(messages.c.id.in_(ids)).values(state="due", due_at=RUN_AT))
    done = deliver(project, moment=at(DELIVER_AT[0]))
    assert done.of("withheld: approval_expired") == len(ids)
    bank.clock.now = datetime(2026, 4, 2, tzinfo=UTC)
    with pytest.raises(NotAllowed, match="its approval has ended; renew it with: ccm submit"):
        runs.start(project, COMMUNICATION, RUN_AT, limit=3)
