"""Links and pictures of a message's HTML page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser


@dataclass(slots=True)
class Element:
    """A link or a picture."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    """The words of a link, the alternative text of pictures in it included."""
    line: int = 0
    column: int = 0
    inside: str = ""
    """For a picture, the address of the link around it."""


@lru_cache(maxsize=64)
def links_and_pictures(html: str) -> tuple[Element, ...]:
    """Every ``a`` with an address and every ``img`` of a page or template, in order."""
    parser = _Elements()
    parser.feed(html)
    parser.close()
    for element in parser.found:
        element.text = " ".join(element.text.split())
    return tuple(parser.found)


@dataclass
class _Elements(HTMLParser):
    found: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    defaults: bool = False
    """Within ``mj-attributes``, whose elements show nothing."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        line, column = self.getpos()
        if tag == "mj-attributes":
            self.defaults = True
        elif tag in ("a", "mj-button") and values.get("href"):
            self.open.append(Element("a", values, "", line, column + 1))
            self.found.append(self.open[-1])
        elif tag in ("img", "mj-image") and not self.defaults:
            around = self.open[-1].attributes.get("href") if self.open else values.get("href")
            self.found.append(Element("img", values, "", line, column + 1, around or ""))
            if self.open:
                self.open[-1].text += values.get("alt") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "mj-attributes":
            self.defaults = False
        elif tag in ("a", "mj-button") and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data
