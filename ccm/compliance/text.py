"""What a rule looks at, and how two texts are compared.

Two ways of comparing, for two purposes. `fold` is strict: it takes out only what layout puts in (line breaks,
soft hyphens), so that approved wording must stand word for word. `loosen` is wide: it also takes out letter
case, width and invisible characters, so that a forbidden word is not hidden by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ccm.model.message import Draft, WordingUse

CJK = "\u2e80-\u303f\u3040-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
"""Scripts written without spaces, with their punctuation, as the inside of a character class."""
LATIN = "0-9a-z\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff"
"""What a Latin word is made of, after lower-casing."""
REPLACED = "\ufffc"
"""Stands where a passage was taken out, so that the words around it do not join."""

_LAYOUT_MARKS = re.compile("[\u00ad\u200b\u2060\ufeff]+")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
# A line may end after a hyphen or slash, and anywhere in Japanese: a space there is no difference of words.
# The space comes first in the pattern: so the search jumps from space to space.
_BREAKABLE = re.compile(rf" (?:(?<=[-/\u2010-\u2015{CJK}] )|(?=[{CJK}]))")
_SAME = (("\u2018", "'"), ("\u2019", "'"), ("\u02bc", "'"), ("\u2010", "-"), ("\u2012", "-"), ("\u2013", "-"))
_LATIN_CHARACTER = re.compile(rf"[{LATIN}]", re.IGNORECASE)

_EXAMPLE_MARK = re.compile(
    r"\{(?:wording\.(?P<id>[a-z0-9-]+)(?::\s*(?P<text>[^{}]*))?"
    r"|segments:\s*(?P<segments>\d+)|subject:\s*(?P<subject>[^{}]*))\}"
)
_LINK = re.compile(rf"https?://[^\s<>\"'){CJK}]*[^\s<>\"').,;:!?{CJK}]", re.IGNORECASE)


@dataclass(frozen=True)
class CheckedText:
    """The rendered result as the rules see it: what a customer reads, and what was counted on the way."""

    channel: str
    text: str
    subject: str = ""
    links: tuple[str, ...] = ()
    wording: tuple[WordingUse, ...] = ()
    segments: int = 0

    @classmethod
    def of(cls, draft: Draft) -> CheckedText:
        """The part of a draft that rules may look at."""
        rendered = draft.rendered
        return cls(
            rendered.channel, rendered.text, rendered.subject, rendered.links, rendered.wording, rendered.segments
        )

    @cached_property
    def folded(self) -> str:
        """The visible text for `count_standing`; the subject is no place for required wording."""
        return fold(self.text)

    @cached_property
    def loose(self) -> str:
        """Subject and text for forbidden words."""
        return loosen(self.subject) + REPLACED + loosen(self.text)

    @cached_property
    def loose_without_wording(self) -> str:
        """As `loose`, with every passage of approved wording taken out."""
        text = self.loose
        for use in self.wording:
            passage = _loosened(use.text)
            if passage:
                text = text.replace(passage, REPLACED)
        return text


def fold(text: str) -> str:
    """The text with line breaks, runs of spaces and soft hyphens evened out; every word stays as it is."""
    if not text.isascii():
        text = _LAYOUT_MARKS.sub("", text)
    return _BREAKABLE.sub("", " ".join(text.split()))


def loosen(text: str) -> str:
    """The text without differences of case, width, invisible characters and line breaks."""
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
        text = unicodedata.normalize("NFKC", text)
        for mark, plain in _SAME:
            text = text.replace(mark, plain)
    return _BREAKABLE.sub("", " ".join(text.split()))


_folded = lru_cache(maxsize=1024)(fold)
_loosened = lru_cache(maxsize=1024)(loosen)


def count_standing(passage: str, message: CheckedText) -> int:
    """How often `passage` stands in the visible text, whole: not as a part of longer words or numbers."""
    needle, text = _folded(passage), message.folded
    if not needle:
        return 0
    count, start = 0, text.find(needle)
    while start >= 0:
        end = start + len(needle)
        if not (_joined(text, start) or _joined(text, end)):
            count += 1
            start = text.find(needle, end)
        else:
            start = text.find(needle, start + 1)
    return count


def _joined(text: str, place: int) -> bool:
    """Whether a Latin word or a number goes on over this place."""
    if place <= 0 or place >= len(text):
        return False
    return bool(_LATIN_CHARACTER.match(text[place - 1]) and _LATIN_CHARACTER.match(text[place]))


def from_example(example: str, values: Mapping[str, str]) -> CheckedText:
    """The message that an example of a rule file stands for.

    ``{wording.ID}`` or ``{wording.ID: TEXT}`` is a slot filled with approved wording, ``{subject: TEXT}`` the
    subject, ``{segments: N}`` the number of SMS parts; a name of `values` in braces is that value. Links are
    the URLs that stand in the text.
    """
    for name, value in values.items():
        example = example.replace("{" + name + "}", value)
    uses: list[WordingUse] = []
    subject, segments = "", 0

    def mark(found: re.Match[str]) -> str:
        nonlocal subject, segments
        if found["id"]:
            text = found["text"] or f"The approved wording {found['id']}."
            uses.append(WordingUse(found["id"], "1", "", text))
            return text
        subject = found["subject"] or subject
        segments = int(found["segments"] or segments)
        return ""

    text = _EXAMPLE_MARK.sub(mark, example)
    return CheckedText(
        channel="sms" if segments else "email",
        text=text,
        subject=subject,
        links=tuple(_LINK.findall(text)),
        wording=tuple(uses),
        segments=segments,
    )
