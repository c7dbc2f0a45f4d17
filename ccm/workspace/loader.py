"""Reads a workspace whole, and reports every problem of it at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ccm.errors import NotFound, Problem, WorkspaceError
from ccm.workspace.calendar import CALENDAR, PRICES
from ccm.workspace.catalogues import Words, read_catalogues
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication, Sample, TemplateFile
from ccm.workspace.crosscheck import MISSING_COMMUNICATION, POLICY, SETTINGS, cross_check
from ccm.workspace.fingerprint import Fingerprint, fingerprint_of
from ccm.workspace.garbage import collected_later
from ccm.workspace.packs import NO_PACKS, Packs, read_packs
from ccm.workspace.policy import Policy
from ccm.workspace.retention import Schedule, load_retention
from ccm.workspace.rules import RuleFile
from ccm.workspace.settings import Person, Settings
from ccm.workspace.templates import MISSING_TEMPLATE, TemplateReader
from ccm.workspace.unread import unread_problems
from ccm.workspace.wording import Wording
from ccm.workspace.yamlfile import read_bytes, read_text, read_toml, read_yaml, relative, validate
from ccm.workspace.yamlreader import Document, Refused

BRAND = "_brand"
MAX_ASSET = 5_000_000
"""Bytes of a logo or another file of ``templates/_brand``."""


@dataclass(frozen=True)
class Workspace:
    """Everything that was read, immutable."""

    root: Path
    settings: Settings
    communications: dict[str, Communication]
    templates: dict[str, tuple[TemplateFile, ...]]
    """Communication id to its channel templates."""
    sql: dict[str, str]
    """Communication id to the text of its data query."""
    samples: dict[str, tuple[Sample, ...]]
    brand: dict[str, bytes]
    """Path below ``templates/_brand`` to content: layouts, stylesheet, logo."""
    catalogues: dict[str, Words]
    """Language to the words that layouts and templates share, from ``templates/_brand/locale/<language>.po``."""
    wordings: tuple[Wording, ...]
    rules: tuple[RuleFile, ...]
    """The organisation's own, then those of the packs; those that are switched off too."""
    channels: dict[str, Channel]
    policy: Policy
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict, compare=False, repr=False)
    """Of each communication's folder, so that one that did not change need not be read again."""
    packs: Packs = NO_PACKS
    retention: Schedule = field(default_factory=Schedule)
    """How long contents are kept."""

    def communication(self, communication_id: str) -> Communication:
        """Raises `NotFound` naming the known ones."""
        try:
            return self.communications[communication_id]
        except KeyError:
            known = ", ".join(sorted(self.communications)) or "none yet"
            raise NotFound(f"communication '{communication_id}' does not exist; there are: {known}") from None

    def person(self, name: str) -> Person:
        """The person behind a login, e-mail or id; raises `NotFound`."""
        for person in self.settings.people:
            if name.casefold() in {known.casefold() for known in person.names}:
                return person
        known = ", ".join(person.id for person in self.settings.people) or "none: add [[people]]"
        raise NotFound(f"'{name}' is nobody in ccm.toml; people: {known}")

    @cached_property
    def wording_ids(self) -> frozenset[str]:
        return frozenset(wording.id for wording in self.wordings)


@collected_later()
def load_workspace(
    root: Path, *, unfinished: bool = False, alone: bool = False, before: Workspace | None = None
) -> Workspace:
    """Reads and validates everything below `root`; raises `WorkspaceError` with all problems.

    `unfinished`: templates may be missing, so that what is there can be listed. Such a workspace renders nothing.
    `alone`: it is one communication's, and others that it names are elsewhere. `before` is what was read earlier; the
    parts of a folder that did not change since are the same objects.
    """
    loader = _Loader(root.resolve(), before)
    workspace = loader.load()
    passed = {MISSING_TEMPLATE: unfinished, MISSING_COMMUNICATION: alone}
    problems = [problem for problem in loader.problems if not passed.get(problem.code)]
    if problems or workspace is None:
        raise WorkspaceError(problems)
    return workspace


@dataclass(frozen=True, slots=True)
class _Own:
    """What a communication's folder holds."""

    communication: Communication
    templates: tuple[TemplateFile, ...]
    sql: str
    samples: tuple[Sample, ...]
    fingerprint: Fingerprint | None


