"""From when a message may go out: quiet hours of the organisation and of rules, where the customer is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ccm.decide import quiet
from ccm.decide.facts import Facts
from ccm.model.requirements import NOTHING
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


def due_at(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, channel: str,
    at: datetime,
) -> datetime | None:  # fmt: skip
    """From when the message may go out on the channel: `at`, or the end of quiet hours; None: never.

    What is urgent goes out in the organisation's own quiet hours, and never in those of a rule.
    """
    hours = None if communication.urgent else channels[channel].quiet_hours
    weeks = facts.requirements.get(channel, NOTHING).quiet
    if hours is None and not weeks:
        return at
    customer = facts.customer
    zones = quiet.zones_of(customer.timezone, customer.jurisdiction, policy.zones)
    if not zones:
        return None
    return quiet.next_open(at, [*quiet.ends_of_hours(hours, zones), *quiet.ends_of_weeks(weeks, zones)])
