"""How two texts are compared.

Two ways, for two purposes. `fold` is strict: it takes out only what layout puts in (line breaks, soft hyphens), so
that approved wording must stand word for word. `loosen` is wide: it also takes out letter case, width and invisible
characters, so that a forbidden word is not hidden by them.
"""

from __future__ import annotations

import re
import unicodedata

CJK = "\u2e80-\u303f\u3040-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
"""Scripts written without spaces, with their punctuation, as the inside of a character class."""
LATIN = "0-9a-z\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff"
"""What a Latin word is made of, after lower-casing."""
REPLACED = "\x1a"
"""Stands where a passage was taken out, so that the words around it do not join.

The control character "substitute": no space and no letter, and plain text stays ASCII, in which words of other scripts
are looked for at once.
"""

_LAYOUT_MARKS = ("\u00ad", "\u200b", "\u2060", "\ufeff")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
# A line may end after a hyphen or slash, and anywhere in Japanese: a space there is no difference of words.
# The space comes first in the pattern: so the search jumps from space to space.
_BREAKABLE = re.compile(rf" (?:(?<=[-/\u2010-\u2015{CJK}] )|(?=[{CJK}]))")
_WIDE = tuple(
    (sign, unicodedata.normalize("NFKC", sign)) for sign in "\u3000！％（）＋，－．／０１２３４５６７８９：？～"
)
"""What Japanese messages have in full width, and what NFKC makes of it."""
_SAME = (("\u2018", "'"), ("\u2019", "'"), ("\u02bc", "'"), ("\u2010", "-"), ("\u2012", "-"), ("\u2013", "-"))


def fold(text: str) -> str:
    """The text with line breaks, runs of spaces and soft hyphens evened out; every word stays as it is."""
    if not text.isascii():
        for mark in _LAYOUT_MARKS:
            text = text.replace(mark, "")
    return _evened(text)


def loosen(text: str) -> str:
    """The text without differences of case, width, invisible characters and line breaks."""
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", _narrow(_INVISIBLE.sub("", text))).casefold()
        text = unicodedata.normalize("NFKC", text)
        for mark, plain in _SAME:
            text = text.replace(mark, plain)
    return _evened(text)


def _evened(text: str) -> str:
    text = " ".join(text.split())
    if text.isascii():  # the pattern's two signs, in a tenth of its time
        return text.replace("- ", "-").replace("/ ", "/")
    return _BREAKABLE.sub("", text)


def _narrow(text: str) -> str:
    """Does a part of NFKC's work: where nothing is left to do, NFKC is a hundred times as quick."""
    for sign, narrow in _WIDE:
        text = text.replace(sign, narrow)
    return text


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees, such as zero-width spaces and marks of direction."""
    return text if text.isascii() else _INVISIBLE.sub("", text)
