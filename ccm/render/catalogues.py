"""Catalogue files kept in step with the words in the templates, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from ccm.errors import Problem, TemplateError
from ccm.render.extract import shared_words
from ccm.workspace import Workspace
from ccm.workspace.catalogues import FOLDER, TEMPLATE, read_catalogue
from ccm.workspace.languages import SOURCE, base

_BRAND = "templates/_brand"
_RUN = "run: ccm text catalogue"
_FIELDS = (
    '"MIME-Version: 1.0\\n"', '"Content-Type: text/plain; charset=utf-8\\n"', '"Content-Transfer-Encoding: 8bit\\n"'
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One file as it should be."""

    path: str
    content: bytes
    before: bytes | None
    """As it is; None where there is none."""
    words: int
    untranslated: int
    fuzzy: int
    obsolete: int

    @property
    def changed(self) -> bool:
        return self.content != self.before


def catalogue_files(workspace: Workspace, languages: Collection[str]) -> list[CatalogueFile]:
    """``messages.pot``, and the catalogue of each of `languages` in step with it.

    Translations, notes and headers stay; a new word is empty; one that changed keeps its translation, marked fuzzy
    until somebody looks at it; one that is gone is kept at the end. Nothing in a file depends on when it is
    written or on where in a template a word stands, so that no release changes for it.
    Raises `TemplateError` where a template cannot be read.
    """
    problems: list[Problem] = []
    template = shared_words(workspace, problems)
    if problems:
        raise TemplateError(problems)
    pot = _written(template, _header(""), places=True)
    files = [_file(workspace, TEMPLATE, pot, template)]
    for language in languages:
        name = f"{FOLDER}/{language}.po"
        before = workspace.brand.get(name)
        catalogue = read_catalogue(f"{_BRAND}/{name}", before) if before else Catalog(language.replace("-", "_"))
        _update(catalogue, template)
        files.append(_file(workspace, name, _written(catalogue, _kept(before) or _header(language)), catalogue))
    return files


def languages_of(workspace: Workspace) -> list[str]:
    """The languages that need a catalogue, and those that have one.

    A communication's language needs one unless it is the source's, or a regional variety of one that has words.
    """
    spoken = {tag for one in workspace.communications.values() for tag in one.languages if base(tag) != SOURCE}
    has = spoken | workspace.catalogues.keys()
    return sorted({tag for tag in spoken if tag == base(tag) or base(tag) not in has} | workspace.catalogues.keys())


def catalogue_problems(workspace: Workspace) -> Iterator[Problem]:
    """What translators should look at. What stops a template from compiling is told by the compiler.

    CT01 not translated, CT02 marked fuzzy, CT03 used nowhere.
    """
    used = {str(message.id) for message in shared_words(workspace, []) if message.id}
    languages = languages_of(workspace)
    for language in languages if used else ():
        path = f"{_BRAND}/{FOLDER}/{language}.po"
        content = workspace.brand.get(f"{FOLDER}/{language}.po")
        if content is None:
            yield _problem(path, 0, "CT01", f"is missing, so that '{language}' shows others' words; {_RUN}")
            continue
        entries = {str(entry.id): entry for entry in read_catalogue(path, content) if entry.id}
        for word, entry in entries.items():
            if word not in used:
                yield _problem(path, entry.lineno, "CT03", f"'{word}' stands in no template any more; {_RUN}")
            elif entry.fuzzy:
                words = f"'{word}' is marked fuzzy, as it changed: mend the translation and take the mark away"
                yield _problem(path, entry.lineno, "CT02", words)
        if language != base(language) and base(language) in languages:
            continue  # a regional variety has only the words that differ
        for word in sorted(used):
            if word not in entries:
                yield _problem(path, 0, "CT01", f"'{word}' is not in it; {_RUN}")
            elif not entries[word].string:
                yield _problem(path, entries[word].lineno, "CT01", f"'{word}' has no translation")


def _problem(path: str, line: int | None, code: str, words: str) -> Problem:
    return Problem(path, line or 0, f"{code}: {words}", code=code)


def _update(catalogue: Catalog, template: Catalog) -> None:
    for key, message in list(catalogue.obsolete.items()):
        if message.id in template:
            catalogue[message.id] = message
            del catalogue.obsolete[key]
    # Only a word that is gone can be what a new one was before; a word in use has its own translation.
    gone = {str(m.id): m for m in catalogue if m.id and m.string and m.id not in template}
    for message in [m for m in template if m.id and m.id not in catalogue]:
        if near := get_close_matches(str(message.id), gone, 1):
            old = gone.pop(near[0])
            catalogue.add(message.id, old.string, flags={"fuzzy"}, user_comments=old.user_comments)
            catalogue.delete(old.id)
    catalogue.update(template, no_fuzzy_matching=True)
    for key in [key for key, message in catalogue.obsolete.items() if not message.string]:
        del catalogue.obsolete[key]


def _written(catalogue: Catalog, header: str, *, places: bool = False) -> bytes:
    for message in [*catalogue, *catalogue.obsolete.values()]:
        # Babel takes a per cent sign for one of Python's formats.
        message.flags.difference_update({"python-format", "python-brace-format"})
    out = BytesIO()
    write_po(out, catalogue, width=0, omit_header=True, no_location=not places, sort_output=not places)
    return (header + "\n\n" + out.getvalue().decode()).rstrip("\n").encode() + b"\n"


def _kept(content: bytes | None) -> str:
    """The header of a file as it stands, with its translators' names."""
    head = (content or b"").decode("utf-8-sig").replace("\r\n", "\n").partition("\n\n")[0]
    return head.rstrip("\n") if 'msgid ""\nmsgstr ""\n' in head else ""


def _header(language: str) -> str:
    name = Locale.parse(language, sep="-").get_display_name("en") if language else ""
    title = f"# Words that layouts and templates share{f', in {name}' if name else ''}. Written by: ccm text catalogue"
    fields = (f'"Language: {language}\\n"', *_FIELDS) if language else _FIELDS
    return "\n".join((title, 'msgid ""', 'msgstr ""', *fields))


def _file(workspace: Workspace, name: str, content: bytes, catalogue: Catalog) -> CatalogueFile:
    words = [message for message in catalogue if message.id]
    return CatalogueFile(
        f"{_BRAND}/{name}", content, workspace.brand.get(name), len(words),
        sum(not message.string for message in words), sum(message.fuzzy for message in words), len(catalogue.obsolete),
    )  # fmt: skip
