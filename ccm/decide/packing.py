"""A decision and what it was taken from, in few bytes.

A trace is a byte 2, the 32 bytes of the digest of its grounds, `at` as signed 64-bit big-endian microseconds since
1970, the outcome, and a 1 where no facts follow or a 2 and the facts, as `Writer` has them. Times count from
the midnight (UTC) before `at`. DEFLATE on top would cost as much as all of this and save a tenth.

Unsigned numbers are LEB128: seven bits a byte, lowest first, the high bit says that more follow. A word is 0, the
number of its UTF-8 bytes and those; or its place in `ccm.decide.codes.WORDS` plus 1; or its place in the grounds' names
plus 1001. A number that may be missing is 0, or itself plus 1; a truth is 1 or 2. A time is what `since` gives. A list
is the number of its rows, then the rows. The rows' fields are in the order in which `Writer` has them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from ccm.decide.codes import REACH, WORDS
from ccm.decide.consent import Given
from ccm.decide.daysoff import region_code
from ccm.decide.facts import Facts
from ccm.decide.grounds import Grounds
from ccm.decide.zones import for_texts, whereabouts
from ccm.model.customer import Consent, Contact, Customer, Preference, together
from ccm.model.message import Decision
from ccm.workspace.settings import known_zones

K = TypeVar("K")
V = TypeVar("V")
VERSION = 2
HEAD = struct.Struct(">B32sq")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NAMES = 1001
"""The number of the grounds' first name."""
DAY = 86_400
"""Seconds."""
UNITS = (timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1))
_OUTCOME = together(Decision, "at", "digest")
"""All of a decision but whose and what it is about."""
_CANDIDATE = attrgetter("channel", "taken", "reason", "detail")
_PREFERENCE = together(Preference, "category", "paused_until")
_CONSENT = together(Consent, "purpose", "granted")
_CONTACT = together(Contact, "communication", "counts")
"""As `ccm.decide.unpacking` reads them: communication, category, channel, status, purpose, priority, counts."""
_MOST_KEPT = 4096
"""Of each kind that a writer remembers; what customers have in common is far less."""
_NOWHERE: Mapping[str, tuple[str, ...]] = {}
_REGION = re.compile(r"[A-Z0-9]{1,3}")
BITS = {channel: 1 << place for place, channel in enumerate(REACH)}


def varint(number: int) -> bytes:
    """An unsigned number as LEB128."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


_PAIR = 1 << 14
"""Two digits of seven bits."""
_SMALL = [varint(number) for number in range(_PAIR)]
_FOLLOWED = [bytes((number & 127 | 128, number >> 7 | 128)) for number in range(_PAIR)]
"""The lowest two digits of a longer number."""


def number(value: int) -> bytes:
    """As `varint`, quicker."""
    if value < _PAIR:
        return _SMALL[value]
    high = value >> 14
    return _FOLLOWED[value & _PAIR - 1] + (_SMALL[high] if high < _PAIR else number(high))


def since(base: datetime, moment: datetime | None) -> bytes:
    """0 where there is no time, else 1 and the time from `base` in the largest unit that leaves no rest.

    Units are days, minutes, seconds and microseconds. From the lowest bit: two name the unit, one is the sign, and the
    rest is how many of it.
    """
    if moment is None:
        return b"\0"
    apart = moment - base
    seconds = apart.seconds
    if apart.microseconds:
        count, unit = apart // MICROSECOND, 3
    elif seconds % 60:
        count, unit = apart.days * DAY + seconds, 2
    elif seconds:
        count, unit = apart.days * 1440 + seconds // 60, 1
    else:
        count, unit = apart.days, 0
    return number((count << 3 if count >= 0 else 4 - (count << 3)) + unit + 1)


class Remembered(dict[K, V]):
    """What `make` gives for a key, made when it is first asked for; before it grows large all is forgotten."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make

    def __missing__(self, key: K) -> V:
        found = self._make(key)
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[key] = found
        return found


