"""Links: encrypted, and with words that say where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.writing.pages import links_and_pictures
from ccm.compliance.writing.phrases import is_nothing_but
from ccm.compliance.writing.written import Code, Context, Hit, Written

_OPEN = re.compile(r"\bhttp://[!-~]*", re.ASCII | re.IGNORECASE)
CODES = (
    Code(
        "LK01",
        "link without https",
        "it can be read and changed on its way",
        "write https://",
        "warning",
        "The bank's own security standard; rule GN01 stops such a message",
    ),
    Code(
        "LK02",
        "link text says nothing",
        "who hears the links read out does not know where this one leads",
        "name what is behind it",
        "warning",
        "WCAG 2.2, success criterion 2.4.4 Link Purpose (In Context)",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for open links in text and page, and for link texts that are an entry of the list and nothing else."""
    seen = set()
    for part in written.own:
        for found in _OPEN.finditer(part.text):
            seen.add(found[0])
            yield Hit("LK01", "http://", part.place, found.start(), found.end())
    for address in written.links:
        if address.lower().startswith("http://") and address not in seen:
            yield _in_template(written)
    entries = context.writing.of(written.language, "link_text")
    for element in links_and_pictures(written.html) if written.html and entries else ():
        if element.tag == "a" and any(is_nothing_but(entry, element.text) for entry in entries):
            at = _place(written, element.text)
            yield Hit("LK02", element.text, "text", at, at + len(element.text))


def _place(written: Written, words: str) -> int:
    text = next((part.text for part in written.parts if part.place == "text"), "")
    return max(0, text.find(words))


def _in_template(written: Written) -> Hit:
    """The hit for an open link that no text shows: where the first one stands in the template or a layout."""
    for source in (written.source, *written.shared):
        at = source.text.lower().find("http://")
        if at >= 0:
            line = source.first_line + source.text.count("\n", 0, at)
            column = at - source.text.rfind("\n", 0, at)
            return Hit("LK01", "http://", path=source.path, line=line, column=column)
    return Hit("LK01", "http://", path=written.source.path)
