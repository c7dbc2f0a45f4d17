"""What the HTML of a letter may hold, and its visible text.

A letter is built from an allow-list: text, headings, lists, tables, and pictures from the brand's
folder. No style attribute and no style element, so that the look comes from the brand's style sheet
alone, and neither a template nor a value can hide required wording or start an expensive layout.
"""

from __future__ import annotations

import re
from typing import Any

from ccm.errors import RenderError
from ccm.render.figures import ELEMENT as FIGURE

MAX_CHARACTERS = 4_000_000
"""Of the HTML: about 200 pages of a statement's rows."""
MAX_ELEMENTS = 60_000
MAX_DEPTH = 48
"""Of nested elements: WeasyPrint works recursively."""
MAX_SPAN = 100
"""Of `colspan` and `rowspan`: WeasyPrint makes a place for each."""

_LINE = frozenset({
    "html", "body", "header", "footer", "main", "section", "article", "aside", "nav", "div", "address", "blockquote",
    "figure", "figcaption", "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "caption", "thead", "tbody", "tfoot", "tr",
})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELLS = frozenset({"th", "td"})
_UNPRINTED = frozenset({"head", "title", "meta", "colgroup", "col"})
_INLINE = frozenset({
    "span", "strong", "em", "b", "i", "u", "s", "small", "sub", "sup", "code", "a", "abbr", "time", "img", "wbr", "bdi",
    "ruby", "rb", "rt", "rp",
})  # fmt: skip
ELEMENTS = _LINE | _CELLS | _UNPRINTED | _INLINE
"""What a template may hold; a finished letter may also hold the engine's own `FIGURE`."""
_ATTRIBUTES = frozenset({"class", "id", "lang", "title", "aria-label"})
_OWN_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "meta": {"charset"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
    "col": {"span"},
    "colgroup": {"span"},
}
ENGINE_PREFIX = "data-ccm-"
"""Of attributes that the engine sets itself, once the markup was checked."""
_LINK = re.compile("(https:|mailto:|tel:|#)", re.IGNORECASE)
_SPACES = re.compile("[ \t\n\r\f]+")


def check_markup(root: Any) -> None:
    """Raise `RenderError` unless the element tree `root` holds only what a letter may hold.

    Reasons: ``forbidden_markup``; ``not_accessible`` for a picture without an alternative text, a
    table without header cells or an empty heading (PDF/UA-1, ISO 14289-1, clauses 7.3 to 7.5); ``too_large``.
    """
    count = 0
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if not isinstance(element.tag, str):
            continue  # A comment: never printed.
        count += 1
        if count > MAX_ELEMENTS:
            raise RenderError("too_large", f"the letter has more than {MAX_ELEMENTS:,} elements")
        if depth > MAX_DEPTH:
            raise RenderError("forbidden_markup", f"elements are nested more than {MAX_DEPTH} deep")
        _check_element(element)
        stack.extend((child, depth + 1) for child in element)


def visible_text(root: Any) -> str:
    """Return the text of the element tree `root` in reading order: a line for each block or table row, cells apart."""
    parts: list[str] = []
    _collect(root, parts)
    lines = (_SPACES.sub(" ", line).strip(" ") for line in "".join(parts).split("\x00"))
    return "\n".join(line for line in lines if line)


def attributes_of(tag: str) -> frozenset[str] | None:
    """The attributes that `tag` may have besides ``data-…``; None where the tag is not possible."""
    return _ATTRIBUTES | _OWN_ATTRIBUTES.get(tag, set()) if tag in ELEMENTS else None


def _check_element(element: Any) -> None:
    tag = element.tag
    if tag not in ELEMENTS and tag != FIGURE:
        raise RenderError("forbidden_markup", f"<{tag[:40]}> is not possible in a letter")
    for name, value in element.items():
        free = name.startswith("data-") and not name.startswith(ENGINE_PREFIX)
        if name not in _ATTRIBUTES and name not in _OWN_ATTRIBUTES.get(tag, ()) and not free:
            raise RenderError("forbidden_markup", f"attribute '{name[:40]}' of <{tag}> is not possible in a letter")
        if name in ("colspan", "rowspan", "span") and not _small_number(value):
            raise RenderError("forbidden_markup", f"'{name}' of <{tag}> is no number from 1 to {MAX_SPAN}")
    if tag == "a" and not _LINK.match(element.get("href", "https:")):
        raise RenderError("forbidden_markup", "a link is none of https:, mailto:, tel: or a place in the letter")
    if tag == "img" and element.get("alt") is None:
        raise RenderError("not_accessible", "a picture has no 'alt' text (empty for a decoration)")
    if tag == "table" and next(element.iter("th"), None) is None:
        raise RenderError("not_accessible", "a table has no header cell <th>")
    if tag in _HEADINGS and not "".join(element.itertext()).strip():
        raise RenderError("not_accessible", f"the heading <{tag}> has no text")


def _small_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= MAX_SPAN and len(value) <= 6


def _collect(element: Any, parts: list[str]) -> None:
    """Append the element's text; ``\\x00`` parts lines, since the HTML parser lets none through."""
    tag = element.tag
    if isinstance(tag, str) and tag not in _UNPRINTED:
        edge = "\x00" if tag in _LINE or tag == FIGURE else " " if tag in _CELLS else ""
        parts.append(edge)
        parts.append(element.text or "")
        for child in element:
            _collect(child, parts)
        parts.append(edge)
    parts.append(element.tail or "")
