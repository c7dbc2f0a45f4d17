"""How often one caller may ask, counted in this process.

It slows down somebody who tries tokens or presses a button all day. A flood is for the proxy in front to stop: each
process counts for itself, and forgets when it ends.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from ccm.pipeline.project import Clock

WINDOW = timedelta(minutes=1)
PER_TOKEN, PER_ADDRESS = 60, 600
"""In a window. Many customers share an address (an office, a mobile network's gateway), none a token."""
KEPT = 20_000
"""Callers that are remembered, the latest ones; some 5 MB."""


class RateLimits:
    """Requests by caller, in windows that begin with a caller's first request. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def passes(self, caller: str, most: int) -> bool:
        """Counts a request; whether it is one of the first `most` of the caller's window."""
        now = self._clock()
        with self._lock:
            began, count = self._seen.pop(caller, (now, 0))
            if now - began >= WINDOW:
                began, count = now, 0
            self._seen[caller] = (began, count + 1)
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return count < most
