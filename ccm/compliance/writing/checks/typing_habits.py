"""Marks and letters that do not belong: emoji, capitals, exclamation marks, spaces, doubled words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.writing.written import Code, Context, Hit, Written

_OWN = "The bank's own rule"
CODES = (
    Code(
        "TY01",
        "emoji",
        "fonts print a box or nothing, and a letter is no chat",
        "say it in words",
        "warning",
        _OWN,
        channels=frozenset({"letter", "email", "inbox", "sms"}),
    ),
    Code(
        "TY02",
        "capitals",
        "it reads as shouting, and slowly",
        "write it in small letters; list acronyms in writing.yaml",
        "warning",
        _OWN,
    ),
    Code("TY03", "exclamation marks", "several at once look like an advertisement", "one at most", "warning", _OWN),
    Code(
        "TY04",
        "space before punctuation",
        "it is a slip, and may begin a line with the mark",
        "remove the space",
        "warning",
        _OWN,
    ),
    Code("TY07", "the same word twice", "it is a slip", "remove one", "warning", _OWN),
)
# Pictographs that are shown in colour by themselves, and any sign with the emoji selector (Unicode Technical
# Standard 51). The arrows, circles and ticks that Japanese texts use are no emoji.
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u231a\u231b\u23e9-\u23f3\u26a1\u2705\u274c\u2728\u2753-\u2757\u2b50]|.\ufe0f"
)
_SHOUTED = re.compile(r"\b[A-Z][A-Z'\u2019]+(?:[ -]+[A-Z][A-Z'\u2019]+)*\b")
_SHORT = 4
"""A single word of so many capitals may be an acronym that everybody knows."""
_EXCLAIMED = re.compile(r"[!！](?:\s*[!！?？])+|[?？]\s*[!！]")
_SPACED = re.compile(r"(?<=\w)[ \t\u00a0]+[,.;:!?](?=\s|$)|(?<=\w)[ \t\u3000]+[、。！？]")
_DOUBLED = re.compile(r"\b([A-Za-z]{2,}) +\1\b|([をがにへ])\2(?![ぁ-ん]\2)|(です|ます|ください)\3", re.IGNORECASE)
_RIGHT_TWICE = frozenset({"had", "that", "very", "bye"})


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits in subject, preheader and text; approved wording and links are left alone."""
    acronyms = frozenset(context.writing.settings.acronyms)
    for part in written.prose:
        for found in _EMOJI.finditer(part.text):
            yield Hit("TY01", f"U+{ord(found[0][0]):04X}", part.place, found.start(), found.end())
        for found in _SHOUTED.finditer(part.text):
            words = [word for word in re.split(r"[ -]+", found[0]) if word not in acronyms]
            if len(words) > 1 or any(len(word) > _SHORT for word in words):
                yield Hit("TY02", found[0], part.place, found.start(), found.end())
        for code, pattern in (("TY03", _EXCLAIMED), ("TY04", _SPACED)):
            for found in pattern.finditer(part.text):
                start = max(0, part.text.rfind(" ", 0, found.start()) + 1) if code == "TY04" else found.start()
                yield Hit(code, part.text[start : found.end()], part.place, start, found.end())
        if part.text.count("!") + part.text.count("！") > 1 and not _EXCLAIMED.search(part.text):
            second = [found.start() for found in re.finditer("[!！]", part.text)][1]
            start = max(part.text.rfind("\n", 0, second) + 1, second - 20)
            yield Hit("TY03", part.text[start : second + 1], part.place, start, second + 1)
        for found in _DOUBLED.finditer(part.text):
            if found[1] is None or found[1].lower() not in _RIGHT_TWICE:
                yield Hit("TY07", found[0], part.place, found.start(), found.end())
