"""Whole runs, each in a process of its own, so that peak memory is that run's."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import bank
from bench.measure import peak_mb, wall
from ccm.batch import coordinator, runs
from ccm.delivery import deliver


def offers(customers: int) -> dict[str, float]:
    """An offer to all customers of a new demo bank, composed and delivered; rates and memory."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.endtoend", str(customers)], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = bank.make(Path(folder), customers)
        made.approve("savings-offer")
        project = made.project
        run = runs.start(project, "savings-offer", bank.AT)
        composing = wall(lambda: coordinator.execute(project, run.id))
        sent = 0

        def send() -> None:
            nonlocal sent
            for moment in bank.DELIVER_AT:
                sent += deliver(project, moment=lambda moment=moment: moment).of("accepted")  # type: ignore[misc]

        delivering = wall(send)
        own, workers = peak_mb()
        print(json.dumps({
            "customers": customers, "sent": sent, "compose_per_s": customers / composing,
            "deliver_per_s": sent / delivering, "end_to_end_per_s": customers / (composing + delivering),
            "coordinator_mb": own, "worker_mb": workers,
        }))  # fmt: skip


if __name__ == "__main__":
    _main(int(sys.argv[1]))
