"""All rules that are on, and which of them hold for one message or one decision.

The answer is the same for all customers of one place between two dates on which a rule begins or ends, so it is
found once for them and kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import overload

from ccm.compliance.places import NumberPlace
from ccm.compliance.requirements import combine, on_clocks_of
from ccm.compliance.rules import Rule, asks_for, is_policy
from ccm.model.requirements import PolicyRequirements
from ccm.workspace.communication import Communication

ELSEWHERE = "-"
"""A known region of which no rule speaks; all of them are remembered as one."""


class Rulebook(Sequence[Rule]):
    """The rules in order of their ids; immutable but for what it remembers."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._content = tuple(rule for rule in self._rules if not is_policy(rule.file))
        self._policy = tuple(rule for rule in self._rules if is_policy(rule.file))
        self._edges = sorted({edge for rule in self._rules for edge in (rule.file.starts, rule.file.ends)})
        self._parts = {place for rule in self._policy for place in rule.file.applies.jurisdictions if "-" in place}
        self._found: dict[tuple[object, ...], tuple[Communication, tuple[Rule, ...], tuple[Rule, ...]]] = {}
        self._asked: dict[tuple[object, ...], tuple[Communication, Mapping[str, PolicyRequirements]]] = {}

    def content(
        self, communication: Communication, channel: str, jurisdiction: str, language: str, at: datetime
    ) -> tuple[Rule, ...]:
        """The rules that a message comes under: those of its scope that are in force at `at`."""
        return self._holding(communication, channel, jurisdiction, language, at)[1]

    def stopping(
        self, communication: Communication, channel: str, jurisdiction: str, language: str, at: datetime
    ) -> tuple[Rule, ...]:
        """Those of `content` that are no warnings."""
        return self._holding(communication, channel, jurisdiction, language, at)[2]

    def _holding(
        self, communication: Communication, channel: str, jurisdiction: str, language: str, at: datetime
    ) -> tuple[Communication, tuple[Rule, ...], tuple[Rule, ...]]:
        # By identity: two communications of one id may differ. Kept, so that no other object takes its place.
        key = (id(communication), channel, jurisdiction, language, bisect_right(self._edges, at))
        known = self._found.get(key)
        if known is None:
            holding = tuple(
                rule for rule in self._content
                if rule.file.in_force(at) and rule.applies_to(communication, channel, jurisdiction, language)
            )  # fmt: skip
            stopping = tuple(rule for rule in holding if rule.file.severity == "error")
            known = self._found[key] = (communication, holding, stopping)
        return known

    def requirements(
        self, communication: Communication, jurisdiction: str, region: str, at: datetime,
        number: NumberPlace | None = None,
    ) -> Mapping[str, PolicyRequirements]:  # fmt: skip
        """What the rules of policy ask for on each channel of a communication, all of them combined.

        An empty `jurisdiction` or `region` is not known: the rules of every place where the customer may be hold.
        `number`: where the number for text messages is from, if elsewhere. Texts come under the rules of both places,
        each on its own clock.
        """
        region = self._told_apart(jurisdiction, region)
        if number is not None:
            number = number._replace(region=self._told_apart(jurisdiction, number.region))
        key = (id(communication), jurisdiction, region, number, bisect_right(self._edges, at))
        known = self._asked.get(key)
        if known is None:
            asked: dict[str, PolicyRequirements] = {
                one: self._ask(communication, one, jurisdiction, region, at) for one in communication.channels
            }
            if number is not None and "sms" in asked:
                there = self._ask(communication, "sms", jurisdiction, number.region, at)
                asked["sms"] = combine((asked["sms"], on_clocks_of(there, number.zones)))
            known = self._asked[key] = (communication, MappingProxyType(asked))
        return known[1]

    def _told_apart(self, jurisdiction: str, region: str) -> str:
        return region if not region or f"{jurisdiction}-{region}" in self._parts else ELSEWHERE

    def _ask(
        self, communication: Communication, channel: str, jurisdiction: str, region: str, at: datetime
    ) -> PolicyRequirements:
        return combine(
            rule.asks for rule in self._policy
            if rule.file.in_force(at) and asks_for(rule, communication, channel, jurisdiction, region)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._rules)

    @overload
    def __getitem__(self, place: int) -> Rule: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Rule, ...]: ...
    def __getitem__(self, place: int | slice) -> Rule | tuple[Rule, ...]:
        return self._rules[place]
