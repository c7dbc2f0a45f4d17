"""Tries the writers' lists and settings: every phrase compiles, every example behaves, every name exists."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ccm.compliance.writing.checks.terms import places
from ccm.compliance.writing.phrases import PhraseError, finder, is_nothing_but, search
from ccm.compliance.writing.written import Passage
from ccm.errors import Problem
from ccm.workspace import Workspace
from ccm.workspace.writing import SETTINGS, Entry, Lists, Term, Writing
from ccm.workspace.yamlreader import Loc


def writing_problems(workspace: Workspace, writing: Writing, codes: Collection[str]) -> list[Problem]:
    """Everything that is wrong with lists and settings, each at its line."""
    found: list[Problem] = []
    for language, lists in sorted(writing.lists.items()):
        document = writing.documents[language]
        found += [Problem(document.path, document.line(loc), message) for loc, message in _of_lists(lists)]
    if SETTINGS in writing.documents:
        document = writing.documents[SETTINGS]
        settings = _of_settings(workspace, writing, codes)
        found += [Problem(document.path, document.line(loc), message) for loc, message in settings]
    return sorted(found)


def _of_lists(lists: Lists) -> Iterator[tuple[Loc, str]]:
    for section, entries in lists.sections():
        for number, entry in enumerate(entries):
            for loc, message in _of_entry(entry, alone=section == "link_text"):
                yield (section, number, *loc), message
    for number, term in enumerate(lists.terms):
        for loc, message in _of_term(term):
            yield ("terms", number, *loc), message


def _of_entry(entry: Entry, *, alone: bool) -> Iterator[tuple[Loc, str]]:
    for loc, phrase in ((("find",), entry.find), *((("but", place), one) for place, one in enumerate(entry.but))):
        if message := _wrong(phrase):
            yield loc, message
            return

    def stands_in(text: str) -> bool:
        return is_nothing_but(entry, text) if alone else next(search((entry,), text), None) is not None

    if not stands_in(entry.found):
        yield ("found",), f"'{entry.find}' must be found in this example, but is not"
    if stands_in(entry.passes):
        yield ("passes",), f"'{entry.find}' must not be found in this example, but it is"


def _of_term(term: Term) -> Iterator[tuple[Loc, str]]:
    for number, phrase in enumerate(term.names):
        if message := _wrong(phrase):
            yield ("names", number), message
            return
    names = [{name for name, *_ in places(term, Passage("text", text))} for text in (term.found, term.passes)]
    if len(names[0]) < 2:
        yield ("found",), "this example must have two of the names"
    if len(names[1]) > 1:
        yield ("passes",), "this example must have one of the names only"


def _wrong(phrase: str) -> str:
    try:
        finder(phrase)
    except PhraseError as error:
        return f"the phrase '{phrase}' {error}"
    return ""


def _of_settings(workspace: Workspace, writing: Writing, codes: Collection[str]) -> Iterator[tuple[Loc, str]]:
    settings = writing.settings
    known = {
        "communications": workspace.communications.keys(),
        "categories": {communication.category for communication in workspace.communications.values()},
        "languages": {tag for one in workspace.communications.values() for tag in one.languages},
    }
    for code in settings.severity:
        if code not in codes:
            yield ("severity", code), f"code '{code}' is none of {_listed(codes)}"
    for number, silence in enumerate(settings.exceptions):
        if silence.code not in codes:
            yield ("exceptions", number, "code"), f"code '{silence.code}' is none of {_listed(codes)}"
        for name, there in known.items():
            for place, value in enumerate(getattr(silence, name)):
                if value not in there:
                    yield (
                        ("exceptions", number, name, place),
                        f"{name} '{value}' does not exist; there are: {_listed(there)}",
                    )


def _listed(values: Collection[str]) -> str:
    return ", ".join(sorted(values)) or "none yet"
