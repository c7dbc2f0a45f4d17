"""Runs: every customer accounted for, whatever dies, and nobody twice."""

import contextlib
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select, update
from support import DELIVER_AT, RUN_AT, Bank, make_bank

from ccm.batch import coordinator, runs
from ccm.batch.certificate import Certificate, certificate
from ccm.batch.rehearse import rehearse
from ccm.delivery import deliver
from ccm.errors import Conflict, InputError, NotAllowed, NotFound, TryAgain
from ccm.log import sequencer
from ccm.log.verify import verify_messages, verify_store
from ccm.pipeline.compose import compose
from ccm.pipeline.record import ChunkClaim, record
from ccm.store.tables import chunks, contacts, customers, messages, preferences
from ccm.store.tables import runs as runs_table


def deliver_all(bank: Bank) -> None:
    for moment in DELIVER_AT:
        deliver(bank.project, moment=lambda moment=moment: moment)


def finish(bank: Bank, run_id: str) -> Certificate:
    coordinator.execute(bank.project, run_id, workers=2)
    deliver_all(bank)
    return certificate(bank.project, run_id)


def counted(bank: Bank, *columns: str) -> Counter[tuple[str, ...]]:
    with bank.project.store.read() as connection:
        rows = connection.execute(select(*(messages.c[name] for name in columns))).all()
    return Counter(tuple(row) for row in rows)


