"""The quick formats print exactly what Babel prints."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale, dates, numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.render.formats import STYLES, Formats, Money, formats_for

LOCALES = ("en_US", "en_GB", "en_IN", "ja_JP", "de_DE", "fr_CH")
CURRENCIES = ("USD", "GBP", "JPY", "CZK", "EUR", "BHD", "CHF")
AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=4, allow_nan=False)
FORMATS = {name: Formats(Locale.parse(name), ZoneInfo("Asia/Tokyo")) for name in LOCALES}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LOCALES), st.sampled_from(CURRENCIES), AMOUNTS)
def test_money_is_what_babel_prints(locale: str, currency: str, amount: Decimal) -> None:
    money = Money.of(amount, currency)
    assert FORMATS[locale].money(money) == numbers.format_currency(amount, currency, locale=locale)
    assert FORMATS[locale].amount(money) == numbers.format_currency(amount, currency, "#,##0.00", locale=locale)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LOCALES), st.none() | st.integers(0, 6), AMOUNTS)
def test_numbers_and_percentages_are_what_babel_prints(locale: str, digits: int | None, value: Decimal) -> None:
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    exact = digits is None
    number = numbers.format_decimal(value, pattern, locale=locale, decimal_quantization=not exact)
    assert FORMATS[locale].number(value, digits) == number
    if digits is None:
        percent = numbers.format_percent(value, locale=locale, decimal_quantization=False)
        assert FORMATS[locale].percent(value) == percent


@pytest.mark.parametrize("locale", LOCALES)
def test_rates_that_are_equal_and_read_differently_do_not_stand_for_each_other(locale: str) -> None:
    formats = Formats(Locale.parse(locale), ZoneInfo("Asia/Tokyo"))
    for rate in (Decimal(0), Decimal("-0.0"), 0, Decimal("0.0425"), Decimal("0.04250"), 1, Decimal("1.00")) * 2:
        assert formats.percent(rate) == numbers.format_percent(rate, locale=locale, decimal_quantization=False)
        assert formats.percent(rate, 2) == numbers.format_percent(rate, "#,##0.00%", locale=locale)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LOCALES), st.sampled_from(STYLES), st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)))
def test_dates_are_what_babel_prints(locale: str, style: str, day: dt.date) -> None:
    for _ in range(2):  # made, then remembered
        assert FORMATS[locale].date(day, style) == dates.format_date(day, style, locale=locale)


@pytest.mark.parametrize("amount", ["-0.00", "0", "-0.004", "0.005", "0.015", "-1234567.895", "999999999999.99"])
def test_rounding_and_signs_at_the_edges_are_those_of_babel(amount: str) -> None:
    for locale in LOCALES:
        shown = FORMATS[locale].money(Money.of(Decimal(amount), "USD"))
        assert shown == numbers.format_currency(Decimal(amount), "USD", locale=locale)


def test_instant_shows_the_date_and_time_of_the_messages_zone() -> None:
    instant = dt.datetime(2026, 3, 31, 20, 0, tzinfo=dt.UTC)
    assert formats_for("ja-JP", "ja", "Asia/Tokyo").date(instant) == "2026年4月1日"
    assert formats_for("en-GB", "en", "Europe/London").datetime(instant) == "31 March 2026 21:00"


def test_sms_formats_use_no_space_that_gsm_lacks() -> None:
    evening = dt.datetime(2026, 3, 31, 20, 0, tzinfo=dt.UTC)
    assert "\u202f" in formats_for("en-US", "en", "UTC").datetime(evening)
    assert formats_for("en-US", "en", "UTC", plain=True).datetime(evening) == "March 31, 2026 8:00 PM"


@pytest.mark.parametrize(
    ("tag", "language", "locale"),
    [
        ("en-GB", "en", "en_GB"),
        ("fr-FR", "en", "en_US"),
        ("ja", "ja", "ja"),
        ("en-ZZ", "en", "en_US"),
        ("ja-x-y", "ja", "ja_JP"),
    ],
)
def test_tag_of_another_language_or_unknown_falls_back_to_the_messages_language(
    tag: str, language: str, locale: str
) -> None:
    assert str(formats_for(tag, language, "UTC").locale) == locale
