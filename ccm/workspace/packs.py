"""``compliance/packs.yaml`` and ``compliance/packs/*.yaml``: regulation by jurisdiction, and what of it is on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from ccm.errors import Problem
from ccm.model.customer import Frozen, Purpose
from ccm.workspace.communication import ChannelId
from ccm.workspace.languages import Language
from ccm.workspace.rules import Place, RuleFile, RuleId, SourceType
from ccm.workspace.settings import ByLanguage, Slug
from ccm.workspace.yamlfile import explain, validate
from ccm.workspace.yamlreader import Document

SETTINGS = "compliance/packs.yaml"
PACKS = "compliance/packs/"
Sentence = Annotated[str, StringConstraints(min_length=5)]
_FILLED = ("path", "place", "pack", "params_line", "kind_line", "digest", "written")


class OptOutWords(Frozen):
    """What customers write when they want to stop, get help, or need a person; compared NFKC and case-folded."""

    stop: tuple[str, ...] = Field(min_length=1)
    help: tuple[str, ...] = ()
    person: tuple[str, ...] = ()
    """Words that may mean more than stopping (解約 ends a contract): a person reads these."""
    source: Sentence
    source_type: SourceType
    confidence: Literal["high", "medium", "low"]


class DisplayItem(Frozen):
    """One thing that a message of a kind must show."""

    item: Slug
    name: ByLanguage
    rules: tuple[RuleId, ...] = ()
    """The rules that look for it; empty: people look for it."""
    linked: bool = False
    """Whether it may stand on a page that the message links to."""


class Display(Frozen):
    """What one law wants shown."""

    law: ByLanguage
    purposes: tuple[Purpose, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    sector: Slug | None = None
    items: tuple[DisplayItem, ...] = Field(min_length=1)
    source: Sentence
    source_type: SourceType
    confidence: Literal["high", "medium", "low"]


class Duty(Frozen):
    """What no rule can look at: something that people, or another part of the engine, must see to."""

    id: RuleId
    name: ByLanguage
    jurisdictions: tuple[Place, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    sector: Slug | None = None
    effective_from: date | None = None
    met_by: Sentence
    """What of the engine serves it, or who must see to it."""
    source: Sentence
    source_type: SourceType
    confidence: Literal["high", "medium", "low"]


class PackFile(Frozen):
    """One jurisdiction's rules and tables."""

    id: Slug
    name: ByLanguage
    as_of: date
    """The day on which its sources were looked at."""
    rules: tuple[dict[str, Any], ...] = ()
    """Each a `RuleFile`; validated one by one, so that all mistakes are told."""
    opt_out_words: dict[Language, OptOutWords] = {}
    display: tuple[Display, ...] = ()
    duties: tuple[Duty, ...] = ()
    path: str = ""


class Switch(Frozen):
    """One rule of a pack turned on or off here, and why."""

    rule: RuleId
    enabled: bool
    reason: Sentence


class PackSettings(Frozen):
    """``compliance/packs.yaml``."""

    packs: tuple[Slug, ...] = ()
    """The packs that are on."""
    sectors: dict[Slug, tuple[Slug, ...]] = {}
    """Business to the categories of communications that belong to it. A rule of another business is off."""
    switches: tuple[Switch, ...] = ()


def read_packs(documents: Iterable[Document], settings: Document | None, problems: list[Problem]) -> Packs:
    """All packs with their rules as they are switched here; what is wrong is appended to `problems`."""
    chosen = validate(PackSettings, settings, problems) if settings is not None else PackSettings()
    chosen = chosen or PackSettings()
    files: list[PackFile] = []
    rules: list[RuleFile] = []
    for document in documents:
        pack = validate(PackFile, document, problems, path=document.path)
        if pack is None:
            continue
        if pack.id != PurePosixPath(document.path).stem:
            problems.append(Problem(document.path, document.line(("id",)), f"id '{pack.id}' is not the file's name"))
        files.append(pack)
        rules += _rules(pack, document, chosen, problems)
    if settings is not None:
        problems.extend(_settings_problems(chosen, settings, files, rules))
    return Packs(settings=chosen, files=tuple(files), rules=tuple(rules))


