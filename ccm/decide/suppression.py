"""Who must be left in peace: what stops every channel, and what stops one."""

from __future__ import annotations

from datetime import datetime, timedelta

from ccm.decide.facts import Facts
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


def not_eligible(communication: Communication, policy: Policy, facts: Facts, at: datetime) -> tuple[str, str] | None:
    """Why this customer gets this communication on no channel at all, as (reason, detail), or None."""
    customer = facts.customer
    if customer.status != "active":
        return customer.status, ""
    if customer.jurisdiction not in communication.jurisdictions:
        return "jurisdiction_not_served", customer.jurisdiction
    if communication.language_for(customer.language) is None:
        return "language_not_served", customer.language
    if communication.purpose in policy.complaint.purposes:
        for case in facts.cases:
            if case.kind == "complaint" and case.opened_at <= at:
                if case.closed_at is None or case.closed_at > at:
                    return "complaint_open", case.case_id
                if at < case.closed_at + timedelta(days=policy.complaint.days_after_close):
                    return "complaint_recent", case.case_id
    return None


def on_channel(
    communication: Communication, policy: Policy, facts: Facts, channel: str, at: datetime
) -> tuple[str, str] | None:
    """Why the customer's address on this channel must not be used, as (reason, detail), or None."""
    for row in facts.suppressions:
        if row.channel in ("*", channel) and row.at <= at and (row.until is None or at < row.until):
            return row.kind, ""
    return None
