"""Proof that caps are exact: processes race for the same customers, some are killed, and everything is counted anew.

``python -m bench.exactness [--seconds 60] [--processes 8] [--customers 100]``, on SQLite and on PostgreSQL.
Triggers, chunks, deliveries and events of suppliers run at once on a clock that is fast, so that windows open and
close meanwhile. Afterwards two naive counts are made from the log, without the engine's code: no window of any cap
holds more messages than its limit, and the engine's own ledger says of each message what the log says; and for
every message refused for a cap or told to wait for one, when it was decided on or at its hand-off, the ledger as it
was then is built again from the log, and there was no room in it, nor any before the instant that it was to wait
for. The order of a customer's leaves is that of the transactions, because each takes the customer's guard first and
holds it until it commits.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy import delete, func, select

from bench import bank, servers
from bench.recount import NOT_COUNTED, Recount, recount
from ccm.compliance import approvals
from ccm.delivery import deliver
from ccm.errors import TryAgain
from ccm.inbound.receive import Event, receive
from ccm.intake.demo import write_demo_feed
from ccm.log import sequencer
from ccm.pipeline.compose import Occasion, compose
from ccm.pipeline.project import Project, open_project
from ccm.pipeline.record import record
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.engine import Store
from ccm.store.tables import cases, contacts, messages, preferences

START = datetime(2026, 4, 1, 14, tzinfo=UTC)
PACE = 720
"""Times as quick as a real clock: 12 hours in a minute, midnights in Tokyo and London, windows several times."""
PATIENCE = 60.0
"""Seconds after which a race ends though too little was handed over: then something is wrong."""
CHUNK = 25
CAPS = [
    {"id": "mail", "categories": ["offers"], "channels": ["email"], "limit": 2, "hours": 3},
    {"id": "text", "channels": ["sms"], "limit": 1, "hours": 5},
    {"id": "offers-day", "categories": ["offers"], "limit": 4, "per": "day"},
    {"id": "notices", "categories": ["notices"], "limit": 1, "hours": 2},
]
COMMUNICATIONS = {
    name: {"category": category, "channels": channels, "on_cap": on_cap, "expires_after_hours": 8}
    for name, category, channels, on_cap in (
        ("offer-or-nothing", "offers", ["email"], "drop"),
        ("offer-by-any-channel", "offers", ["email", "sms"], "fallback"),
        ("notice-later", "notices", ["email"], "defer"),
    )
}


@dataclass(frozen=True)
class FastClock:
    """Simulated time, the same in every process."""

    began: float

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self.began) * PACE)


@dataclass(frozen=True)
class Proof:
    """What happened, and what the counts found; `exact` is what must hold."""

    kills: int
    failed: int
    """Processes that ended with an error."""
    states: Counter[tuple[str, str]]
    counted: Recount

    @property
    def exact(self) -> bool:
        found = self.counted
        return not (self.failed or found.exceeded or found.wrongly_refused or found.unlike)

    def told(self) -> str:
        found = self.counted
        named = ", ".join(f"{state} {reason} {count}" for (state, reason), count in sorted(self.states.items()))
        return (
            f"{self.kills} kills, {self.failed} processes failed; {found.windows:,} windows counted,"
            f" {len(found.exceeded)} exceeded; {found.refusals:,} refusals and {found.deferrals:,} deferrals"
            f" ({found.held_again:,} at hand-off), {len(found.wrongly_refused)} wrong; {len(found.unlike)} messages of"
            f" which ledger and log differ\n    {named}"
            + "".join(f"\n    {what}" for what in (*found.exceeded, *found.wrongly_refused, *found.unlike)[:20])
        )


def workspace(root: Path) -> Path:
    """The starter workspace with caps that fill within hours, and three communications of one text."""
    bank.new_workspace(root)
    policy = root / "channels/policy.yaml"
    policy.write_text(yaml.safe_dump(yaml.safe_load(policy.read_text("utf-8")) | {"caps": CAPS}), "utf-8")
    for name in ("email", "sms"):
        file = root / f"channels/{name}.yaml"
        # Leases run on the fast clock: only the dead are to lose theirs.
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text("utf-8")) | {"lease_seconds": 999_999}), "utf-8")
    source = root / "templates/savings-offer"
    for name, own in COMMUNICATIONS.items():
        folder = root / "templates" / name
        for file in source.rglob("*"):
            if file.is_file() and "samples" not in file.parts and (file.stem != "sms" or "sms" in own["channels"]):
                target = folder / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        settings = yaml.safe_load((source / "communication.yaml").read_text("utf-8"))
        more = {"id": name, "purpose": "servicing", "obeys_caps": True, "counts_toward_caps": True, "urgent": True}
        whole = settings | more | own
        (folder / "communication.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    return root


def prepared(folder: Path, url: str, customers: int) -> Project:
    """An open project over the store at `url` with customers who may get all of it; its connections are closed."""
    project = open_project(workspace(folder / "bank"), clock=lambda: START)
    if url:
        project.store.close()
        project.store = Store(url)
        project.store.upgrade()
    write_demo_feed(folder / "feed", customers * 3, 7)
    bank.import_all(project, folder / "feed")
    with project.store.write() as connection:
        for table in (contacts, preferences, cases):
            connection.execute(delete(table))
    people = project.workspace.person
    for name in COMMUNICATIONS:
        release = project.compiled(name).release
        noted = project.record_release_action
        approvals.submit(project.store, release, people("mika"), START - timedelta(days=1), record=noted)
        approvals.approve(project.store, release.digest, people("aoi"), START - timedelta(hours=1), record=noted)
        project.compiled(name).renderer.preload()
    project.vault()
    project.signer()
    return project


def fought_over(project: Project, count: int) -> list[str]:
    """Ids of customers whose zone is known, so that calendar windows can be counted."""
    with project.store.read() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 1000)).values()
    wanted = [one.id for one in everybody if one.status == "active" and one.timezone and one.reach("email")]
    return wanted[:count]


def prove(
    folder: Path, url: str = "", *, seconds: float = 60.0, processes: int = 8, customers: int = 100, seed: int = 1,
    handed_over: int = 0,
) -> Proof:  # fmt: skip
    """Races for that long, then counts. `url`: a store without rows; empty: SQLite in `folder`.

    It races on until `handed_over` messages at least were handed over, however slow the machine is, for `PATIENCE` at
    most.
    """
    project = prepared(folder, url, customers)
    ids = fought_over(project, customers)
    project.store.close()
    project.clock = FastClock(time.time())
    end, chosen = time.monotonic() + seconds, random.Random(seed)
    over, stop = False, folder / "stop"
    running: dict[int, int] = {}
    begun = kills = failed = 0
    while not over or running:
        while len(running) < processes and not over:
            begun += 1
            running[_forked(project, ids, stop, seed * 1_000_000 + begun)] = begun
        time.sleep(max(0.1, seconds / 100))
        if not over and chosen.random() < 0.15:
            os.kill(chosen.choice(sorted(running)), signal.SIGKILL)
            kills += 1
        for process in list(running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                del running[process]
                failed += os.waitstatus_to_exitcode(status) not in (0, -signal.SIGKILL)
        late = time.monotonic() - end
        if not over and late >= 0 and (late >= PATIENCE or _handed_over(project) >= handed_over):
            over = True
            stop.touch()
    project.reopen()
    deliver(project)
    sequencer.integrate(project.store)
    with project.store.read() as connection:
        states, counted = recount(connection, CAPS, COMMUNICATIONS)
    project.store.close()
    return Proof(kills, failed, states, counted)


def _handed_over(project: Project) -> int:
    taken = contacts.c.status.not_in(("reserved", *NOT_COUNTED))
    with project.store.read() as connection:
        found = connection.scalar(select(func.count()).select_from(contacts).where(taken))
    project.store.close()  # children are forked from here
    return int(found or 0)


def _forked(project: Project, ids: list[str], stop: Path, seed: int) -> int:
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        project.reopen()
        _race(project, ids, stop, seed)
        status = 0
    finally:
        os._exit(status)


def _race(project: Project, ids: list[str], stop: Path, seed: int) -> None:
    chosen, number = random.Random(seed), 0
    while not stop.exists():
        number += 1
        name, what = chosen.choice(sorted(COMMUNICATIONS)), chosen.random()
        try:
            if what < 0.6:
                send(project, name, chosen.choice(ids), None, key=f"{seed}-{number}", at=project.clock())
            elif what < 0.9:
                occasion = Occasion(f"{name}/{seed}-{number}", f"race-{seed}-{number}", project.clock(), {})
                compiled = project.compiled(name)
                composed, _ = compose(project, compiled, occasion, sorted(chosen.sample(ids, min(CHUNK, len(ids)))))
                record(project, compiled, occasion, composed)
            elif what < 0.93:
                _fails(project, chosen)
            else:
                deliver(project)
        except TryAgain:
            continue  # nothing was recorded, and nobody was refused


def _fails(project: Project, chosen: random.Random) -> None:
    """A supplier says of a message that it failed after all, so that its slot is free again."""
    with project.store.read() as connection:
        taken = connection.scalars(select(messages.c.id).where(messages.c.state == "accepted").limit(100)).all()
    if taken:
        receive(project, [Event(kind="failed", at=project.clock(), message_id=chosen.choice(taken))])


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the proof and says what it found; ends with an error where caps are not exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--customers", type=int, default=100)
    given = parser.parse_args(arguments)
    exact = True
    with servers.postgresql() as url:
        for name, place in (("SQLite", ""), ("PostgreSQL", url)):
            if name == "PostgreSQL" and not url:
                print(f"PostgreSQL: {servers.NONE}")
                continue
            with tempfile.TemporaryDirectory() as folder:
                proof = prove(Path(folder), place, seconds=given.seconds, processes=given.processes,
                              customers=given.customers)  # fmt: skip
            print(f"{name}, {given.processes} processes, {given.seconds:g} s: {proof.told()}", flush=True)
            exact = exact and proof.exact
    if not exact:
        raise SystemExit("caps are not exact")


if __name__ == "__main__":
    main()
