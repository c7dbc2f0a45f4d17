"""Worker processes that inherit what is loaded, and die with the one that forked them."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial

PR_SET_PDEATHSIG = 1  # prctl(2)
COLLECTED = 50_000, 20, 100
"""When a worker's collector looks for garbage, as `gc.set_threshold` takes it. A chunk makes tens of thousands of
values at once, of which nothing is garbage until it is done: Python's own thresholds cost a twentieth of its time."""


@contextmanager
def forked(workers: int, enter: Callable[..., None], *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes; `enter` runs first in each, with the arguments. They are killed where the block fails.

    Children must not inherit an open connection: close what is open before.
    """
    # What is there now is shared with the children as long as nobody's collector writes to it.
    gc.collect()
    gc.freeze()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(workers, context, initializer=partial(_begin, os.getpid(), enter, *arguments))
    try:
        yield pool
    except BaseException:
        kill(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()


def kill(pool: ProcessPoolExecutor) -> None:
    """Ends the pool's processes at once; what was in flight fails."""
    for process in list(pool._processes.values()):
        process.kill()


def _begin(parent: int, enter: Callable[..., None], *arguments: object) -> None:
    _die_with_parent(parent)
    gc.set_threshold(*COLLECTED)
    enter(*arguments)


def _die_with_parent(parent: int) -> None:
    """Makes this process end with the one that forked it, whose id is `parent`, and leaves Ctrl-C to that one."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the line above took hold
    signal.signal(signal.SIGINT, signal.SIG_IGN)
