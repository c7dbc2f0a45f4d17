"""``python -m bench``: prints every measurement; takes about two minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import bank, endtoend, stages

SIZES = (2_000, 8_000)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = bank.make(Path(folder), 1_000)
        print("Stages, median CPU of one core, and how many times the naive way takes in the same run\n")
        for stage in (stages.deciding, stages.email, stages.sms, stages.checking, stages.logging):
            print(stage(made).told(), flush=True)
        for row in stages.letter(made):
            print(row.told(), flush=True)
        made.project.store.close()
    print("\nAn offer to every customer, end to end on SQLite (wall clock, all cores)\n")
    for size in SIZES:
        r = endtoend.offers(size)
        print(
            f"{size:>7,} customers: compose {r['compose_per_s']:,.0f}/s, deliver {r['deliver_per_s']:,.0f}/s, "
            f"end to end {r['end_to_end_per_s']:,.0f} customers/s; peak memory {r['coordinator_mb']:,.0f} MB "
            f"(coordinator), {r['worker_mb']:,.0f} MB (worker)",
            flush=True,
        )


if __name__ == "__main__":
    main()
