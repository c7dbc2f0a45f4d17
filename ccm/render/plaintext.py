"""The text part of an e-mail, derived once from its compiled HTML template.

The code is still hidden behind tokens, so the result is a template again, filled in text mode.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from ccm.render.markup_tokens import Tokens

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "div", "ul", "ol", "table", "blockquote"})
_LINES = frozenset({"tr", "li", "dt", "dd", "caption"})
_SKIPPED = frozenset({"head", "style", "title", "script"})
_BLANK_LINES = re.compile(r"[ \t]*\n[ \t]*(?:\n[ \t]*)+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TRAILING = re.compile(r"[ \t]+\n")


def text_template(html: str, tokens: Tokens) -> str:
    """The words of `html` as text with the same tokens: tables as lines, links with their address."""
    parser = _Text(tokens)
    # Neither the head nor what stands in comments for Outlook has words; reading them would double the time.
    parser.feed(_COMMENT.sub("", html[max(html.find("<body"), 0) :]))
    parser.close()
    return tidy("".join(parser.out))


def text_of(html: str) -> str:
    """The words of a page that is filled already."""
    return text_template(html, Tokens(()))


def tidy(text: str) -> str:
    """At most one blank line in a row, no blanks at line ends, nothing around."""
    if " \n" in text or "\n " in text:
        text = _TRAILING.sub("\n", _BLANK_LINES.sub("\n\n", text))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


class _Text(HTMLParser):
    def __init__(self, tokens: Tokens) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens = tokens
        self.out: list[str] = []
        self.skipped = 0
        self.tables: list[bool] = []
        """Open tables: whether each holds data, or only places things."""
        self.cells = 0
        self.separator = "  "
        """Written before the next cell of the row; a row's heading takes a colon."""
        self.line_start = True
        self.links: list[tuple[str, int]] = []
        self.hidden: list[str] = []

    def updatepos(self, i: int, j: int) -> int:
        """Counts no lines: nobody asks where a word stood."""
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if self.hidden or "display:none" in (values.get("style") or "").replace(" ", ""):
            if tag not in ("br", "hr", "img", "col", "meta", "wbr"):
                self.hidden.append(tag)
            return
        if tag in _SKIPPED:
            self.skipped += 1
        elif tag == "table":
            self.tables.append(values.get("role") != "presentation")
        elif tag == "tr":
            self.cells = 0
        elif tag in ("td", "th") and self._in_cell():
            if self.cells:
                self._write(self.separator)
            self.separator = ": " if values.get("scope") == "row" else "  "
            self.cells += 1
            self.line_start = True
        elif tag == "br":
            self._break(1)
        elif tag == "img" and values.get("alt"):
            self._words(values["alt"] or "")
        elif tag == "a":
            self.links.append((values.get("href") or "", len(self.out)))
        if tag in _PARAGRAPHS and not self._in_cell():
            self._break(2)
        if tag == "li":
            self._write("- ")
        if tag == "hr":
            self._break(2)

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            if tag in self.hidden:
                while self.hidden.pop() != tag:
                    pass
            return
        if tag in _SKIPPED:
            self.skipped -= 1
        elif tag == "a" and self.links:
            self._link(*self.links.pop())
        elif tag == "table" and self.tables:
            self.tables.pop()
        if tag in _LINES:
            self._break(1)
        if tag in _PARAGRAPHS and not self._in_cell():
            self._break(2)

    def _in_cell(self) -> bool:
        return bool(self.tables and self.tables[-1])

    def _link(self, href: str, start: int) -> None:
        shown = "".join(self.out[start:]).strip()
        if href.startswith(("mailto:", "tel:", "#")) or self._code(shown) in (self._code(href), f"https://{shown}"):
            return
        self._write(f": {href}" if shown else href)

    def _code(self, text: str) -> str:
        return self.tokens.pattern.sub(lambda found: "{" + self.tokens.pieces[int(found[1])].inner + "}", text)

    def handle_data(self, data: str) -> None:
        if self.skipped or self.hidden:
            return
        # Split so that a block's token, which prints nothing, does not hide that a line begins.
        position = 0
        for found in self.tokens.pattern.finditer(data):
            self._words(data[position : found.start()])
            piece = self.tokens.pieces[int(found[1])]
            self.out.append(found[0])
            if piece.kind == "expression":
                self.line_start = False
            position = found.end()
        self._words(data[position:])

    def _words(self, data: str) -> None:
        text = re.sub(r"[ \t\n\r]+", " ", data)
        if self._in_cell() and not text.strip():
            return
        if self.line_start:
            text = text.lstrip(" ")
        if text:
            self._write(text)

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.line_start = False

    def _break(self, count: int) -> None:
        self.out.append("\n" * count)
        self.line_start = True
