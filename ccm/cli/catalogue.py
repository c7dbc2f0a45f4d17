"""text catalogue: the words that templates share, for translators."""

from __future__ import annotations

from typing import Annotated

import typer

from ccm.cli.output import FINDINGS, JsonOption, WorkspaceOption, command, root_of
from ccm.errors import InputError
from ccm.render.catalogues import CatalogueFile, catalogue_files, languages_of
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.catalogues import TEMPLATE
from ccm.workspace.languages import SOURCE, base, check_language


def catalogue(
    language: Annotated[str | None, typer.Option("--language", help="Only this one; it is made if it is new.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; status 1 where a file would change.")] = False,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Collect every {{ 'text'|t }} of layouts and templates into templates/_brand/locale, a file a language."""
    with command(json) as out:
        read = load_workspace(root_of(workspace), unfinished=True)
        files = catalogue_files(read, [_known(language)] if language else languages_of(read))
        changed = [file for file in files if file.changed]
        if not check:
            _write(read, changed)
        for file in files:
            done = "is up to date" if not file.changed else "would change" if check else "was written"
            out.say(f"{file.path} {done}: {_counts(file)}")
        out.document({
            "files": [
                {
                    "path": file.path, "changed": file.changed, "words": file.words, "untranslated": file.untranslated,
                    "fuzzy": file.fuzzy, "obsolete": file.obsolete,
                }
                for file in files
            ],
        })  # fmt: skip
        if check and changed:
            raise typer.Exit(FINDINGS)


def _known(language: str) -> str:
    try:
        check_language(language)
    except ValueError as error:
        raise InputError(f"--language: {error}") from error
    if language == base(SOURCE):
        raise InputError(f"--language {language}: the words stand in the templates in this language already")
    return language


def _write(workspace: Workspace, files: list[CatalogueFile]) -> None:
    for file in files:
        path = workspace.root / file.path
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(file.content)
        except OSError as error:
            raise InputError(f"{file.path}: cannot be written: {error.strerror}") from error


def _counts(file: CatalogueFile) -> str:
    words = f"{file.words} {'word' if file.words == 1 else 'words'}"
    if file.path.endswith(TEMPLATE):
        return words
    counts = {"not translated": file.untranslated, "to look at": file.fuzzy, "put aside": file.obsolete}
    return ", ".join([words, *(f"{count} {name}" for name, count in counts.items() if count)])
