"""Consent: the newest row of a purpose and channel counts; no row means no."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccm.model.customer import Consent
from ccm.model.requirements import STRENGTH, PolicyRequirements
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


def asked_by_rules(
    communication: Communication, requirements: PolicyRequirements, consents: Iterable[Consent], channel: str,
    at: datetime,
) -> tuple[str, str] | None:  # fmt: skip
    """Why the basis that rules ask for is not there, as (reason, detail), or None.

    Bases up to ``provided_contact`` need no consent row: the customer gave the address, and who refused is looked at
    elsewhere. For a stronger one the newest row of the communication's purpose must have it.
    """
    needed = requirements.consent
    if STRENGTH[needed] <= STRENGTH["provided_contact"]:
        return None
    purpose = communication.purpose
    why = why_not(consents, purpose, channel, at, STRENGTH[needed])
    return None if why is None else (why, f"{purpose}: {needed} ({', '.join(requirements.consent_rules)})")


def why_not(consents: Iterable[Consent], purpose: str, channel: str, at: datetime, strength: int = 0) -> str | None:
    """None where a valid consent stands at `at`; else ``no_consent``, ``consent_withdrawn`` or ``consent_too_weak``.

    `strength`: the least that the newest row's basis must have; see `ccm.model.requirements.STRENGTH`. Of two rows of
    the same instant the refusal counts.
    """
    newest: Consent | None = None
    for row in consents:
        if row.channel != channel or row.purpose != purpose or row.at > at:
            continue
        if newest is None or row.at > newest.at or (row.at == newest.at and not row.granted):
            newest = row
    if newest is None:
        return "no_consent"
    if not newest.granted:
        return "consent_withdrawn"
    if purpose == "marketing" and newest.basis not in MARKETING_BASES:
        return "no_consent"
    if strength and STRENGTH.get(newest.basis, 0) < strength:
        return "consent_too_weak"
    return None
