"""Each country's letter stands on its paper, with the address in its window; what does not fit is told."""

from __future__ import annotations

from typing import Any

import pytest
from letter_parts import BRAND, opened, page_texts, smallest_size
from statement_parts import CUSTOMERS, context, shipped_statement, statement

from ccm.render.letter import Letter, LetterRenderer, open_letter_renderer
from ccm.render.letter_paper import window_problems
from ccm.workspace.stationery import DEFAULT_SHEET, LetterSettings

US, GB, JP = (LetterSettings().sheet_for(country, large_print=False) for country in ("US", "GB", "JP"))
GERMAN = {"line1": "Lindenstr. 12", "city": "Berlin", "postcode": "10969", "country": "DE"}
INCH = 72
MM = 72 / 25.4


def letter(who: str, rows: int = 3, **fields: Any) -> Letter:
    renderer = shipped_statement()
    channel = renderer.channel("letter")
    laid_out: tuple[Letter, Any, Any] = channel.lay_out(renderer.filling("letter", context(who, rows, **fields)))  # type: ignore[attr-defined]
    return laid_out[0]


def sizes(pdf: bytes) -> set[tuple[int, int]]:
    with opened(pdf) as document:
        return {(round(page.get_width()), round(page.get_height())) for page in document}


@pytest.mark.parametrize(
    ("who", "fields", "size"),
    [
        ("en", {}, (595, 842)),
        ("en", {"address": GERMAN}, (595, 842)),
        ("us", {}, (8.5 * INCH, 11 * INCH)),
        ("ja", {}, (595, 842)),
        ("en", {"accessible_format": "large_print"}, (595, 842)),
        ("us", {"accessible_format": "large_print"}, (8.5 * INCH, 11 * INCH)),
    ],
)
def test_every_page_is_on_the_paper_of_the_country_it_goes_to(
    who: str, fields: dict[str, Any], size: tuple[float, float]
) -> None:
    made = letter(who, 40, **fields)
    assert made.pages > 1
    assert sizes(made.pdf) == {size}


@pytest.mark.parametrize(
    ("who", "address", "large"),
    [
        ("en", {}, ""),
        ("en", {}, "large_print"),
        ("en", {"line2": "Flat 3, The Old Mill", "city": "Newcastle upon Tyne"}, ""),
        ("en", GERMAN, ""),
        ("en", GERMAN, "large_print"),
        ("us", {}, ""),
        ("us", {"line2": ""}, "large_print"),
        ("ja", {}, ""),
        ("ja", {"line1": "三宮町1-11"}, "large_print"),
        ("ja", {"line2": "ひのきハイツ203"}, ""),
    ],
)
def test_shipped_letter_shows_the_address_and_nothing_else_in_the_window(
    who: str, address: dict[str, str], large: str
) -> None:
    made = letter(who, address={**CUSTOMERS[who]["address"], **address}, accessible_format=large)
    assert made.problems == ()


def test_american_address_of_four_lines_fits_in_ordinary_print_and_not_in_large() -> None:
    assert letter("us").problems == ()
    (found,) = letter("us", accessible_format="large_print").problems
    assert found.startswith("the address does not wholly stand in the window of 'us-10', 25.4 to 107.9 mm across")


@pytest.mark.parametrize("who", ["en", "us", "ja"])
def test_address_that_is_too_long_for_the_window_is_told_and_printed_in_full(who: str) -> None:
    line = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 3
    made = letter(who, address={**CUSTOMERS[who]["address"], "line1": line.strip()})
    assert [problem.split(" the window")[0] for problem in made.problems] == ["the address does not wholly stand in"]
    assert line.split()[0] not in made.problems[0], "a problem quotes nothing of the customer"
    first = page_texts(made.pdf)[0].replace("\r\n", "").replace("\ufffe", "").replace(" ", "")
    assert first.count("gogogoch") == 3


def render(renderer: LetterRenderer, body: str, **fields: Any) -> Letter:
    return renderer.render(f"<html><body>{body}</body></html>", title="T", language="en", large_print=False, **fields)


def brand(rules: str) -> LetterRenderer:
    sheet = b"@page { margin: 0 } body { margin: 0 } p, address, div { position: absolute; margin: 0 }" + rules.encode()
    return open_letter_renderer({**BRAND, "letter.css": BRAND["letter.css"] + sheet})


