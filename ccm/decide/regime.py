"""What holds for a communication where rules ask the same of it, before anything is known of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from operator import itemgetter

from ccm.decide import caps, consent, timing
from ccm.decide.consent import Given
from ccm.decide.counting import Rooms
from ccm.model.customer import Consent, together
from ccm.model.message import Candidate
from ccm.model.requirements import NOTHING, PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

_MOST_KEPT = 1024
_STATED = together(Consent, "purpose", "granted")
"""All that a consent says, without when and by what it was given."""
_AT = itemgetter(Consent._fields.index("at"))


class Regime:
    """A communication under a policy and under what rules ask for on each channel."""

    def __init__(
        self, communication: Communication, policy: Policy, channels: Mapping[str, Channel],
        requirements: Mapping[str, PolicyRequirements],
    ) -> None:  # fmt: skip
        self.requirements = requirements
        self.rules = tuple(sorted({rule for asked in requirements.values() for rule in asked.rules}))
        """Ids of the rules of all channels."""
        asked: dict[str, PolicyRequirements] = {
            channel: requirements.get(channel, NOTHING) for channel in communication.channels
        }
        self.rooms = Rooms({
            channel: caps.rooms_for(communication, policy, asked[channel], channel) for channel in asked
        })  # fmt: skip
        self.ways = {channel: Way(channel, communication, channels, asked[channel], self.rooms) for channel in asked}
        """By channel: those on which it is offered."""
        self._asks_consent = any(way.demands for way in self.ways.values())
        self._lacking: dict[tuple[object, ...], Mapping[str, Candidate]] = {}

    def lacking(self, consents: Sequence[Consent], at: datetime) -> Mapping[str, Candidate]:
        """Channels on which a consent is missing, and which.

        Of rows that count it does not matter when each was given, so that the answer is the same for many customers.
        """
        if not self._asks_consent:
            return {}
        # Kept by rows of which each counts, as those of most customers do: only an older row is found by no key.
        known = self._lacking.get(tuple(map(_STATED, consents)))
        if known is None or (consents and max(map(_AT, consents)) > at):
            given = Given(consents, at)
            stated = tuple(map(_STATED, given.rows))
            known = self._lacking.get(stated)
            if known is None:
                if len(self._lacking) >= _MOST_KEPT:
                    self._lacking.clear()
                known = {channel: why for channel, way in self.ways.items() if (why := way.lacks(given))}
                self._lacking[stated] = known
        return known


class Way:
    """One channel of a communication."""

    def __init__(
        self, channel: str, communication: Communication, channels: Mapping[str, Channel], asked: PolicyRequirements,
        rooms: Rooms,
    ) -> None:  # fmt: skip
        self.channel, self.rules = channel, asked.rules
        self.demands = consent.demands(communication, asked, channel)
        self.caps = rooms.on[channel]
        self.taken = Candidate(channel, True, "taken")
        self._made_of = communication, channels, asked

    def lacks(self, given: Given) -> Candidate | None:
        """The consent that is missing; None: there are all."""
        for purpose, strength, told in self.demands:
            if why := given.why_not(purpose, self.channel, strength):
                return Candidate(self.channel, False, why, told)
        return None

    @cached_property
    def hours(self) -> timing.Hours:
        """Made when it is first asked for: only then the channel must be set up."""
        communication, channels, asked = self._made_of
        return timing.hours_of(communication, channels[self.channel], asked)
