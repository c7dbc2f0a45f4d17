"""What the customer asked for: order of channels, and what they do not want."""

from __future__ import annotations

from collections.abc import Sequence

from ccm.model.customer import Preference
from ccm.workspace.communication import Communication


def opted_out(preferences: Sequence[Preference], category: str, channel: str) -> bool:
    """Whether any row that applies says no: every applicable row must allow."""
    return any(
        not row.allowed and row.category in ("*", category) and row.channel in ("*", channel) for row in preferences
    )


def order(preferences: Sequence[Preference], communication: Communication) -> tuple[tuple[str, ...], str]:
    """Channels in the order to try, and why: ``preferred`` or ``default_order``.

    Ranks given for the communication's category beat those for all categories. A customer who ranked
    channels gets only those; one who ranked none gets the communication's order.
    """
    for category in (communication.category, "*"):
        ranked = sorted(
            (row.rank, row.channel)
            for row in preferences
            if row.category == category and row.allowed and row.rank is not None and row.channel != "*"
        )
        if ranked:
            return tuple(channel for _, channel in ranked), "preferred"
    return tuple(communication.channels), "default_order"
