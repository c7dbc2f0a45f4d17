"""What holds for a communication where rules ask the same of it, before anything is known of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ccm.decide import caps, consent, timing
from ccm.decide.counting import Rooms
from ccm.model.requirements import NOTHING, PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


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


class Way:
    """One channel of a communication."""

    def __init__(
        self, channel: str, communication: Communication, channels: Mapping[str, Channel], asked: PolicyRequirements,
        rooms: Rooms,
    ) -> None:  # fmt: skip
        self.channel, self.rules = channel, asked.rules
        self.demands = consent.demands(communication, asked, channel)
        self.counters = rooms.on[channel]
        self.fewest = min((one.room.fewest for one in self.counters), default=0)
        """With fewer contacts every cap has room."""
        self.by_calendar = any(one.room.per for one in self.counters)
        self._made_of = communication, channels, asked

    @cached_property
    def hours(self) -> timing.Hours:
        """Made when it is first asked for: only then the channel must be set up."""
        communication, channels, asked = self._made_of
        return timing.hours_of(communication, channels[self.channel], asked)
