"""All rules there are, those that are switched off too, for people who ask which ones hold where and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ccm.compliance.places import holds_in
from ccm.compliance.requirements import combine
from ccm.compliance.rules import Rule
from ccm.model.requirements import PolicyRequirements
from ccm.workspace.rules import RuleFile


@dataclass(frozen=True, slots=True)
class Question:
    """Which messages are meant; what is empty may be anything, so that all of its rules count."""

    at: datetime
    jurisdiction: str = ""
    """A country, or a part of one (``US-FL``)."""
    channel: str = ""
    purpose: str = ""
    categories: frozenset[str] = frozenset()
    """Those that communications of the purpose have."""


def matches(file: RuleFile, question: Question) -> bool:
    """Whether a rule speaks of such messages, whatever its dates, and whether it is on or not."""
    country, _, region = question.jurisdiction.partition("-")
    scope = file.applies
    places = not scope.jurisdictions or any(holds_in(place, country, region) for place in scope.jurisdictions)
    channel = not question.channel or not scope.channels or question.channel in scope.channels
    purpose = not question.purpose or not scope.purposes or question.purpose in scope.purposes
    category = not scope.categories or not question.categories.isdisjoint(scope.categories)
    return places and channel and purpose and category


def in_force(files: Iterable[RuleFile], question: Question) -> tuple[RuleFile, ...]:
    """The rules that such messages come under, by id."""
    return tuple(
        sorted((file for file in files if file.in_force(question.at) and matches(file, question)), key=lambda f: f.id)
    )


def combined(rules: Sequence[Rule], question: Question) -> PolicyRequirements:
    """What the rules of policy ask of such messages together."""
    return combine(rule.asks for rule in rules if rule.file.in_force(question.at) and matches(rule.file, question))
