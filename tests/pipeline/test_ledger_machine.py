"""Steps in any order: the store agrees with a naive model, and no window ever holds more than its cap."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import integers, sampled_from
from sqlalchemy import delete, select, update
from support import RUN_AT, Bank, make_bank

from ccm.delivery import deliver
from ccm.inbound.receive import Event, receive
from ccm.pipeline.compose import Occasion, compose
from ccm.pipeline.record import record
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import cases, contacts, messages, preferences, suppressions
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap

LIMIT, HOURS, LASTS = 2, 5, 3
TAKES_ROOM = ("due", "accepted", "unknown", "delivered", "bounced")


@dataclass
class Said:
    """A message of the model."""

    customer: str
    state: str
    at: datetime
    expires: datetime


class Ledger(RuleBasedStateMachine):
    """Offers by e-mail to two customers, at most two in any five hours; each is stale after three."""

    bank: Bank
    customers: list[str]

    @initialize()
    def begin(self) -> None:
        self.now = RUN_AT
        self.number = 0
        self.model: dict[str, Said] = {}
        self.bounced: set[str] = set()
        with self.bank.project.store.write() as connection:
            for table in (messages, contacts, suppressions):
                connection.execute(delete(table))
        shutil.rmtree(self.bank.project.outbox, ignore_errors=True)

    def room(self, customer: str, at: datetime) -> bool:
        """Whether a message may go: there is room in every window, and the address has not bounced."""
        if customer in self.bounced:
            return False
        times = [one.at for one in self.model.values() if one.customer == customer and one.state in TAKES_ROOM]
        length = timedelta(hours=HOURS)
        starts = [start for start in (*times, at) if start <= at < start + length]
        return all(sum(start <= time < start + length for time in times) < LIMIT for start in starts)

    def expected(self, message: str, customer: str) -> None:
        state = "due" if self.room(customer, self.now) else "withheld"
        self.model[message] = Said(customer, state, self.now, self.now + timedelta(hours=LASTS))

    @rule(place=integers(0, 1))
    def trigger(self, place: int) -> None:
        self.number += 1
        customer = self.customers[place]
        sent = send(self.bank.project, "savings-offer", customer, None, key=str(self.number), at=self.now)
        self.expected(sent.message_id, customer)

    @rule()
    def chunk(self) -> None:
        self.number += 1
        compiled = self.bank.project.compiled("savings-offer")
        occasion = Occasion(f"savings-offer/run-{self.number}", f"run-{self.number}", self.now, {})
        composed, _ = compose(self.bank.project, compiled, occasion, self.customers)
        for outcome in record(self.bank.project, compiled, occasion, composed):
            self.expected(outcome.message_id, outcome.decision.customer_id)

    @rule()
    def delivered(self) -> None:
        deliver(self.bank.project, moment=lambda: self.now)
        for one in self.model.values():
            if one.state == "due" and self.now >= one.expires:
                one.state = "withheld"
        waiting = sorted((one.at, key) for key, one in self.model.items() if one.state == "due")
        for _, key in waiting:
            one = self.model[key]
            one.state = "withheld"
            if self.room(one.customer, self.now):
                one.state, one.at = "accepted", self.now

    @rule(kind=sampled_from(["failed", "bounced", "delivered"]), place=integers(0, 9))
    def event(self, kind: str, place: int) -> None:
        possible = sorted(key for key, one in self.model.items() if one.state == "accepted")
        if possible:
            key = possible[place % len(possible)]
            receive(self.bank.project, [Event.model_validate({"kind": kind, "at": self.now, "message_id": key})])
            self.model[key].state = kind
            if kind == "bounced":
                self.bounced.add(self.model[key].customer)

    @rule(place=integers(0, 9))
    def outcome_is_lost(self, place: int) -> None:
        """As where a sender died: nobody knows whether the message went."""
        possible = sorted(key for key, one in self.model.items() if one.state == "accepted")
        if possible:
            key = possible[place % len(possible)]
            with self.bank.project.store.write() as connection:
                connection.execute(update(messages).where(messages.c.id == key).values(state="unknown"))
                connection.execute(update(contacts).where(contacts.c.id == key).values(status="unknown"))
            self.model[key].state = "unknown"

    @rule(minutes=sampled_from([20, 90, 179, 180, 299, 300]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def store_and_model_agree(self) -> None:
        with self.bank.project.store.read() as connection:
            rows = connection.execute(select(messages.c.id, messages.c.state, messages.c.reason)).all()
            said = feeds.contacts(connection, self.customers, RUN_AT - timedelta(days=1))
        model = {key: "failed" if one.state == "bounced" else one.state for key, one in self.model.items()}
        assert {row.id: row.state for row in rows} == model, rows
        for customer in self.customers:
            times = [one.at for one in said.get(customer, ()) if one.status != "released"]
            mine = [one.at for one in self.model.values() if one.customer == customer and one.state in TAKES_ROOM]
            assert sorted(times) == sorted(mine)
            for start in times:
                assert sum(start <= time < start + timedelta(hours=HOURS) for time in times) <= LIMIT


@contextmanager
def bank_with_a_cap(sqlite_template: Path) -> Iterator[tuple[Bank, list[str]]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ccm.db"
        path.write_bytes(sqlite_template.read_bytes())
        bank = make_bank(Path(folder), f"sqlite:///{path}")
        project = bank.project
        bank.approve("savings-offer")
        cap = Cap(id="offers-hours", categories=("offers",), limit=LIMIT, hours=HOURS)
        compiled = project.compiled("savings-offer")
        changes = {"purpose": "servicing", "channels": ("email",), "urgent": True, "expires_after_hours": LASTS,
                   "obeys_caps": True, "counts_toward_caps": True,
                   "on_cap": "drop"}  # fmt: skip
        offer = Communication.model_validate(compiled.communication.model_dump() | changes)
        project.workspace = replace(
            project.workspace, policy=project.workspace.policy.model_copy(update={"caps": (cap,)}),
            communications={**project.workspace.communications, "savings-offer": offer},
        )  # fmt: skip
        project._compiled = {"savings-offer": replace(compiled, communication=offer)}
        with project.store.write() as connection:
            for table in (preferences, cases):
                connection.execute(delete(table))
            everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        yield bank, [one.id for one in everybody if one.status == "active" and one.reach("email")][:2]
        project.store.close()


def test_whatever_happens_in_whatever_order_store_and_model_agree(sqlite_template: Path) -> None:
    with bank_with_a_cap(sqlite_template) as (bank, customers):
        Ledger.bank, Ledger.customers = bank, customers
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
