"""Whole runs at two sizes: each step in a process of its own, so that peak memory is that step's."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench import bank
from bench.bank import Bank
from bench.measure import peak_mb, wall
from ccm.batch import coordinator, runs
from ccm.delivery import deliver
from ccm.intake.demo import write_demo_feed
from ccm.pipeline.project import open_project

Result = Mapping[str, float]


def step(*arguments: str) -> Result:
    """Runs one of this module's steps in a new process."""
    command = [sys.executable, "-m", "bench.endtoend", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: Result = json.loads(done.stdout)
    return result


def write(folder: Path, customers: int) -> Result:
    """The exports of the invented bank."""
    write_demo_feed(folder / "feed", customers, 7)
    return {}


def load(folder: Path) -> Result:
    """A new workspace, and all feeds imported."""
    project = open_project(bank.new_workspace(folder / "bank"))
    seconds = wall(lambda: bank.import_all(project, folder / "feed"))
    peak, rows = peak_mb(), 0
    for kind in bank.KINDS:
        with (folder / "feed" / f"{kind}.csv").open(encoding="utf-8") as lines:
            rows += sum(1 for _ in lines) - 1
    return {"seconds": seconds, "rows": rows, "mb": peak}


def compose(folder: Path, communication: str, limit: int | None) -> Result:
    """A run up to the point where its messages wait to be sent."""
    made = Bank(open_project(folder / "bank"))
    made.approve(communication)
    run = runs.start(made.project, communication, bank.AT, limit=limit)
    workers: list[float] = []
    due = 0

    def watch(progress: coordinator.Progress) -> None:
        nonlocal due
        due = sum(count for (state, _), count in progress.outcomes.items() if state == "due")
        workers.extend(peak_mb(child.pid or 0) for child in multiprocessing.active_children())

    seconds = wall(lambda: coordinator.execute(made.project, run.id, on_progress=watch))
    return {
        "customers": run.intended,
        "due": due,
        "seconds": seconds,
        "mb": peak_mb(),
        "worker_mb": max(workers, default=0),
    }


def send(folder: Path) -> Result:
    """Everything that waits, delivered to the outbox."""
    project = open_project(folder / "bank")
    sent = 0

    def both() -> None:
        nonlocal sent
        for at in bank.DELIVER_AT:
            delivered = deliver(project, moment=lambda at=at: at)  # type: ignore[misc]
            sent += sum(count for (_, name), count in delivered.outcomes.items() if name == "accepted")

    return {"seconds": wall(both), "sent": sent, "mb": peak_mb()}


def _main(name: str, folder: str, *rest: str) -> Result:
    root = Path(folder)
    if name == "write":
        return write(root, int(rest[0]))
    if name == "compose":
        return compose(root, rest[0], int(rest[1]) if rest[1:] else None)
    return {"load": load, "send": send}[name](root)


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
