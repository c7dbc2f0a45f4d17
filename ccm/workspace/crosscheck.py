"""What only shows when the files of a workspace are seen together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, groupby
from pathlib import PurePosixPath
from typing import get_args

from ccm.errors import Problem
from ccm.model.customer import Purpose, SuppressionKind
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy
from ccm.workspace.rules import RuleFile
from ccm.workspace.sendcheck import send_time_problems
from ccm.workspace.settings import Settings
from ccm.workspace.suppression_policy import Reach
from ccm.workspace.wording import Wording
from ccm.workspace.yamlreader import Document, Loc

POLICY, SETTINGS = "channels/policy.yaml", "ccm.toml"
MISSING_COMMUNICATION = "missing_communication"
"""Code of the problem that one names another that is not there."""


def cross_check(
    communications: Mapping[str, Communication], wordings: Iterable[Wording], rules: Iterable[RuleFile],
    channels: Mapping[str, Channel], policy: Policy | None, documents: Mapping[str, Document],
    settings: Settings | None = None,
) -> list[Problem]:  # fmt: skip
    """Everything that does not fit together; `documents` are what was read, by path."""
    check = _Check(documents)
    return [
        *check.names(communications, wordings, channels), *check.versions(wordings), *check.rule_ids(rules),
        *check.categories(communications, policy), *check.suppressions(policy),
        *check.products(communications, wordings), *send_time_problems(communications, channels, documents),
        *check.caps(communications, policy), *check.terms(communications, policy), *check.others(communications),
        *check.digests(communications), *check.lost_link(communications, settings),
    ]  # fmt: skip


def _reaches(policy: Policy) -> Iterator[tuple[SuppressionKind, Reach]]:
    """Kinds of suppression that the file names, each with what it stops."""
    for kind in get_args(SuppressionKind):
        if kind in policy.suppression.model_fields_set:
            yield kind, policy.suppression.reach(kind)


def _scopes(policy: Policy) -> Iterator[tuple[Loc, str, tuple[str, ...]]]:
    """Where the policy names categories, who does, and which."""
    for number, cap in enumerate(policy.caps):
        yield ("caps", number), f"cap '{cap.id}'", cap.categories
    for kind, reach in _reaches(policy):
        yield ("suppression", kind), f"suppression '{kind}'", reach.categories
    yield ("complaint",), "complaint", policy.complaint.categories


class _Check:
    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = documents

    def problem(self, path: str, loc: Loc, message: str) -> Problem:
        return Problem(path, self.documents[path].line(loc), message)

    def names(
        self, communications: Mapping[str, Communication], wordings: Iterable[Wording], channels: Mapping[str, Channel]
    ) -> Iterator[Problem]:
        """Wording and channels that communications name must exist."""
        # A wording that was refused is there, and told of already.
        ids = {wording.id for wording in wordings} | {
            PurePosixPath(path).parent.name for path in self.documents if path.startswith("compliance/wording/")
        }
        for communication in communications.values():
            path = f"templates/{communication.id}/communication.yaml"
            for index, wording_id in enumerate(communication.wording):
                if wording_id not in ids:
                    known = ", ".join(sorted(ids)) or "none yet"
                    message = f"wording '{wording_id}' does not exist; there are: {known}"
                    yield self.problem(path, ("wording", index), message)
            for index, channel in enumerate(communication.channels):
                if channel not in channels and f"channels/{channel}.yaml" not in self.documents:
                    yield self.problem(path, ("channels", index), f"channels/{channel}.yaml is missing")

    def versions(self, wordings: Iterable[Wording]) -> Iterator[Problem]:
        """At any instant one version of a wording is in force at most, and a version is one text."""

        def place(wording: Wording) -> tuple[str, str, str, str]:
            return wording.place

        for _, group in groupby(sorted(wordings, key=place), key=place):
            in_time = sorted(group, key=lambda wording: (wording.effective_from, wording.path))
            for early, late in combinations(in_time, 2):
                yield from self._two_versions(early, late)
            for wording in in_time:
                others = [other.version for other in in_time if other.order < wording.order]
                if wording.replaces is not None and wording.replaces not in others:
                    there = ", ".join(others) or "none"
                    message = f"replaces '{wording.replaces}' is none of the earlier versions; there are: {there}"
                    yield self.problem(wording.path, ("replaces",), message)

    def products(self, communications: Mapping[str, Communication], wordings: Iterable[Wording]) -> Iterator[Problem]:
        """Wording for a product that nothing is about would never be said."""
        if self._lacks_one(communications):
            return
        known = sorted({one.product for one in communications.values() if one.product})
        for wording in wordings:
            if wording.product is not None and wording.product not in known:
                there = ", ".join(known) or "none yet"
                message = f"no communication.yaml has the product '{wording.product}'; there are: {there}"
                yield self.problem(wording.path, ("product",), message)

    def _two_versions(self, early: Wording, late: Wording) -> Iterator[Problem]:
        other = f"version {early.version} ({early.path})"
        ends = early.effective_to
        if early.order == late.order:
            message = f"version {late.version} is taken by {early.path}; a new text takes a new version"
            yield self.problem(late.path, ("version",), message)
        elif late.order < early.order:
            message = f"version {late.version} starts after {other}; a later version starts later"
            yield self.problem(late.path, ("version",), message)
        if early.effective_from == late.effective_from:
            message = f"version {late.version} overlaps {other}: both start at {late.local(late.effective_from)}"
            yield self.problem(late.path, ("effective_from",), message)
        elif ends is not None and late.effective_from < ends and late.replaces != early.version:
            message = (
                f"version {late.version} overlaps {other}, which ends at {early.local(ends)}; start then, or later"
            )
            message += f', or write replaces: "{early.version}" to end that one sooner'
            yield self.problem(late.path, ("effective_from",), message)

    def rule_ids(self, rules: Iterable[RuleFile]) -> Iterator[Problem]:
        """No two rules of one id."""
        by_id: dict[str, RuleFile] = {}
        for rule in rules:
            other = by_id.setdefault(rule.id, rule)
            if other is not rule:
                yield self.problem(rule.path, (*rule.place, "id"), f"rule id '{rule.id}' is taken by {other.path}")

    def categories(self, communications: Mapping[str, Communication], policy: Policy | None) -> Iterator[Problem]:
        """A cap on a category that nothing has would never hold, and a suppression of it stop nothing."""
        if policy is None or self._lacks_one(communications):
            return
        known = sorted({communication.category for communication in communications.values()})
        for loc, what, categories in _scopes(policy):
            for place, category in enumerate(categories):
                if category not in known:
                    there = ", ".join(known) or "none yet"
                    message = f"{what}: no communication has the category '{category}'; there are: {there}"
                    yield self.problem(POLICY, (*loc, "categories", place), message)

    def suppressions(self, policy: Policy | None) -> Iterator[Problem]:
        """A kind that is named and says nothing would stop nothing, which nobody means."""
        for kind, reach in _reaches(policy) if policy else ():
            if not reach.model_fields_set:
                message = f"'{kind}' says nothing and would stop nothing; leave it out for the engine's own, or write"
                yield self.problem(POLICY, ("suppression", kind), f"{message} purposes: []")

    def caps(self, communications: Mapping[str, Communication], policy: Policy | None) -> Iterator[Problem]:
        """A cap on purposes of which nothing obeys caps would never hold."""
        if policy is None or self._lacks_one(communications):
            return
        obeying = {purpose for purpose in get_args(Purpose) if policy.of_purpose(purpose).obeys_caps}
        obeying |= {one.purpose for one in communications.values() if policy.terms(one).obeys_caps}
        for number, cap in enumerate(policy.caps):
            if cap.purposes and obeying.isdisjoint(cap.purposes):
                message = f"cap '{cap.id}' would never hold: nothing that is {' or '.join(cap.purposes)} obeys caps"
                message += " (obeys_caps, of the purpose or of a communication)"
                yield self.problem(POLICY, ("caps", number, "purposes"), message)

    def terms(self, communications: Mapping[str, Communication], policy: Policy | None) -> Iterator[Problem]:
        """Priorities are those of the policy, and what joins a digest says which."""
        if policy is None:
            return  # it was refused, and told of already
        for communication in communications.values():
            path = f"templates/{communication.id}/communication.yaml"
            if communication.priority and communication.priority not in policy.priorities:
                message = f"priority '{communication.priority}' is none of {', '.join(policy.priorities)} ({POLICY})"
                yield self.problem(path, ("priority",), message)
            if communication.digest is None and policy.terms(communication).on_cap == "digest":
                message = f"{POLICY} has on_cap: digest for {communication.purpose}; this needs 'digest', or an on_cap"
                yield self.problem(path, ("purpose",), message)

    def others(self, communications: Mapping[str, Communication]) -> Iterator[Problem]:
        """Communications that others name must exist."""
        there = self._there(communications)
        for communication in communications.values():
            named: list[tuple[Loc, str]] = [
                (("not_within", number, "of", place), name)
                for number, rule in enumerate(communication.not_within) for place, name in enumerate(rule.of)
            ]  # fmt: skip
            if communication.digest:
                named.append((("digest", "into"), communication.digest.into))
            for loc, name in named:
                if name not in there:
                    message = f"communication '{name}' does not exist; there are: {', '.join(sorted(there))}"
                    path = f"templates/{communication.id}/communication.yaml"
                    yield replace(self.problem(path, loc, message), code=MISSING_COMMUNICATION)

    def lost_link(self, communications: Mapping[str, Communication], settings: Settings | None) -> Iterator[Problem]:
        """A new link goes to the address that was entered, or nowhere, and nobody is there to give data for it."""
        name = settings.preference_page.lost_link if settings else None
        if name is None:
            return
        loc, there = ("preference_page", "lost_link"), self._there(communications)
        if name not in there:
            message = f"communication '{name}' does not exist; there are: {', '.join(sorted(there))}"
            yield replace(self.problem(SETTINGS, loc, message), code=MISSING_COMMUNICATION)
        one = communications.get(name)
        if one is None:
            return
        if one.channels != ("email",):
            message = (
                f"'{name}' goes by {', '.join(one.channels)}: a new link goes by email alone, where it was asked for"
            )
            yield self.problem(SETTINGS, loc, message)
        if one.purpose == "marketing":
            yield self.problem(SETTINGS, loc, f"'{name}' is marketing: who asks for a link has not agreed to that")
        if any((one.digest, one.collects, one.copies)):
            message = f"'{name}' has a digest, collects or copies: a new link goes at once, to one customer"
            yield self.problem(SETTINGS, loc, message)
        needed = sorted(field for field, kind in one.data.fields.items() if not kind.optional)
        if one.data.sql or needed:
            message = f"'{name}' needs data ({', '.join(needed) or one.data.sql}), and nobody gives any with a new link"
            yield self.problem(SETTINGS, loc, message)

    def _lacks_one(self, communications: Mapping[str, Communication]) -> bool:
        """Whether one was refused, so that nobody knows what it would be about."""
        return len(communications) < sum(path.endswith("/communication.yaml") for path in self.documents)

    def _there(self, communications: Mapping[str, Communication]) -> set[str]:
        """The names of all; one that was refused is there, and told of already."""
        return {*communications} | {
            PurePosixPath(path).parent.name for path in self.documents if path.endswith("/communication.yaml")
        }

    def digests(self, communications: Mapping[str, Communication]) -> Iterator[Problem]:
        """What is collected must fit into the digest that tells of it, and count there as what it is."""
        collecting = sorted(one.id for one in communications.values() if one.collects)
        for one in communications.values():
            into = communications.get(one.digest.into) if one.digest else None
            if into is None:
                continue  # no digest, or one that was told of already
            path = f"templates/{one.id}/communication.yaml"
            if into.collects is None:
                there = ", ".join(collecting) or "none yet"
                message = f"'{into.id}' has no 'collects', so it would never tell what it has; these have: {there}"
                yield self.problem(path, ("digest", "into"), message)
                continue
            if into.purpose != one.purpose:
                message = f"'{into.id}' is {into.purpose}: what is {one.purpose} is told in a digest that is so too"
                yield self.problem(path, ("digest", "into"), message)
            if not set(into.channels) & set(one.channels):
                message = f"'{into.id}' goes by {', '.join(into.channels)}: by none of {', '.join(one.channels)}"
                yield self.problem(path, ("digest", "into"), message)
            for what in ("languages", "jurisdictions"):
                own, there = getattr(one, what), getattr(into, what)
                if missing := [name for name in own if name not in there]:
                    message = f"'{into.id}' has the {what} {', '.join(there)}, and not {', '.join(missing)}"
                    yield self.problem(path, ("digest", "into"), message)
