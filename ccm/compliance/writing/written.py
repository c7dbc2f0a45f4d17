"""What the checks look at, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any, Literal

from ccm.compliance.writing.phrases import GONE
from ccm.model.customer import Customer
from ccm.model.message import WordingUse
from ccm.workspace.communication import Communication
from ccm.workspace.languages import base
from ccm.workspace.settings import Organisation
from ccm.workspace.writing import Severity, Writing

Place = Literal["subject", "preheader", "text"]
OPEN_CHANNELS = frozenset({"sms", "push", "line", "whatsapp", "social"})
"""Whose text shows on a locked screen, or to anybody."""
LONG_VALUE = 8
"""Characters from which on a value is no common word."""
_LINK = re.compile(r"(?:https?://|www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_HIDDEN = re.compile(r"<(div|span)\b[^>]*style=\"[^\"]*display:\s*none[^\"]*\"[^>]*>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file from which words of a message come."""

    path: str
    """Relative to the workspace."""
    text: str
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class Code:
    """One thing that writers are told."""

    code: str
    what: str
    why: str
    mend: str
    severity: Severity
    """Where ``writing.yaml`` says nothing."""
    source: str
    channels: frozenset[str] = frozenset()
    """Where it is told; empty: everywhere."""
    of_data: bool = False
    """Also told of words that came with the data, which a writer can't change."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found."""

    code: str
    found: str
    """The words, short; never a customer's own values."""
    place: Place = "text"
    start: int = 0
    """Where in that part of the message."""
    end: int = 0
    mend: str = ""
    """Instead of the code's own, where something better can be said."""
    path: str = ""
    """Set where the place is known already; else it is searched."""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """One line for a writer."""

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    found: str
    why: str
    mend: str
    communication: str
    sample: str
    channel: str
    language: str

    @property
    def message(self) -> str:
        """All but the place, as `ccm check` prints it."""
        where = ", ".join(part for part in (self.sample, f"{self.channel}/{self.language}".strip("/")) if part)
        told = f"{self.code} {self.found}: {self.why}; {self.mend}"
        return f"{told} ({where})" if where else told


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a message without the words that style checks leave alone; places are those of the whole part."""

    place: Place
    text: str


@dataclass(frozen=True)
class Written:
    """One rendered message, and what it came from."""

    communication: Communication
    language: str
    """BCP 47 tag of the language in which it is written."""
    jurisdiction: str
    channel: str
    sample: str
    source: SourceText
    """The template."""
    text: str
    """What a customer reads, without an attached letter, which is looked at by itself."""
    shared: tuple[SourceText, ...] = ()
    """Layouts and shared words."""
    subject: str = ""
    html: str = ""
    """Of an e-mail or inbox message; may be empty."""
    links: tuple[str, ...] = ()
    wording: tuple[WordingUse, ...] = ()
    customer: Customer | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spoken(self) -> str:
        """The language without script and region."""
        return base(self.language)

    @cached_property
    def preheader(self) -> str:
        """The line that inboxes show behind the subject: the page's first hidden text."""
        found = _HIDDEN.search(self.html)
        return words_of(found[2]) if found else ""

    @cached_property
    def parts(self) -> tuple[Passage, ...]:
        """Subject, preheader and text, whole."""
        whole = (Passage("subject", self.subject), Passage("preheader", self.preheader), Passage("text", self.text))
        return tuple(Passage(part.place, _INVISIBLE.sub("", part.text)) for part in whole if part.text)

    @cached_property
    def own(self) -> tuple[Passage, ...]:
        """The parts without approved wording: what the writer wrote, and data."""
        return tuple(Passage(part.place, self._without_wording(part.text)) for part in self.parts)

    @cached_property
    def prose(self) -> tuple[Passage, ...]:
        """As `own`, and without links and e-mail addresses."""
        return tuple(Passage(part.place, _LINK.sub(lambda found: GONE * len(found[0]), part.text)) for part in self.own)

    @cached_property
    def values(self) -> tuple[tuple[str, str], ...]:
        """Every text among the customer's fields and the data, with its dotted name."""
        customer = self.customer.model_dump() if self.customer else {}
        return (*leaves(customer, "customer"), *leaves(self.data, "data"))

    @cached_property
    def long_values(self) -> tuple[str, ...]:
        """Texts among the values that are longer than a word, the longest first."""
        found = {value for _, value in self.values if len(value) >= LONG_VALUE and not value.isdecimal()}
        return tuple(sorted(found, key=lambda value: (-len(value), value)))

    def _without_wording(self, text: str) -> str:
        for use in self.wording:
            if use.text in text:
                text = text.replace(use.text, GONE * len(use.text))
            elif words := use.text.split():
                pattern = r"\s*".join(map(re.escape, words))
                text = re.sub(pattern, lambda found: GONE * len(found[0]), text)
        return text


@dataclass(frozen=True)
class Context:
    """What the checks know beside the messages."""

    writing: Writing = field(default_factory=Writing)
    organisation: Organisation | None = None
    staff: tuple[str, ...] = ()
    """Names of people who work here."""
    brand: Mapping[str, bytes] = field(default_factory=dict)
    """Path below ``templates/_brand`` to content."""


def leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text and number below a value, with its dotted name; items of lists share a name."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from leaves(part, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part, f"{name}[]")
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)


def words_of(html: str) -> str:
    """The text of a piece of HTML, spaces evened out."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return " ".join(_INVISIBLE.sub("", "".join(parser.out)).replace("\u034f", "").replace("\u200c", "").split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []

    def handle_data(self, data: str) -> None:
        self.out.append(data)