def test_every_customer_of_an_offer_is_accounted_for(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    found = finish(bank, run.id)
    assert found.adds_up
    assert found.intended == 40
    assert found.sent + found.withheld == 40
    assert sum(found.withheld_by_reason.values()) == found.withheld
    assert sum(found.by_channel_and_language.values()) == found.sent > 0


def test_a_certificate_is_open_while_messages_are_due(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    assert not certificate(bank.project, run.id).adds_up
    coordinator.execute(bank.project, run.id, workers=1)
    waiting = certificate(bank.project, run.id)
    assert (waiting.adds_up, waiting.sent) == (False, 0)
    assert waiting.pending > 0


def test_a_lost_message_row_keeps_the_certificate_from_adding_up(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    assert finish(bank, run.id).adds_up
    with bank.project.store.write() as connection:
        gone = connection.scalar(select(func.min(messages.c.id)))
        connection.execute(messages.delete().where(messages.c.id == gone))
    assert not certificate(bank.project, run.id).adds_up


def test_without_approval_no_run_starts(bank: Bank) -> None:
    with pytest.raises(NotAllowed, match="not approved, but draft"):
        runs.start(bank.project, "savings-offer", RUN_AT)
    with bank.project.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(runs_table)) == 0


def test_a_second_run_for_the_same_occasion_is_refused_with_its_name(bank: Bank) -> None:
    bank.approve("quarterly-statement")
    run = runs.start(bank.project, "quarterly-statement", RUN_AT)
    assert run.id == "quarterly-statement-2026-01-01--2026-03-31"
    with pytest.raises(Conflict, match=f"ccm run resume {run.id}"):
        runs.start(bank.project, "quarterly-statement", RUN_AT + timedelta(days=9))


def test_nobody_gets_one_communication_twice_for_one_occasion(bank: Bank) -> None:
    bank.approve("savings-offer")
    first = runs.start(bank.project, "savings-offer", RUN_AT, limit=30)
    sent = finish(bank, first.id).sent
    second = runs.start(bank.project, "savings-offer", RUN_AT)
    found = finish(bank, second.id)
    assert found.adds_up
    # Customers of the first run are told as such, or by the cap that the first run's message filled.
    assert found.withheld_by_reason["already_sent"] + found.withheld_by_reason.get("cap", 0) >= sent > 0
    twice = [key for key, count in counted_sent(bank).items() if count > 1]
    assert twice == []


def counted_sent(bank: Bank) -> Counter[str]:
    with bank.project.store.read() as connection:
        return Counter(connection.scalars(select(messages.c.customer_id).where(messages.c.state == "accepted")))


def test_a_run_without_customers_is_refused_and_leaves_nothing(bank: Bank) -> None:
    bank.approve("savings-offer")
    with bank.project.store.write() as connection:
        connection.execute(customers.delete())
    with pytest.raises(InputError, match="no customers"):
        runs.start(bank.project, "savings-offer", RUN_AT)
    with bank.project.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(runs_table)) == 0


def test_a_communication_whose_data_come_with_a_trigger_is_no_batch(bank: Bank) -> None:
    bank.approve("payment-received")
    with pytest.raises(InputError, match="ccm send"):
        runs.start(bank.project, "payment-received", RUN_AT)


def test_a_changed_file_stops_a_run_that_was_started_before(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    template = bank.project.workspace.root / "templates" / "savings-offer" / "en" / "sms.txt"
    template.write_text(template.read_text() + "!")
    with pytest.raises(Conflict, match="restore them"):
        coordinator.execute(bank.reopened().project, run.id)


def test_an_unknown_run_is_told_with_the_newest_ones(bank: Bank) -> None:
    with pytest.raises(NotFound, match="none yet"):
        certificate(bank.project, "nonsense")


def test_a_dry_run_counts_what_the_run_then_does_and_records_nothing(bank: Bank) -> None:
    expected = rehearse(bank.project, "savings-offer", RUN_AT, None)
    assert counted(bank, "id") == Counter()
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    done = counted(bank, "state", "reason")
    assert done == expected


def test_a_cancelled_run_sends_nothing_more_and_still_adds_up(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    _, stopped = runs.cancel(bank.project, run.id)
    deliver_all(bank)
    found = certificate(bank.project, run.id)
    assert found.adds_up
    assert (found.sent, found.withheld_by_reason["run_cancelled"]) == (0, stopped)
    with bank.project.store.read() as connection:
        assert connection.scalar(select(func.count()).where(contacts.c.status == "reserved")) == 0
    with pytest.raises(Conflict, match="was cancelled"):
        coordinator.execute(bank.project, run.id)


def test_a_run_cancelled_before_it_was_composed_accounts_for_all(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    assert runs.cancel(bank.project, run.id) == (40, 0)
    assert certificate(bank.project, run.id).withheld_by_reason == {"run_cancelled": 40}


def test_only_one_coordinator_works_on_a_run_at_a_time(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    first = runs.take(bank.project, run.id, "another-host/1/1")
    with pytest.raises(Conflict, match="another-host"):
        coordinator.execute(bank.project, run.id)
    bank.clock.now += runs.LEASE * 2  # it said nothing for longer than its lease
    coordinator.execute(bank.project, run.id, workers=1)
    assert not runs.renew(bank.project, first), "the first one's lease is void"


def test_what_an_overtaken_coordinator_still_does_is_void(bank: Bank) -> None:
    bank.approve("savings-offer")
    started = runs.start(bank.project, "savings-offer", RUN_AT)
    old = runs.take(bank.project, started.id, "a/1/1")
    bank.clock.now += runs.LEASE * 2
    runs.take(bank.project, started.id, "b/2/2")
    compiled = bank.project.compiled("savings-offer")
    composed, made_of = compose(bank.project, compiled, old.occasion(), ["D0000001"])
    with pytest.raises(Conflict):
        record(bank.project, compiled, old.occasion(), composed, ChunkClaim(old.id, 0, old.fence, made_of))
    assert counted(bank, "id") == Counter()


def test_a_full_archive_stops_the_run_and_a_resume_loses_nothing(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    folder = bank.project.archive.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be: every write fails")
    with pytest.raises(TryAgain, match="ccm run resume"):
        coordinator.execute(bank.project, run.id, workers=1)
    assert counted(bank, "id") == Counter()
    folder.unlink()
    assert finish(bank, run.id).adds_up


def fork(action: object) -> int:
    """Runs `action` in a child process; returns its id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            action()  # type: ignore[operator]
            status = 0
        finally:
            os._exit(status)
    return child


def small_chunks(bank: Bank, run_id: str, size: int) -> int:
    """Cuts a run's chunks smaller, so that a kill lands between some of them; how many there are."""
    with bank.project.store.write() as connection:
        ids = [
            customer
            for row in connection.scalars(
                select(chunks.c.customer_ids).where(chunks.c.run_id == run_id).order_by(chunks.c.number)
            )
            for customer in orjson.loads(row)
        ]
        connection.execute(chunks.delete().where(chunks.c.run_id == run_id))
        for number in range(0, len(ids), size):
            part = orjson.dumps(ids[number : number + size]).decode()
            connection.execute(
                chunks.insert().values(run_id=run_id, number=number // size, customer_ids=part, state="todo")
            )
    return -(-len(ids) // size)


def killed_run(bank: Bank, seed: int, sent: int) -> tuple[Certificate, int]:
    """Composes and delivers, killing the coordinator, a worker or the sender; how many kills met work.

    Kills come at points of progress, not of time, so that a quick machine meets as many as a slow one: six while
    chunks are composed, four while the first half of the `sent` messages goes out.
    """
    rng = random.Random(seed)
    bank.approve("quarterly-statement")
    run = runs.start(bank.project, "quarterly-statement", RUN_AT)
    chunks_of_run = small_chunks(bank, run.id, 3)
    points = sorted(rng.sample(range(1, chunks_of_run), 6))
    points += sorted(chunks_of_run + point for point in rng.sample(range(1, sent // 2), 4))

    def work() -> None:
        # All it knows of the run is in the store: this process, whose copy it is, never worked on one.
        bank.project.reopen()
        coordinator.execute(bank.project, run.id, workers=2)
        deliver_all(bank)

    bank.project.compiled("quarterly-statement").renderer.preload()
    landed = 0
    status: int | None = None
    while status != 0:
        bank.project.store.close()
        child = fork(work)
        status = None
        while status is None:
            if points and progress(bank, run.id) >= points[0]:
                points.pop(0)
                workers = _children(child)
                with contextlib.suppress(ProcessLookupError):  # it ended between the two lines
                    os.kill(rng.choice(workers) if workers and rng.random() < 0.3 else child, signal.SIGKILL)
                    landed += 1
            time.sleep(0.01)
            ended, code = os.waitpid(child, os.WNOHANG)
            status = code if ended else None
    return certificate(bank.project, run.id), landed


def progress(bank: Bank, run_id: str) -> int:
    """How far a run has come: chunks recorded, and messages handed to the outbox."""
    with bank.project.store.read() as connection:
        done = connection.scalar(
            select(func.count()).select_from(chunks).where(chunks.c.run_id == run_id, chunks.c.state == "done")
        )
    index = bank.project.outbox / "index.jsonl"
    return int(done or 0) + (index.read_bytes().count(b"\n") if index.exists() else 0)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def few_letters(bank: Bank) -> None:
    """Has all but every sixth customer notified by SMS: a letter costs ten times as much as anything else."""
    with bank.project.store.write() as connection:
        ids = connection.scalars(select(customers.c.id).order_by(customers.c.id)).all()
        connection.execute(preferences.delete())
        wish = {"category": "*", "channel": "sms", "rank": 1, "allowed": True, "row_digest": ""}
        rows = [{"customer_id": customer} | wish for number, customer in enumerate(ids) if number % 6]
        connection.execute(preferences.insert(), rows)


@pytest.fixture(scope="module")
def calm_certificate(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Certificate:
    """Of a run that nobody disturbs, the same on every database."""
    folder = tmp_path_factory.mktemp("calm")
    shutil.copyfile(sqlite_template, folder / "ccm.db")
    calm = make_bank(folder, f"sqlite:///{folder / 'ccm.db'}", customers=48)
    few_letters(calm)
    calm.approve("quarterly-statement")
    run = runs.start(calm.project, "quarterly-statement", RUN_AT)
    small_chunks(calm, run.id, 3)
    found = finish(calm, run.id)
    assert found.adds_up
    return found


@pytest.mark.long
def test_ten_kills_change_no_certificate_and_send_nothing_twice(
    tmp_path: Path, new_store_url: Callable[[], str], calm_certificate: Certificate
) -> None:
    expected = calm_certificate
    bank = make_bank(tmp_path / "killed", new_store_url(), customers=48)
    few_letters(bank)
    found, kills = killed_run(bank, seed=11, sent=expected.sent)
    assert kills == 10, "every kill met a process at work"
    assert found.as_json() == expected.as_json()
    outbox = [path for path in bank.project.outbox.rglob("*") if path.suffix in (".eml", ".pdf", ".txt")]
    assert len(outbox) == found.sent
    assert {path.suffix for path in outbox} == {".eml", ".pdf", ".txt"}
    index = (bank.project.outbox / "index.jsonl").read_text().splitlines()
    assert len(index) == len(set(index)) == found.sent


def test_a_message_on_which_the_engine_fails_is_set_aside_alone(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    renderer = bank.project.compiled("savings-offer").renderer
    whole = renderer.render
    broken = "D0000001"

    def render(channel: str, context: object) -> object:
        if context.customer.id >= broken and not bank.project.outbox.exists():  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return whole(channel, context)  # type: ignore[arg-type]

    monkeypatch.setattr(renderer, "render", render)
    coordinator.execute(bank.project, run.id, workers=1)
    states = counted(bank, "state", "reason")
    assert states["set_aside", "engine_error"] > 0
    assert sum(states.values()) == 40


def test_the_log_verifies_and_an_edited_message_is_found(bank: Bank) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    finish(bank, run.id)
    project = bank.project
    sequencer.checkpoint(project.store, project.signer(), bank.clock())
    report = verify_store(project.store, project.signer().verifier)
    assert (report.faults, verify_messages(project.store)) == ((), ())
    with project.store.write() as connection:
        victim = connection.scalar(select(func.min(messages.c.id)).where(messages.c.state == "withheld"))
        connection.execute(update(messages).where(messages.c.id == victim).values(reason="no_consent_ever"))
    assert any(str(victim) in fault for fault in verify_messages(project.store))
