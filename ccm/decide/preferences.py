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
    latest: datetime | None = None
    for row in preferences:
        if row.channel not in ("*", channel) or row.category not in ("*", category):
            continue
        if not row.allowed:
            return "opted_out", ""
        until = row.paused_until
        if until is not None and at < until and (latest is None or latest < until):
            latest = until
    return None if latest is None else ("paused", latest.isoformat())


def order(preferences: Sequence[Preference], communication: Communication) -> tuple[tuple[str, ...], str]:
    """Channels in the order to try, and why: ``preferred`` or ``default_order``.

    Ranks given for the communication's category beat those for all categories. A customer who ranked
    channels gets only those; one who ranked none gets the communication's order.
    """
    own: list[tuple[int, str]] = []
    general: list[tuple[int, str]] = []
    for row in preferences:
        if row.rank is not None and row.allowed and row.channel != "*":
            if row.category == communication.category:
                own.append((row.rank, row.channel))
            elif row.category == "*":
                general.append((row.rank, row.channel))
    if ranked := own or general:
        ranked.sort()
        return tuple([channel for _, channel in ranked]), "preferred"
    return communication.channels, "default_order"
