"""Figures that authors write out are found by their form, in every language, and named by the words before them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_percent
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.render.facts.figures import figures
from ccm.render.facts.source import label_before, mask

LOCALES = st.sampled_from(["en_US", "en_GB", "ja_JP", "de_DE", "fr_FR", "pl_PL"])
DAYS = st.integers(0, 20_000).map(lambda number: date(2000, 1, 1) + timedelta(days=number))


@given(LOCALES, DAYS, st.sampled_from(["medium", "long", "full"]))
@settings(max_examples=60, deadline=None)
def test_dates_are_recognised_as_every_locale_writes_them(locale: str, day: date, style: str) -> None:
    text = f"{format_date(day, style, locale=locale)} "
    found = [figure for figure in figures(mask("a/sms.txt", text, ()), locale[:2]) if figure.kind == "date"]
    assert [(day.year, day.month, day.day) in figure.days for figure in found] == [True]


@given(LOCALES, st.decimals("0.01", "99999999", places=2), st.sampled_from(["USD", "GBP", "EUR", "JPY"]))
@settings(max_examples=60, deadline=None)
def test_amounts_and_rates_are_recognised_as_every_locale_writes_them(locale: str, amount: Decimal, code: str) -> None:
    amount = amount.quantize(Decimal(1)) if code == "JPY" else amount
    language = locale[:2]
    text = f" {format_currency(amount, code, locale=locale)} "
    [money] = figures(mask("a/sms.txt", text, ()), language)
    assert (money.kind, money.value, money.unit) == ("money", amount, code)
    rate = (amount % 100).scaleb(-2)
    [found] = figures(mask("a/sms.txt", format_percent(rate, "#,##0.######%", locale=locale), ()), language)
    assert (found.kind, found.value) == ("percent", rate)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Your closing balance is ", "closing balance"), ("Hello. Rate: ", "rate"), ("期末残高は", "期末残高"),
        ("金利（年）　", ""), ("\x02 and ", "and"), ("one\n| Total | ", "total"), ("ＡＢＣ残高：", "abc残高"),
    ],
)  # fmt: skip
def test_the_words_before_a_place_name_it(text: str, label: str) -> None:
    assert label_before(text, len(text)) == label
