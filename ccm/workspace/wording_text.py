"""What the text of a wording may hold: plain words and declared placeholders, and nothing that runs or hides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
MAX_TEXT = 4_000
"""Characters of one text: about two pages of a letter."""
_CODE = re.compile(r"\{\{|\{%|\{#|\$\{|<%")
_HTML = re.compile(r"<\s*[/!?]?\s*[A-Za-z][^<>\n]*>?|<!--|&(?:#[0-9xX]|[A-Za-z]{2,20};)")
_WIDE_BRACES = "\uff5b\uff5d"
_JOINERS = "\u200c\u200d"
"""Persian and Indian scripts are not written without them."""
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of what is not seen: controls, directions, zero-width marks, private use, line separators."""


def text_problems(text: str, declared: Collection[str] | None) -> Iterator[str]:
    """What is wrong with one text, a phrase each; `declared` are the names of the placeholders, None where unknown."""
    if not text.strip():
        yield "is empty"
    if len(text) > MAX_TEXT:
        yield f"has {len(text):,} characters; {MAX_TEXT:,} are possible"
    if hidden := sorted({letter for letter in text if _is_hidden(letter)}):
        told = ", ".join(f"U+{ord(letter):04X} ({_name(letter)})" for letter in hidden)
        yield f"holds characters that nobody sees: {told}; take them out"
    if found := _CODE.search(text):
        yield f"holds template code ('{found[0]}'); only declared {{placeholders}} are possible"
        return
    if found := _HTML.search(text):
        yield f"holds HTML ('{found[0][:20]}'); wording is plain text, and each channel sets it in its own way"
    if any(brace in text for brace in _WIDE_BRACES):
        yield "holds full-width braces (｛ ｝); write placeholders with { and }"
    for name in sorted(set(PLACEHOLDER.findall(text))):
        if declared is not None and name not in declared:
            yield f"placeholder {{{name}}} is not declared in 'placeholders'"
    rest = PLACEHOLDER.sub("", text)
    if (place := re.search(r"[{}]", rest)) is not None:
        near = rest[max(0, place.start() - 10) : place.start() + 10].strip()
        yield f"holds a brace that is no placeholder, near '{near}'; write one as {{organisation.name}}"


def hidden_in(text: str) -> bool:
    """Whether a line of a file holds characters that nobody sees."""
    return any(_is_hidden(letter) for letter in text)


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in _HIDDEN and letter not in _JOINERS and letter != "\n"


def _name(letter: str) -> str:
    return unicodedata.name(letter, "control character").lower()
