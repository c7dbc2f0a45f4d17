"""Colours and their contrast, as WCAG 2 computes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tinycss2.color3

NORMAL, LARGE = 4.5, 3.0
"""Least contrast at level AA, WCAG 2.2 success criterion 1.4.3; LARGE from 18 pt on, or 14 pt and bold."""
_LENGTH = re.compile(r"^([0-9.]+)(pt|px|mm|em|rem|%)?$")
_IN_POINTS = {"pt": 1.0, "px": 0.75, "mm": 72 / 25.4}
_BOLD = re.compile(r"^(bold|bolder|[6-9]00)$")


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green, blue and opacity from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, ground: Colour) -> Colour:
        """This colour as seen on another, opaque one."""
        a = self.alpha
        return Colour(
            self.red * a + ground.red * (1 - a), self.green * a + ground.green * (1 - a),
            self.blue * a + ground.blue * (1 - a),
        )  # fmt: skip

    @property
    def luminance(self) -> float:
        """Relative luminance, 0 for black and 1 for white (WCAG 2.2, definition of relative luminance)."""
        r, g, b = (
            value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
            for value in (self.red, self.green, self.blue)
        )
        return 0.2126 * r + 0.7152 * g + 0.0722 * b


WHITE = Colour(1, 1, 1)


def colour(text: str) -> Colour | None:
    """A CSS colour, or None for what is none (``inherit``, ``currentColor``, an expression of a template)."""
    found = tinycss2.color3.parse_color(text.strip())
    if found is None or isinstance(found, str):
        return None
    return Colour(found.red, found.green, found.blue, found.alpha)


def contrast(text: Colour, ground: Colour) -> float:
    """(lighter + 0.05) / (darker + 0.05), from 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    ground = ground.over(WHITE)
    light, dark = sorted((text.over(ground).luminance, ground.luminance), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def is_large(size: str, weight: str, root: float) -> bool:
    """Whether WCAG calls a text large; `root` is the page's own size in points, for em, rem and percent."""
    found = _LENGTH.match(size.strip())
    if not found:
        return False
    value, unit = float(found[1]), found[2] or "px"
    points = value * _IN_POINTS[unit] if unit in _IN_POINTS else root * (value / 100 if unit == "%" else value)
    return points >= 18 or (points >= 14 and bool(_BOLD.match(weight.strip())))
