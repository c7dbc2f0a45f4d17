"""Traces read back: facts and outcome as they were packed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import orjson
from pydantic import TypeAdapter

from ccm.decide.codes import WORDS
from ccm.decide.facts import UNSAID, Facts
from ccm.decide.grounds import Grounds
from ccm.decide.packing import BITS, EPOCH, HEAD, MICROSECOND, NAMES, UNITS, VERSION, midnight
from ccm.errors import IntegrityError
from ccm.model.customer import Case, Consent, Contact, Customer, PostalAddress, Preference, Relation, Suppression
from ccm.model.message import Candidate, Decision

T = TypeVar("T")
_SECOND = 1_000_000
_CASE, _SUPPRESSION, _RELATION = TypeAdapter(Case), TypeAdapter(Suppression), TypeAdapter(Relation)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a message's row keeps of its decision."""

    outcome: Decision
    """As recorded; its `rules` are those of the decision, then those that the message was checked by."""
    facts: Facts | None
    """What it was taken from: no names, no addresses (each that there is reads ``-``). None: nothing was known."""
    grounds: str
    """Digest of the grounds; empty in traces of before, which hold no facts either."""


def grounds_of(packed: bytes) -> str:
    """The digest of the grounds that a trace was packed under; empty in a trace of before."""
    return "" if packed[:1] == b"[" else _head(packed)[0]


def unpack(packed: bytes, grounds: Grounds | None, customer_id: str, communication: str, at: datetime) -> Trace:
    """A trace as it was packed, or the JSON list of its outcome that it was before there were packed ones.

    `grounds` are those of `grounds_of`; the rest stands in the message's row.

    Raises `IntegrityError` where the bytes are no trace.
    """
    if packed[:1] == b"[":
        return Trace(_of_before(packed, customer_id, communication, at), None, "")
    digest, micros = _head(packed)
    if grounds is None or grounds.digest != digest:
        raise IntegrityError(f"a trace was packed under policy {digest}, which is not the one at hand")
    try:
        at = EPOCH + micros * MICROSECOND
        reader = Reader(packed, HEAD.size, grounds, midnight(at), customer_id)
        outcome = reader.outcome(communication, at)
        facts = reader.facts() if reader.truth() else None
        reader.end()
    except (ValueError, LookupError, OverflowError) as error:
        raise IntegrityError(f"a trace of {len(packed)} bytes is damaged: {type(error).__name__}") from error
    return Trace(outcome, facts, digest)


def outcome_bytes(decision: Decision) -> bytes:
    """Everything that was decided, as canonical JSON: two decisions are the same where these bytes are."""
    return orjson.dumps(decision._asdict(), option=orjson.OPT_SORT_KEYS)


def _head(packed: bytes) -> tuple[str, int]:
    try:
        version, digest, micros = HEAD.unpack_from(packed)
    except struct.error as error:
        raise IntegrityError(f"a trace of {len(packed)} bytes is too short to be one") from error
    if version != VERSION:
        raise IntegrityError(f"a trace of version {version}: this engine reads {VERSION} and older ones")
    if not -62_135_596_800 * _SECOND <= micros < 253_402_300_800 * _SECOND:
        raise IntegrityError("a trace is about no time between the years 1 and 9999")
    return digest.hex(), micros


