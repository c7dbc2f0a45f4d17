"""Whether a figure that was written out, a value of the data and a printed fact are the same thing."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from difflib import SequenceMatcher

import phonenumbers

from ccm.render.facts.base import Declared, Fact, Figure

BASE_KINDS = frozenset({"money", "percent", "decimal", "integer", "date", "datetime"})
"""Types whose printed text can say another value than the data: rounded, or of another day."""
_EXPLAINS = {
    "money": {"money"}, "percent": {"percent"}, "date": {"date", "datetime"}, "phone": set(), "months": set(),
    "url": set(), "reference": set(),
}  # fmt: skip
_DAYS_NEAR = 3
_SHORTEST_REFERENCE = 5
_ALIKE = 0.85
"""Of two host names: one letter in seven may differ."""
_NATIONAL = {phonenumbers.MatchType.EXACT_MATCH, phonenumbers.MatchType.NSN_MATCH}


def equals(figure: Figure, value: Declared) -> bool:
    """Whether a figure is just what a value says."""
    match figure.kind:
        case "money":
            return value.kind == "money" and figure.value == value.value and _one_currency(figure, value)
        case "percent":
            return value.kind == "percent" and figure.value == value.value
        case "date":
            return isinstance(value.value, dt.date) and _on(figure, value.value)
        case "phone":
            return value.kind == "text" and _one_number(figure.text, str(value.value))
        case "url":
            return value.path == "organisation.website" and host(figure.text) == host(str(value.value))
        case "reference":
            long_enough = value.kind == "text" and len(_bare(str(value.value))) >= _SHORTEST_REFERENCE
            return long_enough and _bare(figure.text) == _bare(str(value.value))
    return False


def near(figure: Figure, value: Declared) -> bool:
    """Whether a figure is a value rounded, cut, or some days off: likely a slip, and never the truth."""
    if equals(figure, value) or value.path.startswith(("organisation.", "customer.")):
        return False
    if figure.kind == "date" and isinstance(value.value, dt.date):
        return any(abs((day - value.value).days) <= _DAYS_NEAR for day in _days(figure))
    if figure.kind in ("money", "percent") and value.kind == figure.kind:
        written, exact = Decimal(figure.value), Decimal(value.value)  # type: ignore[arg-type]
        if figure.kind == "money" and not _one_currency(figure, value):
            return False
        places = written.as_tuple().exponent
        unit = Decimal(1).scaleb(int(places))
        return exact.quantize(unit) == written or exact.quantize(unit, "ROUND_DOWN") == written or (
            exact.quantize(unit, "ROUND_HALF_UP") == written
        )  # fmt: skip
    return False


def explains(figure: Figure, kind: str) -> bool:
    """Whether a field of a type could stand where a figure is written."""
    return kind in _EXPLAINS[figure.kind]


def differs(figure: Figure, fact: Fact) -> bool:
    """Whether a figure says something else than a printed fact."""
    if isinstance(fact.value, dt.date):
        return not _on(figure, fact.value)
    return figure.value != fact.value


def figures_agree(one: Figure, other: Figure) -> bool:
    """Whether two figures of one kind say the same."""
    if one.kind != other.kind:
        return False
    if one.kind == "date":
        return any(
            first[1:] == second[1:] and (None in (first[0], second[0]) or first[0] == second[0])
            for first in one.days for second in other.days
        )  # fmt: skip
    if one.kind == "phone":
        return _one_number(one.text, other.text)
    return (one.value, one.unit) == (other.value, other.unit)


def shown_value(value: Declared) -> str:
    """A value in a message for authors."""
    if isinstance(value.value, Decimal):
        if value.kind == "percent":
            return f"{(value.value * 100).normalize():f}%"
        return f"{value.value:,f} {value.currency}".strip()
    return str(value.value)


def host(address: str) -> str:
    """The host of a web address, without www."""
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", address.lower()).partition("/")[0].partition("?")[0]


def nearly_one_host(address: str, own: str) -> bool:
    """Whether an address could be taken for the organisation's: a letter off, or another ending."""
    theirs, ours = host(address), host(own)
    if theirs == ours or theirs.endswith(f".{ours}"):
        return False
    return SequenceMatcher(None, theirs, ours).ratio() >= _ALIKE


def _one_currency(figure: Figure, value: Declared) -> bool:
    # A dollar sign is any dollar's, a pound's any pound's.
    return figure.unit == value.currency or (figure.unit in ("USD", "GBP") and figure.unit[-1] == value.currency[-1:])


def _on(figure: Figure, day: dt.date) -> bool:
    return any(year in (None, day.year) and (month, of) == (day.month, day.day) for year, month, of in figure.days)


def _days(figure: Figure) -> list[dt.date]:
    """The days that a date with a year can mean."""
    found = []
    for year, month, day in figure.days:
        try:
            found.append(dt.date(year or 0, month, day))
        except ValueError:
            continue
    return found


def _one_number(first: str, second: str) -> bool:
    return phonenumbers.is_number_match(first, second) in _NATIONAL


def _bare(text: str) -> str:
    return re.sub(r"[\s-]", "", text).casefold()
