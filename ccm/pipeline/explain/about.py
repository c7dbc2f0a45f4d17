"""One decision that is being explained: who asks in which language, and where a setting stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from ccm.decide.facts import Facts
from ccm.decide.grounds import Grounds
from ccm.decide.zones import Whereabouts, for_texts, whereabouts
from ccm.model.message import Decision
from ccm.model.requirements import NOTHING, PolicyRequirements
from ccm.pipeline.explain.words import channel_name, clock, phrase, where_words
from ccm.pipeline.project import Project
from ccm.workspace.yamlfile import read_yaml

POLICY = "channels/policy.yaml"


@dataclass(frozen=True, slots=True)
class Known:
    """One fact, rule or setting."""

    code: str
    text: str
    source: str
    """A file and line, a rule's id, ``customer``, ``consents``, ``cases``, ``suppressions`` or ``history``."""
    at: str = ""
    """ISO 8601, in UTC."""
    channel: str = ""
    message: str = ""
    """Of history: the message that takes room."""


@dataclass(frozen=True)
class About:
    """A decision, what it was taken from and by, and the reader."""

    project: Project
    connection: Connection
    grounds: Grounds
    facts: Facts
    decision: Decision
    language: str
    again: Callable[[Facts], Decision]
    """Takes the decision from other facts."""

    @cached_property
    def zone(self) -> str:
        """Of the clock on which times are told."""
        return clock(self.facts.customer.timezone)

    @cached_property
    def where(self) -> Whereabouts:
        """Whose clock quiet hours went by."""
        return whereabouts(self.facts.proxy or self.facts.customer, self.grounds.policy.zones)

    def where_told(self, channel: str, zone: str = "") -> str:
        """`zone`, or the zones by whose clocks hours of a channel were kept and how they were found."""
        where = for_texts(self.where, self.facts.proxy or self.facts.customer) if channel == "sms" else self.where
        return zone or where_words(where.source, "+".join(where.zones), self.language)

    def say(self, key: str, **values: object) -> str:
        return phrase(key, self.language, **values)

    def channel(self, channel: str) -> str:
        return channel_name(channel, self.language)

    def channels(self, channels: Sequence[str]) -> str:
        return self.listed(map(self.channel, channels))

    def listed(self, words: Iterable[str]) -> str:
        return self.say("comma").join(words)

    def requirement(self, channel: str) -> PolicyRequirements:
        return self.grounds.requirements.get(channel, NOTHING)

    def rule(self, rule: str) -> str:
        """The source that a rule names."""
        return next((file.source for file in self.project.workspace.rules if file.id == rule), rule)

    def terms(self, *path: str | int) -> str:
        """Where a setting of the communication stands."""
        return self.line(f"templates/{self.grounds.communication.id}/communication.yaml", *path)

    def line(self, file: str, *path: str | int) -> str:
        """Where a setting stands today: ``channels/policy.yaml:3``; the file alone where it is not there any more."""
        found = self.stands(file, *path)
        return f"{file}:{found}" if found else file

    def stands(self, file: str, *path: str | int) -> int:
        """The line of a setting in its file as it is today; 0 where it does not stand there."""
        root = self.project.workspace.root
        if not (root / file).is_file():
            return 0
        document = read_yaml(root / file, root)
        part: Any = document.data
        for name in path:
            try:
                part = part[name]
            except (KeyError, IndexError, TypeError):
                return 0
        return document.line(path)
