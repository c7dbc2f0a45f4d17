"""Puts the pictures of charts and QR codes into a letter, in place of the elements that the filters printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import segno

from ccm.render.figures import DATA, ELEMENT
from ccm.render.letter_charts import Look, bar_chart, line_chart, matrix_picture

LARGE_PRINT_SIZE = 16.0
STYLE = """
figure.ccm-chart { display: block; margin: 0.8em 0; break-inside: avoid }
figure.ccm-chart svg { display: block; width: 100% }
figure.ccm-chart figcaption { font-weight: 700; margin-bottom: 0.4em; break-after: avoid }
figure.ccm-qr { display: block; margin: 0.8em 0; break-inside: avoid }
figure.ccm-qr svg { float: left; width: 28mm; height: 28mm; margin-right: 3mm }
figure.ccm-qr figcaption { padding-top: 8mm }
figure.ccm-qr strong { display: block }
figure.ccm-qr::after { content: ""; display: block; clear: both }
"""
"""CSS of the figures; a brand's sheet can say otherwise."""

LOOK_PROPERTIES = {"--chart-fill": "fill", "--chart-text": "text", "--chart-grid": "grid"}
"""Custom properties of `letter.css` (in ``html`` or ``:root``) to fields of `Look`."""
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
# WCAG 2.2, 1.4.11 (graphics) and 1.4.3 (text), on white.
_CONTRAST = {"fill": 3.0, "text": 4.5, "grid": 3.0}


def chart_look(properties: Mapping[str, str]) -> Look:
    """The look that a brand's custom properties ask for."""
    chosen = {LOOK_PROPERTIES[name]: value.strip() for name, value in properties.items() if name in LOOK_PROPERTIES}
    return replace(Look(), **chosen)  # type: ignore[arg-type]


def look_problem(name: str, value: str) -> str | None:
    """What is wrong with one custom property of a chart's look; None if nothing is, or if it is another property."""
    if name not in LOOK_PROPERTIES:
        return None
    colour = value.strip()
    if not _COLOUR.fullmatch(colour):
        return f"'{name}' is a colour written #rrggbb"
    needed, found = _CONTRAST[LOOK_PROPERTIES[name]], contrast_on_white(colour)
    return (
        None if found >= needed else f"'{name}' has a contrast of {found:.1f} on white; at least {needed:g} is needed"
    )


def contrast_on_white(colour: str) -> float:
    """Contrast ratio of ``#rrggbb`` on white (WCAG 2.2, relative luminance)."""
    channels = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def draw_figures(root: Any, look: Look, *, large_print: bool) -> None:
    """Replace each ``<ccm-figure>`` of the element tree `root` by a ``<figure>`` with its picture and its caption."""
    if large_print:
        look = replace(look, size=LARGE_PRINT_SIZE)
    for parent, index, element in list(_figures(root)):
        figure = _drawn(json.loads(element.get(DATA)), "".join(element.itertext()), look)
        figure.tail = element.tail
        parent[index] = figure


def _figures(root: Any) -> Iterator[tuple[Any, int, Any]]:
    for parent in root.iter():
        for index, child in enumerate(parent):
            if child.tag == ELEMENT:
                yield parent, index, child


def _drawn(spec: Mapping[str, Any], words: str, look: Look) -> Any:
    caption = ET.Element("figcaption")
    if spec["kind"] == "qr":
        ET.SubElement(caption, "strong").text = spec["title"]
        ET.SubElement(caption, "span").text = spec["text"]
        # Level M restores 15 % of the code: a letter is folded and handled.
        code = segno.make(spec["text"], error="m", micro=False, boost_error=False)
        return _figure("ccm-qr", matrix_picture([list(row) for row in code.matrix], words), caption)
    caption.text = spec["title"]
    if spec["kind"] == "bar":
        picture = bar_chart(spec["bars"], words, look)
    else:
        picture = line_chart(spec["points"], spec["days"], spec["ticks"], words, look)
    return _figure("ccm-chart", caption, picture)


def _figure(name: str, *children: Any) -> Any:
    figure = ET.Element("figure", {"class": name})
    figure.extend(children)
    return figure
