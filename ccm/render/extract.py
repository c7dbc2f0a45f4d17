"""The words that layouts and templates mark with ``|t``, taken out for gettext catalogues by Babel."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from jinja2 import TemplateSyntaxError

from ccm.errors import Problem
from ccm.render.compile import PLAIN
from ccm.workspace import Workspace
from ccm.workspace.yamlfile import read_text

MARK = "Translators:"
"""Begins a note for translators: ``{# Translators: stands before a telephone number #}``."""
_LAYOUTS = (".mjml", ".html")


def extract_words(
    fileobj: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction method for templates: line, filter, word, and the translators' notes right before it.

    A file is read whole, its front matter too. Raises `TemplateSyntaxError` for what Jinja's lexer refuses.
    """
    text = fileobj.read().decode("utf-8-sig").replace("\r\n", "\n")
    notes: list[tuple[int, str]] = []
    run: list[tuple[str, str]] = []
    for line, kind, value in PLAIN.lexer.tokeniter(text, None):
        if kind == "comment":
            note = " ".join(value.split())
            if any(note.startswith(tag) for tag in comment_tags):
                notes.append((line + value.count("\n"), note))
        if kind in ("whitespace", "comment_begin", "comment", "comment_end"):
            continue
        run = [*run[-2:], (kind, value)]
        if len(run) == 3 and run[0][0] == "string" and run[1][1] == "|" and value in keywords:
            # A note on the same line or on the one above; an older one was somebody else's.
            near = [note for at, note in notes if at in (line - 1, line)]
            yield line, value, run[0][1][1:-1], near
            notes = []


def shared_words(workspace: Workspace, problems: list[Problem]) -> Catalog:
    """All marked words of the workspace with the files and lines where they stand, layouts first.

    A file that cannot be read as a template is told in `problems`.
    """
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    for path, text in _sources(workspace):
        try:
            found = list(extract(extract_words, BytesIO(text.encode()), {"t": None}, (MARK,)))
        except TemplateSyntaxError as error:
            problems.append(Problem(path, error.lineno, f"template syntax: {error.message}"))
            continue
        for line, word, notes, _ in found:
            catalogue.add(word, locations=[(path, line)], auto_comments=notes)
    return catalogue


def _sources(workspace: Workspace) -> Iterator[tuple[str, str]]:
    for name, content in sorted(workspace.brand.items()):
        if name.endswith(_LAYOUTS):
            yield f"templates/_brand/{name}", content.decode("utf-8", errors="replace")
    paths = {file.path for files in workspace.templates.values() for file in files}
    for path in sorted(paths):
        yield path, read_text(workspace.root / path, workspace.root)
