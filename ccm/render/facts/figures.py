"""Figures that authors wrote out: amounts, rates, dates, telephone numbers, terms, addresses, references.

They are found by their form in the words between a template's code. Whether they are wrong is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names
from babel.numbers import get_decimal_symbol, get_group_symbol

from ccm.render.facts.base import Day, Figure, Spot
from ccm.render.facts.source import TAG, Masked
from ccm.workspace.languages import base

_NARROW = str.maketrans({chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"￥": "¥", "−": "-"})
"""Full-width forms to the ASCII characters they stand for, one for one (Unicode, Halfwidth and Fullwidth Forms)."""
_SIGNS = {
    "$": "USD", "US$": "USD", "$US": "USD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "£": "GBP", "£GB": "GBP", "€": "EUR", "¥": "JPY", "JP¥": "JPY", "CN¥": "CNY", "円": "JPY", "yen": "JPY",
    "dollar": "USD", "dollars": "USD", "ドル": "USD", "pound": "GBP", "pounds": "GBP", "ポンド": "GBP", "euro": "EUR",
    "euros": "EUR", "ユーロ": "EUR",
}  # fmt: skip
"""Signs and words to the ISO 4217 code that they stand for first of all; signs as CLDR prints them."""
_CODES = "USD|GBP|EUR|JPY|CHF|AUD|CAD|NZD|HKD|SGD|CNY|PLN|SEK|NOK|DKK"
_MANY = {"": 1, "万": 10**4, "億": 10**8}
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
"""Era to the year before its first (the eras' first years are 2019, 1989 and 1926)."""
_URL = re.compile(r"(?:https?://|www\.)[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\s\"'<>()\x01\x02]*", re.IGNORECASE)
_CJK_DATE = re.compile(
    r"(?:(?<!\d)(?P<year>\d{4})年|(?P<era>令和|平成|昭和)(?P<of>元|\d{1,2})年)?\s?(?<!\d)(?P<month>\d{1,2})月\s?(?P<day>\d{1,2})日"
)
_ISO_DATE = re.compile(r"(?<![\d/-])(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?![\d/-])")
_SHORT_DATE = re.compile(r"(?<![\d/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/])")
_PHONE = re.compile(r"(?<![a-zA-Z0-9.,$£€¥+-])(?:\+|\(0|0|1[- ])[\d()\- ]{7,18}\d(?![a-zA-Z0-9%])")
_MONTHS = re.compile(
    r"(?<![\w.,])(\d{1,3})[\s-]?(months?|years?)\b|(?<!\d)(\d{1,3})(か月|ヶ月|カ月|ケ月|箇月|年(?![度\d]))"
)
_REFERENCE = re.compile(
    r"(?<![a-zA-Z0-9./@-])(?=[A-Za-z-]*\d)[A-Za-z0-9](?:[A-Za-z0-9]|[ -](?=\d)){4,33}(?![a-zA-Z0-9%/@])"
)
_NO_MONTH_NAMES = frozenset({"ja", "zh", "ko"})
"""Languages whose month is a number."""


def figures(masked: Masked, language: str) -> tuple[Figure, ...]:
    """The figures of a template, in the order of the file; `language` is the folder's, whose signs its numbers have."""
    finder = _Finder(masked, base(language))
    return tuple(sorted(finder.find(), key=lambda figure: figure.spot))


class _Finder:
    """Each kind takes what it finds out of the text, so that a date's parts are no amounts."""

    def __init__(self, masked: Masked, language: str) -> None:
        self._masked = masked
        self._language = language
        self._text = masked.words.translate(_NARROW)
        self._decimal, self._number = _number_form(language)

    def find(self) -> Iterator[Figure]:
        yield from self._urls()
        yield from self._dates()
        yield from self._all(_PHONE, self._phone)
        for form in _money_forms(self._number):
            yield from self._all(form, self._money)
        rate = rf"(?<![a-zA-Z0-9.,])(?P<number>{self._number})\s?(?:%|percent\b|per cent\b|パーセント)"
        yield from self._all(re.compile(rate), self._rate)
        yield from self._all(_MONTHS, self._months)
        yield from self._all(_REFERENCE, lambda found: Figure("reference", found[0], self._spot(found), found[0]))

    def _all(self, form: re.Pattern[str], make: Callable[[re.Match[str]], Figure | None]) -> Iterator[Figure]:
        for found in list(form.finditer(self._text)):
            figure = make(found)
            if figure is not None:
                self._take(found.start(), found.end())
                yield figure

    def _take(self, start: int, end: int) -> None:
        self._text = self._text[:start] + TAG * (end - start) + self._text[end:]

    def _spot(self, found: re.Match[str]) -> Spot:
        return self._masked.spot(found.start())

    def _urls(self) -> Iterator[Figure]:
        for found in _URL.finditer(self._masked.links):
            text = found[0].rstrip(".,;:!?。、")
            yield Figure("url", text, self._spot(found), text)
            self._take(found.start(), found.end())

    def _dates(self) -> Iterator[Figure]:
        yield from self._all(_CJK_DATE, self._cjk_date)
        yield from self._all(
            _ISO_DATE, lambda found: self._date(found, (_int(found["year"]), found["month"], found["day"]))
        )
        yield from self._all(_SHORT_DATE, self._short_date)
        for form in _named_dates(self._language):
            yield from self._all(form, self._named_date)

    def _cjk_date(self, found: re.Match[str]) -> Figure | None:
        year = _int(found["year"])
        if found["era"]:
            year = _ERAS[found["era"]] + (1 if found["of"] == "元" else int(found["of"]))
        return self._date(found, (year, found["month"], found["day"]))

    def _named_date(self, found: re.Match[str]) -> Figure | None:
        month = _month_names(self._language)[found["name"]]
        return self._date(found, (_int(found["year"]), month, found["day"]))

    def _short_date(self, found: re.Match[str]) -> Figure | None:
        first, second = found[1], found[3]
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        return self._date(found, (year, second, first), (year, first, second))

    def _date(self, found: re.Match[str], *readings: tuple[int | None, str | int, str | int]) -> Figure | None:
        days: list[Day] = list(dict.fromkeys((year, int(month), int(day)) for year, month, day in readings))
        possible = tuple(day for day in days if 1 <= day[1] <= 12 and 1 <= day[2] <= 31)
        return Figure("date", found[0].strip(), self._spot(found), days=possible) if possible else None

    def _phone(self, found: re.Match[str]) -> Figure | None:
        digits = re.sub(r"\D", "", found[0])
        if not 9 <= len(digits) <= 15 or not (found[0][0] in "+(" or re.search(r"[- ]", found[0])):
            return None
        return Figure("phone", found[0], self._spot(found), found[0])

    def _money(self, found: re.Match[str]) -> Figure:
        sign = found["sign"]
        amount = self._decimal_of(found["number"]) * _MANY[found["many"] or ""]
        return Figure("money", found[0], self._spot(found), amount, _SIGNS.get(sign, sign))

    def _rate(self, found: re.Match[str]) -> Figure:
        return Figure("percent", found[0], self._spot(found), self._decimal_of(found["number"]).scaleb(-2))

    def _months(self, found: re.Match[str]) -> Figure:
        number, unit = found[1] or found[3], found[2] or found[4]
        months = int(number) * (12 if unit[0] in "y年" else 1)
        return Figure("months", found[0], self._spot(found), Decimal(months))

    def _decimal_of(self, number: str) -> Decimal:
        group = "." if self._decimal == "," else ","
        return Decimal(re.sub(rf"[\s{re.escape(group)}]", "", number).replace(self._decimal, "."))


def _int(text: str | None) -> int | None:
    return int(text) if text else None


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=64)
def _number_form(language: str) -> tuple[str, str]:
    """The decimal sign and the pattern of a number in a language (CLDR)."""
    decimal = get_decimal_symbol(_locale(language))
    group = get_group_symbol(_locale(language))
    groups = r"[\s.’']" if decimal == "," or group == "’" else ","
    sign = re.escape(decimal)
    return decimal, rf"\d{{1,3}}(?:{groups}\d{{3}})+(?:{sign}\d+)?(?!\d)|\d+(?:{sign}\d+)?"


