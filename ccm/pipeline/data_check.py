"""Whether data fit the fields that a communication declares; used for a caller's JSON and for query results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision, list_currencies

from ccm.workspace.communication import FieldType

MAX_DEPTH = 32
HIDDEN = re.compile(
    # Controls, Unicode line ends, and format characters that reorder or hide text. Joiners (U+200C, U+200D)
    # and variation selectors stay: names are written with them.
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,10})?")
_WIDE = Context(prec=80)

Convert = Callable[[FieldType, Any], Any]
"""A scalar that is present to the field's type; raises `ValueError` saying what is wrong, without the value."""


@dataclass(frozen=True, slots=True)
class DataProblem:
    """One thing wrong with one message's data. `code` is stable: ``data_missing_field``, ``data_too_long``,
    ``data_invalid``, ``data_precision``, ``data_unknown_field``."""

    path: str
    code: str
    message: str


def conform(
    fields: Mapping[str, FieldType], data: Mapping[str, Any], convert: Convert
) -> tuple[dict[str, Any], list[DataProblem]]:
    """The data as declared, and every problem found. With problems, the data are of no use."""
    walk = _Walk(convert)
    values = walk.whole(fields, data, "")
    if not walk.problems:
        walk.round_money(fields, values, values, "")
    return values, walk.problems


class _Walk:
    def __init__(self, convert: Convert) -> None:
        self.convert = convert
        self.problems: list[DataProblem] = []
        self.units: dict[str, Decimal | None] = {}

    def problem(self, path: str, code: str, message: str) -> None:
        self.problems.append(DataProblem(path, code, message))

    def whole(self, fields: Mapping[str, FieldType], value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict | Mapping):  # dict first: the look at Mapping is slow
            self.problem(path or "data", "data_invalid", f"must be an object with {', '.join(fields)}")
            return {}
        prefix = f"{path}." if path else ""
        for name in sorted(map(str, value.keys() - fields.keys())):
            near = get_close_matches(name, list(fields), 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(fields) or 'none'}"
            self.problem(prefix + name[:60], "data_unknown_field", f"is no field; {hint}")
        return {name: self.value(field, value.get(name), prefix + name) for name, field in fields.items()}

    def value(self, field: FieldType, value: object, path: str) -> Any:
        if value is None:
            if not field.optional:
                self.problem(path, "data_missing_field", f"is missing ({field.type})")
            return None
        if field.type == "object":
            return self.whole(field.fields, value, path)
        if field.type == "list":
            if not isinstance(value, list | tuple):
                self.problem(path, "data_invalid", "must be a list")
                return []
            self.length(field, value, path, "items")
            return [self.whole(field.fields, item, f"{path}[{index}]") for index, item in enumerate(value, 1)]
        try:
            result = self.convert(field, value)
        except ValueError as error:
            self.problem(path, "data_invalid", str(error))
            return None
        if isinstance(result, str):
            self.length(field, result, path, "characters")
            if HIDDEN.search(result):
                self.problem(path, "data_invalid", "holds control characters, line ends or direction marks")
        return result

    def length(self, field: FieldType, value: Any, path: str, unit: str) -> None:
        if field.max_length is not None and len(value) > field.max_length:
            self.problem(path, "data_too_long", f"has {len(value)} {unit}; at most {field.max_length} fit")

    def round_money(
        self, fields: Mapping[str, FieldType], values: dict[str, Any], top: Mapping[str, Any], path: str
    ) -> None:
        """Money at its currency's own number of decimals; a finer amount would print as a different one."""
        for name, field in fields.items():
            value, place = values[name], f"{path}.{name}" if path else name
            if value is None:
                continue
            if field.type == "object":
                self.round_money(field.fields, value, top, place)
            elif field.type == "list":
                for index, item in enumerate(value, 1):
                    self.round_money(field.fields, item, top, f"{place}[{index}]")
            elif field.type == "money":
                unit = self.unit(field.currency or "", values, top)
                if unit is None:
                    self.problem(place, "data_invalid", f"currency '{field.currency}' leads to no ISO 4217 code")
                    continue
                values[name] = value.quantize(unit, context=_WIDE)
                if values[name] != value:
                    self.problem(place, "data_precision", f"is finer than its currency's smallest unit, {unit}")

    def unit(self, path: str, near: Mapping[str, Any], top: Mapping[str, Any]) -> Decimal | None:
        """The smallest unit of the currency that `path` leads to, from the data's top or from the same object."""
        if path not in self.units:
            code = path if re.fullmatch(r"[A-Z]{3}", path) else _text_at(top, path)
            self.units[path] = _smallest_unit(code) if code else None
        return self.units[path] or _smallest_unit(_text_at(near, path))


def from_json(field: FieldType, value: object) -> Any:
    """A JSON scalar to the field's type; amounts are text or whole numbers, because JSON's other numbers round."""
    match field.type, value:
        case "text", str():
            if any("\ud800" <= char <= "\udfff" for char in value):
                raise ValueError("holds half a character (a lone surrogate)")
            return value
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool) and _DECIMAL.fullmatch(str(value)):
            return value
        case "decimal" | "money" | "percent", int() if not isinstance(value, bool) and _DECIMAL.fullmatch(str(value)):
            return Decimal(value)
        case "decimal" | "money" | "percent", str() if _DECIMAL.fullmatch(value):
            return Decimal(value)
        case "date", str() if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return _calendar(date.fromisoformat, value)
        case "datetime", str() if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", value):
            time = _calendar(datetime.fromisoformat, value)
            if time.tzinfo is None:
                raise ValueError("needs an offset, as in 2026-04-01T09:00:00+09:00")
            return time.astimezone(UTC)
    raise ValueError(_EXPECTED[field.type])


def from_query(field: FieldType, value: object) -> Any:
    """A value of DuckDB, whose type was checked when the query was compiled."""
    if field.type in ("decimal", "money", "percent") and isinstance(value, int):
        return Decimal(value)
    if field.type == "datetime" and isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return value


_EXPECTED = {
    "text": "must be text",
    "boolean": "must be true or false",
    "integer": "must be a whole number",
    **dict.fromkeys(
        ("decimal", "money", "percent"),
        'must be an exact number as text, such as "1250.00": digits 0-9 and a point, no thousands separators',
    ),
    "date": 'must be a date, such as "2026-03-31"',
    "datetime": 'must be a time with an offset, such as "2026-04-01T09:00:00+09:00"',
}


def _calendar(parse: Callable[[str], Any], value: str) -> Any:
    try:
        return parse(value)
    except (ValueError, OverflowError):
        raise ValueError("is no date or time of the calendar") from None


def _text_at(data: Mapping[str, Any], path: str) -> str:
    value: Any = data
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=500)
def _smallest_unit(code: str) -> Decimal | None:
    """0.01 for two decimals, as CLDR has them for an ISO 4217 currency; None for no currency."""
    return Decimal(1).scaleb(-get_currency_precision(code)) if code in list_currencies() else None


def depth(value: object) -> int:
    """Levels of nesting, counted without recursion and no further than needed."""
    level, found = [value], 0
    while level and found <= MAX_DEPTH:
        found += 1
        level = [
            part
            for item in level
            if isinstance(item, Mapping | list)
            for part in (item.values() if isinstance(item, Mapping) else item)
        ]
    return found
