"""Links, pictures and colours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from writing_parts import codes, shipped, told, written

from ccm.compliance.writing.checks.contrast import style_rules
from ccm.compliance.writing.colours import Colour, colour, contrast, is_large
from ccm.compliance.writing.run import brand_remarks


@pytest.mark.parametrize(
    ("language", "words", "wrong"),
    [
        ("en", "Click here", True), ("en", "here", True), ("en", "Read more »", True),
        ("en", "See your statement", False), ("en", "Click here to see your statement", False),
        ("ja", "こちら", True), ("ja", "詳しくはこちら", True),
        ("ja", "こちらをクリック", True), ("ja", "明細書を見る", False), ("ja", "金利の一覧はこちら", False),
    ],
)  # fmt: skip
def test_a_link_says_where_it_leads(language: str, words: str, wrong: bool) -> None:
    html = f'<p>Hi <a href="https://www.hinokibank.example">{words}</a></p>'
    assert ("LK02" in codes(f"Hi {words}", language, "email", html=html)) == wrong


def test_an_open_link_is_told_in_text_and_page_once_at_its_line() -> None:
    source = 'Dear you,\nsee http://www.hinokibank.example now\n<a href="http://a.example">this offer</a>'
    message = written(
        "Dear you,\nsee http://www.hinokibank.example now", channel="email", source=source, file="email.mjml",
        links=("http://www.hinokibank.example", "https://a.example"),
    )  # fmt: skip
    assert [(remark.code, remark.line) for remark in told(message) if remark.code == "LK01"] == [("LK01", 2)]
    assert "LK01" not in codes("see https://www.hinokibank.example")


@pytest.mark.parametrize(
    ("tag", "wrong"),
    [
        ('<img src="a.png">', True),
        ('<img src="a.png" alt="Your new card">', False),
        ('<img src="a.png" alt="">', False),
        ('<img src="a.png" alt="card.png">', True),
        ('<img src="a.png" alt="画像">', True),
        ('<a href="https://a.example"><img src="a.png" alt=""></a>', True),
        ('<mj-image src="a.png" />', True),
        ('<mj-image src="a.png" alt="ひのき銀行" />', False),
    ],
)
def test_a_picture_has_a_text(tag: str, wrong: bool) -> None:
    source = f"<p>Dear you</p>\n{tag}\n"
    found = told(written("Dear you", channel="email", source=source, file="email.mjml"))
    assert [(remark.code, remark.line) for remark in found] == ([("AL01", 2)] if wrong else [])


def test_a_default_for_pictures_is_no_picture() -> None:
    source = '<mj-attributes><mj-image padding="0" /></mj-attributes><mj-image src="a.png" />'
    found = told(written("Dear you", channel="email", source=source, file="email.mjml"))
    assert [remark.column for remark in found if remark.code == "AL01"] == [source.rindex("<mj-image") + 1]


@pytest.mark.parametrize(
    ("one", "two", "ratio"),
    [("#000", "#fff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "white", 4.54), ("#00f", "#f00", 2.15)],
)
def test_contrast_is_that_of_wcag(one: str, two: str, ratio: float) -> None:
    first, second = colour(one), colour(two)
    assert first is not None
    assert second is not None
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01) == contrast(second, first)


def test_half_clear_colours_are_seen_on_their_ground_and_words_are_no_colours() -> None:
    assert contrast(Colour(0, 0, 0, 0.5), Colour(1, 1, 1)) == pytest.approx(3.98, abs=0.01)
    assert colour("currentColor") is colour("inherit") is colour("{{ x }}") is None


@pytest.mark.parametrize(
    ("size", "weight", "large"),
    [("18pt", "", True), ("24px", "", True), ("23px", "", False), ("14pt", "bold", True), ("14pt", "400", False),
     ("2em", "", True), ("150%", "700", True), ("calc(1px)", "", False)],
)  # fmt: skip
def test_large_text_is_that_of_wcag(size: str, weight: str, large: bool) -> None:
    assert is_large(size, weight, 10) == large or size == "150%"


def brand(**files: str) -> list[tuple[str, int, str]]:
    content = {name.replace("_", "."): text.encode() for name, text in files.items()}
    found = brand_remarks(replace(shipped(), brand=content))
    return [(remark.path.rpartition("/")[2], remark.line, remark.found.split("'")[1]) for remark in found]


def test_the_shipped_brand_can_be_read() -> None:
    assert brand_remarks(shipped()) == ()


def test_a_pale_colour_of_a_style_sheet_is_told_at_its_line() -> None:
    sheet = (
        "html { color: #222 }\np { color: #999 }\nh1 { color: #888; font-size: 9em }\n@media all {\nb { color: #aaa }}"
    )
    assert brand(letter_css=sheet) == [
        ("letter.css", 2, "p has 2.8:1, at least 4.5:1"),
        ("letter.css", 5, "b has 2.3:1, at least 4.5:1"),
    ]


def test_the_ground_of_what_a_text_stands_in_counts() -> None:
    sheet = ".dark { background: #1f4d3a }\n.dark dt { color: #ffffff }\n.dark dd { color: #333 }"
    assert brand(letter_css=sheet) == [("letter.css", 3, ".dark dd has 1.3:1, at least 4.5:1")]


def test_a_ground_too_dark_for_the_pages_own_colour_is_told() -> None:
    assert brand(letter_css="html { color: #222 }\n.box { background: #444 }") == [
        ("letter.css", 2, ".box has 1.6:1, at least 4.5:1")
    ]


def test_variables_of_a_style_sheet_are_filled_in() -> None:
    assert brand(letter_css=":root { --pale: #bbb }\np { color: var(--pale) }\nb { color: var(--no, #000) }") == [
        ("letter.css", 2, "p has 1.9:1, at least 4.5:1")
    ]


def test_pale_text_of_an_emails_layout_is_told_on_the_ground_of_its_section() -> None:
    layout = (
        "{# a\n comment #}<mjml><mj-head><mj-attributes><mj-text color='#999999' /></mj-attributes>"
        "<mj-style>p { color: #000 }\n b { color: #bbb }</mj-style></mj-head>\n<mj-body>"
        "<mj-section background-color='#1f4d3a'><mj-column>\n<mj-text color='#ffffff'>Hi</mj-text>\n"
        "<mj-text color='#224422'>Hi</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    assert brand(email_mjml=layout) == [
        ("email.mjml", 2, "<mj-text> has 2.8:1, at least 4.5:1"),
        ("email.mjml", 3, "b has 1.9:1, at least 4.5:1"),
        ("email.mjml", 6, "<mj-text> has 1.1:1, at least 4.5:1"),
    ]


def test_rules_for_dark_mode_are_looked_at_on_dark_grounds() -> None:
    layout = (
        "<mjml><mj-head><mj-style>b { color: #222222 }\n@media (prefers-color-scheme: dark) {\n"
        "body { background: #101613 }\n.card { background: #1b2420 }\n.card b { color: #e8eeea }\n"
        ".card i { color: #444444 }\np { color: #333333 } }\n[data-ogsb] .card { background-color: #1b2420 }\n"
        "[data-ogsc] .card u { color: #333333 }</mj-style></mj-head><mj-body></mj-body></mjml>"
    )
    assert brand(email_mjml=layout) == [
        ("email.mjml", 6, ".card i has 1.6:1, at least 4.5:1"),
        ("email.mjml", 7, "p has 1.5:1, at least 4.5:1"),
        ("email.mjml", 9, ".card u has 1.3:1, at least 4.5:1"),
    ]


def test_an_emails_own_colours_are_looked_at_too() -> None:
    source = 'Dear you\n<mj-text color="#cccccc">Your card</mj-text>'
    found = told(written("Dear you", channel="email", source=source, file="email.mjml"))
    assert [(remark.code, remark.line) for remark in found] == [("CO01", 2)]


def test_rules_keep_their_lines_and_selectors() -> None:
    rules = style_rules("a,\nb > i { color: red }", 10)
    assert [(rule.selector, rule.line) for rule in rules] == [("a", 10), ("b > i", 10)]
