"""Consent: the newest row of a purpose and channel counts; no row means no."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccm.model.customer import Consent
from ccm.workspace.communication import Communication

MARKETING_BASES = frozenset({"opt_in", "opt_in_written", "soft_opt_in"})
"""Bases on which a marketing message may rest; a granted row with another basis does not help."""


def purposes_needed(communication: Communication, channel: str) -> tuple[str, ...]:
    """The consent purposes that this communication needs on this channel."""
    needed = ["marketing"] if communication.purpose == "marketing" else []
    extra = communication.consent.get(channel)  # type: ignore[call-overload]
    if extra and extra not in needed:
        needed.append(extra)
    return tuple(needed)


def why_not(consents: Iterable[Consent], purpose: str, channel: str, at: datetime) -> str | None:
    """None where a valid consent stands at `at`; else ``no_consent`` or ``consent_withdrawn``.

    Of two rows of the same instant the refusal counts.
    """
    rows = [row for row in consents if row.purpose == purpose and row.channel == channel and row.at <= at]
    if not rows:
        return "no_consent"
    newest = max(rows, key=lambda row: (row.at, not row.granted))
    if not newest.granted:
        return "consent_withdrawn"
    if purpose == "marketing" and newest.basis not in MARKETING_BASES:
        return "no_consent"
    return None
