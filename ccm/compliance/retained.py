"""What rules of kind `retention` say of stored messages: how long they are kept at least, and content at most.

Where two rules contradict each other, the longer period counts: what was kept too long can still be destroyed, and what
was destroyed is gone. So a minimum is read widely and a maximum narrowly.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccm.compliance.rules import Rule, kept_by


def minima(rules: Iterable[Rule], purpose: str, jurisdiction: str, at: datetime) -> list[Rule]:
    """Rules in force at `at` that keep messages of a purpose; an empty `jurisdiction` is not known: any may hold."""
    return [rule for rule in rules if rule.file.in_force(at) and kept_by(rule, purpose, jurisdiction)]


def maxima(rules: Iterable[Rule], purpose: str, jurisdiction: str, at: datetime) -> list[Rule]:
    """Rules in force at `at` that end the content of messages of a purpose, as far as their other scope goes.

    A rule about some jurisdictions ends nothing of customers of whom it is not known that they are in one of them; rows
    know no parts of a country, so a rule about ``US-CA`` ends nothing.
    """
    found = []
    for rule in rules:
        scope = rule.file.applies
        place = not scope.jurisdictions or jurisdiction in scope.jurisdictions
        if rule.asks.content_days is not None and rule.file.in_force(at) and place:
            found += [rule] if not scope.purposes or purpose in scope.purposes else []
    return found


def contradictions(rules: Iterable[Rule], at: datetime) -> list[tuple[Rule, str]]:
    """Rules in force whose content should end before another rule lets it, and a sentence that names both."""
    known = [rule for rule in rules if rule.file.in_force(at)]
    found = []
    for short in known:
        for long in known:
            most, least = short.asks.content_days, long.asks.evidence_days
            if most is None or least is None or most >= least or not _meet(short, long):
                continue
            told = f"{short.id} ends content after {most} days, {long.id} keeps it for {least}: the longer counts"
            found.append((short, told))
    return found


def _meet(one: Rule, other: Rule) -> bool:
    """Whether both can be about one message, by purpose and jurisdiction."""
    first, second = one.file.applies, other.file.applies
    groups = ((first.purposes, second.purposes), (_countries(first.jurisdictions), _countries(second.jurisdictions)))
    return all(not mine or not yours or not set(mine).isdisjoint(yours) for mine, yours in groups)


def _countries(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(place.partition("-")[0] for place in places)
