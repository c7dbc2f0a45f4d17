"""The quarterly statement of the shipped templates, filled with invented figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any

from letter_parts import ROOT

from ccm.model.customer import Customer
from ccm.model.message import RenderContext, Rendered
from ccm.render import Renderer
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

AT = dt.datetime(2026, 4, 2, 3, 0, tzinfo=dt.UTC)
CUSTOMERS: dict[str, dict[str, Any]] = {
    "en": {
        "id": "C000002", "given_name": "David", "family_name": "Núñez", "language": "en-GB", "jurisdiction": "GB",
        "address": {"line1": "87 Maple Road", "city": "Edinburgh", "postcode": "EH1 1YZ", "country": "GB"},
    },
    "us": {
        "id": "C000003", "given_name": "Jane", "family_name": "Whitfield", "language": "en-US", "jurisdiction": "US",
        "address": {
            "line1": "1200 Linden Avenue", "line2": "Apt 4B", "city": "Madison", "region": "WI", "postcode": "53703",
            "country": "US",
        },
    },
    "ja": {
        "id": "C000012", "given_name": "浩", "family_name": "葛\U000e0101城", "language": "ja-JP", "jurisdiction": "JP",
        "address": {
            "postcode": "650-0021", "region": "兵庫県", "city": "神戸市中央区", "line1": "三宮町1-11-3",
            "country": "JP",
        },
    },
}  # fmt: skip


@cache
def shipped() -> Workspace:
    """The workspace of this repository."""
    return load_workspace(ROOT)


@cache
def shipped_statement() -> Renderer:
    """Its statement, compiled."""
    return Renderer(shipped(), shipped().communication("quarterly-statement"))


def balance_after(row: int) -> str:
    """The running balance behind a row of `statement`, counted from 1, as printed."""
    return f"{Decimal('10000.00') - Decimal('10.50') * row:,.2f}"


def context(who: str, rows: int, **fields: Any) -> RenderContext:
    """What a statement of `rows` bookings for one of `CUSTOMERS` renders from; `fields` win over the customer's."""
    customer = Customer.model_validate({**CUSTOMERS[who], **fields})
    language = customer.language[:2]
    wording = {
        name: resolve(shipped().wordings, name, language, customer.jurisdiction, AT)
        for name in ("deposit-protection", "fee-notice")
    }
    entries = [
        {
            "booked_on": dt.date(2026, 1, 1) + dt.timedelta(days=number),
            "description": f"Entry {number + 1}",
            "counterparty": "Thames Water" if number % 2 else None,
            "amount": Decimal("-10.50"),
            "balance": Decimal("10000.00") - Decimal("10.50") * (number + 1),
        }
        for number in range(rows)
    ]
    data = {
        "account": {"number": "40-11-62 00012345", "currency": "GBP", "opened_on": None},
        "period": {"start": dt.date(2026, 1, 1), "end": dt.date(2026, 3, 31)},
        "opening_balance": Decimal("10000.00"),
        "closing_balance": Decimal("10000.00") - Decimal("10.50") * rows,
        "total_in": Decimal("0.00"),
        "total_out": Decimal("10.50") * rows,
        "transactions": entries,
    }
    return RenderContext(
        "0199a7c2-7d1e-7c4b-9a55-3f1f0a9d2b11", customer, language, customer.jurisdiction, AT, "", data, wording
    )


def statement(who: str, rows: int, **fields: Any) -> Rendered:
    """The letter of `context`."""
    return shipped_statement().render("letter", context(who, rows, **fields))
