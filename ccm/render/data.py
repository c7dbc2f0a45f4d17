"""A communication's data as plain copies of the declared types; whatever does not fit stops that message.

The declaration is turned into functions once; a message then passes only those of the fields its template reads.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_precision

from ccm.errors import RenderError
from ccm.render.formats import Money
from ccm.workspace.communication import FieldType

MAX_TEXT = 10_000
MAX_ITEMS = 10_000
Object = Mapping[str, Any]
Read = Callable[[Any, str, Object, Object], Any]
"""From a value, its name, the object it stands in and the whole of the data to the checked copy."""
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, text reordering (Trojan Source) and half surrogates."""
_OBJECTS = (dict, Mapping)
"""Nearly always the first, which is quickly seen; asking for a `Mapping` takes five times as long."""
_CURRENCIES = frozenset(get_global("all_currencies"))


def readers(fields: Mapping[str, FieldType]) -> dict[str, Read]:
    """For each field the function that checks and copies its value; money knows its currency.

    The functions raise `RenderError` (``missing_data``, ``bad_data``) naming the field, never its value.
    """
    return {name: _reader(field) for name, field in fields.items()}


def clean(text: str, name: str) -> str:
    """The same text; raises `RenderError` where it holds a character that data must not hold.

    A line break in a name could start a mail header or a second, false sentence in an SMS.
    """
    # None of the forbidden characters is printable, and asking that first is the quicker question.
    if not text.isprintable() and _FORBIDDEN.search(text):
        raise RenderError("bad_data", f"'{name}' holds a control character, a line break or a text direction mark")
    return text


def _reader(field: FieldType) -> Read:
    if field.type == "text":
        return _text_reader(field.max_length or MAX_TEXT, optional=field.optional)
    if field.type == "object":
        convert = _object_reader(field)
    elif field.type == "list":
        convert = _list_reader(field, field.max_length or MAX_ITEMS)
    elif field.type == "money":
        convert = _money_reader(field.currency or "")
    else:
        return _scalar_reader(_SCALARS[field.type], optional=field.optional)
    optional = field.optional

    def read(value: Any, name: str, parent: Object, top: Object) -> Any:
        if value is None or (isinstance(value, str) and not value):
            return _missing(name, optional=optional)
        return convert(value, name, parent, top)

    return read


def _missing(name: str, *, optional: bool) -> None:
    if not optional:
        raise RenderError("missing_data", f"'{name}' is missing")


def _scalar_reader(convert: Callable[[Any, str], Any], *, optional: bool) -> Read:
    def read(value: Any, name: str, parent: Object, top: Object) -> Any:
        if value is None or (isinstance(value, str) and not value):
            return _missing(name, optional=optional)
        return convert(value, name)

    return read


def _text_reader(longest: int, *, optional: bool) -> Read:
    def read(value: Any, name: str, parent: Object, top: Object) -> Any:
        if value is None or (optional and value == ""):
            return _missing(name, optional=optional)
        if not isinstance(value, str):
            raise _wrong(name, "text")
        if len(value) > longest:
            raise RenderError("bad_data", f"'{name}' is longer than {longest} characters")
        return clean(value, name)

    return read


def _object_reader(field: FieldType) -> Read:
    parts = tuple(readers(field.fields).items())

    def read(value: Any, name: str, parent: Object, top: Object) -> dict[str, Any]:
        if not isinstance(value, _OBJECTS):
            raise _wrong(name, "an object")
        return {part: convert(value.get(part), f"{name}.{part}", value, top) for part, convert in parts}

    return read


def _list_reader(field: FieldType, most: int) -> Read:
    item = _object_reader(field)

    def read(value: Any, name: str, parent: Object, top: Object) -> list[dict[str, Any]]:
        if not isinstance(value, list | tuple):
            raise _wrong(name, "a list")
        if len(value) > most:
            raise RenderError("bad_data", f"'{name}' has more than {most} items")
        return [item(part, f"{name}[{number}]", {}, top) for number, part in enumerate(value)]

    return read


def _money_reader(declared: str) -> Read:
    fixed = declared if re.fullmatch(r"[A-Z]{3}", declared) else None
    path = declared.split(".")

    def read(value: Any, name: str, parent: Object, top: Object) -> Money:
        number = _decimal(value, name)
        currency: Any = fixed
        if fixed is None:
            currency = parent[declared] if declared in parent else _at(top, path)
        unit = _smallest(currency) if isinstance(currency, str) else None
        if unit is None:
            raise RenderError("bad_data", f"'{name}' has no ISO 4217 currency in '{declared}'")
        try:
            exact = number == number.quantize(unit)
        except InvalidOperation:
            raise _wrong(name, "an amount of at most 28 digits") from None
        if not exact:
            # Printing would round it, and a bank does not round what a customer owes.
            raise RenderError("bad_data", f"'{name}' has more decimals than {currency} has")
        return Money.of(number, currency)

    return read


def _at(top: Object, path: list[str]) -> Any:
    found: Any = top
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


@lru_cache(maxsize=512)
def _smallest(currency: str) -> Decimal | None:
    """The smallest amount that is written in a currency; None for what is none."""
    return Decimal(1).scaleb(-get_currency_precision(currency)) if currency in _CURRENCIES else None


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
