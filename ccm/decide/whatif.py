"""What would have to change for a decision to be another one: found by deciding again, never by rule of thumb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ccm.decide.case import NOT_NOW, SHUT
from ccm.decide.decide import decide
from ccm.decide.facts import UNSAID, Facts
from ccm.decide.grounds import Grounds
from ccm.decide.relations import instead
from ccm.decide.zones import whereabouts
from ccm.model.customer import Consent, Contact, Customer, PostalAddress, Preference
from ccm.model.message import Candidate, Decision

_STEPS = 3
"""Changes that are tried together at most."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BY_THE_HOUR, _BY_THE_DAY = 62, 400
"""Days ahead that are looked at by the hour, and by the day: a cap's window and a cool-off last a year at most."""
_CONSENT = ("no_consent", "consent_withdrawn", "consent_too_weak")
_PASSES = frozenset({"complaint_recent", "too_soon_after"})
"""Reasons that time alone takes away, and before which no channel is looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `code` is one of ``wait``, ``consent``, ``allow``, ``unpause``, ``address``, ``lift``, ``rank``,
    ``close_complaint``, ``proxy``, ``zone``, ``serve_jurisdiction``, ``serve_language``, ``no_expiry``."""

    code: str
    values: tuple[tuple[str, str], ...] = ()
    """What the change is about: ``channel``, ``purpose``, ``basis``, …"""
    at: datetime | None = None
    """Of ``wait``: the first instant, to the second, at which the decision would be another one; `values` say why
    it would not a second before."""


@dataclass(frozen=True, slots=True)
class Way:
    """Changes that together lead to another decision."""

    steps: tuple[Step, ...]
    result: Decision


@dataclass(frozen=True, slots=True)
class _World:
    grounds: Grounds
    facts: Facts
    at: datetime
    steps: tuple[Step, ...] = field(default=())

    def decision(self, at: datetime | None = None) -> Decision:
        known = self.grounds
        return decide(known.communication, known.policy, known.channels, self.facts, at or self.at)

    def having(self, step: Step, facts: Facts | None = None, grounds: Grounds | None = None) -> _World:
        return _World(grounds or self.grounds, facts or self.facts, step.at or self.at, (*self.steps, step))


def ways_out(grounds: Grounds, facts: Facts, at: datetime) -> list[Way]:
    """The smallest changes after which a customer who got nothing would get it; waiting comes first.

    Of a customer who gets it: those after which it would have gone on a channel that comes before the one it took.
    """
    world = _World(grounds, facts, at)
    before = world.decision()
    if before.send:
        return _sooner(world, before)
    wait = _wait(world, _sends)
    return ([wait] if wait else []) + _search(world, _sends, waits=wait is None)


def fills(facts: Facts, met: tuple[str, str], again: Callable[[Facts], tuple[str, str]]) -> tuple[Contact, ...]:
    """The contacts that fill a cap; none where it would be met without any.

    `met`: reason and detail of a decision or of one channel; `again` gives them as they would be with other facts.
    Each is one without which the same cap would not have been met. Where a window holds more than its limit no single
    one is to blame: then those of as few as fill it, and those that could stand in for one of them.
    """
    every = range(len(facts.contacts))

    def is_met(places: Set[int]) -> bool:
        return again(replace(facts, contacts=tuple(facts.contacts[place] for place in sorted(places)))) == met

    found = {place for place in every if not is_met({*every} - {place})}
    if not found:
        few = {*every}
        for place in every:
            if is_met(few - {place}):
                few.remove(place)
        found = {place for place in every if place in few or any(is_met({*few, place} - {one}) for one in few)}
    return tuple(facts.contacts[place] for place in sorted(found))


def _sends(decision: Decision) -> bool:
    return decision.send


def _sooner(world: _World, before: Decision) -> list[Way]:
    channels = [candidate.channel for candidate in before.candidates]
    taken = channels.index(before.channel) if before.channel in channels else 0
    better = set(channels[:taken])

    def good(decision: Decision) -> bool:
        return decision.send and decision.channel in better

    shut = any(one.reason in NOT_NOW for one in before.candidates[:taken])
    wait = _wait(world, good) if shut else None
    return ([wait] if wait else []) + _search(world, good)


