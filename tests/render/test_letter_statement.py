"""The quarterly statement as the shipped templates print it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from letter_parts import ROOT, fonts, page_texts, smallest_size

from ccm.errors import RenderError
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
    "ja": {
        "id": "C000012", "given_name": "浩", "family_name": "葛\U000e0101城", "language": "ja-JP", "jurisdiction": "JP",
        "address": {
            "postcode": "650-0021", "region": "兵庫県", "city": "神戸市中央区", "line1": "三宮町1-11-3",
            "country": "JP",
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(ROOT)


@pytest.fixture(scope="module")
def renderer(workspace: Workspace) -> Renderer:
    return Renderer(workspace, workspace.communication("quarterly-statement"))


def statement(workspace: Workspace, renderer: Renderer, language: str, rows: int, **fields: Any) -> Rendered:
    customer = Customer.model_validate({**CUSTOMERS[language], **fields})
    wording = {
        name: resolve(workspace.wordings, name, language, customer.jurisdiction, AT)
        for name in ("deposit-protection", "fee-notice")
    }
    entries = [
        {
            "booked_on": dt.date(2026, 1, 1) + dt.timedelta(days=number),
            "description": f"Entry {number + 1}",
            "counterparty": "Thames Water" if number % 2 else None,
            "amount": Decimal("-10.50"),
            "balance": Decimal("1000.00") - Decimal("10.50") * (number + 1),
        }
        for number in range(rows)
    ]
    data = {
        "account": {"number": "40-11-62 00012345", "currency": "GBP", "opened_on": None},
        "period": {"start": dt.date(2026, 1, 1), "end": dt.date(2026, 3, 31)},
        "opening_balance": Decimal("1000.00"),
        "closing_balance": Decimal("1000.00") - Decimal("10.50") * rows,
        "total_in": Decimal("0.00"),
        "total_out": Decimal("10.50") * rows,
        "transactions": entries,
    }
    context = RenderContext(
        "0199a7c2-7d1e-7c4b-9a55-3f1f0a9d2b11", customer, language, customer.jurisdiction, AT, "", data, wording
    )
    return renderer.render("letter", context)


@pytest.mark.parametrize(
    ("language", "headings", "page_number"),
    [
        ("en", ["Date", "Description", "Amount (GBP)", "Balance (GBP)"], "Page {} of {}"),
        ("ja", ["お取引日", "お取引内容", "金額（GBP）", "差引残高（GBP）"], "{} / {} ページ"),
    ],
)
def test_each_page_has_the_header_row_and_its_number(
    workspace: Workspace, renderer: Renderer, language: str, headings: list[str], page_number: str
) -> None:
    letter = statement(workspace, renderer, language, 60)
    pages = page_texts(letter.body)
    assert letter.pages == len(pages) == 3
    for number, text in enumerate(pages, 1):
        assert [heading for heading in headings if heading not in text] == []
        assert page_number.format(number, 3) in text


def test_rows_stand_once_in_order_between_opening_and_closing_balance(workspace: Workspace, renderer: Renderer) -> None:
    lines = statement(workspace, renderer, "en", 45).text.split("\n")
    table = lines[lines.index("Transactions") + 2 :]
    assert table[0] == "1 Jan 2026 Opening balance 1,000.00"
    assert table[1] == "1 Jan 2026 Entry 1 -10.50 989.50"
    assert table[2] == "2 Jan 2026 Entry 2 Thames Water -10.50 979.00"
    assert [row.split("Entry ")[1].split(" ")[0] for row in table[1:46]] == [str(number) for number in range(1, 46)]
    assert table[46] == "31 Mar 2026 Closing balance 527.50"


def test_closing_balance_never_stands_alone_on_a_page(workspace: Workspace, renderer: Renderer) -> None:
    for rows in range(10, 14):
        pages = page_texts(statement(workspace, renderer, "en", rows).body)
        last = [page for page in pages if "Closing balance" in page][-1]  # the first page's summary has the words too
        assert "Entry " in last


def test_statement_without_transactions_says_so_on_one_page(workspace: Workspace, renderer: Renderer) -> None:
    english = statement(workspace, renderer, "en", 0)
    assert english.pages == 1
    assert "There were no transactions in this period." in english.text
    assert "対象期間中のお取引はございません。" in statement(workspace, renderer, "ja", 0).text


def test_required_wording_is_in_the_letter(workspace: Workspace, renderer: Renderer) -> None:
    for language in ("en", "ja"):
        letter = statement(workspace, renderer, language, 3)
        assert {use.id for use in letter.wording} == {"deposit-protection", "fee-notice"}
        for use in letter.wording:
            assert use.text.split("\n")[0] in letter.text


def test_japanese_address_has_the_name_below_and_english_above(workspace: Workspace, renderer: Renderer) -> None:
    japanese = statement(workspace, renderer, "ja", 1).text
    assert "〒650-0021\n兵庫県神戸市中央区三宮町1-11-3\n葛\U000e0101城 浩 様\n" in japanese
    assert "David Núñez\n87 Maple Road\nEdinburgh\nEH1 1YZ\n" in statement(workspace, renderer, "en", 1).text


def test_title_names_the_period(workspace: Workspace, renderer: Renderer) -> None:
    assert statement(workspace, renderer, "en", 1).subject == "Account statement 1 January 2026 to 31 March 2026"
    assert statement(workspace, renderer, "ja", 1).subject == "お取引明細書 2026年1月1日～2026年3月31日"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_type_of_a_large_print_statement_is_under_16_points(
    workspace: Workspace, renderer: Renderer, language: str
) -> None:
    assert smallest_size(statement(workspace, renderer, language, 12).body) < 10
    assert smallest_size(statement(workspace, renderer, language, 12, accessible_format="large_print").body) >= 16


def test_statement_uses_the_engine_fonts_only(workspace: Workspace, renderer: Renderer) -> None:
    for language in ("en", "ja"):
        names = fonts(statement(workspace, renderer, language, 2).body)
        assert all("+Noto-Sans" in name for name in names)
        assert all(names.values())


def test_long_names_and_addresses_are_printed_in_full(workspace: Workspace, renderer: Renderer) -> None:
    name = "Featherstonehaugh-Cholmondeley of Marjoribanks " * 4
    address = {**CUSTOMERS["en"]["address"], "line1": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 3}
    letter = statement(workspace, renderer, "en", 2, family_name=name.strip(), address=address)
    first = page_texts(letter.body)[0].replace("\r\n", "").replace(" ", "").replace("\ufffe", "")
    assert address["line1"] in first
    assert first.count("Marjoribanks") >= 8


def test_name_that_no_font_has_stops_the_statement(workspace: Workspace, renderer: Renderer) -> None:
    with pytest.raises(RenderError, match=r"missing_glyph: U\+0639"):
        statement(workspace, renderer, "en", 1, family_name="علي")
