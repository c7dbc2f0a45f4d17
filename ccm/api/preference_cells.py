"""From boxes that a customer ticked or cleared to changes of preferences and consents, so that no other box changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ccm.api.preference_view import Cell, View, refuses
from ccm.decide.consent import Given
from ccm.decide.preferences import Wishes
from ccm.model.customer import Preference
from ccm.pipeline.preference_changes import Change, ConsentToMarketing, SetAllowed, SetOrder


def cell_changes(wanted: dict[Cell, bool], view: View, at: datetime) -> list[Change]:
    """The changes after which the cells in `wanted` are on or off as it says, and all others as `view` has them."""
    turned_on = [cell for cell, on in wanted.items() if on]
    wider = [row for row in view.rows if not row.allowed and "*" in (row.category, row.channel)
             and any(_covers(row, cell) for cell in turned_on)]  # fmt: skip
    marketing = {topic.category for topic in view.topics if topic.marketing}
    given = Given(view.consents, at)
    agreed = tuple(dict.fromkeys(
        channel for category, channel in turned_on
        if category in marketing and given.why_not("marketing", channel) is not None
    ))  # fmt: skip
    changes: list[Change] = [SetAllowed(row.category, row.channel, True) for row in wider]
    changes += _orders(view, turned_on, wider)
    changes += [SetAllowed(category, channel, True) for category, channel in turned_on]
    changes += _refusals(wanted, view, wider, {(one, channel) for one in marketing for channel in agreed}, at)
    return changes + ([ConsentToMarketing(agreed)] if agreed else [])


def _orders(view: View, turned_on: list[Cell], wider: list[Preference]) -> Iterator[Change]:
    """A customer who ranked channels gets only those, so that a channel that is turned on needs a rank there, too."""
    ranked = [row for row in view.rows if row.rank is not None]
    opened = {*turned_on, *((row.category, row.channel) for row in wider)}
    back = {row.category for row in ranked if (row.category, row.channel) in opened}
    # Ranks of refused channels alone come back with the channel, and would close all others.
    yield from (SetOrder(category, ()) for category in sorted(back - {row.category for row in ranked if row.allowed}))
    for topic in view.topics:
        order = Wishes(view.rows, topic.category).ranked
        new = [channel for category, channel in turned_on if category == topic.category and channel not in order]
        if order and new:
            yield SetOrder(topic.category, (*order, *new))


def _refusals(
    wanted: dict[Cell, bool], view: View, wider: list[Preference], agreed: set[Cell], at: datetime
) -> Iterator[Change]:
    """What stays off is spelt out in every topic that is touched, and where a wider row or a consent would open it."""
    final = {(topic.category, channel): topic.on[channel] for topic, channel in view.cells()} | wanted
    widened = {cell for cell in final if any(_covers(row, cell) for row in wider)}
    touched = {category for category, _ in wanted}
    # Once the last ranked channel is refused, what was off only for want of a rank would open.
    touched |= {category for category, channel in widened | agreed if channel in Wishes(view.rows, category).ranked}
    for (category, channel), on in final.items():
        cell = (category, channel)
        said = cell not in wanted and cell not in widened and refuses(view.rows, category, channel, at)
        if not on and not said and (category in touched or cell in widened | agreed):
            yield SetAllowed(category, channel, False)


def _covers(row: Preference, cell: Cell) -> bool:
    return row.category in ("*", cell[0]) and row.channel in ("*", cell[1])