class Packs(Frozen):
    """What was read."""

    settings: PackSettings = PackSettings()
    files: tuple[PackFile, ...] = ()
    rules: tuple[RuleFile, ...] = ()
    """Of all packs, switched off where their pack is."""

    def on(self) -> tuple[PackFile, ...]:
        """The packs that are on."""
        return tuple(pack for pack in self.files if pack.id in self.settings.packs)

    def opt_out_words(self) -> dict[str, tuple[str, ...]]:
        """Language to all words by which a customer stops messages, over the packs that are on."""
        found: dict[str, dict[str, None]] = {}
        for pack in self.on():
            for language, words in pack.opt_out_words.items():
                found.setdefault(language, {}).update(dict.fromkeys(words.stop))
        return {language: tuple(words) for language, words in found.items()}


NO_PACKS = Packs()
"""Of a workspace without ``compliance/packs``."""


def _rules(pack: PackFile, document: Document, settings: PackSettings, problems: list[Problem]) -> Iterator[RuleFile]:
    for number, written in enumerate(pack.rules):
        place: tuple[str | int, ...] = ("rules", number)
        taken = [name for name in _FILLED if name in written]
        problems.extend(Problem(document.path, document.line((*place, name)), f"'{name}' is no known setting")
                        for name in taken)  # fmt: skip
        text = json.dumps(written, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        filled = {
            **written, "path": document.path, "place": place, "pack": pack.id, "digest": digest, "written": text,
            "params_line": document.line((*place, "params")), "kind_line": document.line((*place, "kind")),
        }  # fmt: skip
        try:
            rule = RuleFile.model_validate(filled)
        except ValidationError as error:
            problems.extend(explain(error, document, RuleFile, place))
            continue
        yield switched(rule, settings)


def switched(rule: RuleFile, settings: PackSettings) -> RuleFile:
    """A pack's rule as it stands in this workspace: on, or off with the reason."""
    off = ""
    categories: tuple[str, ...] = ()
    if rule.pack not in settings.packs:
        off = f"the pack '{rule.pack}' is not among the packs of {SETTINGS}"
    elif rule.sector is not None:
        categories = settings.sectors.get(rule.sector, ())
        if not categories:
            off = f"{SETTINGS} names no categories of the sector '{rule.sector}'"
    switch = next((switch for switch in settings.switches if switch.rule == rule.id), None)
    if off:
        return rule.model_copy(update={"enabled": False, "off_because": off})
    if switch is not None:
        off = "" if switch.enabled else switch.reason
        rule = rule.model_copy(update={"enabled": switch.enabled, "off_because": off})
    if categories:
        scope = rule.applies.model_copy(update={"categories": categories})
        rule = rule.model_copy(update={"applies": scope})
    return rule


def _settings_problems(
    settings: PackSettings, document: Document, files: Iterable[PackFile], rules: Iterable[RuleFile]
) -> Iterator[Problem]:
    """Packs, sectors and rules that ``packs.yaml`` names must exist."""
    rules = list(rules)
    known: Mapping[str, set[str]] = {
        "pack": {pack.id for pack in files},
        "sector": {rule.sector for rule in rules if rule.sector},
        "rule": {rule.id for rule in rules},
    }
    named = [("pack", name, ("packs", place)) for place, name in enumerate(settings.packs)]
    named += [("sector", name, ("sectors", name)) for name in settings.sectors]  # type: ignore[misc]
    named += [("rule", switch.rule, ("switches", place)) for place, switch in enumerate(settings.switches)]
    for what, name, loc in named:
        if name not in known[what]:
            there = ", ".join(sorted(known[what])) or "none"
            yield Problem(document.path, document.line(loc), f"{what} '{name}' does not exist; there are: {there}")
