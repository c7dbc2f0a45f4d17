"""The decision over caps, order and a full cap agrees with one that is read from the page and looks at everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from naive_caps import exceeded, first_full
from test_caps import CLASSES, CONTACTS, POLICIES, START

from ccm.decide import Facts, decide
from ccm.model.customer import Consent, Contact, Customer, PostalAddress, Preference
from ccm.model.message import Decision
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ZONE = "America/New_York"
ORDER = ("email", "sms", "letter")
CHANNELS = {name: Channel(channel=name, adapter="outbox") for name in ORDER}
CUSTOMER = Customer(
    id="C1", language="en-US", jurisdiction="US", timezone=ZONE, contact_points={"email": "a@example.com", "sms": "+1"},
    address=PostalAddress(line1="1 Main St", country="US"),
)  # fmt: skip


@st.composite
def communications(draw: st.DrawFn) -> Communication:
    fields: dict[str, Any] = {
        "id": "offer", "name": {"en": "x", "ja": "x"}, "purpose": "marketing", "category": "offers",
        "channels": ORDER, "languages": ["en"], "jurisdictions": ["US"], "digest": {"into": "summary"},
        "priority": draw(st.sampled_from(CLASSES)),
        "on_cap": draw(st.sampled_from(["drop", "defer", "fallback", "digest"])),
        "expires_after_hours": draw(st.integers(1, 400)),
    }  # fmt: skip
    return Communication.model_validate(fields)


PREFERENCES = st.lists(st.sampled_from(ORDER), unique=True).map(
    lambda ranked: tuple(
        Preference(customer_id="C1", category="*", channel=channel, rank=rank)
        for rank, channel in enumerate(ranked, 1)
    )
)  # fmt: skip
CONSENTS = st.sets(st.sampled_from(ORDER)).map(
    lambda given: tuple(
        Consent(customer_id="C1", purpose="marketing", channel=channel, basis="opt_in", granted=True, at=LONG_AGO)
        for channel in sorted(given)
    )
)
MOMENTS = st.integers(0, 30 * 24).map(lambda hours: START + timedelta(hours=hours))


def contact(communication: Communication, channel: str, at: datetime) -> Contact:
    return Contact(
        customer_id="C1", communication="offer", category="offers", channel=channel, at=at, status="reserved",
        purpose="marketing", priority=communication.priority or "",
    )  # fmt: skip


def naive(communication: Communication, policy: Policy, facts: Facts, at: datetime) -> tuple[Any, ...]:
    """(channel, due), or the reason and what it was decided on."""

    def full(channel: str, due: datetime) -> str | None:
        cap = first_full(policy, facts.contacts, contact(communication, channel, due), (ZONE,))
        return cap.id if cap else None

    ranked = [row.channel for row in sorted(facts.preferences, key=lambda row: row.rank or 0)]
    possible = [one for one in ranked or ORDER if one in {consent.channel for consent in facts.consents}]
    if not possible:
        return ("no_consent", "")
    first = possible[0]
    cap = full(first, at)
    if cap is None:
        return (first, at)
    if communication.on_cap == "defer":
        for hour in range(1, (communication.expires_after_hours or 0) + 1):
            if full(first, due := at + timedelta(hours=hour)) is None:
                return (first, due)
    if communication.on_cap == "fallback":
        for channel in possible[1:]:
            if full(channel, at) is None:
                return (channel, at)
    return ("digested", cap) if communication.on_cap == "digest" else ("cap", cap)


def told(decision: Decision) -> tuple[Any, ...]:
    return (decision.channel, decision.due_at) if decision.send else (decision.reason, decision.detail)


@settings(deadline=None, max_examples=200)
@given(communications(), POLICIES, st.lists(CONTACTS, max_size=12), PREFERENCES, CONSENTS, MOMENTS)
def test_a_decision_is_the_one_that_looking_at_everything_gives(
    communication: Communication, policy: Policy, contacts: list[Contact], preferences: tuple[Preference, ...],
    consents: tuple[Consent, ...], at: datetime,
) -> None:  # fmt: skip
    facts = Facts(CUSTOMER, preferences, consents, contacts=tuple(contacts))
    assert told(decide(communication, policy, CHANNELS, facts, at)) == naive(communication, policy, facts, at)


@settings(deadline=None, max_examples=60)
@given(POLICIES, st.lists(st.tuples(communications(), MOMENTS, st.booleans()), max_size=20), CONSENTS)
def test_no_sequence_of_decisions_ever_exceeds_a_window(
    policy: Policy, wanted: list[tuple[Communication, datetime, bool]], consents: tuple[Consent, ...]
) -> None:
    taken: tuple[Contact, ...] = ()
    for communication, at, urgent in wanted:
        if urgent:
            changes = {"urgent": True, "at_once": ("sms", "email")}
            communication = communication.model_copy(update=changes)
        decision = decide(communication, policy, CHANNELS, Facts(CUSTOMER, (), consents, contacts=taken), at)
        if decision.send and decision.channel and decision.due_at:
            for channel in (decision.channel, *decision.also):
                taken = (*taken, contact(communication, channel, decision.due_at))
    assert not any(exceeded(cap, policy, taken, (ZONE,)) for cap in policy.caps)