@lru_cache(maxsize=64)
def _money_forms(number: str) -> tuple[re.Pattern[str], ...]:
    """With the sign before the number, and behind it."""
    every = sorted(_SIGNS, key=len, reverse=True)
    before = "|".join(re.escape(sign) for sign in every if not sign.isalpha())
    behind = "|".join(re.escape(sign) for sign in every)
    return (
        re.compile(rf"(?<![a-zA-Z0-9.,])(?P<sign>{before}|{_CODES})\s?(?P<number>{number})\s?(?P<many>[万億]?)"),
        re.compile(
            rf"(?<![a-zA-Z0-9.,])(?P<number>{number})\s?(?P<many>[万億]?)\s?(?P<sign>{behind}|{_CODES})(?![a-z\d])"
        ),
    )


@lru_cache(maxsize=64)
def _month_names(language: str) -> dict[str, int]:
    """Every name of a month, whole and short, as it stands alone and in a date (CLDR)."""
    if language in _NO_MONTH_NAMES:
        return {}
    locales = [_locale(language), *([_locale("en_GB")] if language == "en" else [])]  # which writes Sept for Sep
    return {
        name.rstrip("."): number
        for locale in locales
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, locale).items()
    }


@lru_cache(maxsize=64)
def _named_dates(language: str) -> tuple[re.Pattern[str], ...]:
    names = "|".join(sorted(map(re.escape, _month_names(language)), key=len, reverse=True))
    if not names:
        return ()
    ordinal = r"(?:st|nd|rd|th|er|\.)?"
    return (
        re.compile(
            rf"(?<![\w.])(?P<day>\d{{1,2}}){ordinal}\s+(?:of\s+)?(?P<name>{names})\b\.?(?:,?\s+(?P<year>\d{{4}}))?"
        ),
        re.compile(rf"\b(?P<name>{names})\.?\s+(?P<day>\d{{1,2}}){ordinal}(?!\w)(?:,?\s+(?P<year>\d{{4}}))?"),
    )
