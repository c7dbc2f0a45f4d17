"""Caps: no rolling window ever holds more than its limit."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.decide.caps import full_cap
from ccm.model.customer import Contact
from ccm.workspace.policy import Cap

START = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = Cap(id="week", categories=("offers",), limit=2, days=7)
MONTH = Cap(id="month", categories=("offers",), limit=5, days=30)


def contact(at: datetime, category: str = "offers", status: str = "delivered") -> Contact:
    return Contact(customer_id="C1", communication="x", category=category, channel="sms", at=at, status=status)


def days(*numbers: float) -> list[Contact]:
    return [contact(START + timedelta(days=number)) for number in numbers]


def test_the_third_offer_in_seven_days_is_too_many() -> None:
    assert full_cap([WEEK], "offers", days(0, 3), START + timedelta(days=6)) == WEEK


def test_two_offers_exactly_seven_days_apart_are_not_in_one_window() -> None:
    assert full_cap([WEEK], "offers", days(0, 3), START + timedelta(days=7)) is None


def test_the_sixth_offer_in_thirty_days_is_too_many_although_each_week_has_room() -> None:
    assert full_cap([WEEK, MONTH], "offers", days(0, 4, 8, 12, 16), START + timedelta(days=25)) == MONTH


def test_other_categories_and_released_reservations_do_not_count() -> None:
    history = [*days(1), contact(START, "statements"), contact(START, status="released")]
    assert full_cap([WEEK], "offers", history, START + timedelta(days=2)) is None


def test_an_unknown_outcome_keeps_its_slot() -> None:
    history = [contact(START, status="unknown"), contact(START, status="reserved")]
    assert full_cap([WEEK], "offers", history, START) == WEEK


def test_a_message_held_for_later_counts_for_one_that_goes_before_it() -> None:
    assert full_cap([WEEK], "offers", days(2, 3), START) == WEEK


def test_a_limit_of_zero_lets_nothing_through() -> None:
    assert full_cap([WEEK.model_copy(update={"limit": 0})], "offers", [], START) is not None


def fullest(times: list[datetime], span: int) -> int:
    """The naive way: every window that starts at a contact."""
    return max((sum(first <= t < first + timedelta(days=span) for t in times) for first in times), default=0)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 60), max_size=30), st.integers(1, 4), st.integers(1, 20))
def test_whatever_the_order_no_window_is_ever_exceeded(days_wanted: list[int], limit: int, span: int) -> None:
    cap = Cap(id="c", categories=("offers",), limit=limit, days=span)
    taken: list[datetime] = []
    refused: list[datetime] = []
    for day in days_wanted:
        at = START + timedelta(days=day)
        (refused if full_cap([cap], "offers", map(contact, taken), at) else taken).append(at)
    assert fullest(taken, span) <= limit
    for at in refused:  # nothing was refused that had room
        assert fullest([*taken, at], span) > limit
