"""Numbers, money and dates as text: what Babel prints, without Babel's cost per call.

A call of Babel's `format_currency` takes about 34 µs, most of it looking up the locale's pattern again.
Here the pattern's fixed parts are taken once from Babel's own output; every locale whose output does not
have the plain shape (groups of three) is left to Babel.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers

from ccm.render import eras

STYLES = ("short", "medium", "long", "full")
_DEFAULTS = {"en": "en_US", "ja": "ja_JP"}
_PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-"})
_KEPT_TEXTS = 4096
Formatter = Callable[[Decimal], str]


class Money(Decimal):
    """An amount that knows its ISO 4217 currency."""

    __slots__ = ("currency",)
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int, currency: str) -> Money:
        """`amount` units of `currency`."""
        money = cls(amount)
        money.currency = currency
        return money


class Formats:
    """The formats of one locale.

    `plain` is for SMS: spaces that GSM-7 has no character for become plain ones, and the marks of `mask`
    and `truncate` are GSM-7 characters.
    """

    def __init__(self, locale: Locale, zone: ZoneInfo, *, plain: bool = False) -> None:
        self.locale = locale
        self.zone = zone
        self.plain = plain
        self.bullet = "*" if plain else "•"
        self.ellipsis = "..." if plain else "…"
        self._formatters: dict[Any, Formatter] = {}
        self._dates: dict[tuple[dt.date, str], str] = {}
        self._percents: dict[tuple[str, int | None], str] = {}

    def money(self, value: Decimal) -> str:
        """With the currency's sign and its number of decimals: ``$1,234.50``."""
        currency = value.currency  # type: ignore[attr-defined]
        formatter = self._formatters.get(currency) or self._money_formatter(currency, currency, None)
        return formatter(value)

    def amount(self, value: Decimal) -> str:
        """As `money`, without the sign: ``1,234.50``."""
        currency = value.currency  # type: ignore[attr-defined]
        key = ("amount", currency)
        return (self._formatters.get(key) or self._money_formatter(key, currency, "#,##0.00"))(value)

    def number(self, value: Decimal | int, digits: int | None = None) -> str:
        """With all its decimals, or rounded half to even to `digits`."""
        key = ("number", digits)
        return (self._formatters.get(key) or self._number_formatter(key, digits, 0))(Decimal(value))

    def percent(self, value: Decimal | int, digits: int | None = None) -> str:
        """A fraction as percent, 0.0425 as ``4.25%``: all decimals, or rounded to `digits`."""
        # Kept, since rates come again in message after message. By their text: 0 and -0 are one key and two texts.
        known = (str(value), digits)
        text = self._percents.get(known)
        if text is None:
            key = ("percent", digits)
            text = (self._formatters.get(key) or self._number_formatter(key, digits, 2))(Decimal(value))
            if len(self._percents) >= _KEPT_TEXTS:
                self._percents.clear()
            self._percents[known] = text
        return text

    def date(self, value: dt.date, style: str = "long") -> str:
        """A date, or an instant's date in the message's zone; `style` is one of `STYLES` or of the eras' styles.

        Raises `RenderError` for a date that no era has.
        """
        if isinstance(value, dt.datetime):
            value = value.astimezone(self.zone).date()
        text = self._dates.get((value, style))
        if text is None:
            if len(self._dates) >= _KEPT_TEXTS:
                self._dates.clear()
            if style in eras.STYLES:
                text = eras.era_date(value, style)
            else:
                text = self._text(dates.format_date(value, style, locale=self.locale))
            self._dates[value, style] = text
        return text

    def datetime(self, value: dt.datetime) -> str:
        """Date and time to the minute, in the message's zone."""
        day, time = self.date(value, "long"), dates.format_time(value, "short", tzinfo=self.zone, locale=self.locale)
        return f"{day} {self._text(time)}"

    def _text(self, text: str) -> str:
        return text.translate(_PLAIN) if self.plain else text

    def _money_formatter(self, key: Any, currency: str, pattern: str | None) -> Formatter:
        def babel(value: Decimal) -> str:
            return self._text(numbers.format_currency(Decimal(value), currency, pattern, locale=self.locale))

        digits = numbers.get_currency_precision(currency)
        return self._formatters.setdefault(key, self._shaped(babel, digits, 0))

    def _number_formatter(self, key: Any, digits: int | None, shift: int) -> Formatter:
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "") + "%" * bool(shift)

        def babel(value: Decimal) -> str:
            call = numbers.format_percent if shift else numbers.format_decimal
            exact = digits is None
            return self._text(call(value, pattern, locale=self.locale, decimal_quantization=not exact))

        return self._formatters.setdefault(key, self._shaped(babel, digits, shift))

    def _shaped(self, babel: Formatter, digits: int | None, shift: int) -> Formatter:
        """`babel` itself, or a quicker function that prints the same.

        The quick one is taken only where Babel's text for a few values is prefix, digits in groups of three, suffix.
        """
        decimal_sign = self._text(numbers.get_decimal_symbol(self.locale))
        group = self._text(numbers.get_group_symbol(self.locale))
        signs = {",": group, ".": decimal_sign}
        table = str.maketrans(signs) if signs != {",": ",", ".": "."} else None
        core = (f"{1:.{digits}f}" if digits else "1").replace(".", decimal_sign)
        unit = Decimal(1).scaleb(-shift)
        before, found, after = babel(unit).partition(core)
        minus_before, minus_found, minus_after = babel(-unit).partition(core)
        spec = ",f" if digits is None else f",.{digits}f"

        def quick(value: Decimal) -> str:
            number = value.copy_abs()
            if shift:
                number = number.scaleb(shift)
            text = format(number, spec)
            if digits is None and "." in text:
                text = text.rstrip("0").rstrip(".")
            if table is not None:
                text = text.translate(table)
            if value.is_signed():
                return minus_before + text + minus_after
            return before + text + after

        probes = (Decimal("1234567.5"), Decimal("-1234.25"), Decimal(0), Decimal("-0.005"))
        same = found and minus_found and all(quick(probe) == babel(probe) for probe in probes)
        return quick if same else babel


@lru_cache(maxsize=256)
def formats_for(tag: str, language: str, zone: str, *, plain: bool = False) -> Formats:
    """The formats of a customer's BCP 47 tag; of the message's language where the tag is of another or unknown."""
    name = tag.replace("-", "_")
    try:
        locale = Locale.parse(name if name.split("_")[0] == language else _DEFAULTS.get(language, language))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(_DEFAULTS.get(language, language))
    return Formats(locale, ZoneInfo(zone), plain=plain)
