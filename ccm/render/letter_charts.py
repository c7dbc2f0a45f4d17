"""Draws charts as SVG: bars with their figures, and a line over time.

Drawn for print: one dark colour on white, bars under zero hollow, so that nothing is told by colour alone and a
grey copy reads the same. Every text is set as text by the tree, never as markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 165.0
"""Millimetres: the text width of a letter on A4."""
_POINT = 25.4 / 72
_LEAST = 1e-12
"""Data have at most 12 decimals; what is nearer to nothing cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Look:
    """How charts look; colours as ``#rrggbb``, `size` of type in points."""

    fill: str = "#333333"
    text: str = "#222222"
    grid: str = "#767676"
    size: float = 9
    fonts: str = "Noto Sans, Noto Sans JP, Noto Sans CJK JP"


def bar_chart(bars: Sequence[tuple[str, float, str]], alternative: str, look: Look) -> Any:
    """An ``<svg>`` element: one row a bar, of label, value and the value as text."""
    em = look.size * _POINT
    label_width = min(max((_width(label) for label, _, _ in bars), default=0) * em + em, WIDTH * 0.4)
    value_width = max((_width(text) for _, _, text in bars), default=0) * em + em
    low, high = min(0, *(value for _, value, _ in bars), 0), max(0, *(value for _, value, _ in bars), 0)
    room = WIDTH - label_width - value_width
    scale = room / (high - low) if high - low > _LEAST else 0
    zero = label_width - low * scale
    svg, y = _svg(alternative), 0.0
    for label, value, text in bars:
        lines = _lines(label, (label_width - em / 2) / em)
        height = em * (1.3 * len(lines) + 0.5)
        middle = y + height / 2
        for number, line in enumerate(lines):
            _text(svg, 0, middle + em * (0.36 + 1.3 * (number - (len(lines) - 1) / 2)), line, look)
        _bar(svg, min(zero, zero + value * scale), middle - em * 0.6, abs(value) * scale, em * 1.2, look, value < 0)
        _text(svg, WIDTH, middle + em * 0.36, text, look, "end")
        y += height
    if bars:
        _line(svg, zero, 0, zero, y, look.text, 0.25)
    return _closed(svg, y or em)


def line_chart(
    points: Sequence[tuple[float, float]], days: Sequence[tuple[float, str]], ticks: Sequence[tuple[float, str]],
    alternative: str, look: Look,
) -> Any:  # fmt: skip
    """An ``<svg>`` element: `points` of day number and value as steps, over the `ticks` and between the `days` told."""
    em = look.size * _POINT
    left = max((_width(text) for _, text in ticks), default=0) * em + em
    top, height = em, max(45.0, 2.2 * em * len(ticks))
    bottom, right = top + height, WIDTH - em / 2
    first, last = (points[0][0], points[-1][0]) if points else (0, 0)
    low, high = (ticks[0][0], ticks[-1][0]) if ticks else (0, 1)
    svg = _svg(alternative)

    def place(day: float, value: float) -> tuple[float, float]:
        return left + (right - left) * (day - first) / ((last - first) or 1), bottom - height * (value - low) / (
            high - low
        )

    for value, text in ticks:
        y = place(first, value)[1]
        _line(svg, left, y, right, y, look.text if value == 0 else look.grid, 0.25 if value == 0 else 0.1)
        _text(svg, left - em / 2, y + em * 0.36, text, look, "end")
    for index, (_, text) in enumerate(days):
        _text(svg, (left, right)[index], bottom + em * 1.6, text, look, ("start", "end")[index])
    if points:
        places = [place(day, value) for day, value in points]
        x, y = places[0]
        path = [f"M{x:.2f} {y:.2f}", *(f"H{x:.2f}V{y:.2f}" for x, y in places[1:])]
        _add(svg, "path", d="".join(path), fill="none", stroke=look.fill, stroke_width="0.6", stroke_linejoin="round")
        x, y = places[-1]
        _add(svg, "circle", cx=f"{x:.2f}", cy=f"{y:.2f}", r="1", fill=look.fill)
    return _closed(svg, bottom + em * 2.2)


def matrix_picture(matrix: Sequence[Sequence[int]], alternative: str) -> Any:
    """An ``<svg>`` element of a code's modules, black on white, with the four modules of white that it needs."""
    svg = _svg(alternative)
    size = len(matrix) + 8
    squares = [
        f"M{column + 4} {row + 4}h1v1h-1z"
        for row, modules in enumerate(matrix) for column, module in enumerate(modules) if module
    ]  # fmt: skip
    _add(svg, "path", d="".join(squares), fill="#000000")
    svg.set("viewBox", f"0 0 {size} {size}")
    return svg


def _svg(alternative: str) -> Any:
    svg = ET.Element(f"{SVG}svg")
    _add(svg, "title").text = alternative
    return svg


def _closed(svg: Any, height: float) -> Any:
    svg.set("viewBox", f"0 0 {WIDTH:g} {height:.2f}")
    return svg


def _add(svg: Any, tag: str, **attributes: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return ET.SubElement(svg, f"{SVG}{tag}", named)


def _text(svg: Any, x: float, y: float, text: str, look: Look, anchor: str = "start") -> None:
    _add(
        svg, "text", x=f"{x:.2f}", y=f"{y:.2f}", font_size=f"{look.size * _POINT:.3f}", font_family=look.fonts,
        fill=look.text, text_anchor=anchor,
    ).text = text  # fmt: skip


def _bar(svg: Any, x: float, y: float, width: float, height: float, look: Look, hollow: bool) -> None:
    _add(
        svg, "rect", x=f"{x:.2f}", y=f"{y:.2f}", width=f"{width:.2f}", height=f"{height:.2f}",
        fill="#ffffff" if hollow else look.fill, stroke=look.fill, stroke_width="0.3",
    )  # fmt: skip


def _line(svg: Any, x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> None:
    _add(
        svg, "line", x1=f"{x1:.2f}", y1=f"{y1:.2f}", x2=f"{x2:.2f}", y2=f"{y2:.2f}", stroke=colour,
        stroke_width=f"{width:g}",
    )  # fmt: skip


def _width(text: str) -> float:
    """Width in ems, rather too much than too little: wide characters 1, others 0.62 (the figures of Noto Sans 0.57)."""
    return sum(1 if unicodedata.east_asian_width(character) in "WFA" else 0.62 for character in text)


def _lines(text: str, room: float) -> list[str]:
    """The text on one or two lines of `room` ems; what does not fit ends in ``…`` and is whole in the alternative."""
    if _width(text) <= room:
        return [text]
    end = _fitting(text, room)
    space = text.rfind(" ", 0, end + 1)
    cut = space if space > 0 else end
    rest = text[cut:].strip()
    if _width(rest) > room:
        rest = f"{rest[: _fitting(rest, room - 1)].rstrip()}…"
    return [text[:cut].rstrip(), rest]


def _fitting(text: str, room: float) -> int:
    """How many characters from the start fit."""
    total = 0.0
    for index, character in enumerate(text):
        total += _width(character)
        if total > room:
            return max(index, 1)
    return len(text)
