"""All that a decision about one communication needs and no customer changes, made ready once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from ccm.decide import caps, consent, preferences, suppression, timing
from ccm.decide.caps import HORIZON, Near, Rooms
from ccm.decide.facts import Facts
from ccm.decide.timing import Due
from ccm.decide.zones import whereabouts
from ccm.model.customer import Contact
from ccm.model.message import Candidate
from ccm.model.requirements import DAY, NOTHING, PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

_MOST_KEPT = 64
_plans: dict[tuple[int, int, int], Plan] = {}
"""By identity of what they were made of, which they keep alive, so that no identity can come to mean another."""


@lru_cache(maxsize=4096)
def considered(channel: str, taken: bool, reason: str, detail: str = "") -> Candidate:
    """A candidate; a chunk of customers has a few different ones."""
    return Candidate(channel, taken, reason, detail)


class Plan:
    """One communication under one policy, on the channels as they are set up."""

    def __init__(self, communication: Communication, policy: Policy, channels: Mapping[str, Channel]) -> None:
        self.communication, self.policy, self.channels = communication, policy, channels
        self.terms = policy.terms(communication)
        hours = communication.expires_after_hours
        self.lasts = timedelta(hours=hours) if hours else None
        self._rooms: dict[tuple[str, int], tuple[PolicyRequirements, Rooms]] = {}
        self._rules: dict[int, tuple[Mapping[str, PolicyRequirements], tuple[str, ...]]] = {}

    def rooms(self, facts: Facts, channel: str) -> Rooms:
        """The caps that a message to a customer on a channel must keep."""
        asked = facts.requirements.get(channel, NOTHING)
        key = (channel, id(asked))
        known = self._rooms.get(key)
        if known is None:
            if len(self._rooms) >= _MOST_KEPT:
                self._rooms.clear()
            # The requirements are kept with it: their identity can come to mean no others.
            known = asked, caps.rooms_for(self.communication, self.policy, asked, channel)
            self._rooms[key] = known
        return known[1]

    def rules(self, facts: Facts) -> tuple[str, ...]:
        """Ids of the rules of all channels."""
        known = self._rules.get(id(facts.requirements))
        if known is None:
            if len(self._rules) >= _MOST_KEPT:
                self._rules.clear()
            rules = {rule for asked in facts.requirements.values() for rule in asked.rules}
            known = self._rules[id(facts.requirements)] = facts.requirements, tuple(sorted(rules))
        return known[1]

    def look_back(self, requirements: Iterable[PolicyRequirements], at: datetime) -> datetime | None:
        """From when on contacts of customers that rules ask this for are needed to decide at `at`; None: none are."""
        lengths = [room.length for one in {id(one): one for one in requirements}.values()
                   for room in caps.rooms_for(self.communication, self.policy, one, None).all]  # fmt: skip
        lengths += [rule.days * DAY * 60 * caps.SECOND for rule in self.communication.not_within]
        return at - timedelta(microseconds=max(lengths)) if lengths else None

    @property
    def follows(self) -> tuple[str, ...]:
        """Communications that it must not follow too soon: their contacts are needed though they take no room."""
        return tuple(dict.fromkeys(name for rule in self.communication.not_within for name in rule.of))

    def latest(self, at: datetime) -> datetime:
        """Until when a message decided on at `at` may go out."""
        return at + (self.lasts or HORIZON)

    def due(self, facts: Facts, channel: str, at: datetime, expires_at: datetime | None = None) -> Due | None:
        """From when on the channel may be used; None: never. `expires_at`: where it is not counted from `at`."""
        return timing.due(self.communication, self.policy, self.channels, facts, channel, at, expires_at)

    def near(self, facts: Facts, channel: str, taken: Sequence[Contact] = ()) -> tuple[Near, tuple[str, ...]]:
        """The caps that may have no room, and the zones whose calendars they are counted on.

        `taken`: contacts of the same decision, besides those that the customer had.
        """
        rooms = self.rooms(facts, channel)
        if not rooms.all:
            return (), ()
        near = rooms.near((*facts.contacts, *taken) if taken else facts.contacts)
        if not near or not rooms.by_calendar:
            return near, ()
        return near, whereabouts(facts.customer, self.policy.zones).zones

    def slot(self, near: Near, zones: tuple[str, ...], facts: Facts, channel: str, due: datetime, latest: datetime) -> (
        datetime | None
    ):  # fmt: skip
        """The first instant from `due` on that has room in every cap and is open on the channel; None: too late."""

        def open_at(moment: datetime) -> datetime | None:
            found = self.due(facts, channel, moment, latest)
            return None if found is None else found.at

        return caps.next_slot(near, due, latest, zones, open_at)

    def candidate(self, channel: str, facts: Facts, at: datetime) -> Candidate:
        """Whether a customer can be told on a channel, or why not."""
        communication = self.communication
        if channel not in communication.channels:
            return considered(channel, False, "not_offered")
        if facts.customer.reach(channel) is None:
            return considered(channel, False, "no_address")
        if suppressed := suppression.on_channel(communication, self.policy, facts, channel, at):
            return considered(channel, False, *suppressed)
        if refused := preferences.refusal(facts.preferences, communication.category, channel, at):
            return considered(channel, False, *refused)
        for purpose in consent.purposes_needed(communication, channel):
            if why := consent.why_not(facts.consents, purpose, channel, at):
                return considered(channel, False, why, purpose)
        asked = facts.requirements.get(channel, NOTHING)
        if missing := consent.asked_by_rules(communication, asked, facts.consents, channel, at):
            return considered(channel, False, *missing)
        return considered(channel, True, "taken")

    def fallback(self, channel: str, facts: Facts, at: datetime) -> Candidate:
        """The same for the channel of last resort, which a regulatory message takes against every refusal."""
        if self.communication.purpose != "regulatory":
            return self.candidate(channel, facts, at)
        # No opt-out stands against what the law makes the organisation send.
        if facts.customer.reach(channel) is None:
            return considered(channel, False, "no_address")
        if suppressed := suppression.on_channel(self.communication, self.policy, facts, channel, at):
            return considered(channel, False, *suppressed)
        return considered(channel, True, "fallback")


def plan_for(communication: Communication, policy: Policy, channels: Mapping[str, Channel]) -> Plan:
    """The plan of these very objects, made when they are first asked about."""
    key = (id(communication), id(policy), id(channels))
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= _MOST_KEPT:
            _plans.clear()
        plan = _plans[key] = Plan(communication, policy, channels)
    return plan
