"""The templates of one communication: which file serves which channel, language and variant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccm.errors import Problem
from ccm.workspace.communication import DIGEST_PART, Communication, TemplateFile, TemplateKind
from ccm.workspace.templatefile import (
    BODY,
    BODY_CHANNELS,
    FORMS,
    Read,
    names_for,
    read_template,
    split_name,
)
from ccm.workspace.yamlfile import relative
from ccm.workspace.yamlreader import Document

MISSING_TEMPLATE = "missing_template"
"""Code of the problem that nothing serves a channel in a language."""
NO_TEMPLATES = frozenset({"samples"})
"""Folders of a communication that are no language's."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What one file offers to one channel."""

    read: Read
    kind: TemplateKind
    name: str


class TemplateReader:
    """Reads the folder of one communication; what is wrong is appended to `problems`."""

    def __init__(
        self, folder: Path, root: Path, communication: Communication, document: Document, problems: list[Problem]
    ) -> None:
        self._folder, self._root = folder, root
        self._communication, self._document = communication, document
        self._problems = problems
        self._own: dict[tuple[str, str, str], _Own] = {}
        """(channel, language of the folder, variant) to what stands there for it."""
        self._refused: set[tuple[str, str, str]] = set()

    def read(self) -> Iterator[TemplateFile]:
        """One entry for each channel, language and variant that is served."""
        for folder in visible(self._folder):
            if folder.is_dir() and folder.name not in NO_TEMPLATES:
                self._read_language(folder)
        variants = ("", *(self._communication.experiment.variants if self._communication.experiment else ()))
        for language in self._communication.languages:
            for channel in self._communication.written:
                for variant in variants:
                    yield from self._serving(channel, language, variant)
        self._check_variants()

    def _check_variants(self) -> None:
        known = self._communication.experiment.variants if self._communication.experiment else {}
        written = {variant for _, _, variant in (*self._own, *self._refused)}
        plain = [name for name in known if name not in written]
        if len(plain) > 1:
            message = f"variants {' and '.join(plain)} have no template of their own, so that they would say the same"
            line = self._document.line(("experiment", "variants"))
            self._problems.append(Problem(self._document.path, line, message))

    def _problem(self, file: Path, message: str) -> None:
        self._problems.append(Problem(relative(file, self._root), 0, message))

    def _read_language(self, folder: Path) -> None:
        languages = self._communication.languages
        behind = {name for language in languages for name in self._communication.languages_behind(language)}
        if folder.name not in behind:
            self._problem(folder, f"'{folder.name}' is none of the languages {', '.join(languages)}")
            return
        for file in visible(folder):
            name, variant = split_name(file.name)
            known = self._communication.experiment.variants if self._communication.experiment else {}
            if variant and variant not in known:
                there = ", ".join(known) or "none: communication.yaml has no 'experiment'"
                self._problem(file, f"'{variant}' is no variant of the communication's experiment; there are {there}")
            elif name == BODY:
                self._read_body(file, folder.name, variant)
            else:
                self._read_own(file, name, folder.name, variant)

    def _read_own(self, file: Path, name: str, language: str, variant: str) -> None:
        form = FORMS.get(name)
        if form is None or form.channel not in self._communication.written:
            wanted = ", ".join(dict.fromkeys(n for c in self._communication.written for n in names_for(c)))
            self._problem(file, f"is no template of this communication; it takes {wanted}")
            return
        key = (form.channel, language, variant)
        read = read_template(file, self._root, form.needed, form.possible, self._problems)
        if read is None:
            self._refused.add(key)
            return
        other = self._own.get(key)
        if other is not None and other.name != BODY:
            self._problem(file, f"{form.channel} has {other.read.path} already; keep one of the two")
            return
        self._own[key] = _Own(read, form.kind, name)

    def _read_body(self, file: Path, language: str, variant: str) -> None:
        served = {c: meta for c, meta in BODY_CHANNELS.items() if c in self._communication.channels}
        if not served:
            self._problem(file, f"serves {', '.join(BODY_CHANNELS)}, and this communication has none of these channels")
            return
        needed = {"subject", *(["preheader"] if "email" in served else [])}
        read = read_template(file, self._root, frozenset(needed), frozenset({"title"}), self._problems)
        for channel, wanted in served.items():
            key = (channel, language, variant)
            if read is None:
                self._refused.add(key)
            elif key not in self._own:
                meta = {"title": read.meta.get("subject", ""), **read.meta}
                mine = {name: meta[name] for name in sorted(wanted) if name in meta}
                self._own[key] = _Own(Read(read.path, mine, read.body, read.body_line), "markdown", BODY)

    def _serving(self, channel: str, language: str, variant: str) -> Iterator[TemplateFile]:
        """What serves a channel in a language: its own, or that of the first language behind it that has one."""
        for candidate in self._communication.languages_behind(language):
            key = (channel, candidate, variant)
            if key in self._refused:
                return
            own = self._own.get(key)
            if own is not None:
                yield TemplateFile(
                    path=own.read.path, channel=channel, language=language, written_in=candidate, variant=variant,
                    kind=own.kind, meta=own.read.meta, body=own.read.body, body_line=own.read.body_line,
                )  # fmt: skip
                return
        if not variant:
            names = names_for(channel)
            wanted = " or ".join(f"{language}/{name}" for name in names)
            message = f"template {wanted} is missing" if names else f"channel '{channel}' has no template form"
            line = self._document.line(("digest" if channel == DIGEST_PART else "channels",))
            self._problems.append(Problem(self._document.path, line, message, code=MISSING_TEMPLATE))


def visible(folder: Path) -> list[Path]:
    """What stands in a folder, without what editors and file managers leave there."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
