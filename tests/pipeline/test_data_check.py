"""Data that a caller sends: typed, exact, and every problem told at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ccm.errors import InputError
from ccm.pipeline.data import check_data, given_data
from ccm.workspace.communication import Communication

FIELDS: dict[str, Any] = {
    "payment": {"type": "object", "fields": {
        "amount": {"type": "money", "currency": "payment.currency"}, "currency": {"type": "text"},
        "received_on": {"type": "date"}, "payer": {"type": "text", "max_length": 10},
        "at": {"type": "datetime", "optional": True}, "share": {"type": "percent", "optional": True},
        "count": {"type": "integer", "optional": True}, "instant": {"type": "boolean", "optional": True}}},
    "lines": {"type": "list", "optional": True, "max_length": 2, "fields": {
        "price": {"type": "money", "currency": "unit"}, "unit": {"type": "text"}}},
}  # fmt: skip
PAYMENT = {"amount": "120.50", "currency": "GBP", "received_on": "2026-03-31", "payer": "Ann"}


def communication(**changes: Any) -> Communication:
    return Communication.model_validate({
        "id": "payment", "name": {"en": "Payment", "ja": "入金"}, "purpose": "transactional", "category": "payments",
        "channels": ["sms"], "languages": ["en"], "jurisdictions": ["GB"], "data": {"fields": FIELDS, **changes},
    })  # fmt: skip


def check(data: Any) -> dict[str, Any]:
    return check_data(communication(), data)


def test_json_becomes_exact_typed_values() -> None:
    more = {"at": "2026-03-31T09:00:00+09:00", "share": "0.0425", "count": 3, "instant": True}
    values = check({"payment": {**PAYMENT, **more}, "lines": [{"price": 7, "unit": "JPY"}]})
    assert values["payment"] == {
        "amount": Decimal("120.50"), "currency": "GBP", "received_on": date(2026, 3, 31), "payer": "Ann",
        "at": datetime(2026, 3, 31, 0, 0, tzinfo=UTC), "share": Decimal("0.0425"), "count": 3, "instant": True,
    }  # fmt: skip
    assert values["lines"] == [{"price": Decimal(7), "unit": "JPY"}]


def test_a_missing_optional_field_is_none() -> None:
    values = check({"payment": PAYMENT})
    assert (values["payment"]["at"], values["lines"]) == (None, None)


def test_every_problem_is_told_at_once() -> None:
    data = {"paymnt": {}, "payment": {"amount": "1,5", "currency": "GBP", "payer": "y" * 11, "recieved_on": "x"}}
    with pytest.raises(InputError) as caught:
        check(data)
    told = str(caught.value)
    for part in (
        "paymnt: is no field; did you mean 'payment'?", "payment.recieved_on: is no field; did you mean 'received_on'?",
        "payment.amount: must be an exact number", "payment.received_on: is missing (date)",
        "payment.payer: has 11 characters; at most 10 fit",
    ):  # fmt: skip
        assert part in told
    assert "1,5" not in told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "１２３"), ("amount", 1.5), ("amount", True), ("amount", "1e3"), ("amount", "NaN"), ("amount", None),
        ("amount", "1.005"), ("currency", "XXY"), ("received_on", "2026-02-30"), ("received_on", "20260101"),
        ("payer", "A\nSTOP"), ("payer", "a\u202eb"), ("payer", 5), ("at", "2026-03-31T09:00:00"), ("at", "now"),
        ("count", "3"), ("count", True), ("instant", "yes"), ("instant", 1),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputError, match=f"payment.{field}|payment.amount"):
        check({"payment": {**PAYMENT, field: value}})


@pytest.mark.parametrize(
    "data", [{"payment": []}, {"payment": PAYMENT, "lines": {}}, {"payment": PAYMENT, "lines": [1]}]
)
def test_a_wrong_shape_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match=r"must be an object|must be a list"):
        check(data)


def test_a_list_over_its_length_is_refused() -> None:
    with pytest.raises(InputError, match="lines: has 3 items; at most 2 fit"):
        check({"payment": PAYMENT, "lines": [{"price": "1", "unit": "JPY"}] * 3})


def test_yen_have_no_decimals() -> None:
    assert check({"payment": {**PAYMENT, "currency": "JPY", "amount": "120.00"}})["payment"]["amount"] == 120
    with pytest.raises(InputError, match="finer than its currency"):
        check({"payment": {**PAYMENT, "currency": "JPY", "amount": "120.50"}})


def test_data_nested_100_000_deep_are_refused() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError, match="deeper than 32"):
        check({"payment": deep})
    while isinstance(deep, list):  # take it apart by hand: freeing it at once would recurse
        deep = deep[0]


def test_equal_data_have_equal_digests() -> None:
    one, two = check({"payment": PAYMENT}), check({"payment": dict(reversed(PAYMENT.items()))})
    assert given_data(one).digest == given_data(two).digest
    other = check({"payment": {**PAYMENT, "amount": "120.51"}})
    assert given_data(one).digest != given_data(other).digest


def test_a_callers_rows_are_reconciled_too() -> None:
    money = {"type": "money", "currency": "EUR"}
    row = {"type": "list", "fields": {"day": {"type": "date"}, "amount": money, "balance": money}}
    checked = communication(
        fields={"opening": money, "closing": money, "rows": row},
        checks=[{"kind": "running_balance", "opening": "opening", "closing": "closing", "rows": "rows",
                 "amount": "amount", "balance": "balance", "order": "day"}],
    )  # fmt: skip
    rows = [{"day": "2026-01-01", "amount": "1", "balance": "3"}, {"day": "2026-01-01", "amount": "2", "balance": "2"}]
    assert [row["balance"] for row in check_data(checked, {"opening": "0", "closing": "3", "rows": rows})["rows"]] == [
        2,
        3,
    ]
    with pytest.raises(InputError, match="balance_does_not_reconcile: after all 2 rows"):
        check_data(checked, {"opening": "0", "closing": "4", "rows": rows})
