"""One customer before one communication: which channels are possible, and from when each can be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ccm.decide import caps, suppression, timing
from ccm.decide.counting import Counted
from ccm.decide.daysoff import days_off
from ccm.decide.facts import Facts
from ccm.decide.plan import Plan
from ccm.decide.regime import Way
from ccm.decide.zones import Whereabouts, for_texts, whereabouts
from ccm.model.customer import Contact
from ccm.model.message import Candidate

SHUT = frozenset({"quiet_hours", "expires_in_quiet_hours"})
"""Why a channel does not open to a message at all, or not in time."""
NOT_NOW = SHUT | {"cap"}
"""Why a message cannot go on a channel that is possible in itself."""


@lru_cache(maxsize=4096)
def candidate(channel: str, taken: bool, reason: str, detail: str = "") -> Candidate:
    """A candidate; a chunk of customers has a few different ones."""
    return Candidate(channel, taken, reason, detail)


class Try(NamedTuple):
    """What becomes of a message on one channel: `due`, or a reason for which it cannot go there."""

    due: datetime | None
    reason: str = ""
    detail: str = ""


class Case:
    """One customer's facts as a plan reads them; each list is read once for all channels."""

    __slots__ = ("_counted", "_lacking", "_zones", "asked", "at", "ends", "facts", "plan", "regime")

    def __init__(self, plan: Plan, facts: Facts, at: datetime, expires_at: datetime | None = None) -> None:
        self.plan, self.facts, self.at = plan, facts, at
        self.ends = expires_at or (at + plan.lasts if plan.lasts else None)
        """When the message expires; None: never."""
        self.regime = plan.regime(facts.requirements)
        self.asked = plan.asked(facts.preferences)
        self._lacking = self.regime.lacking(facts.consents, at)
        self._counted: Counted | None = None
        self._zones: Whereabouts | None = None

    def considered(self, channels: Iterable[str], *, last: bool = False) -> list[Candidate]:
        """Of each channel whether the customer can be told on it, or why not.

        `last`: it is the channel of last resort, which a regulatory message takes against every refusal.
        """
        plan, facts, ways, wishes = self.plan, self.facts, self.regime.ways, self.asked.wishes
        is_reached = facts.customer.is_reached
        found: list[Candidate] = []
        for channel in channels:
            way = ways.get(channel)
            if way is None:
                found.append(candidate(channel, False, "not_offered"))
            elif not is_reached(channel):
                found.append(candidate(channel, False, "no_address"))
            elif facts.suppressions and (row := suppression.on_channel(plan, facts, channel, self.at)):
                found.append(candidate(channel, False, row.kind))
            elif last and plan.is_regulatory:
                # No opt-out stands against what the law makes the organisation send.
                found.append(candidate(channel, True, "fallback"))
            elif wishes.forbid and (refused := wishes.refusal(channel, self.at)):
                found.append(candidate(channel, False, *refused))
            else:
                found.append(self._lacking.get(channel, way.taken))
        return found

    def due(self, way: Way, at: datetime, ends: datetime | None) -> timing.Due | None:
        """From when on, not before `at`, the channel may be used; None: never.

        The hours that the customer prefers are a wish: they hold a message only where they come before it `ends`, and
        nothing that is urgent.
        """
        plan, facts, hours, wishes = self.plan, self.facts, way.hours, self.asked.wishes
        wish = wishes.hours(way.channel) if wishes.are_timed and not plan.urgent else None
        if wish is None and not hours.holds:
            return timing.Due(at)
        where = self._where() if facts.proxy is None else whereabouts(facts.proxy, plan.zones)
        if way.channel == "sms":
            where = for_texts(where, facts.proxy or facts.customer)
        if not where.zones:
            if hours.asks_where:
                return None
            wish = None
        free = days_off(facts.proxy or facts.customer, plan.policy) if hours.skips_holidays else None
        soonest = timing.first(hours, free, None, where, at)
        if wish is None or soonest is None:
            return soonest
        wished = timing.first(hours, free, wish, where, at)
        return soonest if wished is None or (ends is not None and wished.at >= ends) else wished

    def _where(self) -> Whereabouts:
        """The zones of the customer, by whose calendar caps are counted."""
        if self._zones is None:
            self._zones = whereabouts(self.facts.customer, self.plan.zones)
        return self._zones

    def tried(self, channel: str, *, waits: bool, taken: Sequence[Contact] = ()) -> Try:
        """When it can go on a channel; `waits`: for room in caps, too.

        `taken`: contacts of the same decision, besides those that the customer had.
        """
        facts, at, way = self.facts, self.at, self.regime.ways[channel]
        found = self.due(way, at, self.ends)
        if found is None:
            return Try(None, "quiet_hours", channel)
        due = found.at
        if self.ends is not None and due >= self.ends:
            return Try(None, "expires_in_quiet_hours", channel)
        if len(facts.contacts) + len(taken) >= way.caps.fewest:
            counted = Counted(self.regime.rooms, (*facts.contacts, *taken)) if taken else self._counted
            if counted is None:
                counted = self._counted = Counted(self.regime.rooms, facts.contacts)
            zones = self._where().zones if way.caps.by_calendar else ()
            if cap := counted.full(way.caps, due, zones):
                slot = self._slot(way, counted, zones, due) if waits else None
                return Try(None, "cap", cap) if slot is None else Try(slot, "", f"deferred_by_cap:{cap}")
        return Try(due, "", f"held_for_{found.reason}:{found.detail}" if found.reason else "")

    def _slot(self, way: Way, counted: Counted, zones: tuple[str, ...], due: datetime) -> datetime | None:
        """The first instant from `due` on that has room in every cap and is open on the channel; None: too late."""
        latest = self.ends or self.at + caps.HORIZON

        def open_at(moment: datetime) -> datetime | None:
            found = self.due(way, moment, latest)
            return None if found is None else found.at

        return caps.next_slot(counted.near(way.caps), due, latest, zones, open_at)