def _search(world: _World, good: Callable[[Decision], bool], *, waits: bool = False) -> list[Way]:
    """Ways of the fewest steps, in the order of the channels; breadth first, each decision taken for real.

    `waits`: waiting alone does not help, but may together with something else.
    """
    worlds, seen = [world], set[frozenset[Step]]()
    for _ in range(_STEPS):
        found: list[Way] = []
        following: list[_World] = []
        for one in worlds:
            for changed in _changes(one, one.decision(), waits=waits):
                key = frozenset(changed.steps)
                if key in seen or changed.steps[-1] in one.steps:
                    continue
                seen.add(key)
                result = changed.decision()
                ends = changed.steps[-1].code == "close_complaint" or (waits and result.reason == "cap")
                if good(result):
                    found.append(Way(changed.steps, result))
                elif ends and (way := _wait(changed, good)) is not None:
                    found.append(way)
                else:
                    following.append(changed)
        if found:
            return found
        worlds = following
    return []


def _wait(world: _World, good: Callable[[Decision], bool]) -> Way | None:
    """The first instant at which the same facts lead to a good decision."""
    found = _first(world, good)
    return None if found is None else Way((*world.steps, found), world.decision(found.at))


def _first(world: _World, good: Callable[[Decision], bool]) -> Step | None:
    start = world.at.astimezone(UTC).replace(microsecond=0)
    before = start
    steps = [_HOUR * number for number in range(1, _BY_THE_HOUR * 24)]
    steps += [_DAY * number for number in range(_BY_THE_HOUR, _BY_THE_DAY)]
    for step in steps:
        moment = start + step
        if not good(world.decision(moment)):
            before = moment
            continue
        # Between the two the answer changes: halve until it is known to the second.
        while moment - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(moment - before) // timedelta(seconds=2))
            before, moment = (before, middle) if good(world.decision(middle)) else (middle, moment)
        reason, detail = _why_not_yet(world.decision(before), world.decision(moment).channel)
        return Step("wait", (("reason", reason), ("detail", detail)), moment)
    return None


def _why_not_yet(last: Decision, channel: str | None) -> tuple[str, str]:
    """Why the decision before was not the one that was waited for; of the channel, where the whole tells less."""
    tells_less = last.send or last.reason == "no_channel"
    passed = (one for one in last.candidates if tells_less and one.channel == channel)
    return next(((one.reason, one.detail) for one in passed), (last.reason, last.detail))


def _changes(world: _World, decision: Decision, *, waits: bool) -> Iterator[_World]:
    """Every world that differs in one thing that the decision names as in its way."""
    facts, grounds = world.facts, world.grounds
    customer, communication = facts.customer, grounds.communication
    match decision.reason:
        case "jurisdiction_not_served":
            served = (*communication.jurisdictions, customer.jurisdiction)
            changed = replace(grounds, communication=communication.model_copy(update={"jurisdictions": served}))
            yield world.having(Step("serve_jurisdiction", (("jurisdiction", customer.jurisdiction),)), grounds=changed)
        case "language_not_served":
            spoken = communication.languages[0]
            other = customer.model_copy(update={"language": spoken})
            yield world.having(
                Step("serve_language", (("language", customer.language),)), replace(facts, customer=other)
            )
        case "complaint_open":
            cases = tuple(
                case._replace(closed_at=world.at, status="closed")
                if case.case_id == decision.detail else case for case in facts.cases
            )  # fmt: skip
            yield world.having(Step("close_complaint", (("case", decision.detail),)), replace(facts, cases=cases))
        case reason if reason in SHUT:
            yield from _shut(world, reason)
        case reason if waits and reason in _PASSES:
            if (step := _first(world, lambda later: later.reason != reason)) is not None:
                yield world.having(step)
        case "no_proxy" if (relation := instead(facts.relations, communication.purpose)) is not None:
            known = replace(facts, proxy=customer.model_copy(update={"status": "active"}))
            yield world.having(Step("proxy", (("receiver", relation.kind),)), known)
        case kind if any(row.kind == kind and row.channel == "*" for row in facts.suppressions):
            rest = tuple(row for row in facts.suppressions if row.kind != kind or row.channel != "*")
            step = Step("lift", (("channel", "*"), ("kind", kind)))
            yield world.having(step, replace(facts, suppressions=rest))
    for candidate in decision.candidates:
        if not candidate.taken:
            yield from _for_channel(world, candidate)


