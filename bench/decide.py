"""Deciding alone, without the database: a full policy, and the same rules read word for word beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.measure import Row, ready, side_by_side
from ccm.decide import Facts, decide, plan_for
from ccm.decide.case import Case
from ccm.model.customer import Consent, Contact, Customer, PostalAddress, Preference
from ccm.model.requirements import FrequencyLimit, PolicyRequirements, QuietWeek
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Policy

AT = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
CUSTOMERS = 1_000
_PLACES = (
    ("US", "America/New_York", "en-US"), ("US", "America/Los_Angeles", "en-US"), ("GB", "Europe/London", "en-GB"),
    ("JP", "Asia/Tokyo", "ja-JP"),
)  # fmt: skip
_CATEGORIES = ("offers", "news", "statements")
POLICY = Policy.model_validate({
    "zones": {"US": ["America/New_York", "America/Los_Angeles"], "GB": ["Europe/London"], "JP": ["Asia/Tokyo"]},
    "caps": [
        {"id": "offers-week", "categories": ["offers"], "limit": 5, "days": 7},
        {"id": "all-month", "limit": 11, "days": 30},
        {"id": "ads", "purposes": ["marketing"], "limit": 9, "days": 14, "reserved": {"high": 1, "normal": 1}},
        {"id": "texts-day", "channels": ["sms"], "limit": 2, "per": "day"},
        {"id": "mails-week", "channels": ["email"], "limit": 3, "per": "week"},
        {"id": "calendar", "limit": 11, "per": "month", "reserved": {"critical": 1}},
    ],
})  # fmt: skip
RULE = Cap(id="rule", categories=("offers",), limit=6, hours=168)
"""What the rule of every channel asks for, as a cap of one's own."""
OFFER = Communication.model_validate({
    "id": "offer", "name": {"en": "x", "ja": "x"}, "purpose": "marketing", "category": "offers",
    "channels": ["email", "sms", "letter"], "languages": ["en", "ja"], "jurisdictions": ["US", "GB", "JP"],
    "expires_after_hours": 48, "on_cap": "fallback",
})  # fmt: skip
CHANNELS = {
    name: Channel.model_validate({"channel": name, "adapter": "outbox", "quiet_hours": {"start": "21:00", "end": end}})
    for name, end in (("email", "07:00"), ("sms", "08:00"), ("letter", "06:00"))
}


def people() -> list[Facts]:
    """A thousand customers with 10 contacts, 4 preferences and 4 consents each, under rules on every channel."""
    week = tuple(((0, 480), (1260, 1440)) for _ in range(7))
    asked = PolicyRequirements(
        ("R1", "R2", "R3"), consent="opt_in", consent_rules=("R1",), quiet=(QuietWeek(("R2",), "", week),),
        frequency=(FrequencyLimit("R3", 6, 168, RULE.categories),),
    )  # fmt: skip
    by_place = {place: dict.fromkeys(CHANNELS, asked) for place in ("US", "GB", "JP")}
    return [_facts(number, by_place) for number in range(CUSTOMERS)]


def _facts(number: int, asked: dict[str, dict[str, PolicyRequirements]]) -> Facts:
    jurisdiction, zone, language = _PLACES[number % len(_PLACES)]
    name = f"C{number}"
    customer = Customer(
        id=name, language=language, jurisdiction=jurisdiction, timezone=zone,
        contact_points={"email": "ada@example.com", "sms": f"+15550100{number:03}"},
        address=PostalAddress(line1="1 Quay", country=jurisdiction),
    )  # fmt: skip
    rows = (
        ("*", "sms", 1, True),
        ("*", "email", 2, True),
        ("statements", "letter", 1, True),
        ("news", "*", None, False),
    )
    preferences = tuple(
        Preference(customer_id=name, category=category, channel=channel, rank=rank, allowed=allowed)
        for category, channel, rank, allowed in rows
    )
    given = (("marketing", "email"), ("marketing", "sms"), ("marketing", "letter"), ("e_delivery", "email"))
    consents = tuple(
        Consent(customer_id=name, purpose=purpose, channel=channel, basis="opt_in", granted=True,
                at=AT - timedelta(days=50)) for purpose, channel in given
    )  # fmt: skip
    contacts = tuple(
        Contact(customer_id=name, communication="x", category=_CATEGORIES[(number + place) % 3],
                channel=("sms", "email")[(number + place) % 2], status="delivered",
                at=AT - timedelta(hours=9 + (number * 7 + place * 61) % 700),
                purpose="marketing" if place % 3 else "servicing", priority="low" if place % 3 else "normal")
        for place in range(10)
    )  # fmt: skip
    return Facts(customer, preferences, consents, contacts=contacts, requirements=asked[jurisdiction])


