"""How wide formatted values get in a text message, in any locale of a language.

The figures come from the formats themselves, asked with the longest values that are expected: amounts and
numbers of 15 digits before the decimal sign, 12 behind it, percentages under 1,000.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, numbers
from babel.core import get_global
from babel.localedata import locale_identifiers

from ccm.render.formats import Formats, Money
from ccm.render.sms_bounds import Bound, one_of

DIGITS, DECIMALS = 15, 12
_WHOLE = "-" + "9" * DIGITS
_LONGEST = (Decimal(f"{_WHOLE}.{'9' * DECIMALS}"), Decimal(f"{_WHOLE}.{'4' * DECIMALS}"))
"""One that rounding makes longer, and one that it does not."""
_PERCENT = (Decimal("-9." + "9" * DECIMALS), Decimal("-9.99" + "4" * (DECIMALS - 2)))
_YEARS = (1988, 2018, 2026)
"""Years of Japanese eras with two digits (昭和63, 平成30), and a year of today."""
_UTC = ZoneInfo("UTC")


@lru_cache(maxsize=64)
def _formats(language: str) -> tuple[Formats, ...]:
    """The formats of every locale of a language; a customer's tag may name any of them."""
    found = []
    for name in sorted(locale_identifiers()):
        if name == language or name.startswith(f"{language}_"):
            try:
                found.append(Formats(Locale.parse(name), _UTC, plain=True))
            except (UnknownLocaleError, ValueError):
                continue
    return tuple(found)


@lru_cache(maxsize=256)
def money(language: str, currency: str | None, *, sign: bool) -> Bound:
    """An amount in a currency, or in any where `currency` is None; with its sign or without."""
    texts = set()
    for formats in _formats(language):
        for code in (currency,) if currency else _currencies(formats.locale):
            value = Money.of(Decimal(f"{_WHOLE}.{'9' * numbers.get_currency_precision(code)}"), code)
            texts.add(formats.money(value) if sign else formats.amount(value))
    return one_of(texts)


def _currencies(locale: Locale) -> Iterator[str]:
    """One currency for each sign and number of decimals; those that have only their code for a sign are alike."""
    seen = set()
    for code in sorted(get_global("all_currencies")):
        symbol = numbers.get_currency_symbol(code, locale)
        kind = ("" if symbol == code else symbol, numbers.get_currency_precision(code))
        if kind not in seen:
            seen.add(kind)
            yield code


@lru_cache(maxsize=256)
def number(language: str, digits: int | None, *, whole: bool) -> Bound:
    """A number, with all its decimals or a given number of them."""
    values = (Decimal(_WHOLE),) if whole else _LONGEST
    return one_of({formats.number(value, digits) for formats in _formats(language) for value in values})


@lru_cache(maxsize=256)
def percent(language: str, digits: int | None) -> Bound:
    """A percentage, with all its decimals or a given number of them."""
    return one_of({formats.percent(value, digits) for formats in _formats(language) for value in _PERCENT})


@lru_cache(maxsize=256)
def date(language: str, style: str) -> Bound:
    """A date in a style: every day of a year, in which each month has all days of the week with two digits."""
    texts: set[str] = set()
    seen = set()
    for formats in _formats(language):
        key = _date_words(formats.locale, style)
        if key not in seen:
            seen.add(key)
            for year in _YEARS if style not in formats.locale.date_formats else _YEARS[-1:]:
                days = (dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(365))
                texts.update(formats.date(day, style) for day in days)
    return one_of(texts)


def _date_words(locale: Locale, style: str) -> tuple[object, ...]:
    """All that makes one locale's dates differ from another's."""
    pattern = locale.date_formats[style].pattern if style in locale.date_formats else style
    months, days = locale.months, locale.days
    return (pattern, *(tuple(names[use][width].values()) for names in (months, days) for use in names
                       for width in ("wide", "abbreviated")))  # fmt: skip


@lru_cache(maxsize=64)
def datetime(language: str) -> Bound:
    """Date and time to the minute."""
    times = set()
    for formats in _formats(language):
        for hour in range(24):
            at = dt.datetime(2026, 1, 1, hour, 58, tzinfo=dt.UTC)
            times.add(formats.datetime(at).removeprefix(formats.date(at, "long")))
    return date(language, "long").plus(one_of(times))
