"""All decisions about one message in one trace: the first, and each by which it was held or withheld at hand-off.

A message that goes as it was first decided has the trace of that decision alone. Else its trace is a byte 3, and then
each decision's trace after its length (32-bit, big-endian), oldest first. It only ever grows at its end, so that the
digest of the whole vouches for all, and each earlier digest in the log for what was there by then.
"""

from __future__ import annotations

import struct

from ccm.errors import IntegrityError

CHAIN = b"\3"
_LENGTH = struct.Struct(">I")


def appended(packed: bytes, trace: bytes) -> bytes:
    """A message's trace with one more decision at its end."""
    whole = packed if packed[:1] == CHAIN else CHAIN + _framed(packed)
    return whole + _framed(trace)


def links(packed: bytes) -> tuple[bytes, ...]:
    """The trace of each decision, oldest first; one for a message that was decided on once.

    Raises `IntegrityError` where the bytes are no chain though they begin like one.
    """
    if packed[:1] != CHAIN:
        return (packed,)
    found, place = [], 1
    while place < len(packed):
        start = place + _LENGTH.size
        if start > len(packed):
            raise IntegrityError(f"a trace of {len(packed)} bytes ends within a length")
        place = start + _LENGTH.unpack_from(packed, place)[0]
        if place > len(packed):
            raise IntegrityError(f"a trace of {len(packed)} bytes ends within a decision")
        found.append(packed[start:place])
    if len(found) < 2:
        raise IntegrityError("a trace of several decisions holds fewer than two")
    return tuple(found)


def _framed(trace: bytes) -> bytes:
    return _LENGTH.pack(len(trace)) + trace
