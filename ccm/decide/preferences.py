"""What the customer asked for: order of channels, and what they do not want.

A row applies where its category is the communication's or ``*``, and its channel the one looked at or ``*``. What
forbids adds up: every row that applies must allow, and each pause that is not over holds, so that the narrow row never
lifts the wide one. What only orders does not add up, and there the narrow row is taken alone: ranks of the category
before ranks of ``*``; hours by the channel first, then by the category. No row at all forbids nothing, and permits
nothing either: what marketing needs is consent, see `ccm.decide.consent`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ccm.model.customer import Preference
from ccm.workspace.communication import Communication


def refusal(preferences: Sequence[Preference], category: str, channel: str, at: datetime) -> tuple[str, str] | None:
    """Why the customer wants nothing of this category on this channel, as (reason, detail), or None.

    Every row that applies must allow; the detail of a pause is when the last one ends.
    """
    applying = [row for row in preferences if row.category in ("*", category) and row.channel in ("*", channel)]
    if any(not row.allowed for row in applying):
        return "opted_out", ""
    pauses = [row.paused_until for row in applying if row.paused_until is not None and at < row.paused_until]
    return ("paused", max(pauses).isoformat()) if pauses else None


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
