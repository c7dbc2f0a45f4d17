"""What a simulation counts: sums only, no customer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass
class Tally:
    """Counts of one scenario; those of parts of the customers add up."""

    customers: int = 0
    events: int = 0
    """Decisions taken."""
    sent: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(communication, channel, day it goes out) to messages."""
    withheld: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(communication, reason, day of the decision) to messages."""
    digested: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(communication, the one that collects it) to messages that became a part of a digest."""
    later: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(communication, why) to messages that go out later than they were decided."""
    displaced: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(communication, cap, communication that filled it) to messages withheld by the cap, or put off by it."""
    sizes: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(communication, channel, language, jurisdiction) to messages, for parts, pages and costs."""
    reached: Counter[int] = field(default_factory=Counter)
    """Messages of one customer in the period to customers who get so many."""

    def add(self, other: Tally) -> None:
        """Adds another part's counts."""
        self.customers += other.customers
        self.events += other.events
        for item in fields(self):
            mine = getattr(self, item.name)
            if isinstance(mine, Counter):
                mine.update(getattr(other, item.name))
