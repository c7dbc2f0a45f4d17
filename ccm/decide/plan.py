"""All that a decision about one communication needs and no customer changes, made ready once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from ccm.decide import caps
from ccm.decide.preferences import Wishes
from ccm.decide.regime import Regime
from ccm.model.customer import Contact, Preference, together
from ccm.model.message import Candidate
from ccm.model.requirements import DAY, PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

_MOST_KEPT = 64
_plans: dict[tuple[int, int, int], Plan] = {}
"""By identity of what they were made of, which they keep alive, so that no identity can come to mean another."""
_MOST_REGIMES = 256
"""More than there are places that rules tell apart."""
_MOST_ASKED = 1024
_SAID = together(Preference, "category", "paused_until")
"""All of a preference but whose it is."""
_NO_RULES: Mapping[str, PolicyRequirements] = MappingProxyType({})


class Asked(NamedTuple):
    """What comes of preferences, for all customers who stated the same."""

    wishes: Wishes
    wanted: tuple[str, ...]
    """Channels in the order to try."""
    order: str
    """Whose order that is: ``preferred`` is the customer's, ``default_order`` the communication's."""
    unwanted: tuple[Candidate, ...]
    """Channels of the communication that are not tried."""


class Plan:
    """One communication under one policy, on the channels as they are set up."""

    def __init__(self, communication: Communication, policy: Policy, channels: Mapping[str, Channel]) -> None:
        self.communication, self.policy, self.channels = communication, policy, channels
        self.terms = policy.terms(communication)
        self.waits, self.falls = self.terms.on_cap == "defer", self.terms.on_cap == "fallback"
        """Whether it waits for room in a cap; whether another channel may have room."""
        # Plain attributes: those of checked models take several times as long to read.
        self.id, self.order, self.at_once = communication.id, communication.channels, communication.at_once
        self.fallback, self.digest = communication.fallback, communication.digest
        self.is_regulatory, self.is_tried_out = communication.purpose == "regulatory", bool(communication.experiment)
        hours = communication.expires_after_hours
        self.lasts = timedelta(hours=hours) if hours else None
        self.zones, self.urgent = policy.zones, communication.urgent
        self.follows = tuple(dict.fromkeys(name for rule in communication.not_within for name in rule.of))
        """Communications that it must not follow too soon: their contacts are needed though they take no room."""
        self._regimes: dict[int, Regime] = {}
        self._asked: dict[tuple[object, ...], Asked] = {}
        self._served: dict[tuple[str, str], tuple[str, str] | None] = {}

    def regime(self, requirements: Mapping[str, PolicyRequirements]) -> Regime:
        """What holds where rules ask for this, by channel."""
        if not requirements:
            requirements = _NO_RULES
        known = self._regimes.get(id(requirements))
        if known is None:
            if len(self._regimes) >= _MOST_REGIMES:
                self._regimes.clear()
            # It keeps the requirements alive: their identity can come to mean no others.
            known = Regime(self.communication, self.policy, self.channels, requirements)
            self._regimes[id(requirements)] = known
        return known

    def look_back(self, requirements: Iterable[PolicyRequirements], at: datetime) -> datetime | None:
        """From when on contacts of customers that rules ask this for are needed to decide at `at`; None: none are."""
        lengths = [room.length for one in {id(one): one for one in requirements}.values()
                   for room in caps.rooms_for(self.communication, self.policy, one, None)]  # fmt: skip
        lengths += [rule.days * DAY * 60 * caps.SECOND for rule in self.communication.not_within]
        return at - timedelta(microseconds=max(lengths)) if lengths else None

    def counted(self, requirements: Iterable[PolicyRequirements]) -> frozenset[str]:
        """Categories of which a rule's limit counts every contact, whether it counts toward caps or not."""
        different = {id(one): one for one in requirements}.values()
        return frozenset(category for one in different for limit in one.frequency for category in limit.categories)

    def looks_at(self, contact: Contact, requirements: Iterable[PolicyRequirements]) -> bool:
        """Whether a contact can change what is decided under these requirements."""
        if contact.counts or contact.communication in self.follows:
            return True
        return contact.category in self.counted(requirements)

    def contact(self, customer_id: str, channel: str, due: datetime, message_id: str | None = None) -> Contact:
        """The contact that a message of it will be, as the ledger will have it."""
        communication = self.communication
        return Contact(
            customer_id=customer_id, communication=self.id, category=communication.category, channel=channel, at=due,
            status="reserved", purpose=communication.purpose, priority=self.terms.priority,
            counts=self.terms.counts_toward_caps, message_id=message_id,
        )  # fmt: skip

    def unserved(self, jurisdiction: str, language: str) -> tuple[str, str] | None:
        """Why it is not offered where a customer is, or not in words for them, as (reason, detail), or None."""
        place = (jurisdiction, language)
        if place not in self._served:
            if len(self._served) >= _MOST_KEPT:
                self._served.clear()
            why = None
            if jurisdiction not in self.communication.jurisdictions:
                why = "jurisdiction_not_served", jurisdiction
            elif self.communication.language_for(language) is None:
                why = "language_not_served", language
            self._served[place] = why
        return self._served[place]

    def asked(self, preferences: Sequence[Preference]) -> Asked:
        """What a customer's preferences say of it: read once for all customers who said the same."""
        said = tuple(map(_SAID, preferences))
        known = self._asked.get(said)
        if known is None:
            wishes = Wishes(preferences, self.communication.category)
            wanted, order = (wishes.ranked, "preferred") if wishes.ranked else (self.order, "default_order")
            rest = (Candidate(channel, False, "not_preferred") for channel in self.order if channel not in wanted)
            known = Asked(wishes, wanted, order, tuple(rest))
            # A pause ends at an instant that hardly another customer's does.
            if not wishes.are_paused:
                if len(self._asked) >= _MOST_ASKED:
                    self._asked.clear()
                self._asked[said] = known
        return known


def plan_for(communication: Communication, policy: Policy, channels: Mapping[str, Channel]) -> Plan:
    """The plan of these very objects, made when they are first asked about."""
    key = (id(communication), id(policy), id(channels))
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= _MOST_KEPT:
            _plans.clear()
        plan = _plans[key] = Plan(communication, policy, channels)
    return plan
