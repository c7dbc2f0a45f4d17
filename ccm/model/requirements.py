"""What rules ask of a message besides its words: consent, hours, frequency, stopping, keeping.

Plain values. `ccm.compliance.requirements` makes them of rules, `ccm.decide` obeys them, and neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

ConsentBasis = Literal[
    "none", "opt_out", "provided_contact", "soft_opt_in", "opt_in", "double_opt_in", "opt_in_written"
]
"""What a message may rest on, weakest first: nothing; that nobody refused; that the customer gave this address for
the relationship; a customer's own purchase with a chance to refuse; a stated yes; one that was confirmed from the
address itself; one in writing (47 CFR 64.1200(f)(9), as that paragraph was numbered in 2024)."""
STRENGTH: dict[str, int] = {
    basis: place
    for place, basis in enumerate(
        ("none", "opt_out", "provided_contact", "soft_opt_in", "opt_in", "double_opt_in", "opt_in_written")
    )
}
"""Basis to its strength; the order is this project's own, for no law compares all of them."""
DAY = 24 * 60
"""Minutes of a day."""
Minutes = tuple[tuple[int, int], ...]
"""Spans of one day as [start, end) in minutes from midnight, in order, without overlap."""


@dataclass(frozen=True, slots=True)
class QuietWeek:
    """Hours in which nothing may go out, on the clock of one place."""

    rules: tuple[str, ...]
    zone: str
    """IANA name; empty: the customer's own zone."""
    days: tuple[Minutes, ...]
    """Seven, Monday first."""
    dates: frozenset[str] = frozenset()
    """Days of every year on which nothing goes out at all, as ``12-31``."""


@dataclass(frozen=True, slots=True)
class FrequencyLimit:
    """At most `limit` contacts of the categories on the channels in any window of `hours`."""

    id: str
    """The rule's."""
    limit: int
    hours: int
    categories: tuple[str, ...]
    channels: tuple[str, ...] = ()
    """Empty: over all channels together."""

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class OptOut:
    """How soon a refusal must be obeyed, and how far it reaches."""

    hours: float
    """Elapsed hours, the fewest that the rule's words allow; 0 is at once."""
    words: str
    """As the rule says it: ``10 business_days``."""
    everything: bool = False
    """Whether one refusal ends messages on other matters too."""


@dataclass(frozen=True, slots=True)
class PolicyRequirements:
    """All that applies to one communication on one channel for one place at one instant.

    The empty value asks for nothing.
    """

    rules: tuple[str, ...] = ()
    """Ids of every policy rule that applies, in order."""
    consent: ConsentBasis = "none"
    consent_rules: tuple[str, ...] = ()
    """Those that ask for this basis and no less."""
    quiet: tuple[QuietWeek, ...] = ()
    """One a zone at most."""
    frequency: tuple[FrequencyLimit, ...] = ()
    opt_out: OptOut | None = None
    evidence_days: int | None = None
    """How long evidence must be kept at least; None: no rule says."""
    content_days: int | None = None
    """How long content may be kept at most; None: no rule says."""


NOTHING = PolicyRequirements()
