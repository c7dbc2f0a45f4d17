"""Hours, caps, expiry, preferences and consent together: the decision is the one that looking at everything gives."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from naive_decision import Naive, Outcome

from ccm.decide import Facts, decide
from ccm.decide.handover import GOES, at_handoff
from ccm.model.customer import Consent, Contact, Customer, Preference
from ccm.model.message import Decision
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy
from ccm.workspace.sendtimes import WEEKDAYS

Situation = tuple[Communication, Policy, dict[str, Channel], Facts, datetime]
CHANGES = [
    ("Europe/London", "2026-03-29"), ("America/New_York", "2026-11-01"), ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"), ("Africa/Cairo", "2026-04-24"), ("Africa/Cairo", "2026-10-30"),
    ("Asia/Beirut", "2026-03-29"), ("America/Havana", "2026-11-01"), ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kiritimati", "2026-02-28"), ("Etc/GMT+12", "2026-12-31"), ("Asia/Kathmandu", "2024-02-29"),
    ("Antarctica/Troll", "2026-10-25"), ("America/Scoresbysund", "2024-03-31"), ("Asia/Tokyo", "2026-03-01"),
]  # fmt: skip
"""Zones on a day on which their clocks change, or that is the last or first of its month or year."""
ORDER, CLASSES = ("email", "sms"), ("critical", "high", "normal", "low")
SEEDS = range(180)


class Drawn:
    """Everything that one decision is taken from, at quarters of an hour around a change of clocks."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.zone, day = self.random.choice(CHANGES)
        midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        night = timedelta(minutes=15 * self.random.randrange(-4, 12))
        self.at = midnight + (night if self.happens(0.6) else self.quarters(-1, 2))
        self.expires = self.random.choice([1, 3, 9, 24, 72])
        walls = [
            moment.astimezone(ZoneInfo(self.zone)) for moment in (self.at, self.at + timedelta(hours=self.expires))
        ]
        self.edges = [*range(13), *(wall.hour * 4 + wall.minute // 15 for wall in walls for _ in range(6))]
        """Quarters of the day at which something ends: clocks change in the night's first hours."""

    def situation(self) -> Situation:
        return self.communication(), self.policy(), {name: self.channel(name) for name in ORDER}, self.facts(), self.at

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def quarters(self, first: int, last: int) -> timedelta:
        """So many quarters of an hour as are in some days; whole days often, for windows end after those."""
        number = self.random.randrange(first * 96, last * 96)
        return timedelta(minutes=15 * (number // 96 * 96 if self.happens(0.3) else number))

    def span(self) -> tuple[str, str]:
        start = end = self.edge()
        while start == end:
            end = self.edge()
        return f"{start // 4:02}:{start % 4 * 15:02}", f"{end // 4:02}:{end % 4 * 15:02}"

    def edge(self) -> int:
        return self.random.choice(self.edges if self.happens(0.6) else range(96))

    def window(self) -> dict[str, Any]:
        start, end = self.span()
        days = self.random.sample(WEEKDAYS, self.random.randint(1, 6)) if self.happens(0.3) else WEEKDAYS
        return {"start": start, "end": end, "days": days}

    def channel(self, name: str) -> Channel:
        fields = {"quiet_hours": self.window() if self.happens(0.6) else None}
        if self.happens(0.2):
            fields["send"] = self.window()
        return Channel.model_validate({"channel": name, "adapter": "outbox", **fields})

    def communication(self) -> Communication:
        return Communication.model_validate({
            "id": "offer", "name": {"en": "x", "ja": "x"}, "purpose": "marketing", "category": "offers",
            "channels": ORDER, "languages": ["en"], "jurisdictions": ["GB"], "priority": self.random.choice(CLASSES),
            "on_cap": self.random.choice(["drop", "defer", "fallback"]),
            "expires_after_hours": self.expires,
            "send": self.window() if self.happens(0.3) else None,
        })  # fmt: skip

    def policy(self) -> Policy:
        windows: list[dict[str, Any]] = [{"days": 1}, {"days": 7}, {"hours": 6}, {"per": "day"}, {"per": "week"}]
        caps = []
        for number in range(self.random.choice([0, 1, 1, 2])):
            window = self.random.choice(windows)
            cap: dict[str, Any] = {"id": f"cap{number}", "limit": self.random.choice([1, 2, 2, 3]), **window}
            if self.happens(0.3):
                cap["channels"] = [self.random.choice(ORDER)]
            if self.happens(0.3):
                cap["reserved"] = {self.random.choice(CLASSES[:3]): 1}
            caps.append(cap)
        return Policy.model_validate({"caps": caps})

    def facts(self) -> Facts:
        cells = {(self.random.choice(["*", "offers", "news"]), self.random.choice(["*", *ORDER])) for _ in range(2)}
        preferences = [self.preference(*cell) for cell in sorted(cells) if self.happens(0.5)]
        consents = [Consent("C1", "marketing", one, "opt_in", True, self.at - timedelta(days=99)) for one in ORDER]
        consents += [self.consent() for _ in range(self.random.choice([0, 0, 1, 2]))]
        contacts = [self.contact() for _ in range(self.random.choice([0, 2, 4, 8]))]
        points = {"email": "a@example.com", "sms": "+447700900001"}
        if self.happens(0.1):
            del points[self.random.choice(ORDER)]
        customer = Customer(
            id="C1", language="en-GB", jurisdiction="GB", timezone=self.zone, contact_points=points
        )  # fmt: skip
        return Facts(customer, tuple(preferences), tuple(consents), contacts=tuple(contacts))

    def preference(self, category: str, channel: str) -> Preference:
        rank = self.random.choice([None, None, 1, 2])
        hours = "-".join(self.span()) if self.happens(0.5) else ""
        paused = self.at + self.quarters(-1, 2) if self.happens(0.2) else None
        return Preference("C1", category, channel, rank, not self.happens(0.1), hours, paused)

    def consent(self) -> Consent:
        basis, when = self.random.choice(["opt_in", "e_sign"]), self.at - self.quarters(0, 5)
        return Consent("C1", "marketing", self.random.choice(ORDER), basis, self.happens(0.7), when)

    def contact(self) -> Contact:
        choice = self.random.choice
        # Often so that the room that it takes is free again when the message expires.
        gap = timedelta(hours=self.expires - choice([6, 24, 168])) if self.happens(0.3) else self.quarters(-8, 3)
        return Contact(
            "C1", self.at + gap, "x", choice(["offers", "news"]), choice(ORDER),
            choice(["sent", "reserved", "failed"]), choice(["marketing", "servicing", ""]), choice(CLASSES),
            self.happens(0.9),
        )  # fmt: skip


@lru_cache
def situations() -> list[Situation]:
    return [Drawn(seed).situation() for seed in SEEDS]


def told(decision: Decision) -> Outcome:
    return (decision.channel or "", decision.due_at) if decision.send else (decision.reason, decision.detail)


def test_a_decision_is_the_one_that_looking_at_every_quarter_of_an_hour_gives() -> None:
    outcomes: Counter[str] = Counter()
    for seed, situation in zip(SEEDS, situations(), strict=True):
        wanted = Naive(*situation).outcome()
        assert told(decide(*situation)) == wanted, f"seed {seed}"
        outcomes[wanted[0] + (" later" if wanted[0] in ORDER and wanted[1] != situation[-1] else "")] += 1
    assert min(outcomes[name] for name in ("email", "email later", "sms", "sms later", "cap")) >= 5
    assert {"expires_in_quiet_hours", "quiet_hours", "opted_out", "no_consent", "consent_withdrawn"} <= set(outcomes)


@pytest.mark.parametrize("number", range(3))
def test_what_was_decided_for_an_instant_goes_at_it_and_is_held_until_it_before(number: int) -> None:
    """Asked at once, half-way and when it is due: a decision at hand-off with the same facts is the same."""
    for seed, situation in zip(SEEDS, situations(), strict=True):
        communication, _, _, _, at = situation
        decision = decide(*situation)
        if decision.channel is None or decision.due_at is None:
            continue
        asked = at + number * (decision.due_at - at) / 2
        ends = at + timedelta(hours=communication.expires_after_hours or 0)
        again = at_handoff(*situation[:4], decision.channel, asked, expires_at=ends)
        assert again.due_at == decision.due_at, f"seed {seed}"
        assert (again.reason == GOES) == (asked == decision.due_at), f"seed {seed}"