class Writer:
    """Facts and outcomes of decisions under the same grounds, as bytes.

    What many customers have in common (a consent's purpose, channel and basis, say) is written once and remembered.
    """

    def __init__(self, grounds: Grounds) -> None:
        names = {name: number(place + NAMES) for place, name in enumerate(grounds.names)}
        self._codes = names | {word: number(place + 1) for place, word in enumerate(WORDS)}
        self._parts = Remembered(self._part)
        self._lists = Remembered(self._list)
        self._customers = Remembered(self._customer)

    def word(self, word: str) -> bytes:
        """A word's number, or the word."""
        found = self._codes.get(word)
        if found is None:
            letters = word.encode()
            found = b"\0" + number(len(letters)) + letters
        return found

    def outcome(self, decision: Decision, base: datetime) -> bytes:
        """Whether, why, detail, channel, due, variant, digest, rules, further channels, candidates."""
        d, tried = decision, [self._parts[_CANDIDATE(one)] for one in decision.candidates]
        whole = self._parts[d.send, d.reason, d.detail, d.channel or "", d.variant, d.digest]
        lists = self._lists[d.rules], self._lists[d.also]
        return b"".join((whole, since(base, d.due_at), *lists, number(len(tried)), *tried))

    def facts(self, found: list[bytes], facts: Facts, at: datetime, base: datetime) -> None:
        """Adds customer, preferences, consents, cases, contacts, suppressions, relations, proxy."""
        parts = self._parts
        found += (self._customers[said_of(facts.customer)], number(len(facts.preferences)))
        for preference in facts.preferences:
            key = _PREFERENCE(preference)
            if key[-1] is None:
                found.append(parts[key])
            else:
                found += (parts[key[:-1]], since(base, key[-1]))
        consents = Given(facts.consents, at).rows
        found.append(number(len(consents)))
        for consent in consents:
            found += (parts[_CONSENT(consent)], since(base, consent.at))
        found.append(number(len(facts.cases)))
        for case in facts.cases:
            found += (self.word(case.case_id), parts[case.kind, case.status, case.channel])
            found += (since(base, case.opened_at), since(base, case.closed_at))
        found.append(number(len(facts.contacts)))
        for contact in facts.contacts:
            found += (parts[_CONTACT(contact)], since(base, contact.at))
        found.append(number(len(facts.suppressions)))
        for row in facts.suppressions:
            found += (parts[row.kind, row.channel], since(base, row.at), since(base, row.until))
        found.append(number(len(facts.relations)))
        for relation in facts.relations:
            found += (parts[relation.kind,], self._lists[relation.purposes])
        found += (b"\1",) if facts.proxy is None else (b"\2", self._customers[said_of(facts.proxy)])

    def _part(self, fields: tuple[Any, ...]) -> bytes:
        """The fields of a row."""
        return b"".join(map(self._value, fields))

    def _value(self, value: str | int | bool | None) -> bytes:
        if isinstance(value, str):
            return self.word(value)
        return b"\0" if value is None else number(int(value) + 1)

    def _list(self, words: tuple[str, ...]) -> bytes:
        return number(len(words)) + b"".join(map(self.word, words))

    def _customer(self, said: tuple[Any, ...]) -> bytes:
        reach, *words, country, region, zones = said
        return number(reach) + self._part((*words, country, _region(country, region), zones))


def said_of(customer: Customer) -> tuple[Any, ...]:
    """All that a trace has of a customer, with the region as the feed has it; the bits of the channels come first."""
    reach, address = 0, customer.address
    for channel, value in customer.contact_points.items():
        if value:
            reach |= BITS.get(channel, 0)
    country = region = zones = ""
    if address is not None:
        if address.line1:
            reach |= BITS["letter"]
        country, region = address.country, address.region
    if customer.timezone not in known_zones() and reach & BITS["sms"]:
        where = whereabouts(customer, _NOWHERE)
        told = for_texts(where, customer)
        if where.source == "phone":
            zones = ",".join(where.zones)
        elif told != where:
            zones = ",".join(zone for zone in told.zones if zone not in where.zones)
    return (
        reach, customer.status, customer.jurisdiction, customer.language, customer.timezone or "",
        customer.accessible_format, country, region, zones,
    )  # fmt: skip


def _region(country: str, region: str) -> str:
    """The code of a part of a country: what a feed has in its place may be anything, and no trace keeps it."""
    code = region.strip().upper().removeprefix(f"{country}-")
    return code if _REGION.fullmatch(code) else region_code(country, region)


class Packer:
    """Packs decisions taken under the same grounds."""

    def __init__(self, grounds: Grounds) -> None:
        self.grounds = grounds
        self._digest = bytes.fromhex(grounds.digest)
        self._writer = Writer(grounds)
        self._outcomes = Remembered(self._outcome)

    def pack(self, decision: Decision, facts: Facts | None) -> bytes:
        """The trace of a decision that was taken from `facts`; equal for equal values.

        `facts` must be those of this very decision: where caps were counted again under lock, with those contacts.
        """
        outcome, base = self._outcomes[_OUTCOME(decision)]
        if facts is None:
            return outcome + b"\1"
        found = [outcome, b"\2"]
        self._writer.facts(found, facts, decision.at, base)
        return b"".join(found)

    def _outcome(self, said: tuple[Any, ...]) -> tuple[bytes, datetime]:
        """All that comes before the facts, and the midnight from which their times count."""
        decision = Decision("", "", *said)
        at, base = decision.at, midnight(decision.at)
        head = HEAD.pack(VERSION, self._digest, (at - EPOCH) // MICROSECOND)
        return head + self._writer.outcome(decision, base), base


def midnight(at: datetime) -> datetime:
    """The beginning of the day (UTC) from which a trace's times count."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