def _of_before(packed: bytes, customer_id: str, communication: str, at: datetime) -> Decision:
    try:
        reason, detail, candidates, *rest = orjson.loads(packed)
        variant, rules = (*rest, "", ())[:2]
        found = tuple(Candidate(*candidate) for candidate in candidates)
        taken = next((candidate.channel for candidate in found if candidate.taken), None)
        send = reason in ("preferred", "default_order", "fallback")
        return Decision(
            customer_id, communication, at, send, reason, taken if send else None, None, found, detail,
            variant or "", tuple(rules or ()),
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise IntegrityError(f"a trace of {len(packed)} bytes is damaged: {type(error).__name__}") from error


class Reader:
    """Reads what `Writer` wrote. Bytes that it did not write raise `IntegrityError`, `ValueError` or `LookupError`.

    No list is longer than the bytes that are left, so that what comes out is never much larger than what went in.
    """

    def __init__(self, packed: bytes, start: int, grounds: Grounds, base: datetime, customer_id: str) -> None:
        self._packed, self._place = packed, start
        self._grounds, self._base, self._customer_id = grounds, base, customer_id

    def number(self) -> int:
        found = shift = 0
        while True:
            byte = self._packed[self._place]
            self._place += 1
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7
            if shift > 63:
                raise IntegrityError("a number in a trace is longer than 64 bits")

    def word(self) -> str:
        code = self.number()
        if code >= NAMES:
            return self._grounds.names[code - NAMES]
        if code:
            return WORDS[code - 1]
        length = self.number()
        start, self._place = self._place, self._place + length
        if self._place > len(self._packed):
            raise IntegrityError("a word in a trace ends behind its end")
        return self._packed[start : self._place].decode()

    def words(self) -> tuple[str, ...]:
        return self._rows(self.word)

    def truth(self) -> bool:
        found = self.number()
        if found not in (1, 2):
            raise IntegrityError(f"a trace has {found} where 1 or 2 says no or yes")
        return found == 2

    def maybe(self) -> datetime | None:
        code = self.number() - 1
        if code < 0:
            return None
        count = code >> 3
        return self._base + (-count if code & 4 else count) * UNITS[code & 3]

    def time(self) -> datetime:
        found = self.maybe()
        if found is None:
            raise IntegrityError("a time is missing in a trace")
        return found

    def outcome(self, communication: str, at: datetime) -> Decision:
        send, reason, detail, channel, variant, digest = self.truth(), *(self.word() for _ in range(5))
        due, rules, also = self.maybe(), self.words(), self.words()
        candidates = self._rows(lambda: Candidate(self.word(), self.truth(), self.word(), self.word()))
        return Decision(
            self._customer_id, communication, at, send, reason, channel or None, due, candidates, detail, variant,
            rules, also, digest,
        )  # fmt: skip

    def facts(self) -> Facts:
        return Facts(
            self._customer(self._customer_id), self._rows(self._preference), self._rows(self._consent),
            self._rows(self._case), self._rows(self._contact), self._grounds.requirements,
            self._rows(self._suppression), self._rows(self._relation),
            self._customer(UNSAID) if self.truth() else None,
        )  # fmt: skip

    def end(self) -> None:
        """Nothing may follow."""
        if self._place != len(self._packed):
            raise IntegrityError(f"a trace goes on for {len(self._packed) - self._place} bytes behind its end")

    def _rows(self, row: Callable[[], T]) -> tuple[T, ...]:
        count = self.number()
        if count > len(self._packed) - self._place:
            raise IntegrityError(f"a trace has no room for a list of {count} rows")
        return tuple(row() for _ in range(count))

    def _preference(self) -> Preference:
        category, channel, rank, allowed, hours = self.word(), self.word(), self.number(), self.truth(), self.word()
        return Preference(
            customer_id=self._customer_id, category=category, channel=channel, rank=rank - 1 if rank else None,
            allowed=allowed, hours=hours, paused_until=self.maybe(),
        )  # fmt: skip

    def _consent(self) -> Consent:
        purpose, channel, basis, granted = self.word(), self.word(), self.word(), self.truth()
        return Consent(
            customer_id=self._customer_id, purpose=purpose, channel=channel, basis=basis, granted=granted,
            at=self.time(),
        )  # fmt: skip

    def _case(self) -> Case:
        case_id, kind, status, channel = (self.word() for _ in range(4))
        return _CASE.validate_python({
            "case_id": case_id, "customer_id": self._customer_id, "kind": kind, "status": status, "channel": channel,
            "opened_at": self.time(), "closed_at": self.maybe(),
        })  # fmt: skip

    def _contact(self) -> Contact:
        communication, category, channel, status, purpose, priority = (self.word() for _ in range(6))
        return Contact(
            customer_id=self._customer_id, communication=communication, category=category, channel=channel,
            status=status, purpose=purpose, priority=priority, counts=self.truth(), at=self.time(),
        )  # fmt: skip

    def _suppression(self) -> Suppression:
        kind, channel = self.word(), self.word()
        return _SUPPRESSION.validate_python({
            "customer_id": self._customer_id, "kind": kind, "channel": channel, "at": self.time(),
            "until": self.maybe(),
        })  # fmt: skip

    def _relation(self) -> Relation:
        return _RELATION.validate_python({
            "customer_id": self._customer_id, "kind": self.word(), "related_id": UNSAID, "purposes": self.words(),
        })  # fmt: skip

    def _customer(self, customer_id: str) -> Customer:
        reach = self.number()
        status, jurisdiction, language, zone, form, country, region, zones = (self.word() for _ in range(8))
        line = UNSAID if reach & BITS["letter"] else ""
        points = {channel: UNSAID for channel, bit in BITS.items() if reach & bit and channel != "letter"}
        if "sms" in points:
            points["sms"] += zones
        return Customer.model_validate({
            "id": customer_id, "status": status, "jurisdiction": jurisdiction, "language": language,
            "timezone": zone or None, "contact_points": points, "accessible_format": form,
            "address": PostalAddress(line1=line, country=country, region=region) if country or line else None,
        })  # fmt: skip
