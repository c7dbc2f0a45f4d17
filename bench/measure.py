"""Timing side by side, and telling."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5

Clock = Callable[[], float]
Prepare = Callable[[], Callable[[], object]]
"""Makes ready one round, untimed, and returns the work to time."""


@dataclass(frozen=True)
class Side:
    """One way of doing the work: each round does `items` of them."""

    prepare: Prepare
    items: int


@dataclass(frozen=True)
class Row:
    """One measured thing: seconds for one `unit`, medians of the rounds."""

    name: str
    unit: str
    seconds: float
    naive: float | None = None
    naive_name: str = ""

    def told(self) -> str:
        line = f"{self.name:<36}{self.seconds * 1e3:>10.3f} ms {1 / self.seconds:>10,.1f} {self.unit:<12}"
        if self.naive is not None:
            line += f"{self.naive / self.seconds:>7.1f} x  {self.naive_name} ({self.naive * 1e3:.3f} ms)"
        return line.rstrip()


def ready(work: Callable[[], object], items: int) -> Side:
    """Work that needs nothing made ready before a round."""
    return Side(lambda: work, items)


def side_by_side(
    name: str, unit: str, ours: Side, naive: Side | None = None, naive_name: str = "", *,
    clock: Clock = time.process_time, rounds: int = ROUNDS,
) -> Row:  # fmt: skip
    """Measures both ways in turns, so that a busy moment of the machine meets both; one round of each warms up.

    `clock` is this process's CPU time, or `time.perf_counter` where waiting for the disk belongs to the work.
    """
    sides = [ours] if naive is None else [ours, naive]
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, seconds in zip(sides, taken, strict=True):
            work = side.prepare()
            started = clock()
            work()
            if number:
                seconds.append((clock() - started) / side.items)
    medians = [statistics.median(seconds) for seconds in taken]
    return Row(name, unit, medians[0], medians[1] if naive else None, naive_name)


def wall(work: Callable[[], object]) -> float:
    """Wall seconds of one round."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mb(process: int | str = "self") -> float:
    """Peak resident memory of a process in MB, pages shared with its parent included; 0 where it has ended.

    From ``VmHWM`` of proc(5): `getrusage` also counts what the process was before it became this program.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)
