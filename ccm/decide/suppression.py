"""Who must be left in peace: what stops every channel, and what stops one."""

from __future__ import annotations

from datetime import datetime, timedelta

from ccm.decide import relations
from ccm.decide.facts import Facts
from ccm.decide.plan import Plan
from ccm.model.customer import NOTHING_WENT, Suppression
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

OF_ADDRESS = frozenset({"hard_bounce", "invalid_contact_point", "complaint"})
"""Kinds that say something of an address, and not of the person who has it."""


def not_eligible(plan: Plan, facts: Facts, at: datetime) -> tuple[str, str] | None:
    """Why this customer gets this communication on no channel at all, as (reason, detail), or None."""
    customer, communication, policy = facts.customer, plan.communication, plan.policy
    if customer.status != "active":
        return customer.status, ""
    if unserved := plan.unserved(customer.jurisdiction, customer.language):
        return unserved
    if facts.suppressions and (row := on_channel(plan, facts, "*", at)):
        return row.kind, ""
    if facts.cases and (complaining := _complaint(communication, policy, facts, at)):
        return complaining
    if facts.relations and relations.lacks_proxy(communication, facts):
        return "no_proxy", ""
    return _too_soon(communication, facts, at) if plan.follows else None


def on_channel(plan: Plan, facts: Facts, channel: str, at: datetime) -> Suppression | None:
    """The first that holds at `at` for the address on a channel, or for every channel where that is ``*``.

    `facts.suppressions` has no row of an address that the customer does not use any more.
    """
    policy = plan.policy
    for row in facts.suppressions:
        stops = row.channel == channel and policy.suppression.reach(row.kind).stops(plan.communication)
        if stops and in_force(row, policy, at):
            return row
    return None


def in_force(row: Suppression, policy: Policy, at: datetime) -> bool:
    """Whether a suppression holds at `at`: from its instant on, until its own end or that of its kind (exclusive)."""
    if at < row.at:
        return False
    if row.until is not None:
        return at < row.until
    days = policy.suppression.reach(row.kind).days
    return days is None or at < row.at + timedelta(days=days)


def _complaint(
    communication: Communication, policy: Policy, facts: Facts, at: datetime
) -> tuple[str, str] | None:  # fmt: skip
    if not policy.complaint.stops(communication):
        return None
    recent: tuple[str, str] | None = None
    for case in facts.cases:
        if case.kind == "complaint" and case.opened_at <= at:
            if case.closed_at is None or case.closed_at > at:
                return "complaint_open", case.case_id
            if recent is None and at < case.closed_at + timedelta(days=policy.complaint.days_after_close):
                recent = "complaint_recent", case.case_id
    return recent  # only now: what is still open says more


def _too_soon(communication: Communication, facts: Facts, at: datetime) -> tuple[str, str] | None:
    """Half open as windows of caps are: exactly N times 24 hours after the other one is late enough."""
    for rule in communication.not_within:
        since = at - timedelta(days=rule.days)
        for contact in facts.contacts:
            # One that is still to go counts too: a message must not come in front of what it was to follow.
            if contact.communication in rule.of and contact.at > since and contact.status not in NOTHING_WENT:
                return "too_soon_after", contact.communication
    return None