def deciding() -> Row:
    """The decision alone, and the naive way: its caps look at every window that begins at a contact."""
    known = people()
    for facts in known[:200]:
        decision = decide(OFFER, POLICY, CHANNELS, facts, AT)
        if (decision.channel if decision.send else decision.reason) != _naive(facts):
            raise RuntimeError("the naive way decides otherwise; the comparison would not be fair")

    def quick() -> None:
        for facts in known:
            decide(OFFER, POLICY, CHANNELS, facts, AT)

    def slow() -> None:
        for facts in known[:50]:
            _naive(facts)

    return side_by_side(
        "decide, full policy, no database", "customers", ready(quick, len(known)), ready(slow, 50),
        "caps alone, window by window",
    )  # fmt: skip


def _naive(facts: Facts) -> str:
    """The first ranked channel with consent and room, or ``cap``; when it may go is asked of the engine."""
    ranked = [row for row in facts.preferences if row.rank and row.category in ("*", "offers")]
    for row in sorted(ranked, key=lambda row: row.rank or 0):
        if any(consent.purpose == "marketing" and consent.channel == row.channel for consent in facts.consents):
            case = Case(plan_for(OFFER, POLICY, CHANNELS), facts, AT)
            due = case.due(case.regime.ways[row.channel], AT, case.ends)
            new = Contact(customer_id=facts.customer.id, communication="offer", category="offers", channel=row.channel,
                          at=due.at if due else AT, status="reserved", purpose="marketing", priority="low")  # fmt: skip
            if not any(_broken(cap, facts, new) for cap in (*POLICY.caps, RULE)):
                return row.channel
    return "cap"


def _broken(cap: Cap, facts: Facts, new: Contact) -> bool:
    if not _holds(cap, new) or cap.limit == "unlimited":
        return False
    counted = [contact for contact in facts.contacts if _holds(cap, contact)] + [new]
    mine = POLICY.priorities.index(new.priority)
    for window in _windows(cap, counted, str(facts.customer.timezone)):
        if new not in window:
            continue
        kept = 0
        if len(window) > cap.limit:
            return True
        for place, priority in enumerate(POLICY.priorities[:mine]):
            kept += cap.reserved.get(priority, 0)
            below = sum(POLICY.priorities.index(contact.priority) > place for contact in window)
            if priority in cap.reserved and below > cap.limit - kept:
                return True
    return False


def _holds(cap: Cap, contact: Contact) -> bool:
    return (
        (not cap.categories or contact.category in cap.categories)
        and (not cap.channels or contact.channel in cap.channels)
        and (not cap.purposes or contact.purpose in cap.purposes)
    )


def _windows(cap: Cap, contacts: Sequence[Contact], zone: str) -> Iterable[list[Contact]]:
    for first in contacts:
        if cap.per is None:
            length = timedelta(hours=cap.hours or 0, days=cap.days or 0)
            yield [one for one in contacts if first.at <= one.at < first.at + length]
        else:
            yield [one for one in contacts if _day(one, zone, cap.per) == _day(first, zone, cap.per)]


def _day(contact: Contact, zone: str, per: str) -> date:
    day = contact.at.astimezone(ZoneInfo(zone)).date()
    if per == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if per == "month" else day
