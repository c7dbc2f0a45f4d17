"""One customer, one communication, one instant: a decision with its trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ccm.decide import caps, consent, experiment, preferences, suppression, timing
from ccm.decide.facts import Facts
from ccm.model.message import Candidate, Decision
from ccm.model.requirements import NOTHING
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


def decide(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, at: datetime
) -> Decision:
    """Whether, on which channel and from when a customer gets a communication.

    Order: who may get it at all, then the channels in the customer's order, then quiet hours, then caps, then the
    variant of an experiment.
    """
    if why := suppression.not_eligible(communication, policy, facts, at):
        return _withhold(communication, facts, at, *why)
    wanted, reason = preferences.order(facts.preferences, communication)
    candidates = [_candidate(channel, communication, policy, facts, at) for channel in wanted]
    chosen = next((candidate for candidate in candidates if candidate.taken), None)
    if chosen is not None:
        # Those behind the first possible one were not needed.
        place = candidates.index(chosen)
        candidates[place + 1 :] = [
            Candidate(later.channel, False, "not_needed") if later.taken else later for later in candidates[place + 1 :]
        ]
    others = [channel for channel in communication.channels if channel not in wanted]
    for channel in others:
        is_fallback = chosen is None and channel == communication.fallback
        candidate = (
            _fallback(channel, communication, policy, facts, at)
            if is_fallback
            else Candidate(channel, False, "not_preferred")
        )
        candidates.append(candidate)
        chosen, reason = (candidate, "fallback") if candidate.taken else (chosen, reason)
    if chosen is None and communication.fallback in wanted:
        # The customer ranked the fallback but opted out of it: a regulatory message must arrive all the same.
        candidate = _fallback(str(communication.fallback), communication, policy, facts, at)
        candidates.append(candidate)
        chosen, reason = (candidate, "fallback") if candidate.taken else (None, reason)
    if chosen is None:
        return _withhold(communication, facts, at, _why_no_channel(candidates), "", tuple(candidates))
    due = timing.due_at(communication, policy, channels, facts, chosen.channel, at)
    if due is None:
        return _withhold(communication, facts, at, "quiet_hours", chosen.channel, tuple(candidates))
    if communication.expires_after_hours and due > at + timedelta(hours=communication.expires_after_hours):
        return _withhold(communication, facts, at, "expires_in_quiet_hours", chosen.channel, tuple(candidates))
    limits = caps.limits(communication, policy, facts.requirements, chosen.channel)
    if limits and (cap := caps.full_cap(limits, communication.category, facts.contacts, due)):
        return _withhold(communication, facts, at, "cap", cap.id, tuple(candidates))
    # Last, so that who is held out would have been sent the communication like those they are compared with.
    variant = experiment.assign(communication, facts.customer.id)
    if variant is None:
        return _withhold(communication, facts, at, "holdout", "", tuple(candidates))
    return Decision(
        facts.customer.id, communication.id, at, True, reason, chosen.channel, due, tuple(candidates),
        "" if due == at else "held_for_quiet_hours", variant, facts.requirements.get(chosen.channel, NOTHING).rules,
    )  # fmt: skip


def recheck(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, channel: str,
    at: datetime,
) -> tuple[str, str, datetime]:  # fmt: skip
    """Hand-off: may this message still go on this channel at `at`?

    Returns (reason, detail, due): an empty reason means yes, from `due` on; else it is withheld for that
    reason. Caps are not counted again: the reservation holds the slot.
    """
    if why := suppression.not_eligible(communication, policy, facts, at):
        return *why, at
    if channel == communication.fallback:
        candidate = _fallback(channel, communication, policy, facts, at)
    else:
        candidate = _candidate(channel, communication, policy, facts, at)
    if not candidate.taken:
        return candidate.reason, candidate.detail, at
    due = timing.due_at(communication, policy, channels, facts, channel, at)
    return ("quiet_hours", channel, at) if due is None else ("", "", due)


def _candidate(channel: str, communication: Communication, policy: Policy, facts: Facts, at: datetime) -> Candidate:
    if channel not in communication.channels:
        return Candidate(channel, False, "not_offered")
    if facts.customer.reach(channel) is None:
        return Candidate(channel, False, "no_address")
    if suppressed := suppression.on_channel(communication, policy, facts, channel, at):
        return Candidate(channel, False, *suppressed)
    if refused := preferences.refusal(facts.preferences, communication.category, channel, at):
        return Candidate(channel, False, *refused)
    for purpose in consent.purposes_needed(communication, channel):
        if why := consent.why_not(facts.consents, purpose, channel, at):
            return Candidate(channel, False, why, purpose)
    asked = facts.requirements.get(channel, NOTHING)
    if missing := consent.asked_by_rules(communication, asked, facts.consents, channel, at):
        return Candidate(channel, False, *missing)
    return Candidate(channel, True, "taken")


def _fallback(channel: str, communication: Communication, policy: Policy, facts: Facts, at: datetime) -> Candidate:
    if communication.purpose != "regulatory":
        return _candidate(channel, communication, policy, facts, at)
    # No opt-out stands against what the law makes the organisation send.
    if facts.customer.reach(channel) is None:
        return Candidate(channel, False, "no_address")
    if suppressed := suppression.on_channel(communication, policy, facts, channel, at):
        return Candidate(channel, False, *suppressed)
    return Candidate(channel, True, "fallback")


def _why_no_channel(candidates: list[Candidate]) -> str:
    """The reason that a person would name first: what the customer said, then what is missing."""
    reasons = [candidate.reason for candidate in candidates]
    for reason in ("opted_out", "consent_withdrawn", "consent_too_weak", "no_consent", "no_address"):
        if reason in reasons:
            return reason
    return "no_channel"


def _withhold(
    communication: Communication, facts: Facts, at: datetime, reason: str, detail: str,
    candidates: tuple[Candidate, ...] = (),
) -> Decision:  # fmt: skip
    # Nobody knows which channel it would have been: the rules of all of them were looked at.
    rules = {rule for asked in facts.requirements.values() for rule in asked.rules}
    return Decision(
        facts.customer.id, communication.id, at, False, reason, candidates=candidates, detail=detail,
        rules=tuple(sorted(rules)),
    )  # fmt: skip
