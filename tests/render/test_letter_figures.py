"""Charts and QR codes: what may be asked for, what is drawn, and what it says in words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_parts import opened as opened_page
from letter_parts import page_texts, smallest_figure
from pdf_parts import elements, kinds, opened, unmarked
from render_parts import SECTION, compiled, context, customer

from ccm.errors import RenderError, TemplateError
from ccm.model.message import Rendered
from ccm.render.figures import MAX_POINTS, line_chart, ticks
from ccm.render.fonts import font_configuration
from ccm.render.formats import Money, formats_for
from ccm.render.letter_brand import open_brand
from ccm.render.letter_charts import WIDTH, Look, bar_chart
from ccm.render.letter_figures import contrast_on_white

FIELDS = """
    currency: {type: text, max_length: 3}
    reference: {type: text, max_length: 40}
    free: {type: text}
    note: {type: text, max_length: 40, optional: true}
    total: {type: money, currency: currency}
    spending:
      type: list
      max_length: 12
      fields:
        category: {type: text, max_length: 60}
        amount: {type: money, currency: currency}
        extra: {type: money, currency: currency, optional: true}
    days:
      type: list
      fields:
        day: {type: date}
        balance: {type: money, currency: currency}
"""
DATA: dict[str, Any] = {
    "currency": "GBP", "reference": "RF18 5390 0754 7034", "free": "x", "note": None, "total": "1",
    "spending": [
        {"category": "Rent", "amount": "1200.00"}, {"category": "Food", "amount": "412.35"},
        {"category": "Refund", "amount": "-120.00"},
    ],
    "days": [
        {"day": dt.date(2026, 1, 1), "balance": "100.00"}, {"day": dt.date(2026, 2, 1), "balance": "250.00"},
        {"day": dt.date(2026, 3, 31), "balance": "-30.00"},
    ],
}  # fmt: skip
BARS = "{{ spending|bar_chart('category', 'amount', 'Spending') }}"
LINE = "{{ days|line_chart('day', 'balance', 'Balance') }}"
LINK = "{{ (organisation.website ~ '/help?m=' ~ message.reference)|qr_code('Help') }}"
CODE = "{{ reference|qr_code('Payment') }}"


def letter(root: Path, body: str, **fields: Any) -> Rendered:
    data = {**DATA, **fields.pop("data", {})}
    languages = fields.pop("languages", "[en]")
    renderer = compiled(root, letter=body, fields=FIELDS, languages=languages)
    return renderer.render("letter", context(data=data, **fields))


def problem(root: Path, body: str, **templates: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        compiled(root, **{"letter": f"<p>\n{body}</p>", "fields": FIELDS, **templates})
    (found,) = caught.value.problems
    return str(found)


# In words


def test_chart_tells_its_figures_in_words(tmp_path: Path) -> None:
    made = letter(tmp_path, f"<h1>A</h1>{BARS}{LINE}")
    words = ["Spending: Rent £1,200.00; Food £412.35; Refund -£120.00"]
    words += ["Balance: January 1, 2026 £100.00; February 1, 2026 £250.00; March 31, 2026 -£30.00"]
    assert made.text.split("\n") == ["A", *words]
    with opened(made.body) as document:
        assert [str(element.Alt) for element in elements(document) if str(element.S) == "/Figure"] == words
        assert unmarked(document) == []
        assert "Caption" in kinds(document)


def test_japanese_chart_speaks_japanese(tmp_path: Path) -> None:
    body = "{{ spending|bar_chart('category', 'amount', '項目別') }}{{ reference|qr_code('お支払い') }}"
    rows = [{"category": "家賃", "amount": "98000"}, {"category": "食費", "amount": "41200"}]
    made = letter(
        tmp_path, body, languages="[ja]", language="ja", customer=customer(language="ja-JP", jurisdiction="JP"),
        data={"currency": "JPY", "spending": rows},
    )  # fmt: skip
    assert made.text == "項目別：家賃 ￥98,000、食費 ￥41,200\nQRコード お支払い：RF18 5390 0754 7034"
    (page,) = page_texts(made.body)
    assert {"家賃", "￥98,000", "項目別"} <= set(page.split())


def test_long_course_is_told_by_its_turning_points(tmp_path: Path) -> None:
    days = [
        {"day": dt.date(2026, 1, 1) + dt.timedelta(days=n), "balance": Decimal(100 + (n * 37) % 90)} for n in range(60)
    ]
    text = letter(tmp_path, LINE, data={"days": days}).text
    assert text.startswith("Balance: January 1, 2026 £100.00; ")
    told = [min(days, key=lambda day: day["balance"]), max(days, key=lambda day: day["balance"]), days[-1]]
    assert all(f"£{day['balance']:.2f}" in text for day in told)
    assert text.count(";") <= 3


def test_code_has_its_text_beside_it(tmp_path: Path) -> None:
    made = letter(tmp_path, LINK + CODE)
    page = page_texts(made.body)[0].replace("\r\n", "\n")
    assert "Help\nhttps://www.example.com/help?m=m-1" in page
    assert "Payment\nRF18 5390 0754 7034" in page
    assert made.text.split("\n") == [
        "QR code Help: https://www.example.com/help?m=m-1", "QR code Payment: RF18 5390 0754 7034",
    ]  # fmt: skip


# On the page


def test_printed_code_is_the_code_of_its_text(tmp_path: Path) -> None:
    made = letter(tmp_path, LINK)
    text = "https://www.example.com/help?m=m-1"
    code = [list(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix]
    with opened(made.body) as document:
        (figure,) = (element for element in elements(document) if str(element.S) == "/Figure")
        left, _, right, top = map(float, figure.A.BBox)
        height = float(document.pages[0].MediaBox[3])
    scale, size = 4, len(code) + 8
    with opened_page(made.body) as document:
        picture = document[0].render(scale=scale).to_pil().convert("L")
    step = (right - left) / size
    seen = [
        [
            int(picture.getpixel((scale * (left + (x + 4.5) * step), scale * (height - top + (y + 4.5) * step))) < 128)
            for x in range(len(code))
        ]
        for y in range(len(code))
    ]
    assert seen == code
    assert step > 0.4 * 72 / 25.4, "squares of less than 0.4 mm are hard to read from paper"


@pytest.mark.parametrize("large", ["", "large_print"])
def test_text_of_charts_is_as_large_as_the_letters(tmp_path: Path, large: str) -> None:
    made = letter(tmp_path, f"{BARS}{LINE}", customer=customer(accessible_format=large))
    assert smallest_figure(made.body) == pytest.approx(16 if large else 9, rel=0.06)


def test_same_chart_has_the_same_bytes(tmp_path: Path) -> None:
    assert letter(tmp_path, BARS + LINE + LINK).body == letter(tmp_path, BARS + LINE + LINK).body


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80),
            st.floats(-1e9, 1e9), st.text("0123456789,.£-", max_size=14),
        ),
        max_size=24,
    )
)  # fmt: skip
def test_bars_stay_within_the_page_and_text_is_only_text(bars: list[tuple[str, float, str]]) -> None:
    svg = bar_chart(bars, "words & <more>", Look())
    written = ET.fromstring(ET.tostring(svg))
    assert {element.tag.rpartition("}")[2] for element in written.iter()} <= {"svg", "title", "text", "rect", "line"}
    assert written[0].text == "words & <more>"
    for rect in written.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(rect.get("x", "")) >= -0.01
        assert float(rect.get("x", "")) + float(rect.get("width", "")) <= WIDTH + 0.01


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30))
def test_ticks_are_few_round_and_around_all_numbers(numbers: list[Decimal]) -> None:
    found = ticks(numbers)
    assert 2 <= len(found) <= 8
    assert found[0] <= min(*numbers, 0) <= max(*numbers, 0) <= found[-1]
    steps = {right - left for left, right in pairwise(found)}
    assert len(steps) == 1
    assert str(steps.pop().normalize().as_tuple().digits).strip("(,)") in ("1", "2", "2, 5", "5")


def test_ticks_of_money_know_their_currency() -> None:
    assert {tick.currency for tick in ticks([Money.of(5, "JPY"), Money.of(70, "JPY")])} == {"JPY"}  # type: ignore[attr-defined]


def test_line_of_thousands_of_days_is_thinned_and_ends_with_the_last() -> None:
    rows = [{"day": dt.date(2000, 1, 1) + dt.timedelta(days=n), "balance": Decimal(n)} for n in range(5000)]
    figure = str(line_chart(rows, formats_for("en-GB", "en", "UTC"), "day", "balance", "Balance"))
    points = re.search(r"points&#34;:\[(.*?)\]\],", figure)
    assert points
    assert points[1].count("[") <= MAX_POINTS + 1
    assert points[1].endswith("4999.0")


# Only what is possible


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ spendin|bar_chart('category', 'amount', 'T') }}", "'spendin' is no known name; did you mean 'spending'?"),
        ("{{ spending|bar_chart('categry', 'amount', 'T') }}", "no field 'categry'; there is: category"),
        ("{{ spending|bar_chart('category', 'category', 'T') }}", "needs a number here, and 'category' is text"),
        ("{{ spending|bar_chart('amount', 'amount', 'T') }}", "needs text here, and 'amount' is money"),
        ("{{ spending|bar_chart('category', 'extra', 'T') }}", "'extra' is money, which may be missing"),
        ("{{ spending|bar_chart('category', 'amount') }}", "takes two field names and a title"),
        ("{{ spending|bar_chart('category', 'amount', '') }}", "needs a title of 1 to 120 characters"),
        ("{{ spending|bar_chart('category', 'amount', total) }}", "takes two field names and a title"),
        ("{{ total|bar_chart('category', 'amount', 'T') }}", "takes a list of objects, and this is money"),
        ("{{ days|line_chart('balance', 'balance', 'T') }}", "needs a date here, and 'balance' is money"),
        ("{{ 'a' ~ (spending|bar_chart('category', 'amount', 'T')) }}", "can only be printed by itself"),
        ("{% if spending|bar_chart('category', 'amount', 'T') %}x{% endif %}", "can only be printed by itself"),
        ('<a href="https://a.example/" title="{{ reference|qr_code(\'T\') }}">x</a>', "cannot stand in an attribute"),
        (
            "{{ 'https://evil.example/'|qr_code('T') }}",
            "takes a link of the organisation, organisation.website ~ '/path'",
        ),
        ("{{ free|qr_code('T') }}", "or a text field with a max_length of up to 300"),
        ("{{ note|qr_code('T') }}", "'note' may be missing"),
        ("{{ customer.full_name|qr_code('T') }}", "takes a link of the organisation"),
        ("{{ (organisation.website ~ '.evil.example')|qr_code('T') }}", "goes on with '/…', '?…' or '#…'"),
        ("{{ (organisation.website ~ reference)|qr_code('T') }}", "goes on with '/…', '?…' or '#…'"),
        ("{{ (reference ~ organisation.website)|qr_code('T') }}", "takes a link of the organisation"),
        ("<svg></svg>", "<svg> is not possible"),
        ("<ccm-figure></ccm-figure>", "<ccm-figure> is not possible"),
    ],
)
def test_mistake_is_told_when_the_letter_is_compiled(tmp_path: Path, body: str, said: str) -> None:
    found = problem(tmp_path, body)
    assert "templates/notice/en/letter.html:5:" in found
    assert said in found


def test_chart_with_two_mistakes_tells_both(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(tmp_path, letter="{{ days|bar_chart('day', 'amount', 'T') }}", fields=FIELDS)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "templates",
    [
        {"sms": BARS, "letter": ""},
        {"email": SECTION.format(CODE), "letter": ""},
        {"email": SECTION.format("x"), "subject": "{{ reference|qr_code('T') }}", "letter": ""},
    ],
)
def test_other_channels_have_no_charts(tmp_path: Path, templates: dict[str, str]) -> None:
    assert "is for letters only" in problem(tmp_path, "", **templates)


def test_data_cannot_become_a_link_or_markup(tmp_path: Path) -> None:
    for text in ("https://evil.example", " HTTP://a", "www.evil.example", "tel:+1", "javascript:x"):
        with pytest.raises(RenderError, match="a QR code's text is a link"):
            letter(tmp_path, CODE, data={"reference": text})
    rows = [{"category": '<img src=x> &amp; "</ccm-figure>', "amount": "1.00"}]
    made = letter(tmp_path, BARS, data={"spending": rows})
    assert made.text == 'Spending: <img src=x> &amp; "</ccm-figure> £1.00'
    assert "<img src=x> &amp;" in page_texts(made.body)[0]


def test_link_part_from_data_is_encoded(tmp_path: Path) -> None:
    body = "{{ (organisation.website ~ '/p/' ~ reference)|qr_code('T') }}"
    made = letter(tmp_path, body, data={"reference": "a/../b?c=1&d #é"})
    assert made.text.endswith("https://www.example.com/p/a%2F..%2Fb%3Fc%3D1%26d%20%23%C3%A9")


def test_character_of_a_chart_that_no_font_has_stops_the_letter(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"missing_glyph: U\+0639"):
        letter(tmp_path, BARS, data={"spending": [{"category": "علي", "amount": "1.00"}]})


@pytest.mark.parametrize("empty", ["spending", "days"])
def test_empty_list_draws_an_empty_chart(tmp_path: Path, empty: str) -> None:
    assert letter(tmp_path, BARS + LINE, data={empty: []}).pages == 1


# Colours


def test_shipped_colours_have_the_contrast_that_print_needs() -> None:
    for colour, least in ((Look().fill, 3), (Look().text, 4.5), (Look().grid, 3)):
        assert contrast_on_white(colour) >= least
    assert contrast_on_white("#000000") == pytest.approx(21)
    assert contrast_on_white("#ffffff") == pytest.approx(1)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("html { --chart-fill: #c9a66b }", "'--chart-fill' has a contrast of 2.3 on white; at least 3 is needed"),
        ("html { --chart-text: #888888 }", "'--chart-text' has a contrast of 3.5 on white; at least 4.5 is needed"),
        (":root { --chart-grid: grey }", "'--chart-grid' is a colour written #rrggbb"),
    ],
)
def test_colour_that_print_cannot_show_is_refused(rule: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        open_brand({"letter.css": rule.encode()}, font_configuration())
    assert said in str(caught.value.problems[0])


def test_brand_colours_are_drawn() -> None:
    look = open_brand({"letter.css": b"html { --chart-fill: #1f4d3a; --chart-text: #22302a }"}, font_configuration())[2]
    assert (look.fill, look.text) == ("#1f4d3a", "#22302a")
    svg = ET.tostring(bar_chart([("a", 1, "1")], "words", look)).decode()
    assert "#1f4d3a" in svg
    assert "#22302a" in svg
