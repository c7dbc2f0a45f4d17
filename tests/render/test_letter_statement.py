"""The quarterly statement as the shipped templates print it."""

from __future__ import annotations

import pytest
from letter_parts import fonts, page_texts, smallest_size
from statement_parts import CUSTOMERS, statement

from ccm.errors import RenderError


@pytest.mark.parametrize(
    ("language", "headings", "page_number"),
    [
        ("en", ["Date", "Description", "Amount (GBP)", "Balance (GBP)"], "Page {} of {}"),
        ("ja", ["お取引日", "お取引内容", "金額（GBP）", "差引残高（GBP）"], "{} / {} ページ"),
    ],
)
def test_each_page_has_the_header_row_and_its_number(language: str, headings: list[str], page_number: str) -> None:
    letter = statement(language, 60)
    pages = page_texts(letter.body)
    assert letter.pages == len(pages) == 3
    for number, text in enumerate(pages, 1):
        assert [heading for heading in headings if heading not in text] == []
        assert page_number.format(number, 3) in text


def test_rows_stand_once_in_order_between_opening_and_closing_balance() -> None:
    lines = statement("en", 45).text.split("\n")
    table = lines[lines.index("Transactions") + 2 :]
    assert table[0] == "1 Jan 2026 Opening balance 10,000.00"
    assert table[1] == "1 Jan 2026 Entry 1 -10.50 9,989.50"
    assert table[2] == "2 Jan 2026 Entry 2 Thames Water -10.50 9,979.00"
    assert [row.split("Entry ")[1].split(" ")[0] for row in table[1:46]] == [str(number) for number in range(1, 46)]
    assert table[46] == "31 Mar 2026 Closing balance 9,527.50"


def test_closing_balance_never_stands_alone_on_a_page() -> None:
    for rows in range(10, 14):
        pages = page_texts(statement("en", rows).body)
        last = [page for page in pages if "Closing balance" in page][-1]  # the first page's summary has the words too
        assert "Entry " in last


def test_statement_without_transactions_says_so_on_one_page() -> None:
    english = statement("en", 0)
    assert english.pages == 1
    assert "There were no transactions in this period." in english.text
    assert "対象期間中のお取引はございません。" in statement("ja", 0).text


def test_required_wording_is_in_the_letter() -> None:
    for language in ("en", "ja"):
        letter = statement(language, 3)
        assert {use.id for use in letter.wording} == {"deposit-protection", "fee-notice"}
        for use in letter.wording:
            assert use.text.split("\n")[0] in letter.text


def test_japanese_address_has_the_name_below_and_english_above() -> None:
    japanese = statement("ja", 1).text
    assert "〒650-0021\n兵庫県神戸市中央区三宮町1-11-3\n葛\U000e0101城 浩 様\n" in japanese
    assert "David Núñez\n87 Maple Road\nEdinburgh\nEH1 1YZ\n" in statement("en", 1).text


def test_title_names_the_period() -> None:
    assert statement("en", 1).subject == "Account statement 1 January 2026 to 31 March 2026"
    assert statement("ja", 1).subject == "お取引明細書 2026年1月1日～2026年3月31日"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_type_of_a_large_print_statement_is_under_16_points(language: str) -> None:
    assert smallest_size(statement(language, 12).body) < 10
    assert smallest_size(statement(language, 12, accessible_format="large_print").body) >= 16


def test_statement_uses_the_engine_fonts_only() -> None:
    for language in ("en", "ja"):
        names = fonts(statement(language, 2).body)
        assert all("+Noto-Sans" in name for name in names)
        assert all(names.values())


LONG_NAME = ("Featherstonehaugh-Cholmondeley of Marjoribanks " * 4).strip()
LONG_ADDRESS = {**CUSTOMERS["en"]["address"], "line1": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 3}


def test_long_names_and_addresses_are_printed_in_full_where_no_window_hides_them() -> None:
    letter = statement("en", 2, family_name=LONG_NAME, address=LONG_ADDRESS, accessible_format="large_print")
    first = page_texts(letter.body)[0].replace("\r\n", "").replace(" ", "").replace("\ufffe", "")
    assert LONG_ADDRESS["line1"] in first
    assert first.count("Marjoribanks") == 4


def test_address_that_the_window_hides_stops_the_statement() -> None:
    with pytest.raises(RenderError, match="address_hidden: the address does not wholly stand in the window of 'dl-gb'"):
        statement("en", 2, family_name=LONG_NAME, address=LONG_ADDRESS)


def test_name_that_no_font_has_stops_the_statement() -> None:
    with pytest.raises(RenderError, match=r"missing_glyph: U\+0639"):
        statement("en", 1, family_name="علي")
