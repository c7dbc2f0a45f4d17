"""The nouns of fact checking."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Value = Decimal | dt.date | str
FigureKind = Literal["money", "percent", "date", "phone", "months", "url", "reference"]
Severity = Literal["error", "warning"]
CODES: Mapping[str, Severity] = {
    "FX01": "error", "FX02": "error", "FX03": "warning", "FX04": "error", "FX05": "warning", "FX06": "warning",
    "FX07": "warning", "FX08": "error", "FX09": "warning", "FX10": "warning", "FX11": "warning",
}  # fmt: skip
"""Every code of a finding on facts, and how bad it is; docs/reference/facts.md says what each means."""
Day = tuple[int | None, int, int]
"""Year (None where it is not written), month, day."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in a template file."""

    path: str
    line: int
    column: int
    label: str = ""
    """The words before it that say what it is, evened out: ``closing balance``."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of the data as one template shows it to one customer."""

    path: str
    """``offer.rate``; of a list's item ``transactions[0].amount``."""
    kind: str
    """The declared type."""
    text: str
    """As the customer reads it."""
    value: Value
    """What that text says: a rounded number is not the data's."""
    exact: Value
    """What the data say."""
    spot: Spot

    @property
    def field(self) -> str:
        """The path without the places in lists."""
        return re.sub(r"\[\d+\]", "", self.path)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that an author wrote out in a template."""

    kind: FigureKind
    text: str
    spot: Spot
    value: Decimal | str = ""
    """A number; of a rate the fraction; of a telephone number, an address or a reference the text."""
    unit: str = ""
    """Of money: the ISO 4217 code."""
    days: tuple[Day, ...] = ()
    """Of a date: what it can mean (3/4/2026 has two readings)."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One value of a sample's data, of the organisation or of the customer, whether it is printed or not."""

    path: str
    kind: str
    value: Value
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one customer reads in one channel's template, in one language and variant."""

    sample: str
    channel: str
    language: str
    variant: str
    file: str
    facts: tuple[Fact, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, order=True)
class FactFinding:
    """One contradiction, or what could become one."""

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    message: str