class _Loader:
    def __init__(self, root: Path, before: Workspace | None) -> None:
        self.root, self.before = root, before
        self.problems: list[Problem] = []
        self.documents: dict[str, Document] = {}
        """What was read, or refused, by path, so that later findings are told at their line."""

    def load(self) -> Workspace | None:
        """What was read, None without settings or policy; what is wrong with it stands in `problems`."""
        settings = self._settings()
        own: dict[str, _Own] = {}
        for document in self._documents("templates", "*/communication.yaml"):
            if found := self._communication(document, settings):
                own[found.communication.id] = found
        wordings = tuple(self._wordings())
        packs = self._packs()
        rules = (*self._rules(), *packs.rules)
        channels = self._channels()
        policy = self._policy()
        brand, catalogues = self._brand()
        retention = self._retention()
        self.problems += unread_problems(self.root)
        communications = {name: one.communication for name, one in own.items()}
        self.problems += cross_check(communications, wordings, rules, channels, policy, self.documents, settings)
        if settings is None or policy is None:
            return None
        return Workspace(
            self.root,
            settings,
            communications,
            {name: one.templates for name, one in own.items()},
            {name: one.sql for name, one in own.items()},
            {name: one.samples for name, one in own.items()},
            brand,
            catalogues,
            wordings,
            rules,
            channels,
            policy,
            {name: one.fingerprint for name, one in own.items() if one.fingerprint is not None},
            packs,
            retention,
        )

    def _communication(self, document: Document, settings: Settings | None) -> _Own | None:
        folder = (self.root / document.path).parent
        fingerprint = fingerprint_of(folder)  # before anything is read, so that a later change shows
        name, before = folder.name, self.before
        same_settings = before is not None and settings == before.settings
        if before and same_settings and fingerprint and before.fingerprints.get(name) == fingerprint:
            parts = before.communications[name], before.templates[name], before.sql[name], before.samples[name]
            return _Own(*parts, fingerprint)
        communication = validate(Communication, document, self.problems)
        if communication is None:
            return None
        if communication.id != name:
            self._problem(document, ("id",), f"id '{communication.id}' is not its folder's name '{name}'")
            return None
        if settings is not None:
            declared = {**settings.languages.fallbacks, **communication.fallbacks}
            communication = communication.model_copy(update={"fallbacks": declared})
        reader = TemplateReader(folder, self.root, communication, document, self.problems)
        templates = tuple(reader.read())
        sql = self._sql(folder, communication, document)
        return _Own(communication, templates, sql, tuple(self._samples(folder)), fingerprint)

    def _problem(self, document: Document, loc: tuple[str | int, ...], message: str) -> None:
        self.problems.append(Problem(document.path, document.line(loc), message))

    def _documents(self, folder: str, pattern: str) -> Iterator[Document]:
        base = self.root / folder
        if not base.is_dir():
            return
        for file in sorted(base.glob(pattern)):
            try:
                document = read_yaml(file, self.root)
            except Refused as refused:
                self.problems.append(refused.problem)
                self.documents[refused.problem.path] = Document(refused.problem.path, {}, {})
                continue
            self.documents[document.path] = document
            yield document

    def _settings(self) -> Settings | None:
        try:
            document = read_toml(self.root / SETTINGS, self.root)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None
        self.documents[document.path] = document
        return validate(Settings, document, self.problems)

    def _sql(self, folder: Path, communication: Communication, document: Document) -> str:
        name = communication.data.sql
        if not name:
            return ""
        if not re.fullmatch(r"[a-z0-9_-]+\.sql", name):
            self._problem(document, ("data", "sql"), f"data.sql '{name}' must be a file name in this folder")
            return ""
        try:
            return read_text(folder / name, self.root)
        except Refused as refused:
            self.problems.append(refused.problem)
            return ""

    def _samples(self, folder: Path) -> Iterator[Sample]:
        for document in self._documents(relative(folder, self.root), "samples/*.yaml"):
            name = Path(document.path).stem
            sample = validate(Sample, document, self.problems, name=name, path=document.path)
            if sample is not None:
                yield sample

    def _wordings(self) -> Iterator[Wording]:
        for document in self._documents("compliance", "wording/*/*.yaml"):
            lines = {".".join(map(str, loc)): line for loc, line in document.lines.items()}
            wording = validate(
                Wording, document, self.problems, path=document.path, digest=self._digest(document.path), lines=lines
            )
            if wording is None:
                continue
            folder = Path(document.path).parent.name
            if wording.id != folder:
                self._problem(document, ("id",), f"id '{wording.id}' is not its folder's name '{folder}'")
            if wording.file_name != Path(document.path).name:
                self._problem(document, ("version",), f"this version's file is called {wording.file_name}")
            yield wording

    def _rules(self) -> Iterator[RuleFile]:
        for document in self._documents("compliance", "rules/*.yaml"):
            rule = validate(
                RuleFile, document, self.problems, path=document.path, digest=self._digest(document.path),
                params_line=document.line(("params",)), kind_line=document.line(("kind",)),
            )  # fmt: skip
            if rule is not None:
                yield rule

    def _packs(self) -> Packs:
        settings = next(self._documents("compliance", "packs.yaml"), None)
        return read_packs(self._documents("compliance", "packs/*.yaml"), settings, self.problems)

    def _digest(self, path: str) -> str:
        return hashlib.sha256(read_bytes(self.root / path, self.root)).hexdigest()

    def _channels(self) -> dict[str, Channel]:
        channels: dict[str, Channel] = {}
        for document in self._documents("channels", "*.yaml"):
            if document.path in (POLICY, CALENDAR, PRICES):
                continue
            line = document.line(("settings",))
            channel = validate(Channel, document, self.problems, path=document.path, settings_line=line)
            if channel is not None:
                if channel.channel != Path(document.path).stem:
                    message = f"channel '{channel.channel}' is not the file's name"
                    self._problem(document, ("channel",), message)
                channels[channel.channel] = channel
        return channels

    def _policy(self) -> Policy | None:
        try:
            document = read_yaml(self.root / POLICY, self.root)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None
        self.documents[document.path] = document
        return validate(Policy, document, self.problems)

    def _retention(self) -> Schedule:
        try:
            return load_retention(self.root)
        except WorkspaceError as error:
            self.problems += error.problems
            return Schedule()

    def _brand(self) -> tuple[dict[str, bytes], dict[str, Words]]:
        folder = self.root / "templates" / BRAND
        if not folder.is_dir():
            self.problems.append(Problem(f"templates/{BRAND}", 0, "this folder is missing"))
            return {}, {}
        brand: dict[str, bytes] = {}
        for file in sorted(path for path in folder.rglob("*") if not path.is_dir()):
            try:
                brand[file.relative_to(folder).as_posix()] = read_bytes(file, self.root, MAX_ASSET)
            except Refused as refused:
                self.problems.append(refused.problem)
        return brand, read_catalogues(folder, self.root, self.problems)
