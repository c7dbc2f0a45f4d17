"""Approved wording over channels and languages: one version of each, and nobody's copy of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from ccm.pipeline.project import Compiled, Project
from ccm.render.facts import CODES, FactFinding, FactReader
from ccm.workspace.communication import TemplateFile
from ccm.workspace.wording import Wording, resolve

_PLACEHOLDER = re.compile(r"\{[a-z0-9_.]+\}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n")
_LONG_ENOUGH = 40
"""Characters of a sentence that nobody writes a second time by chance; of a Japanese one, which says more, a third."""


def wording_findings(
    project: Project, compiled: Compiled, reader: FactReader, at: dt.datetime
) -> Iterator[FactFinding]:
    """FX09 wording copied into a template; FX10 versions that differ between languages; FX11 different wording on two
    channels under one rule that takes either.
    """
    seen = set()
    for file in reader.templates:
        if file.path not in seen:
            seen.add(file.path)
            yield from _copied(project, reader, file)
    yield from _versions(project, compiled, reader, at)
    yield from _either(compiled, reader)


def _copied(project: Project, reader: FactReader, file: TemplateFile) -> Iterator[FactFinding]:
    masked = reader.words(file)
    if masked is None:
        return
    evened = " ".join(re.sub("[\x01\x02]", " ", masked.words).split())
    told = set()
    for wording in project.workspace.wordings:
        if wording.id in told:
            continue
        for sentence, form in _sentences(wording.text, *wording.texts.values()):
            found = form.search(masked.words) if sentence in evened else None
            if found is not None:
                told.add(wording.id)
                spot = masked.spot(found.start())
                slot = wording.id.replace("-", "_")
                text = (
                    f"repeats approved wording ({wording.path}, version {wording.version}); write "
                    f"{{{{ wording.{slot} }}}}, which always is the version in force"
                )
                yield FactFinding(spot.path, spot.line, spot.column, "FX09", CODES["FX09"], text)
                break


@lru_cache(maxsize=1024)
def _sentences(*texts: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The sentences of a wording without placeholders, each with the form in which it can stand in a template."""
    found = []
    for text in texts:
        for part in (part for whole in _PLACEHOLDER.split(text) for part in _SENTENCE_END.split(whole)):
            sentence = " ".join(part.split())
            if len(sentence) >= _LONG_ENOUGH // (1 if sentence.isascii() else 3):
                form = r"[\s\x01]+".join(re.escape(word) for word in sentence.split())
                found.append((sentence, re.compile(form)))
    return tuple(found)


def _versions(project: Project, compiled: Compiled, reader: FactReader, at: dt.datetime) -> Iterator[FactFinding]:
    communication = compiled.communication
    ids = {wording for file in reader.templates for wording in _slots(compiled, file)}
    for wording_id in sorted(ids | set(communication.wording)):
        for place in communication.jurisdictions:
            in_force: dict[str, Wording] = {}
            for language in communication.languages:
                for behind in communication.languages_behind(language):
                    wording = resolve(project.workspace.wordings, wording_id, behind, place, at)
                    if wording is not None:
                        in_force[language] = wording
                        break
            for (first, one), (second, other) in combinations(in_force.items(), 2):
                if one.version != other.version:
                    text = (
                        f"version {one.version} is in force in '{first}' for {place}, and in '{second}' version "
                        f"{other.version} ({other.path}): the languages say different things"
                    )
                    yield FactFinding(one.path, 0, 0, "FX10", CODES["FX10"], text)


def _either(compiled: Compiled, reader: FactReader) -> Iterator[FactFinding]:
    communication = compiled.communication
    files = [file for file in reader.templates if not file.variant]
    for rule in compiled.rules:
        wanted, needed = rule.params.required_wording()
        if needed >= len(wanted):
            continue  # all are needed, and the rule itself finds one that is missing
        for first, second in combinations(files, 2):
            if first.language != second.language or first.path == second.path:
                continue
            here, there = (_slots(compiled, file) & wanted for file in (first, second))
            both = any(
                rule.applies_to(communication, first.channel, place, first.language)
                and rule.applies_to(communication, second.channel, place, second.language)
                for place in communication.jurisdictions
            )
            if both and here and there and not (here <= there or there <= here):
                text = (
                    f"carries wording {', '.join(sorted(here))}, and {second.path} {', '.join(sorted(there))}; rule "
                    f"{rule.id} takes either, but a customer should read the same on both"
                )
                yield FactFinding(first.path, 0, 0, "FX11", CODES["FX11"], text)


def _slots(compiled: Compiled, file: TemplateFile) -> frozenset[str]:
    return compiled.renderer.slots(file.channel, file.language, file.variant)
