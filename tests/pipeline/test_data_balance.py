"""The running balance: the one order in which a day's rows chain, and no tolerance."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.pipeline.balance import BalanceFailure, chain_rows
from ccm.workspace.communication import RunningBalance

CHECK = RunningBalance(
    kind="running_balance", opening="opening", closing="closing", rows="rows", amount="amount", balance="balance",
    order="day",
)  # fmt: skip


def statement(opening: str, *rows: tuple[int, str, str], closing: str | None = None) -> dict[str, Any]:
    """Rows are (day of January, amount, balance)."""
    return {
        "opening": Decimal(opening),
        "closing": Decimal(closing if closing is not None else rows[-1][2] if rows else opening),
        "rows": [
            {"day": date(2026, 1, day), "amount": Decimal(amount), "balance": Decimal(balance)}
            for day, amount, balance in rows
        ],
    }


def balances(result: object) -> list[str]:
    assert isinstance(result, list), result
    return [str(row["balance"]) for row in result]


def test_rows_of_a_day_are_put_into_the_order_in_which_they_chain() -> None:
    day = [(5, "10.00", "110.00"), (5, "-30.00", "80.00"), (5, "5.00", "85.00"), (5, "-80.00", "5.00")]
    for rows in permutations(day):
        assert balances(chain_rows(CHECK, statement("100.00", *rows, closing="5.00"))) == [
            "110.00", "80.00", "85.00", "5.00",
        ]  # fmt: skip


def test_days_follow_each_other_whatever_the_feeds_order_is() -> None:
    data = statement("0", (3, "1", "6"), (2, "5", "5"), (4, "1", "7"), closing="7")
    assert balances(chain_rows(CHECK, data)) == ["5", "6", "7"]


def test_rows_that_return_to_a_balance_are_all_used() -> None:
    # From 0: +5 -5 +7 -7 +1. A walk that takes +1 first would be stuck with four rows left.
    data = statement("0", (1, "1", "1"), (1, "5", "5"), (1, "-5", "0"), (1, "7", "7"), (1, "-7", "0"), closing="1")
    assert balances(chain_rows(CHECK, data)) == ["5", "0", "7", "0", "1"]


def test_a_long_day_of_equal_amounts_does_not_take_forever() -> None:
    rows = [(1, "1" if number % 2 else "-1", "1" if number % 2 else "0") for number in range(1, 2001)]
    assert len(balances(chain_rows(CHECK, statement("0", *reversed(rows), closing="0")))) == 2000


def test_no_rows_reconcile_when_opening_is_closing() -> None:
    assert chain_rows(CHECK, statement("7.00")) == []
    assert isinstance(chain_rows(CHECK, statement("7.00", closing="7.01")), BalanceFailure)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (statement("0", (1, "1", "1"), (2, "1", "2.01"), (3, "1", "3.01")), "row 2 of 3 (2026-01-02): its balance"),
        (statement("0.01", (1, "1", "1"), (2, "1", "2")), "row 1 of 2 (2026-01-01): its balance"),
        (statement("0", (1, "1", "1"), (2, "1", "2"), (2, "1", "4")), "rows 2 to 3 of 3 (2026-01-02): their balances"),
        (statement("0", (1, "1", "1"), closing="1.01"), "after all 1 rows: the last balance"),
    ],
)
def test_one_cent_stops_the_statement_with_the_place(data: dict[str, Any], detail: str) -> None:
    result = chain_rows(CHECK, data)
    assert isinstance(result, BalanceFailure)
    assert result.detail.startswith(detail)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3)), max_size=24),
    order=st.randoms(use_true_random=False),
)
def test_any_shuffle_of_a_true_account_reconciles(steps: list[tuple[int, int]], order: Any) -> None:
    balance, rows = Decimal("10.00"), []
    for day, change in sorted(steps, key=lambda step: step[0]):
        amount = Decimal(change) / 100
        balance += amount
        rows.append({"day": date(2026, 1, 1) + timedelta(days=day), "amount": amount, "balance": balance})
    order.shuffle(rows)
    chained = chain_rows(CHECK, {"opening": Decimal("10.00"), "closing": balance, "rows": rows})
    assert isinstance(chained, list)
    assert sorted(map(id, chained)) == sorted(map(id, rows))
    at = Decimal("10.00")
    for row in chained:
        at += row["amount"]
        assert row["balance"] == at
