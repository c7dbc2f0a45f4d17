"""Full and half width, mixed in one Japanese message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.writing.written import Code, Context, Hit, Written

_SOURCE = "文化審議会建議「公用文作成の考え方」(2022), 符号の使い方"
CODES = (
    Code(
        "TY05",
        "mixed punctuation",
        "half-width marks in Japanese text are slips of the keyboard",
        "use one form: 、。！？（）",
        "warning",
        _SOURCE,
    ),
    Code(
        "TY06",
        "mixed width",
        "letters and figures of two widths in one message look patched together",
        "write letters and figures half-width, katakana full-width",
        "warning",
        _SOURCE,
    ),
)
_JAPANESE = "\u3041-\u30ff\u4e00-\u9fff々"
_HALF_MARK = re.compile(rf"[{_JAPANESE}][,.!?](?![A-Za-z0-9])")
_HALF_BRACKET = re.compile(rf"\((?=[^()\n]{{0,40}}[{_JAPANESE}])[^()\n]{{1,40}}\)")
_FULL_LETTERS = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_HALF_LETTERS = re.compile("[0-9A-Za-z]")
_HALF_KATAKANA = re.compile("[\uff66-\uff9f]+")
_OTHER_MARKS = re.compile("[，．]")


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits in a Japanese message; marks in Latin words, figures and addresses are left alone."""
    if written.spoken != "ja":
        return
    everything = "".join(part.text for part in written.prose)
    for part in written.prose:
        for found in _HALF_MARK.finditer(part.text):
            start = max(0, found.start() - 3)
            yield Hit("TY05", part.text[start : found.end()].strip(), part.place, found.start(), found.end())
        if "（" in everything:
            for found in _HALF_BRACKET.finditer(part.text):
                yield Hit("TY05", found[0], part.place, found.start(), found.end())
        if re.search("[、。]", everything):
            for found in _OTHER_MARKS.finditer(part.text):
                yield Hit("TY05", found[0], part.place, found.start(), found.end())
        if _HALF_LETTERS.search(everything):
            for found in _FULL_LETTERS.finditer(part.text):
                yield Hit("TY06", found[0], part.place, found.start(), found.end())
        for found in _HALF_KATAKANA.finditer(part.text):
            yield Hit("TY06", found[0], part.place, found.start(), found.end())