AT_THE_WINDOW = "address { left: var(--window-left); top: var(--window-top); font-style: normal }"


@pytest.mark.parametrize("sheet", [US, GB, JP, DEFAULT_SHEET])
def test_style_sheet_is_told_where_the_window_is(sheet: Any) -> None:
    made = render(brand(AT_THE_WINDOW), "<address>Jane Whitfield<br>1 Linden Avenue</address>", sheet=sheet)
    assert made.problems == ()
    with opened(made.pdf) as document:
        text = document[0].get_textpage()
        left, _, _, top = text.get_charbox(0)
        assert left / MM == pytest.approx(sheet.safe.left + 0.4, abs=0.6)
        assert sheet.height - top / MM == pytest.approx(sheet.safe.top + 0.4, abs=2)
        text.close()


@pytest.mark.parametrize(
    ("rules", "body", "told"),
    [
        ("address { left: 150mm; top: 60mm }", "", "the address does not wholly stand in"),
        ("address { left: 25mm; top: 48mm }", "", "the address does not wholly stand in"),
        (AT_THE_WINDOW + "p { left: 30mm; top: 80mm }", "<p>Account 123</p>", "other text than the address shows in"),
        (AT_THE_WINDOW + "p { left: 98mm; top: 70mm }", "<p>Account 123</p>", "other text than the address shows in"),
        (AT_THE_WINDOW + "p { left: 30mm; top: 47mm }", "<p>Account 123</p>", "other text than the address shows in"),
        (AT_THE_WINDOW + "p { left: 130mm; top: 70mm }", "<p>Account 123</p>", None),
        (AT_THE_WINDOW + "p { left: 30mm; top: 120mm }", "<p>Account 123</p>", None),
    ],
)
def test_what_stands_wrong_for_the_window_is_told(rules: str, body: str, told: str | None) -> None:
    made = render(brand(rules), f"<address>Jane Whitfield<br>1 Linden Avenue</address>{body}")
    assert [problem.startswith(told or "") for problem in made.problems] == ([True] if told else [])


def test_layout_without_an_address_is_for_another_envelope() -> None:
    made = render(brand(""), "<p>x</p>")
    assert made.problems == ()
    told = window_problems(made.pdf, DEFAULT_SHEET, [])
    assert told == ("the letter has no <address>, so that nothing shows in the window",)


def test_page_of_another_size_is_told() -> None:
    made = render(brand(AT_THE_WINDOW), "<address>Jane Whitfield</address>", sheet=GB)
    assert window_problems(made.pdf, US, ["Jane Whitfield"]) == ("the page is 210 x 297 mm, not us-letter",)


def test_size_in_the_brands_sheet_does_not_change_the_paper() -> None:
    rules = "@page { size: A5 } @page :first { size: A3 }"
    made = render(brand(rules + AT_THE_WINDOW), "<address>x</address><p class='new-page'>y</p>", sheet=US)
    assert sizes(made.pdf) == {(612, 792)}


def test_names_in_rare_characters_are_found_in_the_window() -> None:
    for name in ("葛\U000e0101城 浩", "\U00020bb7田 \ufa11", "Ångström Đặng"):
        made = render(brand(AT_THE_WINDOW), f"<address>{name}<br>x</address>")
        assert made.problems == ()


@pytest.mark.parametrize("who", ["en", "us", "ja"])
def test_large_print_is_at_least_16_points_on_every_paper(who: str) -> None:
    assert smallest_size(letter(who, 12, accessible_format="large_print").pdf) >= 16


def test_first_and_following_pages_differ() -> None:
    for who in ("en", "us", "ja"):
        texts = page_texts(statement(who, 40).body)
        name = CUSTOMERS[who]["address"]["postcode"]
        assert name in texts[0]
        assert all(name not in text for text in texts[1:])


def test_address_that_is_too_long_pushes_the_letter_down_and_covers_nothing() -> None:
    line = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 4
    made = letter("en", address={**CUSTOMERS["en"]["address"], "line1": line.strip()})

    def top(text: Any, words: str) -> float:
        found = text.search(words).get_next()
        return float(text.get_charbox(found[0])[3])

    with opened(made.pdf) as document:
        text = document[0].get_textpage()
        assert top(text, "EH1 1YZ") > top(text, "Your account statement")
        text.close()
