"""A trace written word for word as `ccm.decide.packing` describes it: nothing is remembered, nothing is quick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ccm.decide import Facts
from ccm.decide.codes import REACH, WORDS
from ccm.decide.consent import Given
from ccm.decide.daysoff import region_code
from ccm.decide.grounds import Grounds
from ccm.decide.zones import for_texts, whereabouts
from ccm.model.customer import Customer
from ccm.model.message import Decision
from ccm.workspace.settings import known_zones

UNITS = (timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1))


class PlainWriter:
    """One trace on its way."""

    def __init__(self, grounds: Grounds, at: datetime) -> None:
        self.names, self.at = grounds.names, at
        self.base = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // UNITS[3]
        self.trace = b"\2" + bytes.fromhex(grounds.digest) + micros.to_bytes(8, "big", signed=True)

    def number(self, value: int) -> None:
        while value > 127:
            self.trace += bytes([value & 127 | 128])
            value >>= 7
        self.trace += bytes([value])

    def maybe(self, value: int | None) -> None:
        self.number(0 if value is None else int(value) + 1)

    def words(self, *words: str) -> None:
        for word in words:
            if word in WORDS:
                self.number(WORDS.index(word) + 1)
            elif word in self.names:
                self.number(self.names.index(word) + 1001)
            else:
                self.number(0)
                self.number(len(word.encode()))
                self.trace += word.encode()

    def list(self, words: tuple[str, ...]) -> None:
        self.number(len(words))
        self.words(*words)

    def time(self, moment: datetime | None) -> None:
        if moment is None:
            return self.number(0)
        apart = moment - self.base
        unit, length = next((place, one) for place, one in enumerate(UNITS) if not apart % one)
        return self.number(1 + (abs(apart // length) << 3 | (4 if apart < timedelta(0) else 0) | unit))

    def outcome(self, d: Decision) -> None:
        self.maybe(d.send)
        self.words(d.reason, d.detail, d.channel or "", d.variant, d.digest)
        self.time(d.due_at)
        self.list(d.rules)
        self.list(d.also)
        self.number(len(d.candidates))
        for one in d.candidates:
            self.words(one.channel)
            self.maybe(one.taken)
            self.words(one.reason, one.detail)

    def customer(self, customer: Customer) -> None:
        self.number(sum(1 << place for place, channel in enumerate(REACH) if customer.is_reached(channel)))
        self.words(customer.status, customer.jurisdiction, customer.language, customer.timezone or "")
        address, zones = customer.address, ""
        country, region = (address.country, address.region) if address else ("", "")
        code = region.strip().upper().removeprefix(f"{country}-")
        if not (code.isascii() and code.isalnum() and len(code) <= 3):
            code = region_code(country, region)
        if customer.timezone not in known_zones() and customer.is_reached("sms"):
            where = whereabouts(customer, {})
            told = for_texts(where, customer).zones  # an address's, then those of the number that it did not tell
            zones = ",".join(told if where.source == "phone" else told[len(where.zones) :])
        self.words(customer.accessible_format, country, code, zones)

    def facts(self, facts: Facts) -> None:
        self.customer(facts.customer)
        self.number(len(facts.preferences))
        for wish in facts.preferences:
            self.words(wish.category, wish.channel)
            self.maybe(wish.rank)
            self.maybe(wish.allowed)
            self.words(wish.hours)
            self.time(wish.paused_until)
        consents = Given(facts.consents, self.at).rows
        self.number(len(consents))
        for given in consents:
            self.words(given.purpose, given.channel, given.basis)
            self.maybe(given.granted)
            self.time(given.at)
        self.number(len(facts.cases))
        for case in facts.cases:
            self.words(case.case_id, case.kind, case.status, case.channel)
            self.time(case.opened_at)
            self.time(case.closed_at)
        self.number(len(facts.contacts))
        for said in facts.contacts:
            self.words(said.communication, said.category, said.channel, said.status, said.purpose, said.priority)
            self.maybe(said.counts)
            self.time(said.at)
        self.number(len(facts.suppressions))
        for row in facts.suppressions:
            self.words(row.kind, row.channel)
            self.time(row.at)
            self.time(row.until)
        self.number(len(facts.relations))
        for relation in facts.relations:
            self.words(relation.kind)
            self.list(relation.purposes)
        self.maybe(facts.proxy is not None)
        if facts.proxy is not None:
            self.customer(facts.proxy)


def plain_trace(grounds: Grounds, decision: Decision, facts: Facts | None) -> bytes:
    """As `Packer.pack`."""
    writer = PlainWriter(grounds, decision.at)
    writer.outcome(decision)
    writer.maybe(facts is not None)
    if facts is not None:
        writer.facts(facts)
    return writer.trace
