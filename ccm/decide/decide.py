"""One customer, one communication, one instant: a decision with its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ccm.decide import experiment, suppression
from ccm.decide.case import NOT_NOW, Case, Try, candidate
from ccm.decide.facts import Facts
from ccm.decide.plan import Plan, plan_for
from ccm.model.customer import Contact
from ccm.model.message import Candidate, Decision
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


def decide(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, at: datetime
) -> Decision:
    """Whether, on which channel and from when a customer gets a communication.

    Order: who may get it at all, then the channels in the customer's order, each with quiet hours and caps, then the
    variant of an experiment. ``docs/reference/decisions.md`` has the rules, each with an example.
    """
    plan = plan_for(communication, policy, channels)
    if why := suppression.not_eligible(plan, facts, at):
        return _withheld(plan, facts, at, *why)
    return _Choice(plan, facts, at).decision()


def recheck(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, channel: str,
    at: datetime, *, expires_at: datetime | None = None,
) -> tuple[str, str, datetime]:  # fmt: skip
    """Hand-off: may this message still go on this channel at `at`?

    Returns (reason, detail, due): an empty reason means yes, from `due` on, and where that is later than `at` the
    detail says what holds it, as ``deferred_by_cap:week``; else it is withheld for that reason. `expires_at`: when it
    expires, as its decision said.
    """
    plan = plan_for(communication, policy, channels)
    if why := suppression.not_eligible(plan, facts, at):
        return *why, at
    case = Case(plan, facts, at, expires_at)
    (found,) = case.considered([channel], last=channel == plan.fallback)
    if not found.taken:
        return found.reason, found.detail, at
    tried = case.tried(channel, waits=plan.waits)
    return ("", tried.detail, tried.due) if tried.due is not None else (tried.reason, tried.detail, at)


class _Choice(Case):
    """A decision on its way: which of the possible channels it is."""

    __slots__ = ("candidates",)

    def decision(self) -> Decision:
        plan, asked = self.plan, self.asked
        wanted, reason = asked.wanted, asked.order
        self.candidates = self.considered(wanted)
        if plan.at_once:
            self.candidates += self.considered([channel for channel in plan.at_once if channel not in wanted])
        possible = [place for place, one in enumerate(self.candidates) if one.taken]
        if possible and plan.digest and plan.digest.always:
            return self.digested("")
        chosen, also, failed = self.together(possible) if plan.at_once else self.first(possible)
        if chosen is None and plan.fallback is not None and (failed is None or self.falls_on(failed)):
            chosen, failed, is_fallback = self.last_resort(plan.fallback, failed)
            reason = "fallback" if is_fallback else reason
        self.passed_over()
        if chosen is None:
            if failed is None:
                return self.withheld(_why_no_channel(self.candidates))
            if failed.reason == "cap" and plan.terms.on_cap == "digest" and plan.digest:
                return self.digested(failed.detail)
            return self.withheld(failed.reason, failed.detail)
        # Last, so that who is held out would have been sent the communication like those they are compared with.
        customer_id = self.facts.customer.id
        variant = experiment.assign(plan.communication, customer_id) if plan.is_tried_out else ""
        if variant is None:
            return self.withheld("holdout")
        channel, tried = chosen
        return Decision(
            customer_id, plan.id, self.at, True, reason, channel, tried.due, tuple(self.candidates), tried.detail,
            variant, self.regime.ways[channel].rules, also,
        )  # fmt: skip

    def first(self, possible: Sequence[int]) -> tuple[tuple[str, Try] | None, tuple[str, ...], Try | None]:
        """The first channel on which it can go; else the full cap, or why the most wanted channel failed."""
        failed: Try | None = None
        for number, place in enumerate(possible):
            channel = self.candidates[place].channel
            tried = self.tried(channel, waits=self.plan.waits)
            if tried.due is not None:
                self.mark(possible[number + 1 :], "not_needed")
                return (channel, tried), (), None
            self.candidates[place] = candidate(channel, False, tried.reason, tried.detail)
            failed = _telling(failed, tried)
            if not self.falls_on(tried):
                self.mark(possible[number + 1 :], "not_tried")
                break
        return None, (), failed

    def together(self, possible: Sequence[int]) -> tuple[tuple[str, Try] | None, tuple[str, ...], Try | None]:
        """All channels of `at_once` that can be used at the earliest instant; else as for any other communication."""
        now = [place for place in possible if self.candidates[place].channel in self.plan.at_once]
        found = {place: self.due(self.regime.ways[self.candidates[place].channel], self.at, self.ends) for place in now}
        dues = {place: None if due is None else due.at for place, due in found.items()}
        earliest = min((due for due in dues.values() if due is not None), default=None)
        going: list[tuple[str, Try]] = []
        taken: list[Contact] = []
        for place in now:
            channel, due = self.candidates[place].channel, dues[place]
            # Each takes room that the next one does not have any more.
            tried = self.tried(channel, waits=False, taken=taken) if due == earliest else Try(None, "quiet_hours")
            if tried.due is None:
                self.candidates[place] = candidate(channel, False, tried.reason, tried.detail)
            else:
                going.append((channel, tried))
                taken.append(self.plan.contact(self.facts.customer.id, channel, tried.due))
        if not going:
            return self.first(possible)
        self.mark([place for place in possible if place not in now], "not_needed")
        return going[0], tuple(channel for channel, _ in going[1:]), None

    def last_resort(
        self, channel: str, failed: Try | None
    ) -> tuple[tuple[str, Try] | None, Try | None, bool]:  # fmt: skip
        """The communication's fallback, where nothing before it was possible, open in time, or had room."""
        if any(one.channel == channel and one.reason in NOT_NOW for one in self.candidates):
            return None, failed, False
        # One that the customer ranked but opted out of is looked at again: a regulatory message must arrive.
        (found,) = self.considered([channel], last=True)
        if found.taken:
            tried = self.tried(channel, waits=self.plan.waits)
            if tried.due is not None:
                self.candidates.append(found)
                return (channel, tried), None, True
            found = candidate(channel, False, tried.reason, tried.detail)
            failed = _telling(failed, tried)
        if channel not in self.asked.wanted:
            self.candidates.append(found)
        return None, failed, False

    def falls_on(self, failed: Try) -> bool:
        """Whether another channel may be taken instead: always of one that does not open in time."""
        return self.plan.falls or failed.reason != "cap"

    def mark(self, places: Sequence[int], reason: str) -> None:
        for place in places:
            self.candidates[place] = candidate(self.candidates[place].channel, False, reason)

    def passed_over(self) -> None:
        """Channels that nobody looked at: the customer did not ask for them."""
        unwanted = self.asked.unwanted
        if len(self.candidates) == len(self.asked.wanted):
            self.candidates += unwanted
        else:
            seen = {one.channel for one in self.candidates}
            self.candidates += [one for one in unwanted if one.channel not in seen]

    def digested(self, cap: str) -> Decision:
        """It joins others; `cap`: the id of the one that was full, empty where it always does."""
        variant = experiment.assign(self.plan.communication, self.facts.customer.id)
        if variant is None or self.plan.digest is None:
            return self.withheld("holdout")
        return self.withheld("digested", cap)._replace(variant=variant, digest=self.plan.digest.into)

    def withheld(self, reason: str, detail: str = "") -> Decision:
        return _withheld(self.plan, self.facts, self.at, reason, detail, tuple(self.candidates))


def _withheld(
    plan: Plan, facts: Facts, at: datetime, reason: str, detail: str, candidates: tuple[Candidate, ...] = ()
) -> Decision:
    # Nobody knows which channel it would have been: the rules of all of them were looked at.
    return Decision(
        facts.customer.id, plan.id, at, False, reason, candidates=candidates, detail=detail,
        rules=plan.regime(facts.requirements).rules,
    )  # fmt: skip


def _telling(before: Try | None, tried: Try) -> Try:
    """Which of two failures is the message's: a full cap says what becomes of it, else the more wanted channel's."""
    return tried if before is None or (tried.reason == "cap" and before.reason != "cap") else before


def _why_no_channel(candidates: Sequence[Candidate]) -> str:
    """The reason that a person would name first: what the customer said, then what is missing."""
    reasons = [one.reason for one in candidates]
    for reason in ("opted_out", "consent_withdrawn", "consent_too_weak", "no_consent", "no_address"):
        if reason in reasons:
            return reason
    return "no_channel"
