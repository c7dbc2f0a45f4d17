"""``compliance/writing.yaml`` and ``compliance/writing/*.yaml``: what writers are told, and how loudly.

What the codes mean stands in `ccm.compliance.writing`; the phrase language in `ccm.compliance.writing.phrases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ccm.errors import Problem, WorkspaceError
from ccm.model.customer import Frozen
from ccm.workspace.communication import ChannelId
from ccm.workspace.languages import base
from ccm.workspace.settings import Slug, WrongPart
from ccm.workspace.yamlfile import read_yaml, validate
from ccm.workspace.yamlreader import Document, Refused

SETTINGS = "writing.yaml"
EVERY_LANGUAGE = "all"
"""The list that is looked for in messages of every language."""
Severity = Literal["error", "warning", "info"]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}$")]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Limits(Frozen):
    """Numbers above (or, for scores, below) which a writer is told."""

    flesch: float = Field(default=50, ge=0, le=100)
    """Least reading ease of an English text; 60 to 70 is plain English."""
    least_words: int = Field(default=40, ge=10)
    """Words from which on a score says something; Flesch took samples of 100."""
    sentence_words: int = Field(default=25, ge=5)
    """Most words of a sentence in languages with spaces."""
    sentence_characters: int = Field(default=60, ge=20)
    """Most characters of a Japanese sentence; 40 to 60 is the usual advice."""
    kanji_percent: float = Field(default=45, ge=0, le=100)
    """Most kanji in Japanese sentences, of all characters."""
    jreadability: float = Field(default=1.5, ge=-5, le=10)
    """Least jReadability score; below 1.5 is its level 'upper advanced'."""
    subject_columns: int = Field(default=60, ge=10)
    """Longest subject; a full-width character takes two columns."""
    preheader_columns: int = Field(default=100, ge=10)
    """Longest preheader, counted the same way."""


class Silence(Frozen):
    """Where a code is not told, and why not. An empty list means all."""

    code: Code
    communications: tuple[Slug, ...] = ()
    categories: tuple[Slug, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    languages: tuple[str, ...] = ()
    reason: Annotated[str, StringConstraints(min_length=5)]

    @model_validator(mode="after")
    def _is_somewhere(self) -> Silence:
        if not (self.communications or self.categories or self.channels or self.languages):
            raise WrongPart("says nowhere: to switch a code off, write it under severity as 'off'", "code")
        return self


class WritingSettings(Frozen):
    """``compliance/writing.yaml``."""

    severity: dict[Code, Literal["error", "warning", "info", "off"]] = {}
    limits: Limits = Limits()
    exceptions: tuple[Silence, ...] = ()
    staff: tuple[str, ...] = ()
    """Names of people who work here, beside those in ccm.toml."""
    acronyms: tuple[str, ...] = ()
    """Words that are rightly written in capitals."""


class Entry(Frozen):
    """One thing to look for."""

    find: Phrase
    """In the phrase language."""
    but: tuple[Phrase, ...] = ()
    """Longer phrases in which it is right."""
    say: str = ""
    """What to write instead."""
    channels: tuple[ChannelId, ...] = ()
    """Where it is looked for; empty: everywhere."""
    found: Annotated[str, StringConstraints(min_length=1)]
    """A text in which it is found; `ccm check` tries it."""
    passes: Annotated[str, StringConstraints(min_length=1)]
    """A text in which it is not."""


class Term(Frozen):
    """Names of one thing, of which a communication should use one only."""

    names: tuple[Phrase, ...] = Field(min_length=2)
    found: str
    passes: str


class Lists(Frozen):
    """``compliance/writing/<language>.yaml``."""

    language: Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|all)$")]
    jargon: tuple[Entry, ...] = ()
    long_winded: tuple[Entry, ...] = ()
    weasel: tuple[Entry, ...] = ()
    passive: tuple[Entry, ...] = ()
    double_negative: tuple[Entry, ...] = ()
    casual: tuple[Entry, ...] = ()
    keigo: tuple[Entry, ...] = ()
    blame: tuple[Entry, ...] = ()
    apology: tuple[Entry, ...] = ()
    """Words of an apology; they are right, but ask for more."""
    what_next: tuple[Entry, ...] = ()
    """Words that say what happens after an apology."""
    poor_apology: tuple[Entry, ...] = ()
    reader: tuple[Entry, ...] = ()
    """Words that speak to the reader."""
    link_text: tuple[Entry, ...] = ()
    """Link texts that say nothing on their own."""
    unfinished: tuple[Entry, ...] = ()
    internal: tuple[Entry, ...] = ()
    out_of_context: tuple[Entry, ...] = ()
    terms: tuple[Term, ...] = ()

    def sections(self) -> Iterable[tuple[str, tuple[Entry, ...]]]:
        """Every list of entries with its name."""
        for name in SECTIONS:
            yield name, getattr(self, name)


SECTIONS = tuple(name for name in Lists.model_fields if name not in ("language", "terms"))
"""Names of the lists of entries."""


@dataclass(frozen=True)
class Writing:
    """Settings and lists as they were read, with the documents for their lines."""

    settings: WritingSettings = field(default_factory=WritingSettings)
    lists: Mapping[str, Lists] = field(default_factory=dict)
    """Language, or `EVERY_LANGUAGE`, to its lists."""
    documents: Mapping[str, Document] = field(default_factory=dict)
    """Language to the list's file; `SETTINGS` to the settings'."""

    def of(self, language: str, section: str) -> tuple[Entry, ...]:
        """The entries of one section for a message's language, those for every language included."""
        return tuple(
            entry
            for name in dict.fromkeys((language, base(language), EVERY_LANGUAGE))
            if name in self.lists
            for entry in getattr(self.lists[name], section)
        )


def load_writing(root: Path) -> Writing:
    """Settings and lists of the workspace at `root`; both may be missing.

    Read apart from the rest: no message depends on them, and commands that send should not wait for them. Raises
    `WorkspaceError` with every problem.
    """
    problems: list[Problem] = []
    settings = WritingSettings()
    lists: dict[str, Lists] = {}
    read: dict[str, Document] = {}
    for document in _documents(root, SETTINGS, problems):
        read[SETTINGS] = document
        settings = validate(WritingSettings, document, problems) or settings
    for document in _documents(root, "writing/*.yaml", problems):
        found = validate(Lists, document, problems)
        if found is None:
            continue
        name = PurePosixPath(document.path).stem
        if found.language != name:
            message = f"language '{found.language}' is not the file's name '{name}'"
            problems.append(Problem(document.path, document.line(("language",)), message))
        lists[found.language], read[found.language] = found, document
    if problems:
        raise WorkspaceError(problems)
    return Writing(settings, lists, read)


def _documents(root: Path, pattern: str, problems: list[Problem]) -> Iterator[Document]:
    for file in sorted((root / "compliance").glob(pattern)):
        try:
            yield read_yaml(file, root)
        except Refused as refused:
            problems.append(refused.problem)
