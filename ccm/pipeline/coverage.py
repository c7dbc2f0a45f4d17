"""What is written for whom: templates and wording by communication, channel, language and jurisdiction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

from ccm.compliance.wording_coverage import Cover, wording_coverage
from ccm.store import feeds
from ccm.store.engine import open_existing, store_url
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile
from ccm.workspace.languages import base
from ccm.workspace.templatefile import BODY, names_for, split_name

Source = Literal["own", "body", "fallback", "missing"]
"""`own`: a file of the channel; `body`: the language's body.md; `fallback`: another language's; `missing`: none."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Wording that ends with nothing to follow it."""

    id: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """One channel of a communication, in one language, for one jurisdiction."""

    communication: str
    channel: str
    language: str
    jurisdiction: str
    template: Source
    path: str
    """The file that serves; where there is none, the one to write."""
    variants: tuple[str, ...]
    """Of the experiment, with a template of their own here."""
    missing_wording: tuple[str, ...]
    ending: tuple[Ending, ...]
    borrowed: Mapping[str, str]
    """Wording id to the other language whose text stands in."""

    @property
    def complete(self) -> bool:
        """Whether a message can be made."""
        return self.template != "missing" and not self.missing_wording

    @property
    def template_language(self) -> str:
        """The language that the template is written in."""
        return PurePosixPath(self.path).parent.name


@dataclass(frozen=True, slots=True)
class Wanted:
    """A language that customers want and that some communications do not have."""

    language: str
    customers: int
    """Active customers."""
    instead: Mapping[str, tuple[str, ...]]
    """The language they get instead, empty for none, to the communications."""


def coverage(
    workspace: Workspace, communications: Iterable[Communication], at: datetime, days: int
) -> Iterator[Coverage]:
    """The table, in the order of the files. `days`: how soon wording is told of that ends with nothing to follow."""
    for communication in communications:
        covers: dict[tuple[str, str, str], list[Cover]] = {}
        for cover in wording_coverage(workspace, [communication], at, timedelta(days=days)):
            covers.setdefault((cover.channel, cover.language, cover.jurisdiction), []).append(cover)
        files = {(f.channel, f.language, f.variant): f for f in workspace.templates[communication.id]}
        for channel in communication.channels:
            for language in communication.languages:
                file = files.get((channel, language, ""))
                own = (name for where, tongue, name in files if (where, tongue) == (channel, language) and name)
                variants = tuple(sorted(name for name in own if _is_variants(files[channel, language, name])))
                for place in communication.jurisdictions:
                    words = covers.get((channel, language, place), [])
                    ending = [
                        Ending(one.wording, one.version, one.ends) for one in words if one.ends and not one.follows
                    ]
                    yield Coverage(
                        communication.id, channel, language, place, _source(file, language),
                        file.path if file else f"templates/{communication.id}/{language}/{names_for(channel)[0]}",
                        variants, tuple(cover.wording for cover in words if cover.state == "missing"),
                        tuple(ending), {cover.wording: cover.borrowed for cover in words if cover.borrowed},
                    )  # fmt: skip


def _is_variants(file: TemplateFile) -> bool:
    return split_name(PurePosixPath(file.path).name)[1] == file.variant


def _source(file: TemplateFile | None, language: str) -> Source:
    if file is None:
        return "missing"
    path = PurePosixPath(file.path)
    if path.parent.name != language:
        return "fallback"
    return "body" if path.name == BODY else "own"


def wanted_languages(workspace: Workspace, communications: Iterable[Communication]) -> list[Wanted] | None:
    """The languages that active customers want and not every communication has, most wanted first.

    None where nothing was stored yet.
    """
    store = open_existing(store_url(workspace.settings.store.url), workspace.root)
    if store is None:
        return None
    with store.read() as connection:
        counts = feeds.language_counts(connection)
    store.close()
    several = tuple(communications)
    found = []
    for tag, customers in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        instead: dict[str, tuple[str, ...]] = {}
        for communication in several:
            served = communication.language_for(tag) or ""
            if base(served) != base(tag):
                instead[served] = (*instead.get(served, ()), communication.id)
        if instead:
            found.append(Wanted(tag, customers, instead))
    return found
