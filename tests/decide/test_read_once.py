"""What is read once for many customers is what each of them would be told alone, and what is counted at once is what
counting window by window gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_caps import CONTACTS, START, any_cap, offer
from test_traces import ASKED, CHANNELS, OFFER, POLICY, STATEMENT, known, moments

from ccm.decide import Facts, caps, decide, plan_for
from ccm.decide.counting import Counted, Rooms
from ccm.model.customer import Consent, Contact, Preference
from ccm.model.requirements import NOTHING, STRENGTH
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Policy

ZONES = ("Europe/London", "Asia/Tokyo")
INSTANT = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOURS = st.integers(-3, 3).map(lambda hours: INSTANT + timedelta(hours=hours))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(known, moments), min_size=2, max_size=6), st.sampled_from((OFFER, STATEMENT)))
def test_who_was_decided_on_before_changes_nothing(
    customers: list[tuple[Facts, datetime]], communication: Communication
) -> None:
    together = [decide(communication, POLICY, CHANNELS, facts, at) for facts, at in customers]
    # A copy has a plan of its own, which remembers nobody.
    alone = [decide(communication.model_copy(), POLICY, CHANNELS, facts, at) for facts, at in customers]
    assert together == alone


def missing(consents: list[Consent], purpose: str, channel: str, strength: int = 0) -> str:
    """Why a consent is not there, read from the page word for word."""
    rows = [row for row in consents if row.purpose == purpose and row.channel == channel and row.at <= INSTANT]
    newest = [row for row in rows if row.at == max(one.at for one in rows)]
    if not newest:
        return "no_consent"
    if not all(row.granted for row in newest):
        return "consent_withdrawn"
    if purpose == "marketing" and newest[0].basis not in ("opt_in", "opt_in_written", "soft_opt_in"):
        return "no_consent"
    return "consent_too_weak" if STRENGTH.get(newest[0].basis, 0) < strength else ""


ROWS = st.lists(
    st.builds(
        Consent, customer_id=st.just("C1"), purpose=st.sampled_from(("marketing", "e_delivery")),
        channel=st.sampled_from(("email", "sms")), at=HOURS, granted=st.booleans(),
        basis=st.sampled_from(("opt_in", "soft_opt_in", "provided_contact", "e_sign")),
    ), max_size=5,
)  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_consents_are_those_that_each_customers_own_rows_give(many: list[list[Consent]]) -> None:
    regime = plan_for(OFFER, POLICY, CHANNELS).regime(ASKED)
    for rows in many:
        lacking = regime.lacking(rows, INSTANT)
        found = {channel: lacking[channel].reason if channel in lacking else "" for channel in ("email", "sms")}
        asked = {"email": STRENGTH["soft_opt_in"], "sms": 0}
        assert found == {channel: missing(rows, "marketing", channel, least) for channel, least in asked.items()}


STATED = st.lists(
    st.builds(
        Preference, customer_id=st.just("C1"), category=st.sampled_from(("*", "offers", "news")),
        channel=st.sampled_from(("*", "email", "sms", "letter")), rank=st.none() | st.integers(1, 3),
        allowed=st.booleans(), paused_until=st.none() | HOURS,
    ), max_size=4,
)  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(st.lists(STATED, min_size=1, max_size=8))
def test_preferences_are_those_that_each_customers_own_rows_give(many: list[list[Preference]]) -> None:
    plan = plan_for(OFFER, POLICY, CHANNELS)
    for rows in many:
        asked = plan.asked(rows)
        ranked = [
            [(row.rank, row.channel) for row in rows
             if row.category == category and row.rank is not None and row.allowed and row.channel != "*"]
            for category in ("offers", "*")
        ]  # fmt: skip
        order = tuple(channel for _, channel in sorted(ranked[0] or ranked[1]))
        assert (asked.wanted, asked.order) == ((order, "preferred") if order else (OFFER.channels, "default_order"))
        assert [one.channel for one in asked.unwanted] == [one for one in OFFER.channels if one not in asked.wanted]
        for channel in ("email", "sms"):
            mine = [row for row in rows if row.category in ("*", "offers") and row.channel in ("*", channel)]
            ends = [row.paused_until for row in mine if row.paused_until and row.paused_until > INSTANT]
            expected: Any = ("paused", max(ends).isoformat()) if ends else None
            expected = expected if all(row.allowed for row in mine) else ("opted_out", "")
            assert asked.wishes.refusal(channel, INSTANT) == expected


DAYS = (Cap(id="c", limit=1, hours=24), Cap(id="c", limit=2, days=2), Cap(id="c", limit=3, days=2))
EDGES = st.builds(
    lambda window, micros: timedelta(hours=window) + timedelta(microseconds=micros),
    st.sampled_from((-48, -24, -10, -9, -1, 0, 1, 15, 24)), st.integers(-1, 1),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(st.tuples(st.sampled_from(DAYS)), st.tuples(any_cap("a"), any_cap("b"), st.sampled_from(DAYS))),
    st.lists(st.tuples(st.lists(st.tuples(CONTACTS, EDGES), max_size=9), EDGES), min_size=1, max_size=4),
    st.sampled_from((ZONES[:1], ZONES, ())), st.sampled_from((0, 130)),
)  # fmt: skip
def test_what_is_counted_at_once_is_what_looking_for_the_next_slot_finds(
    some: tuple[Cap, ...], customers: list[tuple[list[tuple[Contact, timedelta]], timedelta]],
    zones: tuple[str, ...], others: int,
) -> None:  # fmt: skip
    policy = Policy(caps=some)
    by_channel = {channel: caps.rooms_for(offer(), policy, NOTHING, channel) for channel in ("sms", "email")}
    rooms = Rooms(by_channel)
    for near, edge in customers:
        at = INSTANT + edge
        contacts = [one._replace(at=INSTANT + distance) for one, distance in near]
        # More than a counter holds; all but the strictest caps are full then.
        contacts += [contacts[0]._replace(at=START - timedelta(days=400))] * others if contacts else []
        counted = Counted(rooms, contacts)
        for channel, mine in by_channel.items():
            now = caps.microseconds(at)
            full = [room.id for room in mine if room.next(counted.held(room), now, zones) != now]
            assert counted.full(rooms.on[channel], at, zones) == (full[0] if full else "")
