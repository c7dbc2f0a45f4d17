"""A naive ledger: what becomes of messages, by plain loops over everything that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handoff_parts import payment

STEP, LASTS = timedelta(minutes=30), timedelta(hours=7)
CARD = {"name": "Debit", "last_digits": "0077", "blocked_at": "2026-10-24T12:00:00+00:00", "reported": True,
        "replacement_by": "2026-10-30"}  # fmt: skip
CLASSES = ("critical", "high", "normal", "low")


@dataclass(frozen=True)
class Kind:
    """A communication of the model."""

    name: str
    category: str
    channels: tuple[str, ...]
    on_cap: str
    priority: str
    data: Any


KINDS = (
    Kind("savings-offer", "offers", ("email",), "drop", "low", None),
    Kind("payment-received", "payments", ("email",), "defer", "normal", payment()),
    Kind("card-blocked", "security", ("email", "sms"), "fallback", "high", {"card": CARD}),
)
CAPS: list[dict[str, Any]] = [
    {"id": "mail", "channels": ["email"], "limit": 2, "hours": 5, "reserved": {"high": 1}},
    {"id": "text", "channels": ["sms"], "limit": 1, "hours": 3},
    {"id": "day", "limit": 4, "per": "day", "reserved": {"high": 1, "normal": 1}},
]


@dataclass
class Said:
    """A message of the model. `at`: when its contact takes room; `due`: when it goes."""

    kind: Kind
    customer: str
    channel: str
    state: str
    at: datetime
    due: datetime
    expires: datetime
    run: str
    attempts: int = 0

    @property
    def takes_room(self) -> bool:
        return self.state in ("due", "accepted", "unknown", "delivered", "bounced")


class NaiveLedger:
    """All messages to some customers, who are in London at first; time goes by in half hours."""

    def __init__(self, now: datetime, customers: list[str]) -> None:
        self.now = now
        self.messages: dict[str, Said] = {}
        self.shut: set[tuple[str, str]] = set()
        """Customer and channel where the address has bounced."""
        self.refused: set[tuple[str, str]] = set()
        self.zones = dict.fromkeys(customers, "Europe/London")

    def room(self, kind: Kind, customer: str, channel: str, at: datetime, own: str = "") -> bool:
        """Whether one more would keep every cap, reserved room included."""
        others = [one for key, one in self.messages.items()
                  if key != own and one.customer == customer and one.takes_room]  # fmt: skip
        mine = [cap for cap in CAPS if channel in cap.get("channels", [channel])]
        return all(self.keeps(cap, kind, customer, others, at) for cap in mine)

    def keeps(self, cap: Any, kind: Kind, customer: str, others: list[Said], at: datetime) -> bool:
        inside = [one for one in others if one.channel in cap.get("channels", [one.channel])]
        for windowed in self.windows(cap, customer, inside, at):
            if len(windowed) >= cap["limit"]:
                return False
            kept = 0
            for above in CLASSES[: CLASSES.index(kind.priority)]:
                kept += cap.get("reserved", {}).get(above, 0)
                below = [one for one in windowed if CLASSES.index(one.kind.priority) > CLASSES.index(above)]
                if above in cap.get("reserved", {}) and len(below) >= cap["limit"] - kept:
                    return False
        return True

    def windows(self, cap: Any, customer: str, inside: list[Said], at: datetime) -> Iterator[list[Said]]:
        """Of each window that holds `at`, what it holds."""
        if "per" in cap:
            zone = ZoneInfo(self.zones[customer])
            yield [one for one in inside if one.at.astimezone(zone).date() == at.astimezone(zone).date()]
        else:
            length = timedelta(hours=cap["hours"])
            for start in {at, *(one.at for one in inside)}:
                if start <= at < start + length:
                    yield [one for one in inside if start <= one.at < start + length]

    def slot(self, kind: Kind, customer: str, ends: datetime, own: str = "") -> datetime | None:
        moment = self.now
        while moment < ends:
            if self.room(kind, customer, "email", moment, own):
                return moment
            moment += STEP
        return None

    def may(self, customer: str, channel: str) -> bool:
        return not {(customer, channel)} & (self.shut | self.refused)

    def expected(self, key: str, kind: Kind, customer: str, run: str = "") -> None:
        ends, channel, due = self.now + LASTS, "", None
        possible = [channel for channel in kind.channels if self.may(customer, channel)]
        for channel in possible:
            due = self.now if self.room(kind, customer, channel, self.now) else None
            if due is None and kind.on_cap == "defer":
                due = self.slot(kind, customer, ends)
            if due is not None or kind.on_cap != "fallback":
                break
        at = due or self.now
        self.messages[key] = Said(kind, customer, channel, "due" if due else "withheld", at, at, ends, run)

    def goes(self, key: str) -> bool:
        """What a hand-off makes of a message: whether it is handed over now."""
        one = self.messages[key]
        if not self.may(one.customer, one.channel):
            one.state = "withheld"
        elif self.room(one.kind, one.customer, one.channel, self.now, key):
            one.at = self.now
            return True
        else:
            due = self.slot(one.kind, one.customer, one.expires, key) if one.kind.on_cap == "defer" else None
            one.state = "due" if due else "withheld"
            one.at = one.due = due or one.at
        return False
