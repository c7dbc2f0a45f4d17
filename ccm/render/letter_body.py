"""What the compile-time check of a letter's markup knows of letters: what the renderer would refuse at night.

`letter_markup` has the rules; here they are asked of a template, with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from ccm.render.letter_markup import ENGINE_PREFIX, attributes_of

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LOOK = frozenset({"style", "align", "valign", "bgcolor", "color", "width", "height", "border", "cellpadding", "size"})


class LetterBody:
    """Follows the tags of one letter's template."""

    def __init__(self) -> None:
        self._tables: list[bool] = []
        self._heading = False

    def opened(self, tag: str, attributes: Mapping[str, str]) -> Iterator[str]:
        """What is wrong with a start tag."""
        allowed = attributes_of(tag) or frozenset()
        for name in attributes:
            if name in allowed or (name.startswith("data-") and not name.startswith(ENGINE_PREFIX)):
                continue
            if name in _LOOK:
                yield f"'{name}' is not possible in a letter, whose look is that of letter.css; give <{tag}> a class"
            else:
                near = get_close_matches(name, sorted(allowed), 1)
                hint = f"did you mean '{near[0]}'?" if near else f"it can have: {', '.join(sorted(allowed))}"
                yield f"<{tag}> has no attribute '{name}' in a letter; {hint}"
        if tag == "img" and "alt" not in attributes:
            yield '<img> needs alt="…", the words read aloud in its place; alt="" if it only decorates'
        if tag == "table":
            self._tables.append(False)
        elif tag == "th" and self._tables:
            self._tables[-1] = True
        elif tag in _HEADINGS:
            self._heading = False

    def text(self) -> None:
        """Something that prints was met."""
        self._heading = True

    def closed(self, tag: str) -> Iterator[str]:
        """What is wrong with an element that ends here."""
        if tag == "table" and self._tables and not self._tables.pop():
            yield "a table needs header cells: <th> instead of <td> in its first row or column"
        elif tag in _HEADINGS and not self._heading:
            yield f"the heading <{tag}> has no text"
