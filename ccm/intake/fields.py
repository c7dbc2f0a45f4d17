"""Fields of a feed, the columns they are read from, and the rows that come out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from ccm.errors import InputError
from ccm.intake.values import Bad

FieldProblem = Callable[[str, Bad], None]
"""Called with a field's name when its value is dropped and the row kept."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a feed.

    `needed`: the workspace must map it to a column. `vital`: a value that can't be taken sets the whole row
    aside; otherwise only the value, and `default` stands in its place.
    """

    name: str
    convert: Callable[[str], Any]
    needed: bool = False
    vital: bool = True
    default: Any = ""


@dataclass(frozen=True, slots=True)
class Aside:
    """A row or a field that was set aside."""

    row: int
    line: int
    column: str
    value_class: str
    reason: str


def digest_of(row: Mapping[str, Any]) -> str:
    """SHA-256 over a row's values in their fixed order: equal rows, equal digest."""
    return hashlib.sha256(orjson.dumps(list(row.values()))).hexdigest()


def match_columns(fields: Sequence[Field], mapping: Mapping[str, str], header: Sequence[str], place: str,
                  file: str) -> list[tuple[Field, int]]:  # fmt: skip
    """Each mapped field with the index of its column.

    `place` names the mapping in messages (``ccm.toml [feeds.cases.columns]``). Raises `InputError` for a mapping
    that names unknown fields or lacks needed ones, and for a file without a mapped column.
    """
    names = [field.name for field in fields]
    for name in mapping:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"the fields are: {', '.join(names)}"
            raise InputError(f"{place}: '{name}' is no field of this feed; {hint}")
    if missing := [field.name for field in fields if field.needed and field.name not in mapping]:
        raise InputError(f"{place}: no column is given for {', '.join(missing)}")
    absent = []
    for column in mapping.values():
        if column not in header:
            near = get_close_matches(column, header, 1, 0.7)
            absent.append(f"'{column}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
    if absent:
        has = ", ".join(f"'{column}'" for column in header[:40]) + (", …" if len(header) > 40 else "")
        hint = ""
        if len(header) == 1 and any(sign in header[0] for sign in ";\t|"):
            hint = "; the columns must be separated by commas"
        raise InputError(f"{file}:1: column {', '.join(absent)} is missing; the file has {has[:2000]}{hint} ({place})")
    return [(field, header.index(mapping[field.name])) for field in fields if field.name in mapping]


class RowReader:
    """Turns cells into the columns of a table; keeps what was set aside in `asides` until it is taken."""

    def __init__(
        self, fields: Sequence[Field], matched: Sequence[tuple[Field, int]], header: Sequence[str],
        finish: Callable[[dict[str, Any], FieldProblem], dict[str, Any]],
    ) -> None:  # fmt: skip
        self._plan = [(field.name, field.convert, index, field.vital) for field, index in matched]
        self._defaults = {field.name: field.default for field in fields}
        self._columns = {field.name: header[index] for field, index in matched}
        self._finish = finish
        self._dropped: list[tuple[str, Bad]] = []
        self.asides: list[Aside] = []
        self.fields_dropped = 0

    def set_aside(self, number: int, line: int, reason: str, field: str = "", value_class: str = "row") -> None:
        """Notes a row (or, with `field`, that field's value) that is not taken."""
        self.asides.append(Aside(number, line, self._columns.get(field, field), value_class, reason))

    def read(self, number: int, line: int, cells: Sequence[str]) -> dict[str, Any] | None:
        """The row to store, or None when it was set aside."""
        row = self._defaults.copy()
        self._dropped.clear()
        name = ""
        try:
            for name, convert, index, vital in self._plan:
                try:
                    row[name] = convert(cells[index])
                except Bad as bad:
                    if vital:
                        raise
                    self._drop(name, bad)
            name = ""
            row = self._finish(row, self._drop)
        except Bad as bad:
            self.set_aside(number, line, bad.reason, name, bad.value_class)
            return None
        for field_name, problem in self._dropped:
            self.set_aside(number, line, problem.reason, field_name, problem.value_class)
        self.fields_dropped += len(self._dropped)
        return row

    def _drop(self, name: str, bad: Bad) -> None:
        self._dropped.append((name, bad))
