"""The running-balance check: every row's balance is the one before it plus its amount, without tolerance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from ccm.workspace.communication import RunningBalance

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BalanceFailure:
    """Where the balances stop to chain; without amounts, because reasons go into the log."""

    detail: str


def chain_rows(
    check: RunningBalance, data: Mapping[str, Any]
) -> list[dict[str, Any]] | BalanceFailure:  # fmt: skip
    """The rows in the order in which their balances chain from the opening to the closing balance.

    Rows of one day may stand in any order in the feed; days follow each other. Where several orders chain, the
    one nearest to the feed's order is taken. Exact: 0.01 too much or too little is a failure.
    """
    balance: Decimal = _at(data, check.opening)
    rows = list(_at(data, check.rows))
    amount, stated, order = (_within(check, path) for path in (check.amount, check.balance, check.order))
    chained: list[dict[str, Any]] = []
    for day, group in groupby(sorted(rows, key=lambda row: _at(row, order)), key=lambda row: _at(row, order)):
        same_day = list(group)
        found = _chain_day(balance, [(_at(row, stated) - _at(row, amount), _at(row, stated)) for row in same_day])
        if found is None:
            first, last = len(chained) + 1, len(chained) + len(same_day)
            if first == last:
                which = f"row {first} of {len(rows)} ({day}): its balance is not the one before it plus its amount"
            else:
                which = f"rows {first} to {last} of {len(rows)} ({day}): their balances chain in no order"
            return BalanceFailure(which)
        chained.extend(same_day[index] for index in found)
        balance = _at(chained[-1], stated)
    closing: Decimal = _at(data, check.closing)
    if balance != closing:
        return BalanceFailure(f"after all {len(rows)} rows: the last balance is not the closing balance")
    return chained


def _chain_day(start: Decimal, steps: Sequence[tuple[Decimal, Decimal]]) -> list[int] | None:
    """An order of `steps` (balance before, balance after) that forms one chain from `start`, or None.

    The balances are the nodes and the steps the edges of a graph, so the order is an Eulerian trail; Hierholzer's
    algorithm finds it in linear time, however many equal amounts a day has. Earlier steps are tried first.
    """
    leaving: defaultdict[Decimal, list[int]] = defaultdict(list)
    for index in range(len(steps) - 1, -1, -1):
        leaving[steps[index][0]].append(index)
    trail: list[int] = []
    stack: list[tuple[Decimal, int]] = [(start, -1)]
    while stack:
        node, came_by = stack[-1]
        if leaving[node]:
            step = leaving[node].pop()
            stack.append((steps[step][1], step))
        else:
            stack.pop()
            if came_by >= 0:
                trail.append(came_by)
    trail.reverse()
    balance = start
    for step in trail:
        if steps[step][0] != balance:
            return None
        balance = steps[step][1]
    return trail if len(trail) == len(steps) else None


def _within(check: RunningBalance, path: str) -> str:
    """A path below a row, from one that may start at the data's top."""
    return path.removeprefix(f"{check.rows}.")


def _at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for part in path.split("."):
        value = value[part]
    return value
