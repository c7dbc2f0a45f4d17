"""Boxes that are ticked and cleared, over whatever a feed said before: no other box changes, and undo puts all back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from support import Bank

from ccm.api.preference_form import Step, changes_of, still_possible
from ccm.api.preference_view import Cell, View, view_of
from ccm.pipeline.preference_changes import apply_changes
from ccm.store.tables import consents, customers, preferences

Row = tuple[str, str, int | None, bool]
"""Category, channel, rank and whether it is allowed."""
CATEGORIES, CHANNELS = ("offers", "news", "reminders", "security", "*"), ("email", "sms", "letter", "line", "*")
ROW = st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(CHANNELS), st.sampled_from((None, 1, 2)), st.booleans())


def everywhere(bank: Bank) -> str:
    """The first customer who can be reached by e-mail, text message and letter."""
    with bank.project.store.read() as connection:
        names = sorted(connection.scalars(select(customers.c.id)))
    for name in names:
        view = view_of(bank.project, name, bank.clock())
        if view and all(view.customer.reach(channel) for channel in ("email", "sms", "letter")):
            return name
    raise AssertionError("no such customer")


def say(bank: Bank, customer_id: str, rows: list[Row], agreed: dict[str, bool]) -> None:
    """What a feed says of a customer, in the place of what was there."""
    at = bank.clock()
    with bank.project.store.write() as connection:
        for table in (preferences, consents):
            connection.execute(delete(table).where(table.c.customer_id == customer_id))
        for category, channel, rank, allowed in rows:
            connection.execute(insert(preferences).values(
                customer_id=customer_id, category=category, channel=channel, rank=None if channel == "*" else rank,
                allowed=allowed, hours="", source="feed", row_digest="",
            ))  # fmt: skip
        for channel, granted in agreed.items():
            connection.execute(insert(consents).values(
                customer_id=customer_id, purpose="marketing", channel=channel, at=at, granted=granted,
                basis="opt_in" if granted else "withdrawn", evidence="branch", row_digest="",
            ))  # fmt: skip


def seen(bank: Bank, customer_id: str) -> View:
    view = view_of(bank.project, customer_id, bank.clock())
    assert view is not None
    return view


def cells_of(view: View) -> dict[Cell, bool]:
    return {(topic.category, channel): topic.on[channel] for topic, channel in view.cells()}


def do(bank: Bank, customer_id: str, step: Step) -> None:
    changes = changes_of(step, seen(bank, customer_id))
    with bank.project.store.write() as connection:
        apply_changes(
            bank.project, connection, customer_id, changes, source="page", evidence="a test", at=bank.clock()
        )  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROW, max_size=5, unique_by=lambda row: row[:2]),
    st.dictionaries(st.sampled_from(CHANNELS[:-1]), st.booleans()),
    st.lists(st.integers(0, 20), min_size=1, max_size=3),
)  # fmt: skip
@example([("*", "letter", 1, False)], {"email": True}, [-1])
@example([("reminders", "letter", 1, False)], {}, [-1])
@example([("*", "sms", 2, False), ("reminders", "sms", 1, True)], {"sms": True, "email": True}, [2])
@example([("offers", "email", 1, True)], {"email": False, "sms": True}, [0])
def test_only_what_was_pressed_changes_and_can_be_taken_back(
    bank: Bank, rows: list[Row], agreed: dict[str, bool], pressed: list[int]
) -> None:
    name = everywhere(bank)
    bank.clock.now += timedelta(minutes=1)
    say(bank, name, rows, agreed)
    before = cells_of(seen(bank, name))
    order = list(before)
    wanted = {order[number % len(order)]: not before[order[number % len(order)]] for number in pressed}
    step = Step(bank.clock(), tuple((*cell, on) for cell, on in wanted.items()))
    do(bank, name, step)
    assert cells_of(seen(bank, name)) == before | wanted
    do(bank, name, still_possible(step.reversed(bank.clock()), seen(bank, name)))
    assert cells_of(seen(bank, name)) == before
