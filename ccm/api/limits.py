"""How often one caller may ask, counted in this process.

It slows down somebody who tries tokens or presses a button all day. A flood is for the proxy in front to stop: each
process counts for itself, and forgets when it ends.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from threading import Lock

from ccm.pipeline.project import Clock

WINDOW, HOUR = timedelta(minutes=1), timedelta(hours=1)
PER_TOKEN, PER_ADDRESS = 60, 600
"""In a minute. Many customers share an address (an office, a mobile network's gateway), none a token."""
LINKS_PER_ADDRESS, LINKS_PER_MAILBOX = 20, 1
"""In an hour: how often who calls from one address may ask for a lost link, and how often one mailbox is asked for."""
KEPT = 20_000
"""Callers that are remembered for a length of window, the latest ones; some 5 MB."""


def caller(kind: str, name: str) -> str:
    """What a caller is remembered by: neither addresses nor tokens stay in memory."""
    return sha256(f"{kind} {name}".encode()).hexdigest()


def network(address: str) -> str:
    """Whose address it is: of IPv6 the first 64 bits, of which a household has all addresses (RFC 6177, 2)."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    # Written as IPv6 all of IPv4 is one network (RFC 4291, 2.5.5.2): who is behind a proxy that does so would share it.
    return str(known.ipv4_mapped or ip_network((known, 64), strict=False))


class RateLimits:
    """Requests by caller, in windows that begin with a caller's first request. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Apart by length: a flood of tokens must not make us forget who has asked for links within the hour.
        self._seen: dict[timedelta, OrderedDict[str, tuple[datetime, int]]] = {}
        self._lock = Lock()

    def passes(self, caller: str, most: int, window: timedelta = WINDOW) -> bool:
        """Counts a request; whether it is one of the first `most` of the caller's window. A caller has one window."""
        now = self._clock()
        with self._lock:
            seen = self._seen.setdefault(window, OrderedDict())
            began, count = seen.pop(caller, (now, 0))
            if now - began >= window:
                began, count = now, 0
            seen[caller] = (began, count + 1)
            while len(seen) > KEPT:
                seen.popitem(last=False)
        return count < most
