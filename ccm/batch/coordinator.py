"""Works a run off: chunks go to worker processes, and whatever dies is done again.

Nothing here is needed to know how far a run is: that stands in the store. A coordinator or worker may be
killed at any instant; a chunk is recorded in one transaction or not at all.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select

from ccm.batch import runs
from ccm.batch.runs import Run
from ccm.batch.workers import forked, kill
from ccm.errors import Conflict, TryAgain
from ccm.pipeline.compose import compose
from ccm.pipeline.project import Project
from ccm.pipeline.record import ChunkClaim, record
from ccm.store.lease import owner
from ccm.store.tables import chunks

ATTEMPTS = 4
"""Tries of a chunk by one coordinator; from the second on, a message on which the engine fails, fails alone."""
RENEW_SECONDS = 5.0
CHUNK_SECONDS = 600.0
"""A chunk that takes longer is stuck (a deadlock in a library, say): its worker is killed and it is done again."""
RETRY_SECONDS = 0.5
"""Wait before a chunk is tried again that met a full disk or a busy store."""


@dataclass
class Progress:
    """How far this coordinator is. `outcomes` counts customers by (state, reason)."""

    customers: int
    done: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Result:
    number: int
    outcomes: Counter[tuple[str, str]]


def execute(
    project: Project, run_id: str, *, workers: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Run:  # fmt: skip
    """Composes and records every undone chunk of a run; returns the run as it is then.

    Raises `Conflict` where another coordinator works on it, where it was cancelled meanwhile, or where files
    of its communication changed since it started; `TryAgain` where a chunk keeps failing (full disk, a crash
    in a library): the run can be resumed.
    """
    run = runs.take(project, run_id, owner())
    compiled = project.compiled(run.communication)
    if compiled.release.digest != run.release:
        raise Conflict(
            f"run {run_id} was started with release {run.release[:12]}, but the files now give "
            f"{compiled.release.digest[:12]}; restore them, or cancel the run and start a new one"
        )
    compiled.renderer.preload()
    with project.store.read() as connection:
        rows = connection.execute(
            select(chunks.c.number, chunks.c.customer_ids, chunks.c.state)
            .where(chunks.c.run_id == run_id)
            .order_by(chunks.c.number)
        ).all()
    sizes = {number: len(orjson.loads(ids)) for number, ids, _ in rows}
    todo = [number for number, _, state in rows if state == "todo"]
    progress = Progress(run.intended, sum(sizes[number] for number, _, state in rows if state == "done"))
    on_progress(progress)
    if todo:
        _Coordinator(project, run, todo, sizes, workers or os.cpu_count() or 1, progress, on_progress).work()
    runs.finish(project, run)
    with project.store.read() as connection:
        return runs.get(connection, run_id)


class _Coordinator:
    def __init__(
        self, project: Project, run: Run, todo: list[int], sizes: dict[int, int], workers: int, progress: Progress,
        on_progress: Callable[[Progress], None],
    ) -> None:  # fmt: skip
        self.project, self.run, self.sizes, self.workers = project, run, sizes, workers
        self.progress, self.on_progress = progress, on_progress
        self.waiting = list(reversed(todo))
        self.attempts: Counter[int] = Counter()
        self.renewed = time.monotonic()

    def work(self) -> None:
        while self.waiting:
            # Forked children inherit the compiled templates, and must not inherit an open connection.
            self.project.store.close()
            with forked(self.workers, _enter_worker, self.project, self.run) as pool:
                self._drain(pool)

    def _drain(self, pool: ProcessPoolExecutor) -> None:
        """Works until nothing waits, or until a worker died: then what was in flight waits again."""
        flying: dict[Future[_Result], int] = {}
        broken = False
        landed = time.monotonic()
        while (self.waiting or flying) and not broken:
            self._keep_lease()
            # One chunk more than workers, so that none of them waits for this loop.
            while self.waiting and len(flying) <= self.workers and not broken:
                number = self.waiting[-1]
                try:
                    flying[pool.submit(_work, number, self.attempts[number] > 0)] = number
                except BrokenProcessPool:
                    broken = True
                else:
                    self.attempts[self.waiting.pop()] += 1
            done, _ = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
            if done:
                landed = time.monotonic()
            elif time.monotonic() - landed > CHUNK_SECONDS:
                kill(pool)  # what was in flight fails now, and is done again
            for future in done:
                number, error = flying.pop(future), future.exception()
                if error is None:
                    self._landed(future.result())
                elif isinstance(error, Conflict):
                    raise error
                else:
                    broken = broken or isinstance(error, BrokenProcessPool)
                    self._again(number, error)
        for number in flying.values():
            self._again(number, BrokenProcessPool("a worker process died"))

    def _again(self, number: int, error: BaseException) -> None:
        if self.attempts[number] >= ATTEMPTS:
            raise TryAgain(
                f"chunk {number} of run {self.run.id} failed {ATTEMPTS} times, last with: {error}; nothing of it "
                f"was recorded; mend the cause, then: ccm run resume {self.run.id}"
            ) from error
        self.waiting.append(number)
        if isinstance(error, TryAgain):
            time.sleep(RETRY_SECONDS)

    def _landed(self, result: _Result) -> None:
        self.progress.done += self.sizes[result.number]
        self.progress.outcomes.update(result.outcomes)
        self.on_progress(self.progress)

    def _keep_lease(self) -> None:
        if time.monotonic() - self.renewed < RENEW_SECONDS:
            return
        if not runs.renew(self.project, self.run):
            raise Conflict(f"run {self.run.id} was cancelled, or another coordinator took it over")
        self.renewed = time.monotonic()


_project: Project
_run: Run


def _enter_worker(project: Project, run: Run) -> None:
    """Runs first in a worker: own connections."""
    global _project, _run
    project.reopen()
    _project, _run = project, run


def _work(number: int, isolate: bool) -> _Result:
    with _project.store.read() as connection:
        customer_ids, state = connection.execute(
            select(chunks.c.customer_ids, chunks.c.state).where(chunks.c.run_id == _run.id, chunks.c.number == number)
        ).one()
    if state == "done":  # recorded by a worker that died before it could say so
        return _Result(number, Counter())
    compiled = _project.compiled(_run.communication)
    occasion = _run.occasion()
    composed, made_of = compose(_project, compiled, occasion, orjson.loads(customer_ids), isolate=isolate)
    claim = ChunkClaim(_run.id, number, _run.fence, made_of)
    recorded = record(_project, compiled, occasion, composed, claim, isolate=isolate)
    return _Result(number, Counter((outcome.state, outcome.reason) for outcome in recorded if not outcome.part))