def _for_channel(world: _World, candidate: Candidate) -> Iterator[_World]:
    facts, channel, reason = world.facts, candidate.channel, candidate.reason
    about = ("channel", channel)
    if reason in _CONSENT:
        purpose, _, asked = candidate.detail.partition(": ")
        basis = asked.partition(" ")[0] or ("e_sign" if purpose == "e_delivery" else "opt_in")
        row = Consent(
            customer_id=facts.customer.id, purpose=purpose, channel=channel, basis=basis, granted=True, at=world.at
        )  # fmt: skip
        step = Step("consent", (about, ("purpose", purpose), ("basis", basis)))
        # Put in place of the older rows: of two of one instant the refusal would count.
        others = tuple(one for one in facts.consents if (one.purpose, one.channel) != (purpose, channel))
        yield world.having(step, replace(facts, consents=(*others, row)))
    elif reason in ("opted_out", "paused"):
        yield _allowed(world, channel, reason)
    elif reason == "no_address":
        yield world.having(Step("address", (about,)), replace(facts, customer=_reached(facts, channel)))
    elif any(row.kind == reason for row in facts.suppressions):
        rest = tuple(row for row in facts.suppressions if row.kind != reason)
        yield world.having(Step("lift", (about, ("kind", reason))), replace(facts, suppressions=rest))
    elif reason in SHUT:
        yield from _shut(world, reason)
    elif reason == "not_preferred":
        own = world.grounds.communication.category  # whoever ranked channels for it is asked by no other order
        ranked = any(row.category == own and row.rank is not None for row in facts.preferences)
        asked_for = Preference(
            customer_id=facts.customer.id, category=own if ranked else "*", channel=channel, rank=100
        )  # fmt: skip
        yield world.having(Step("rank", (about,)), replace(facts, preferences=(*facts.preferences, asked_for)))


def _allowed(world: _World, channel: str, reason: str) -> _World:
    """As wide as what the customer refused or paused: one row for every channel is one change."""
    facts, category = world.facts, world.grounds.communication.category

    def refuses(row: Preference, *channels: str) -> bool:
        refused = not row.allowed or (row.paused_until is not None and row.paused_until > world.at)
        return refused and row.category in ("*", category) and row.channel in ("*", *channels)

    wide = any(refuses(row) for row in facts.preferences)
    channels = [row.channel for row in facts.preferences] if wide else [channel]
    reached = [row for row in facts.preferences if refuses(row, *channels)]
    rows = tuple(row._replace(allowed=True, paused_until=None) if row in reached else row for row in facts.preferences)
    of = "*" if any(row.category == "*" for row in reached) else category
    about = ("channel", "*" if wide else channel), ("category", of)
    step = Step("allow" if reason == "opted_out" else "unpause", about)
    return world.having(step, replace(facts, preferences=rows))


def _shut(world: _World, reason: str) -> Iterator[_World]:
    """Where a channel does not open before the message expires, or nobody knows whose clock counts."""
    facts, grounds = world.facts, world.grounds
    receiver = facts.proxy or facts.customer
    if reason == "expires_in_quiet_hours":
        longer = grounds.communication.model_copy(update={"expires_after_hours": None})
        yield world.having(Step("no_expiry"), grounds=replace(grounds, communication=longer))
    elif not whereabouts(receiver, grounds.policy.zones).zones:
        known = receiver.model_copy(update={"timezone": "UTC"})
        yield world.having(Step("zone"), replace(facts, proxy=known) if facts.proxy else replace(facts, customer=known))


def _reached(facts: Facts, channel: str) -> Customer:
    customer = facts.customer
    if channel != "letter":
        return customer.model_copy(update={"contact_points": {**customer.contact_points, channel: UNSAID}})
    country = customer.address.country if customer.address is not None else customer.jurisdiction
    region = customer.address.region if customer.address is not None else ""
    address = PostalAddress(line1=UNSAID, country=country, region=region)
    return customer.model_copy(update={"address": address})
