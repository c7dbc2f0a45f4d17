"""Timing and telling."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One measured thing: `seconds` is the median of the rounds for one `unit`."""

    name: str
    seconds: float
    unit: str
    naive: float | None = None
    naive_name: str = ""

    def told(self) -> str:
        rate = 1 / self.seconds if self.seconds else 0
        line = f"{self.name:<34} {self.seconds * 1e3:>10.3f} ms  {rate:>12,.0f} {self.unit}/s"
        if self.naive is not None:
            line += f"   {self.naive / self.seconds:>7.1f} x {self.naive_name} ({self.naive * 1e3:.2f} ms)"
        return line


def per_item(work: Callable[[], object], items: int, rounds: int = ROUNDS) -> float:
    """Median CPU seconds (this process) for one item, where `work` does `items` of them; one round warms up."""
    work()
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append((time.process_time() - started) / items)
    return statistics.median(taken)


def wall(work: Callable[[], object]) -> float:
    """Wall seconds of one round."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mb() -> tuple[float, float]:
    """Peak resident memory of this process and of the largest child that ended, in MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return own, children
