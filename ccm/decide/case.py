"""One customer before one communication: which channels are possible, and from when each can be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ccm.decide import caps, suppression, timing
from ccm.decide.counting import Counted, Counter
from ccm.decide.facts import Facts
from ccm.decide.plan import Plan
from ccm.decide.regime import Way
from ccm.decide.zones import whereabouts
from ccm.model.customer import Contact
from ccm.model.message import Candidate


@lru_cache(maxsize=4096)
def considered(channel: str, taken: bool, reason: str, detail: str = "") -> Candidate:
    """A candidate; a chunk of customers has a few different ones."""
    return Candidate(channel, taken, reason, detail)


class Try(NamedTuple):
    """What becomes of a message on one channel: `due`, or a reason for which it cannot go there."""

    due: datetime | None
    reason: str = ""
    detail: str = ""


class Case:
    """One customer's facts as a plan reads them; each list is read once for all channels."""

    __slots__ = ("_counted", "_lacking", "at", "expires_at", "facts", "plan", "regime", "wishes")

    def __init__(self, plan: Plan, facts: Facts, at: datetime, expires_at: datetime | None = None) -> None:
        self.plan, self.facts, self.at, self.expires_at = plan, facts, at, expires_at
        self.regime = plan.regime(facts.requirements)
        self.wishes = plan.wishes(facts.preferences)
        self._lacking = self.regime.lacking(facts.consents, at)
        self._counted: Counted | None = None

    def candidate(self, channel: str) -> Candidate:
        """Whether the customer can be told on a channel, or why not."""
        way = self.regime.ways.get(channel)
        if way is None:
            return considered(channel, False, "not_offered")
        if unusable := self._unusable(channel):
            return unusable
        if self.wishes.forbid and (refused := self.wishes.refusal(channel, self.at)):
            return considered(channel, False, *refused)
        return self._lacking.get(channel, way.taken)

    def last(self, channel: str) -> Candidate:
        """The same for the channel of last resort, which a regulatory message takes against every refusal."""
        if self.plan.communication.purpose != "regulatory":
            return self.candidate(channel)
        # No opt-out stands against what the law makes the organisation send.
        return self._unusable(channel) or considered(channel, True, "fallback")

    def _unusable(self, channel: str) -> Candidate | None:
        """Why there is no address on a channel that a message could go to; None: there is one."""
        facts = self.facts
        if not facts.customer.is_reached(channel):
            return considered(channel, False, "no_address")
        if facts.suppressions and (
            stopped := suppression.on_channel(self.plan.communication, self.plan.policy, facts, channel, self.at)
        ):
            return considered(channel, False, *stopped)
        return None

    def due(self, way: Way, at: datetime, expires_at: datetime | None = None) -> timing.Due | None:
        """From when on, not before `at`, the channel may be used; None: never."""
        facts = self.facts
        wish = self.wishes.hours(way.channel)
        return timing.due(way.hours, self.plan.policy, facts.proxy or facts.customer, wish, at, expires_at)

    def tried(self, channel: str, *, waits: bool, taken: Sequence[Contact] = ()) -> Try:
        """When it can go on a channel; `waits`: for room in caps, too.

        `taken`: contacts of the same decision, besides those that the customer had.
        """
        plan, at, way = self.plan, self.at, self.regime.ways[channel]
        found = self.due(way, at, self.expires_at)
        if found is None:
            return Try(None, "quiet_hours", channel)
        due = found.at
        latest = self.expires_at or plan.latest(at)
        if (plan.lasts or self.expires_at) and due >= latest:
            return Try(None, "expires_in_quiet_hours", channel)
        counted = self._near(way, taken)
        if counted and (near := counted.near(way.counters)):
            zones = whereabouts(self.facts.customer, plan.zones).zones if way.by_calendar else ()
            if cap := counted.full(near, due, zones):
                slot = self._slot(way, counted, near, zones, due, latest) if waits else None
                return Try(None, "cap", cap) if slot is None else Try(slot, "", f"deferred_by_cap:{cap}")
        return Try(due, "", f"held_for_{found.reason}:{found.detail}" if found.reason else "")

    def _near(self, way: Way, taken: Sequence[Contact]) -> Counted | None:
        """The customer's contacts, counted; None: every cap has room."""
        contacts = self.facts.contacts
        if not way.counters or len(contacts) + len(taken) < way.fewest:
            return None
        if taken:
            return Counted(self.regime.rooms, (*contacts, *taken))
        if self._counted is None:
            self._counted = Counted(self.regime.rooms, contacts)
        return self._counted

    def _slot(
        self, way: Way, counted: Counted, near: Sequence[Counter], zones: Sequence[str], due: datetime,
        latest: datetime,
    ) -> datetime | None:  # fmt: skip
        """The first instant from `due` on that has room in every cap and is open on the channel; None: too late."""

        def open_at(moment: datetime) -> datetime | None:
            found = self.due(way, moment, latest)
            return None if found is None else found.at

        held = [(one.room, counted.held(one.room)) for one in near]
        return caps.next_slot(held, due, latest, zones, open_at)

    def contact(self, channel: str, due: datetime) -> Contact:
        """The contact that a message of this decision will be, for those that go out beside it."""
        communication, terms = self.plan.communication, self.plan.terms
        return Contact(
            customer_id=self.facts.customer.id, communication=communication.id, category=communication.category,
            channel=channel, at=due, status="reserved", purpose=communication.purpose, priority=terms.priority,
            counts=terms.counts_toward_caps,
        )  # fmt: skip
