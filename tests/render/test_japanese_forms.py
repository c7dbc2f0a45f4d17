"""Japanese dates with eras, full-width and half-width forms, and honorifics."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from language_parts import problems_in
from render_parts import context, customer, load

from ccm.errors import RenderError
from ccm.render import Renderer
from ccm.render.dialects import HTML
from ccm.render.eras import ERAS, era_date
from ccm.render.formats import Formats
from ccm.render.widths import full_width, half_width


# What ICU (Intl.DateTimeFormat 'ja-JP-u-ca-japanese', CLDR's calendar data) prints around each change of era.
@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        ("1873-01-01", "明治6年1月1日", "M6.1.1"),
        ("1912-07-29", "明治45年7月29日", "M45.7.29"),
        ("1912-07-30", "大正元年7月30日", "T1.7.30"),
        ("1926-12-24", "大正15年12月24日", "T15.12.24"),
        ("1926-12-25", "昭和元年12月25日", "S1.12.25"),
        ("1989-01-07", "昭和64年1月7日", "S64.1.7"),
        ("1989-01-08", "平成元年1月8日", "H1.1.8"),
        ("2019-04-30", "平成31年4月30日", "H31.4.30"),
        ("2019-05-01", "令和元年5月1日", "R1.5.1"),
        ("2026-03-31", "令和8年3月31日", "R8.3.31"),
        ("2080-01-01", "令和62年1月1日", "R62.1.1"),
    ],
)
def test_date_has_the_era_of_its_day(day: str, long: str, short: str) -> None:
    date = dt.date.fromisoformat(day)
    assert (era_date(date, "era"), era_date(date, "era_short")) == (long, short)


@settings(max_examples=80, deadline=None)
@given(st.dates(dt.date(1873, 1, 1), dt.date(2200, 12, 31)))
def test_era_and_year_give_the_year_of_our_calendar_again(day: dt.date) -> None:
    text = era_date(day, "era_short")
    year, month, number = map(int, text[1:].split("."))
    era = next(era for era in ERAS if era.letter == text[0])
    assert dt.date(era.year + year - 1, month, number) == day >= era.first, text


def test_date_before_the_table_is_refused_without_its_value() -> None:
    with pytest.raises(RenderError, match=r"bad_data: a date before 1873-01-01 cannot be written with an era"):
        era_date(dt.date(1872, 12, 31), "era")


def test_instant_has_the_era_of_its_day_in_the_messages_zone() -> None:
    evening = dt.datetime(2019, 4, 30, 15, 0, tzinfo=dt.UTC)
    assert Formats(Locale.parse("ja_JP"), ZoneInfo("Asia/Tokyo")).date(evening, "era") == "令和元年5月1日"


def japanese(tmp_path: Path, text: str, **fields: Any) -> str:
    workspace = load(tmp_path, letter=text, languages="[ja]")
    who = fields.pop("customer", None) or customer(
        language="ja-JP", jurisdiction="JP", family_name="髙橋", given_name="春香", timezone="Asia/Tokyo"
    )
    renderer = Renderer(workspace, workspace.communications["notice"])
    return renderer.render("letter", context(workspace, customer=who, language="ja", **fields)).text


def test_japanese_letter_prints_eras_and_widths(tmp_path: Path) -> None:
    text = "<p>{{ message.date|date('era') }} {{ message.date|date('era_short') }} {{ account.number|fullwidth }}</p>"
    assert japanese(tmp_path, text) == "令和8年4月3日 R8.4.3 １２３４５６７８"


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        ("{{ due|date('era') }}", "en", "t:1:8: date('era') is for Japanese only; in English write date('long')"),
        ("{{ due|date('era_short') }}", "fr", "in French write date('long')"),
        ("{{ due|date('era') }}", "", "put it in {% if message.language == 'ja' %}"),
        (
            "{{ due|date('gengo') }}",
            "ja",
            "takes 'short', 'medium', 'long' or 'full' (Japanese also 'era' or 'era_short')",
        ),
    ],
)
def test_era_outside_of_japanese_is_a_mistake_of_the_template(text: str, language: str, message: str) -> None:
    [found] = problems_in(text, language)
    assert message in found


def test_era_stands_in_a_layout_where_the_language_is_asked_for() -> None:
    text = "{% if message.language == 'ja' %}{{ due|date('era') }}{% else %}{{ due }}{% endif %}"
    assert problems_in(text, "") == problems_in("{{ seen_at|date('era') }}", "ja") == []


@pytest.mark.parametrize(
    ("text", "wide", "narrow"),
    [
        ("Ab 12-3", "Ａｂ　１２－３", "Ab 12-3"),
        ("¥1,000", "￥１，０００", "¥1,000"),
        ("ﾋﾉｷ ｷﾞﾝｺｳ ﾊﾟ", "ヒノキ　ギンコウ　パ", "ﾋﾉｷ ｷﾞﾝｺｳ ﾊﾟ"),
        ("ｶﾞﾞ ﾟ｡｢｣､･ｰ", "ガ゛　゜。「」、・ー", "ｶﾞﾞ ﾟ｡｢｣､･ｰ"),
        ("ひらカタ漢字", "ひらカタ漢字", "ひらカタ漢字"),
        ("神 葛\U000e0100 𠮷 ㈱ Å", "神　葛\U000e0100　𠮷　㈱　Å", "神 葛\U000e0100 𠮷 ㈱ Å"),
    ],
)
def test_widths_change_letters_digits_signs_and_narrow_kana_only(text: str, wide: str, narrow: str) -> None:
    assert (full_width(text), half_width(text)) == (wide, narrow)


def test_half_width_undoes_full_width_letters_and_digits() -> None:
    assert half_width("ＡＢＣ　１２３（株）￥") == "ABC 123(株)¥"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_widths_never_make_a_text_longer_and_are_stable(text: str) -> None:
    wide, narrow = full_width(text), half_width(text)
    assert len(wide) <= len(text)
    assert len(narrow) == len(text)
    assert full_width(wide) == wide
    assert half_width(narrow) == narrow


@pytest.mark.parametrize("name", ["family_name|default('')", "given_name|default('')", "full_name", "addressee"])
@pytest.mark.parametrize("width", ["fullwidth", "halfwidth"])
def test_customers_name_is_never_rewritten(name: str, width: str) -> None:
    field = f"customer.{name}"
    for text in (
        field,
        f"({field})|trim",
        f"('a' ~ {field})",
        f"({field} if agreed else name)",
        f"note|default({field})",
    ):
        [found] = problems_in(f"{{{{ ({text})|{width} }}}}", "ja")
        assert f"a customer's name prints as it was given: leave '|{width}' out" in found


@pytest.mark.parametrize(
    "text",
    [
        "{{ customer.addressee }} 様", "{{ customer.addressee }}様", "{{ customer.addressee }}　御中",
        "{{ customer.addressee }}さま", "<p>{{ customer.addressee }}</p>\n<p>様</p>",
        "{{ customer.addressee }}<b>様</b>",
        "{{ customer.addressee }}{% if agreed %}様{% endif %}", "{{ customer.addressee ~ '様' }}",
        "{{ customer.addressee ~ ' 御中' }}", "{{ customer.addressee|trim }}様", "{{- customer.addressee -}} 様",
    ],
)  # fmt: skip
def test_second_honorific_behind_the_addressee_is_refused(text: str) -> None:
    [found] = problems_in(text, "ja", HTML if "<" in text else None)
    assert "'customer.addressee' already ends with 様 or 御中" in found


@pytest.mark.parametrize(
    "text", ["{{ customer.full_name }} 様", "{{ customer.full_name }}御中", "{{ customer.full_name }}さん"]
)
def test_honorific_behind_a_name_that_may_be_a_companys_is_refused_with_what_to_write(text: str) -> None:
    [found] = problems_in(text, "ja")
    assert "may be a person's or a company's name" in found
    assert "write {{ customer.addressee }}" in found


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Dear Mr {{ customer.addressee }},", "Mr"),
        ("Dear Ms. {{ customer.addressee }},", "Ms"),
        (
            "{% if customer.honorific %}{{ customer.honorific }} {% endif %}{{ customer.addressee }}",
            "customer.honorific",
        ),
    ],
)
def test_second_honorific_before_the_addressee_is_refused(text: str, word: str) -> None:
    [found] = problems_in(text)
    assert f"'customer.addressee' brings its own honorific, so that '{word}' before it would be a second" in found


@pytest.mark.parametrize(
    "text",
    [
        "{{ customer.addressee }}\n\n様々なサービスを", "{{ customer.addressee }}、いつもありがとうございます。",
        "{% if customer.family_name %}{{ customer.family_name }}様{% endif %}", "{{ customer.addressee }} {{ name }}様",
        "{{ customer.full_name }}の口座", "お客様 {{ customer.addressee }}", "Dear {{ customer.addressee }}",
    ],
)  # fmt: skip
def test_words_that_only_look_like_an_honorific_pass(text: str) -> None:
    assert problems_in(text, "ja") == []


def test_company_is_addressed_with_onchu_alone_and_keeps_its_code_points(tmp_path: Path) -> None:
    who = customer(
        language="ja-JP",
        jurisdiction="JP",
        organisation_name="株式会社ﾐﾅﾄ　神戸",
        family_name="髙橋",
        given_name="春香",
    )
    text = japanese(tmp_path, "<p>{{ customer.addressee }}</p>", customer=who)
    assert text == "株式会社ﾐﾅﾄ　神戸 御中"
