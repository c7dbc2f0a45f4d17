"""Decide and reserve, end to end but for rendering: what is known read, decided, reserved under lock, recorded, logged.

``python -m bench.reserve``: wall clock, on SQLite with ``synchronous=FULL`` and on PostgreSQL that waits for the disk.
Chunks of 1,000 customers go to two workers of a run; beside it, one process does the same for one after another.
Messages are short texts made ready before, in place of rendered ones; all else is what a run does, the archive with
its encryption and the digest of the inputs included.
"""

from __future__ import annotations

import hashlib
import os
import resource
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from sqlalchemy import delete, func, insert, select

from bench import bank, servers
from bench.bank import AT
from ccm.batch.workers import forked
from ccm.decide import Facts, decide
from ccm.intake.demo import write_demo_feed
from ccm.model.message import ApprovedMessage, Decision, Rendered
from ccm.pipeline.compose import Composed, Occasion, material, message_id
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Compiled, Project, open_project
from ccm.pipeline.record import ChunkClaim, record
from ccm.store import feeds
from ccm.store.engine import Store
from ccm.store.tables import chunks, contacts, messages, runs

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "12000"))
CHUNK = 1_000
PROCESSES = 2
ROUNDS = 5
ONE_BY_ONE = 200
COMMUNICATION = "savings-offer"
_project: Project
"""A worker's own."""
BODY = b"A short text in the place of a rendered message, as long as one text message may be: it says who writes, what"
TEXT = Rendered("sms", "text/plain", BODY, BODY.decode(), segments=1)


def chunk(project: Project, name: str, customer_ids: Sequence[str]) -> int:
    """One chunk, from what is known to the commit; returns how many messages are due."""
    compiled = project.compiled(COMMUNICATION)
    occasion = Occasion(name, name, AT, {})
    workspace = project.workspace
    with project.store.read() as connection:
        known = gather(connection, project, compiled.communication, customer_ids, AT)
    composed, made_of = [], hashlib.sha256()
    for customer_id, facts in known.items():
        made_of.update(material(customer_id, facts, None))
        decision = decide(compiled.communication, workspace.policy, workspace.channels, facts, AT)
        composed.append(_composed(compiled, occasion, facts, decision))
    claim = ChunkClaim(name, 0, 0, made_of.hexdigest())
    recorded = record(project, compiled, occasion, composed, claim, given={})
    return sum(outcome.state == "due" for outcome in recorded)


def _composed(compiled: Compiled, occasion: Occasion, facts: Facts, decision: Decision) -> Composed:
    customer = facts.customer
    key = message_id(occasion.trigger_key(customer.id), COMMUNICATION, customer.id)
    language = compiled.communication.language_for(customer.language) or ""
    state, message, rendered = "withheld", None, None
    if decision.send and decision.channel is not None:
        state, rendered = "due", TEXT
        message = ApprovedMessage(
            key, COMMUNICATION, customer.id, decision.channel, language, customer.reach(decision.channel) or "",
            "text/plain", BODY, "", compiled.release.digest, customer.jurisdiction,
        )  # fmt: skip
    return Composed(
        key, decision, state, decision.reason, decision.detail, language, customer.jurisdiction, message, rendered,
        facts=facts,
    )  # fmt: skip


def planned(project: Project, names: Sequence[str]) -> None:
    """Runs of these names, of one chunk each, for `chunk` to record."""
    run = {"communication": COMMUNICATION, "at": AT, "release": project.compiled(COMMUNICATION).release.digest,
           "state": "running", "parameters": "{}", "intended": 0, "fence": 0, "created_at": AT}  # fmt: skip
    with project.store.write() as connection:
        connection.execute(insert(runs), [{"id": name, **run} for name in names])
        todo = {"number": 0, "customer_ids": "[]", "state": "todo"}
        connection.execute(insert(chunks), [{"run_id": name, **todo} for name in names])


