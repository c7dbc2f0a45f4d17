"""Deferral, fallback, classes, retries, cancelled runs: in any order, store and outbox agree with a naive model."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from handoff_parts import change, people, with_terms
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import integers, lists, sampled_from
from naive_ledger import CAPS, KINDS, LASTS, STEP, Kind, NaiveLedger, Said
from sqlalchemy import delete, insert, select
from support import Bank, make_bank

from ccm.adapters.suppliers.outbox import Outbox
from ccm.batch import runs
from ccm.delivery import deliver
from ccm.errors import OutcomeUnknown, SupplierRefused
from ccm.inbound.receive import Event, receive
from ccm.pipeline.compose import Occasion, compose
from ccm.pipeline.data import check_data, given_data
from ccm.pipeline.record import record
from ccm.pipeline.replay import replay
from ccm.pipeline.trigger import send
from ccm.store.tables import chunks, contacts, messages, preferences, suppressions
from ccm.store.tables import runs as runs_table
from ccm.workspace.channels import Retry
from ccm.workspace.policy import Policy

# The days before clocks go back in Europe, and forward.
BEGIN = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2027, 3, 27, 12, tzinfo=UTC)
WAIT, ATTEMPTS = timedelta(hours=1), 2


class Ledger(RuleBasedStateMachine):
    """Three communications to two customers, under rolling and calendar caps with reserved room."""

    bank: Bank
    customers: list[str]
    answer = ""
    """What the supplier says next: taken, ``later``, ``never``, or nothing (``lost``)."""

    @initialize(begins=sampled_from(BEGIN))
    def begin(self, begins: datetime) -> None:
        self.number, self.model = 0, NaiveLedger(begins, self.customers)
        self.sent: Counter[str] = Counter()
        for customer in self.customers:
            change(self.bank, customer, timezone="Europe/London")
        with self.bank.project.store.write() as connection:
            for table in (messages, contacts, suppressions, preferences, chunks, runs_table):
                connection.execute(delete(table))
        shutil.rmtree(self.bank.project.outbox, ignore_errors=True)

    @rule(kinds=lists(sampled_from(KINDS), min_size=1, max_size=4), place=integers(0, 1))
    def triggers(self, kinds: list[Kind], place: int) -> None:
        for kind in kinds:
            self.number += 1
            customer = self.customers[place]
            made = send(self.bank.project, kind.name, customer, kind.data, key=str(self.number), at=self.model.now)
            self.model.expected(made.message_id, kind, customer)

    @rule(kind=sampled_from(KINDS))
    def chunk(self, kind: Kind) -> None:
        self.number += 1
        project, run = self.bank.project, f"run-{self.number}"
        compiled = project.compiled(kind.name)
        row = {"id": run, "communication": kind.name, "at": self.model.now, "release": compiled.release.digest,
               "state": "composed", "parameters": '{"occasion": "x"}', "intended": 2, "fence": 0,
               "created_at": self.model.now}  # fmt: skip
        with project.store.write() as connection:
            connection.execute(insert(runs_table), [row])
        occasion = Occasion(f"{kind.name}/{run}", run, self.model.now, {})
        given = None
        if kind.data:
            values = given_data(check_data(compiled.communication, kind.data))
            given = dict.fromkeys(self.customers, values)
        composed, _ = compose(project, compiled, occasion, self.customers, given=given)
        for outcome in record(project, compiled, occasion, composed, given=given):
            self.model.expected(outcome.message_id, kind, outcome.decision.customer_id, run)

    @rule(half_hours=sampled_from([0, 1, 5, 6, 10, 14]), answer=sampled_from(["", "", "", "later", "never", "lost"]))
    def time_passes_and_a_delivery_looks(self, half_hours: int, answer: str) -> None:
        self.model.now += half_hours * STEP
        type(self).answer, self.bank.clock.now = answer, self.model.now
        deliver(self.bank.project, moment=lambda: self.model.now)
        for _, one in self.messages("due"):
            if self.model.now >= one.expires:
                one.state = "withheld"
        for channel in self.bank.project.workspace.channels:
            due = [(one.due, key) for key, one in self.messages("due")
                   if one.due <= self.model.now and one.channel == channel]  # fmt: skip
            for key in [key for _, key in sorted(due) if self.model.goes(key)]:
                self.handed_over(key, answer)

    def handed_over(self, key: str, answer: str) -> None:
        one = self.model.messages[key]
        one.attempts += 1
        if answer == "later" and one.attempts < ATTEMPTS:
            one.due = self.model.now + WAIT
        else:
            one.state = {"": "accepted", "later": "failed", "never": "failed", "lost": "unknown"}[answer]
            self.sent[key] += answer == ""

    def messages(self, *states: str) -> list[tuple[str, Said]]:
        return [(key, one) for key, one in sorted(self.model.messages.items()) if one.state in states]

    def settled(self) -> list[str]:
        return [key for key, _ in self.messages("accepted", "unknown")]

    @precondition(settled)
    @rule(kind=sampled_from(["failed", "failed", "bounced", "delivered"]), place=integers(0, 9))
    def event(self, kind: str, place: int) -> None:
        possible = self.settled()
        key = possible[place % len(possible)]
        receive(self.bank.project, [Event.model_validate({"kind": kind, "at": self.model.now, "message_id": key})])
        self.model.messages[key].state = kind
        if kind == "bounced":
            self.model.shut.add((self.model.messages[key].customer, self.model.messages[key].channel))

    def waiting_runs(self) -> list[str]:
        return sorted({one.run for _, one in self.messages("due") if one.run})

    @precondition(waiting_runs)
    @rule()
    def run_is_cancelled(self) -> None:
        run = self.waiting_runs()[0]
        runs.cancel(self.bank.project, run)
        for _, one in self.messages("due"):
            if one.run == run:
                one.state = "withheld"

    @rule(place=integers(0, 1), channel=sampled_from(["email", "sms"]))
    def customer_opts_out_or_in(self, place: int, channel: str) -> None:
        customer = self.customers[place]
        self.model.refused ^= {(customer, channel)}
        row = {"customer_id": customer, "category": "*", "channel": channel, "allowed": False, "row_digest": ""}
        mine = (preferences.c.customer_id == customer) & (preferences.c.channel == channel)
        with self.bank.project.store.write() as connection:
            connection.execute(delete(preferences).where(mine))
            if (customer, channel) in self.model.refused:
                connection.execute(insert(preferences), [row])

    @rule(place=integers(0, 1), zone=sampled_from(["Asia/Tokyo", "Europe/London", "Pacific/Honolulu"]))
    def customer_moves(self, place: int, zone: str) -> None:
        self.model.zones[self.customers[place]] = zone
        change(self.bank, self.customers[place], timezone=zone)

    @invariant()
    def store_and_model_agree(self) -> None:
        with self.bank.project.store.read() as connection:
            rows = connection.execute(select(messages)).mappings().all()
            dates = {row.id: row for row in connection.execute(select(contacts))}
        model = {key: ("failed" if one.state == "bounced" else one.state) for key, one in self.model.messages.items()}
        assert {row["id"]: row["state"] for row in rows} == model, [(row["id"], row["reason"]) for row in rows]
        waiting = {key: (one.channel, one.due) for key, one in self.messages("due")}
        assert {row["id"]: (row["channel"], row["due_at"]) for row in rows if row["state"] == "due"} == waiting
        taken = {key: one.at for key, one in self.model.messages.items() if one.takes_room}
        assert {key: row.at for key, row in dates.items() if row.status != "released"} == taken
        written = Counter(file.stem for file in self.bank.project.outbox.rglob("*.*") if file.suffix != ".jsonl")
        assert written == +self.sent

    def teardown(self) -> None:
        """In the end each decision, taken again from what is recorded of it, comes out the same."""
        with self.bank.project.store.read() as connection:
            rows = connection.execute(select(messages)).mappings().all()
            assert {one.verdict for one in replay(connection, rows)} <= {"agrees"}


@contextmanager
def bank_with_caps(sqlite_template: Path) -> Iterator[tuple[Bank, list[str]]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ccm.db"
        path.write_bytes(sqlite_template.read_bytes())
        bank = make_bank(Path(folder), f"sqlite:///{path}")
        policy = Policy.model_validate(bank.project.workspace.policy.model_dump() | {"caps": CAPS})
        for kind in KINDS:
            with_terms(
                bank, policy, kind.name, category=kind.category, purpose="servicing", channels=kind.channels,
                on_cap=kind.on_cap, priority=kind.priority, urgent=True, fallback=None, obeys_caps=True,
                counts_toward_caps=True, expires_after_hours=LASTS // timedelta(hours=1), copies="",
            )  # fmt: skip
            if kind.name != "payment-received":
                bank.approve(kind.name)
        retry = Retry(attempts=ATTEMPTS, first_wait_seconds=WAIT // timedelta(seconds=1))
        channels = bank.project.workspace.channels
        changed = {name: channel.model_copy(update={"retry": retry}) for name, channel in channels.items()}
        bank.project.workspace = replace(bank.project.workspace, channels=changed)
        chosen = people(bank, 2)
        change(bank, chosen[1], language="ja-JP", given_name="花", family_name="森")
        yield bank, chosen
        bank.project.store.close()


def test_whatever_happens_to_what_waits_store_outbox_and_model_agree(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Outbox.send

    def answers(outbox: Outbox, message: Any) -> Any:
        match Ledger.answer:
            case "later" | "never":
                raise SupplierRefused("no", "not now", permanent=Ledger.answer == "never")
            case "lost":
                raise OutcomeUnknown("the line was cut")
        return take(outbox, message)

    monkeypatch.setattr(Outbox, "send", answers)
    with bank_with_caps(sqlite_template) as (bank, customers):
        Ledger.bank, Ledger.customers = bank, customers
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
