"""Python's collector of cyclic garbage, kept out of work that makes much and throws little away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """The collector waits until the work is done, where it was on; for work whose results stay.

    Otherwise it looks again and again through all that was read and compiled so far: a tenth of the time of both. Of
    threads that overlap, the first that is done switches it on again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
