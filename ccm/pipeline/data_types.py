"""Whether a query's column types can be what the communication declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ccm.workspace.communication import FieldType

_WHOLE = frozenset(
    f"{sign}{size}" for sign in ("", "u") for size in ("tinyint", "smallint", "integer", "bigint", "hugeint")
)
_EXACT = _WHOLE | {"decimal"}
_ACCEPTED = {
    "text": frozenset({"varchar"}),
    "integer": _WHOLE,
    "decimal": _EXACT,
    "money": _EXACT,
    "percent": _EXACT,
    "date": frozenset({"date"}),
    "datetime": frozenset({"timestamp"}),
    "boolean": frozenset({"boolean"}),
}
_ASKED = {
    "text": "VARCHAR",
    "integer": "an integer type",
    "decimal": "DECIMAL",
    "money": "DECIMAL",
    "percent": "DECIMAL",
    "date": "DATE",
    "datetime": "TIMESTAMP (in UTC)",
    "boolean": "BOOLEAN",
}


def type_problems(fields: Mapping[str, FieldType], columns: Sequence[str], types: Sequence[Any]) -> list[str]:
    """What is wrong with the result's shape, in words. `types` are DuckDB's; the first column is ``customer_id``."""
    if not columns or columns[0] != "customer_id" or types[0].id != "varchar":
        return ["the first column must be customer_id, of type VARCHAR"]
    return _struct(fields, list(zip(columns[1:], types[1:], strict=True)), "")


def _struct(fields: Mapping[str, FieldType], parts: Sequence[tuple[str, Any]], path: str) -> list[str]:
    found = []
    names = [name for name, _kind in parts]
    for name, kind in parts:
        place = f"{path}.{name}" if path else name
        if names.count(name) > 1:
            return [f"column '{place}' stands twice"]
        if name not in fields:
            near = get_close_matches(name, list(fields), 1)
            hint = f"did you mean '{near[0]}'?" if near else f"fields: {', '.join(fields) or 'none'}"
            found.append(f"column '{place}' is no field in communication.yaml; {hint}")
        else:
            found.extend(_one(fields[name], kind, place))
    for name, field in fields.items():
        if name not in names and not field.optional:
            found.append(f"column '{path}{'.' if path else ''}{name}' ({field.type}) is missing")
    return found


def _one(field: FieldType, kind: Any, place: str) -> list[str]:
    if kind.id in ('"null"', "null"):
        return [] if field.optional else [f"column '{place}' is always NULL, but the field is not optional"]
    if field.type == "list":
        if kind.id != "list" or kind.children[0][1].id != "struct":
            return [f"column '{place}' is {kind}, the field a list of objects: use LIST of STRUCT"]
        return _struct(field.fields, kind.children[0][1].children, place)
    if field.type == "object":
        if kind.id != "struct":
            return [f"column '{place}' is {kind}, the field an object: use STRUCT, as in {{'name': value}}"]
        return _struct(field.fields, kind.children, place)
    if kind.id not in _ACCEPTED[field.type]:
        return [f"column '{place}' is {kind}, the field {field.type}: give {_ASKED[field.type]}"]
    return []
