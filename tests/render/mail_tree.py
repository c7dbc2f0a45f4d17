"""What a mail program shows of an HTML page, as lines that can be compared."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = frozenset({"br", "hr", "img", "meta", "col", "wbr", "link", "input", "o:allowpng"})
_COLOUR = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])(?![0-9a-f])")


def seen(html: str, *, outlook: bool) -> list[str]:
    """One line a tag or run of text, indented; comments, white space and the order of attributes are gone.

    `outlook`: what stands in conditional comments for Outlook's Word engine is part of it, and what stands
    there for the others is not.
    """
    html = re.sub(r"<!doctype[^>]*>", "", html, flags=re.IGNORECASE)
    if outlook:
        html = re.sub(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
        html = re.sub(r"<!--\[if [^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)
    reader = _Reader()
    reader.feed(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
    reader.close()
    reader.flush()
    return reader.lines


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.text = ""
        self.open: list[str] = []

    def flush(self) -> None:
        text = " ".join(self.text.split())
        if self.open[-1:] == ["style"]:
            text = _css(text)
        if text:
            self.lines.append("  " * len(self.open) + text)
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.flush()
        told = sorted(f"{name}={_value(name, value or '')}" for name, value in attrs if value)
        self.lines.append("  " * len(self.open) + " ".join([f"<{tag}>", *told]))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.flush()
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def _value(name: str, value: str) -> str:
    if name == "style":
        rules = dict(rule.split(":", 1) for rule in value.split(";") if ":" in rule)
        return ";".join(sorted(f"{key.strip()}:{_css(part)}" for key, part in rules.items()))
    if name == "class":
        return " ".join(sorted(value.split()))
    return _css(value) if name in ("bgcolor", "width", "height", "align") else value


def _css(text: str) -> str:
    text = re.sub(r"\s*([{}:;,>])\s*", r"\1", " ".join(text.split())).replace(";}", "}").lower()
    return _COLOUR.sub(r"#\1\1\2\2\3\3", text)
