"""Consent: the newest row of a purpose and channel counts; no row means no."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from ccm.model.customer import Consent
from ccm.model.requirements import STRENGTH, PolicyRequirements
from ccm.workspace.communication import Communication

MARKETING_BASES = frozenset({"soft_opt_in", "opt_in", "double_opt_in", "opt_in_written"})
"""Bases on which a marketing message may rest; a granted row with another basis does not help."""


class Demand(NamedTuple):
    """A consent that a communication needs on a channel."""

    purpose: str
    strength: int
    """The least that the basis must have; see `ccm.model.requirements.STRENGTH`."""
    told: str
    """For the trace: what asks for it."""


def purposes_needed(communication: Communication, channel: str) -> tuple[str, ...]:
    """The consent purposes that this communication needs on this channel."""
    needed = ["marketing"] if communication.purpose == "marketing" else []
    extra = communication.consent.get(channel)  # type: ignore[call-overload]
    if extra and extra not in needed:
        needed.append(extra)
    return tuple(needed)


def purposes_looked_at(communication: Communication) -> frozenset[str]:
    """All consent purposes that `demands` may name for this communication, on any channel and wherever it goes."""
    return frozenset({communication.purpose, *communication.consent.values()})


def demands(communication: Communication, requirements: PolicyRequirements, channel: str) -> tuple[Demand, ...]:
    """All that must be there on a channel: what the communication needs, then the basis that rules ask for.

    Bases up to ``provided_contact`` need no consent row: the customer gave the address, and who refused is looked at
    elsewhere. For a stronger one the newest row of the communication's purpose must have it.
    """
    found = [Demand(purpose, 0, purpose) for purpose in purposes_needed(communication, channel)]
    basis, purpose = requirements.consent, communication.purpose
    if STRENGTH[basis] > STRENGTH["provided_contact"]:
        told = f"{purpose}: {basis} ({', '.join(requirements.consent_rules)})"
        found.append(Demand(purpose, STRENGTH[basis], told))
    return tuple(found)


class Given:
    """One customer's consents as they stand at an instant: of each purpose and channel the newest row.

    Of two rows of the same instant the refusal counts.
    """

    def __init__(self, consents: Iterable[Consent], at: datetime) -> None:
        self._newest: dict[tuple[str, str], Consent] = {}
        newest = self._newest
        for row in consents:
            if (when := row.at) <= at:
                known = newest.get(key := (row.purpose, row.channel))
                if known is None or when > known.at or (when == known.at and not row.granted):
                    newest[key] = row

    @property
    def rows(self) -> Collection[Consent]:
        """Those that count."""
        return self._newest.values()

    def why_not(self, purpose: str, channel: str, strength: int = 0) -> str | None:
        """None where a valid consent stands, else ``no_consent``, ``consent_withdrawn`` or ``consent_too_weak``.

        `strength`: the least that the newest row's basis must have.
        """
        newest = self._newest.get((purpose, channel))
        if newest is None:
            return "no_consent"
        if not newest.granted:
            return "consent_withdrawn"
        if purpose == "marketing" and newest.basis not in MARKETING_BASES:
            return "no_consent"
        if strength and STRENGTH.get(newest.basis, 0) < strength:
            return "consent_too_weak"
        return None
