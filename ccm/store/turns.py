"""Writers of one SQLite file take turns by a lock beside it.

SQLite would keep them apart by itself, but who has to wait there looks again after 1, 2, 5, 10, 15, 20 and 25 ms, and
then every 50 to 100 ms: with two busy writers each loses a tenth of its time.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOK = 0.0005
"""Seconds between two looks at whether it is our turn."""
_PATIENCE = 60.0
"""Seconds, then SQLite's own lock decides: somebody may have been stopped in the middle of a transaction."""
_held: set[int] = set()


@contextmanager
def turn(database: Path) -> Iterator[None]:
    """Waits for the writers before this one. The system ends a turn where its process dies.

    The lock is open to those who may write to the database: to hold it one need only read it, and whoever may only
    read the database must not keep its writers waiting.
    """
    descriptor = _lock_of(database)
    if descriptor is None:
        yield
        return
    _held.add(descriptor)
    try:
        _wait(descriptor)
        yield
    finally:
        # Not by closing alone: a process that is being forked by another thread may have a copy.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        _held.discard(descriptor)
        os.close(descriptor)


def _lock_of(database: Path) -> int | None:
    """The open lock; None where this user may not open or make it: SQLite's own is enough, only slower."""
    try:
        mode = stat.S_IMODE(database.stat().st_mode)
    except FileNotFoundError:
        mode = 0o600
    writers = mode & 0o222
    try:
        return os.open(f"{database}-turn", os.O_RDONLY | os.O_CREAT, writers | writers << 1)
    except OSError:
        return None


def _wait(descriptor: int) -> None:
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK)
        except OSError:  # on a file system without such locks: SQLite's own is enough, only slower
            return
        else:
            return


def _leave_to_parent() -> None:
    """A forked process has copies of its parent's descriptors, and would keep the turn of one that was killed."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_leave_to_parent)
