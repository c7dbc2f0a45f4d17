"""How wide formatted values get in a text message.

The figures come from the formats themselves, asked with the longest values that are reckoned with: numbers of
15 digits before the decimal sign and 12 behind it, percentages under 1,000. They hold for customers whose
locale is the language's own or that of a jurisdiction that is written to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from babel import Locale, numbers
from babel.core import get_global

from ccm.render.formats import Formats, Money, formats_for
from ccm.render.sms_bounds import Bound, one_of

DIGITS, DECIMALS = 15, 12
_WHOLE = "-" + "9" * DIGITS
_LONGEST = (Decimal(f"{_WHOLE}.{'9' * DECIMALS}"), Decimal(f"{_WHOLE}.{'4' * DECIMALS}"))
"""One that rounding makes longer, and one that it does not."""
_PERCENT = (Decimal("-9." + "9" * DECIMALS), Decimal("-9.99" + "4" * (DECIMALS - 2)))
_YEARS = (1988, 2018, 2026)
"""Years of Japanese eras with two digits (昭和63, 平成30), and a year of today."""


Place = tuple[str, ...]
"""A language (ISO 639) and the jurisdictions that are written to."""


@lru_cache(maxsize=64)
def _formats(place: Place) -> tuple[Formats, ...]:
    language, *regions = place
    tags = (language, "", *(f"{language}-{region}" for region in regions))
    found = [formats_for(tag, language, "UTC", plain=True) for tag in tags]
    return tuple({formats.locale: formats for formats in found}.values())


@lru_cache(maxsize=256)
def money(place: Place, currency: str | None, *, sign: bool) -> Bound:
    """An amount in a currency, or in any where `currency` is None; with its sign or without."""
    texts = []
    for formats in _formats(place):
        for code in (currency,) if currency else _currencies(formats.locale):
            value = Money.of(Decimal(f"{_WHOLE}.{'9' * numbers.get_currency_precision(code)}"), code)
            texts.append(formats.money(value) if sign else formats.amount(value))
    return one_of(texts)


@lru_cache(maxsize=256)
def number(place: Place, digits: int | None, *, whole: bool) -> Bound:
    """A number, with all its decimals or rounded to `digits`."""
    values = (Decimal(_WHOLE),) if whole else _LONGEST
    return one_of(formats.number(value, digits) for formats in _formats(place) for value in values)


@lru_cache(maxsize=256)
def percent(place: Place, digits: int | None) -> Bound:
    """A percentage, with all its decimals or rounded to `digits`."""
    return one_of(formats.percent(value, digits) for formats in _formats(place) for value in _PERCENT)


@lru_cache(maxsize=256)
def date(place: Place, style: str) -> Bound:
    """A date: every day of a year, in which each month has all days of the week with two digits."""
    return one_of(formats.date(day, style) for formats in _formats(place) for day in _days(formats, style))


@lru_cache(maxsize=256)
def datetime(place: Place) -> Bound:
    """Date and time to the minute."""
    day = dt.datetime(2026, 1, 1, 0, 58, tzinfo=dt.UTC)
    times = (
        formats.datetime(day.replace(hour=hour)).removeprefix(formats.date(day, "long"))
        for formats in _formats(place)
        for hour in range(24)
    )
    return date(place, "long").plus(one_of(times))


def _days(formats: Formats, style: str) -> Iterator[dt.date]:
    for year in _YEARS[-1:] if style in formats.locale.date_formats else _YEARS:
        yield from (dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(365))


def _currencies(locale: Locale) -> Iterator[str]:
    """One currency for each sign and number of decimals; those that have only their code for a sign are alike."""
    seen = set()
    for code in sorted(get_global("all_currencies")):
        symbol = numbers.get_currency_symbol(code, locale)
        kind = ("" if symbol == code else symbol, numbers.get_currency_precision(code))
        if kind not in seen:
            seen.add(kind)
            yield code
