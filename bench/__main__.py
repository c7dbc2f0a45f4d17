"""``python -m bench``: prints every measurement; takes ten minutes on two cores."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import bank, decide, endtoend, exactness, log, naive, reserve, stages, workspace
from bench.bank import Bank
from bench.measure import Row, ready, side_by_side

OFFERS = (1_500, 6_000)
STATEMENTS = (40, 160)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"Stages: medians of 5 rounds on one of {os.cpu_count()} cores, and times as quick as the naive way\n")
        made = bank.make(Path(folder), 1_000)
        for row in _stages(made):
            print(row.told(), flush=True)
        merge = _mail_merge(made, Path(folder))
        made.project.store.close()
    print("\nThe audit log on SQLite\n")
    log.main()
    print("\nDecide and reserve, end to end without rendering (wall clock)\n")
    reserve.main()
    print("\nExactness of caps: eight processes for a minute, with random kills\n", flush=True)
    exactness.main([])
    print("\nWhole runs on SQLite (wall clock, all cores), each step in a process of its own\n")
    for customers, statements in zip(OFFERS, STATEMENTS, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            for line in _whole(Path(folder), customers, statements, merge):
                print(line, flush=True)


def _stages(made: Bank) -> Iterator[Row]:
    yield stages.data(made)
    yield stages.deciding(made)
    yield decide.deciding()
    yield from stages.mail(made)
    yield stages.sms(made)
    yield from stages.letter(made)
    yield stages.checking(made)
    yield stages.compiling(made)
    yield stages.workspace_check(made.project.workspace.root)
    yield from workspace.compile_rows()
    yield stages.recording(made)


def _mail_merge(made: Bank, folder: Path) -> float:
    """Messages per second of the naive program: no decision, no check, no log; each message to a file."""
    wanted, offer = made.contexts("savings-offer", "email", 30), naive.NaiveOffer(made.project.workspace)

    def merge() -> None:
        for context in wanted:
            (folder / f"{context.message_id}.eml").write_bytes(offer.email(context))

    return 1 / side_by_side("mail merge", "messages", ready(merge, len(wanted)), clock=time.perf_counter).seconds


def _whole(folder: Path, customers: int, statements: int, merge: float) -> Iterator[str]:
    place = str(folder)
    endtoend.step("write", place, str(customers))
    load = endtoend.step("load", place)
    yield (
        f"{customers:>6,} customers: import        {load['rows'] / load['seconds']:>8,.0f} rows/s"
        f"{'':<38} peak {load['mb']:,.0f} MB"
    )
    done = endtoend.step("compose", place, "savings-offer")
    sent = endtoend.step("send", place)
    whole = sent["sent"] / (done["seconds"] + sent["seconds"])
    yield (
        f"{'':>17} offer: compose {done['customers'] / done['seconds']:>8,.0f} customers/s, "
        f"{done['due'] / done['seconds']:,.0f} messages/s; "
        f"peak {done['mb']:,.0f} MB, worker {done['worker_mb']:,.0f} MB"
    )
    yield (f"{'':>17} offer: deliver {sent['sent'] / sent['seconds']:>8,.0f} messages/s; peak {sent['mb']:,.0f} MB")
    yield (f"{'':>17} offer: whole   {whole:>8,.0f} messages/s; a plain mail merge, one process: {merge:,.0f}/s")
    done = endtoend.step("compose", place, "quarterly-statement", str(statements))
    yield (
        f"{statements:>6,} customers: statements    {done['due'] / done['seconds']:>8,.1f} statements/s; "
        f"peak {done['mb']:,.0f} MB, worker {done['worker_mb']:,.0f} MB"
    )


if __name__ == "__main__":
    main()
