"""The language's filters and tests: what a template may do with a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from unicodedata import combining
from urllib.parse import quote

from markupsafe import Markup

from ccm.render.figures import FILTERS as FIGURE_FILTERS
from ccm.render.formats import Formats
from ccm.render.plurals import plural
from ccm.render.widths import full_width, half_width


def _money(value: Decimal | None, formats: Formats) -> str | None:
    return None if value is None else formats.money(value)


def _amount(value: Decimal | None, formats: Formats) -> str | None:
    return None if value is None else formats.amount(value)


def _number(value: Any, formats: Formats, digits: int | None = None) -> str | None:
    return None if value is None else formats.number(value, digits)


def _percent(value: Any, formats: Formats, digits: int | None = None) -> str | None:
    return None if value is None else formats.percent(value, digits)


def _date(value: Any, formats: Formats, style: str = "long") -> str | None:
    return None if value is None else formats.date(value, style)


def _datetime(value: Any, formats: Formats) -> str | None:
    return None if value is None else formats.datetime(value)


def _default(value: Any, fallback: Any) -> Any:
    return fallback if value is None else value


def _t(value: str) -> str:
    # Literal texts are replaced by their translations before this is compiled.
    return value


def _upper(value: str | None) -> str | None:
    return None if value is None else value.upper()


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _fullwidth(value: str | None) -> str | None:
    return None if value is None else full_width(value)


def _halfwidth(value: str | None) -> str | None:
    return None if value is None else half_width(value)


def _trim(value: str | None) -> str | None:
    return None if value is None else value.strip()


def _mask(value: str | None, formats: Formats) -> str | None:
    return None if value is None else formats.bullet * max(len(value) - 4, 0) + value[-4:]


def _truncate(value: str | None, formats: Formats, length: int) -> str | None:
    if value is None or len(value) <= length:
        return value
    end = max(length - len(formats.ellipsis), 0)
    while end and combining(value[end]):
        end -= 1
    return value[:end].rstrip() + formats.ellipsis


def _join(value: list[str], separator: str) -> str:
    return separator.join(value)


def _url(value: str) -> Markup:
    # Everything but unreserved characters becomes %XX, so that nothing is left to escape.
    return Markup(quote(value, safe=""))  # noqa: S704


def _tel(value: str) -> str:
    # RFC 3966: a plus sign and digits; a percent-encoded plus is a number that no telephone dials.
    return re.sub(r"(?!^\+)\D", "", value)


def _given(value: Any) -> bool:
    return value is not None


def _none(value: Any) -> bool:
    return value is None


def _even(value: int) -> bool:
    return value % 2 == 0


def _odd(value: int) -> bool:
    return value % 2 == 1


FILTERS: Mapping[str, Callable[..., Any]] = {
    "_money": _money, "_amount": _amount, "_number": _number, "_percent": _percent, "_date": _date,
    "_datetime": _datetime, "_default": _default, "_t": _t, "_upper": _upper, "_lower": _lower, "_trim": _trim,
    "_fullwidth": _fullwidth, "_halfwidth": _halfwidth, "_plural": plural, "_decimal": Decimal,
    "_mask": _mask, "_truncate": _truncate, "_join": _join, "_length": len, "_url": _url, "_tel": _tel,
    **FIGURE_FILTERS,
}  # fmt: skip
TESTS: Mapping[str, Callable[..., Any]] = {"defined": _given, "none": _none, "even": _even, "odd": _odd}
