"""What a rule looks at: the rendered result, and what an example of a rule file stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ccm.compliance.folding import CJK, LATIN, REPLACED, fold, loosen
from ccm.compliance.visible import page_words
from ccm.model.message import Draft, TypeRun, WordingUse
from ccm.workspace.settings import ByLanguage

_INSIDE_WORD = re.compile(rf"[{LATIN}]{{2}}", re.IGNORECASE)

_EXAMPLE_MARK = re.compile(
    r"\{(?:wording\.(?P<id>[a-z0-9-]+)(?::\s*(?P<text>[^{}]*))?"
    r"|segments:\s*(?P<segments>\d+)|subject:\s*(?P<subject>[^{}]*)|language:\s*(?P<language>[a-z-]+)"
    r"|channel:\s*(?P<channel>[a-z]+)|header:\s*(?P<header>[^{}]*))\}"
)
_SIZE_MARK = re.compile(r"\{size:\s*([0-9.]+)\}")
_HTML_MARK = re.compile(r"\{html:\s*(?P<html>[^{}]*)\}")
_KANA = re.compile("[\u3040-\u30ff]")
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
    language: str = ""
    """BCP 47; empty: not known."""
    html: str = ""
    """What a screen shows, where that is a page."""
    raw: bytes = b""
    """The whole e-mail as it goes out; empty on other channels."""
    type_runs: Callable[[], tuple[TypeRun, ...]] = tuple
    """Gives the words of a letter with their sizes."""

    @classmethod
    def of(cls, draft: Draft, *, page: bool = True) -> CheckedText:
        """The part of a draft that rules may look at; without its page, whose reading takes longer than all else."""
        rendered = draft.rendered
        raw = rendered.body if rendered.channel == "email" else b""
        return cls(
            rendered.channel, rendered.text, rendered.subject, rendered.links, rendered.wording, rendered.segments,
            draft.language, rendered.html if page else "", raw, rendered.type_runs,
        )  # fmt: skip

    @cached_property
    def folded(self) -> str:
        """The visible text for `count_standing`; the subject is no place for required wording."""
        return fold(self.text)

    @cached_property
    def folded_case(self) -> str:
        """As `folded`, without differences of case."""
        return self.folded.casefold()

    @cached_property
    def page_words(self) -> str:
        """The words of the page that a customer sees, for `ccm.compliance.visible.stands_in`."""
        return page_words(self.html)

    @cached_property
    def loose(self) -> str:
        """Subject and text for forbidden words."""
        text = self.folded.lower() if self.text.isascii() else loosen(self.text)  # there the two differ in case only
        return loosen(self.subject) + REPLACED + text

    @cached_property
    def loose_without_wording(self) -> str:
        """As `loose`, with every passage of approved wording taken out."""
        text = self.loose
        for use in self.wording:
            passage = _loosened(use.text)
            if passage:
                text = text.replace(passage, REPLACED)
        return text


folded = lru_cache(maxsize=1024)(fold)
"""`fold`, for passages and not for messages: of those there are few."""
_loosened = lru_cache(maxsize=1024)(loosen)


def count_standing(passage: str, message: CheckedText) -> int:
    """How often `passage` stands in the visible text, whole: not as a part of longer words or numbers."""
    return sum(1 for _ in _standing(passage, message))


def stands(passage: str, message: CheckedText) -> bool:
    """Whether `count_standing` finds any."""
    return any(True for _ in _standing(passage, message))


def _standing(passage: str, message: CheckedText) -> Iterator[int]:
    """The places of `passage` in the folded text."""
    needle, text = folded(passage), message.folded
    start = text.find(needle) if needle else -1
    while start >= 0:
        end = start + len(needle)
        if _joined(text, start) or _joined(text, end):
            start = text.find(needle, start + 1)
        else:
            yield start
            start = text.find(needle, end)


def _joined(text: str, place: int) -> bool:
    """Whether a Latin word or a number goes on over this place."""
    if place <= 0 or place >= len(text):
        return False
    return _INSIDE_WORD.match(text, place - 1) is not None


def from_example(example: str, values: Mapping[str, ByLanguage]) -> CheckedText:
    """The message that an example of a rule file stands for.

    ``{wording.ID}`` or ``{wording.ID: TEXT}`` is a slot filled with approved wording, ``{subject: TEXT}`` the
    subject, ``{segments: N}`` the number of SMS parts, ``{language: ja}`` and ``{channel: letter}`` what they say,
    ``{header: NAME: VALUE}`` a line of an e-mail's header, ``{size: 6}`` the size in points of the words behind it,
    ``{html: PAGE}`` a page beside the text; a name of `values` in braces is that value. Links are the URLs in the text.
    """
    spoken = "ja" if _KANA.search(example) else "en"
    for name, value in values.items():
        example = example.replace("{" + name + "}", value.of(spoken))
    uses: list[WordingUse] = []
    subject, segments, language, channel = "", 0, "", ""
    headers: list[str] = []

    def mark(found: re.Match[str]) -> str:
        nonlocal subject, segments, language, channel
        if found["id"]:
            text = found["text"] or f"The approved wording {found['id']}."
            uses.append(WordingUse(found["id"], "1", "", text))
            return text
        subject = found["subject"] or subject
        segments = int(found["segments"] or segments)
        language, channel = found["language"] or language, found["channel"] or channel
        headers.extend([found["header"]] if found["header"] else [])
        return ""

    page = _HTML_MARK.search(example)
    text = _EXAMPLE_MARK.sub(mark, _HTML_MARK.sub("", example))
    runs = _sized(text)
    text = _SIZE_MARK.sub("", text)
    return CheckedText(
        channel=channel or ("sms" if segments else "email"),
        text=text,
        language=language or spoken,
        html=page["html"] if page else "",
        raw="\r\n".join([*headers, "", ""]).encode() if headers else b"",
        type_runs=lambda: runs,
        subject=subject,
        links=tuple(_LINK.findall(text)),
        wording=tuple(uses),
        segments=segments,
    )


def _sized(example: str) -> tuple[TypeRun, ...]:
    """The words of an example by size; none where it says no size."""
    parts = _SIZE_MARK.split(example)
    return tuple(TypeRun(float(size), words) for size, words in zip(parts[1::2], parts[2::2], strict=True) if words)