def prepared(folder: Path, url: str) -> Project:
    """The demo bank in the store at `url`, or in SQLite where that is empty."""
    project = open_project(bank.new_workspace(folder / "bank"))
    if url:
        project.store.close()
        project.store = Store(url)
        project.store.upgrade()
    write_demo_feed(folder / "feed", CUSTOMERS, 7)
    bank.import_all(project, folder / "feed")
    bank.Bank(project).approve(COMMUNICATION)
    project.vault()
    return project


def measured(project: Project) -> Mapping[str, float]:
    """Customers a second: in chunks by `PROCESSES`, in chunks by one (medians of `ROUNDS`), and one by one."""
    with project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, CUSTOMERS)
    parts = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    planned(project, [f"warm-{number}" for number in range(len(parts))])
    for number, part in enumerate(parts):  # keys of customers and names for the log are made once in their lives
        chunk(project, f"warm-{number}", part)
    found = {}
    for processes, name in ((PROCESSES, f"{PROCESSES} processes"), (1, "1 process")):
        rounds = []
        for number in range(ROUNDS):
            _forget(project)
            rounds.append(_raced(project, parts, processes, f"{processes}-{number}"))
        found[name] = len(ids) / median(wall for wall, _ in rounds)
        found[f"{name}, best round"] = len(ids) / min(wall for wall, _ in rounds)
        found[f"{name}, CPU ms a thousand"] = median(cpu for _, cpu in rounds) * 1e6 / len(ids)
    _forget(project)
    planned(project, [f"single-{customer_id}" for customer_id in ids[:ONE_BY_ONE]])
    started = time.perf_counter()
    for customer_id in ids[:ONE_BY_ONE]:
        chunk(project, f"single-{customer_id}", [customer_id])
    found["one by one"] = ONE_BY_ONE / (time.perf_counter() - started)
    return found


def _forget(project: Project) -> None:
    """Makes the caps as empty as they were: a round must not meet the messages of the one before."""
    with project.store.write() as connection:
        connection.execute(delete(contacts).where(contacts.c.status == "reserved"))


def _raced(project: Project, parts: Sequence[Sequence[str]], processes: int, name: str) -> tuple[float, float]:
    """Wall seconds in which that many workers of a run work off the chunks, and all their CPU seconds."""
    named = [(f"round-{name}-{number}", part) for number, part in enumerate(parts)]
    planned(project, [name for name, _ in named])
    project.store.close()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with forked(processes, _enter, project, parts[0][0]) as pool:
        deque(pool.map(time.sleep, [0.5] * processes), 0)  # until all are there
        started = time.perf_counter()
        deque(pool.map(_work, named), 0)
        seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    project.reopen()
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _enter(project: Project, customer_id: str) -> None:
    global _project
    project.reopen()
    _project = project
    name = f"own-{os.getpid()}"
    planned(project, [name])
    chunk(project, name, [customer_id])  # its connections and caches


def _work(named: tuple[str, Sequence[str]]) -> None:
    chunk(_project, *named)


def told(name: str, project: Project) -> str:
    """One line for people."""
    found = measured(project)
    with project.store.read() as connection:
        due = connection.scalar(select(func.count()).select_from(messages).where(messages.c.state == "due")) or 0
        every = connection.scalar(select(func.count()).select_from(messages)) or 1
    rates = "; ".join(f"{way} {rate:,.0f}" for way, rate in found.items())
    times = found[f"{PROCESSES} processes"] / found["one by one"]
    return f"{name:<11} decide and reserve, customers/s: {rates} ({times:.0f} x); {due / every:.0%} due"


def main() -> None:
    """Prints a line a database, and how quick the machine is now."""
    started = time.perf_counter()
    total = 0
    for number in range(10_000_000):
        total += number
    print(f"calibration: 10^7 additions in {time.perf_counter() - started:.2f} s (0.65 s where nothing else runs)")
    with tempfile.TemporaryDirectory() as folder:
        print(told("SQLite", prepared(Path(folder), "")), flush=True)
    with servers.postgresql() as url, tempfile.TemporaryDirectory() as folder:
        print(told("PostgreSQL", prepared(Path(folder), url)) if url else f"PostgreSQL: {servers.NONE}", flush=True)


if __name__ == "__main__":
    main()
