"""A communication's data as plain copies of the declared types; whatever does not fit stops that message."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_precision

from ccm.errors import RenderError
from ccm.render.formats import Money
from ccm.workspace.communication import FieldType

MAX_TEXT = 10_000
MAX_ITEMS = 10_000
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, text reordering (Trojan Source) and half surrogates."""
_CURRENCIES = frozenset(get_global("all_currencies"))


def read_data(fields: Mapping[str, FieldType], data: Mapping[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    """The wanted top-level fields of `data`, each checked and copied; money knows its currency.

    Raises `RenderError` (``missing_data``, ``bad_data``) naming the field, never its value.
    """
    return {name: _value(field, data.get(name), name, data, data) for name, field in fields.items() if name in wanted}


def clean(text: str, name: str) -> str:
    """The same text; raises `RenderError` where it holds a character that data must not hold.

    A line break in a name could start a mail header or a second, false sentence in an SMS.
    """
    if _FORBIDDEN.search(text):
        raise RenderError("bad_data", f"'{name}' holds a control character, a line break or a text direction mark")
    return text


def _value(field: FieldType, value: Any, name: str, parent: Mapping[str, Any], top: Mapping[str, Any]) -> Any:
    if value is None or (value == "" and field.type != "text"):
        if field.optional:
            return None
        raise RenderError("missing_data", f"'{name}' is missing")
    if field.type == "money":
        return _money(field, value, name, parent, top)
    if field.type == "object":
        if not isinstance(value, Mapping):
            raise _wrong(name, "an object")
        return {
            part: _value(kind, value.get(part), f"{name}.{part}", value, top) for part, kind in field.fields.items()
        }
    if field.type == "list":
        return _list(field, value, name, top)
    if field.type == "text":
        if field.optional and value == "":
            return None
        return _text(value, name, field.max_length or MAX_TEXT)
    return _SCALARS[field.type](value, name)


def _list(field: FieldType, value: Any, name: str, top: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple):
        raise _wrong(name, "a list")
    if len(value) > (field.max_length or MAX_ITEMS):
        raise RenderError("bad_data", f"'{name}' has more than {field.max_length or MAX_ITEMS} items")
    items = []
    for number, item in enumerate(value):
        if not isinstance(item, Mapping):
            raise _wrong(f"{name}[{number}]", "an object")
        place = f"{name}[{number}]"
        items.append(
            {part: _value(kind, item.get(part), f"{place}.{part}", item, top) for part, kind in field.fields.items()}
        )
    return items


def _money(field: FieldType, value: Any, name: str, parent: Mapping[str, Any], top: Mapping[str, Any]) -> Money:
    number = _decimal(value, name)
    currency = _currency(field.currency or "", parent, top)
    if currency not in _CURRENCIES:
        raise RenderError("bad_data", f"'{name}' has no ISO 4217 currency in '{field.currency}'")
    if number != number.quantize(Decimal(1).scaleb(-get_currency_precision(currency))):
        # Printing would round it, and a bank does not round what a customer owes.
        raise RenderError("bad_data", f"'{name}' has more decimals than {currency} has")
    return Money.of(number, currency)


def _currency(path: str, parent: Mapping[str, Any], top: Mapping[str, Any]) -> Any:
    if re.fullmatch(r"[A-Z]{3}", path):
        return path
    if path in parent:
        return parent[path]
    found: Any = top
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "text")
    if len(value) > longest:
        raise RenderError("bad_data", f"'{name}' is longer than {longest} characters")
    return clean(value, name)


def _decimal(value: Any, name: str) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 1e15:
        # The shortest text of a float below 10^15 is what JSON or YAML held.
        return Decimal(repr(value))
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise _wrong(name, "a number")


def _integer(value: Any, name: str) -> int:
    number = _decimal(value, name)
    if number != number.to_integral_value():
        raise _wrong(name, "a whole number")
    return int(number)


def _date(value: Any, name: str) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        if isinstance(value, str) and len(value) == 10:
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise _wrong(name, "a date (YYYY-MM-DD)")


def _datetime(value: Any, name: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if isinstance(instant, dt.datetime) and instant.tzinfo is not None:
        return instant
    raise _wrong(name, "an instant with an offset")


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(name, "true or false")


def _wrong(name: str, words: str) -> RenderError:
    return RenderError("bad_data", f"'{name}' is not {words}")


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "integer": _integer, "decimal": _decimal, "percent": _decimal, "date": _date, "datetime": _datetime,
    "boolean": _boolean,
}  # fmt: skip
