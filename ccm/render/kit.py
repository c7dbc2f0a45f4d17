"""What a channel compiles its template with: one file's checked parts, its names, and the brand's layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape

from jinja2 import Template

from ccm.errors import Problem
from ccm.render.assemble import tree_of
from ccm.render.channels.base import Filling
from ccm.render.compile import HTML, PLAIN, check_source, data, join
from ccm.render.dialects import Dialect
from ccm.render.environment import render
from ccm.render.language import Piece, Source
from ccm.render.layouts import Layouts
from ccm.render.linebreaks import break_headings
from ccm.render.markup import check_markup
from ccm.render.schema import Type
from ccm.workspace import Workspace
from ccm.workspace.catalogues import translated
from ccm.workspace.communication import TemplateFile

_WORD = re.compile(r"""\(?\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\|\s*t\s*\)?""")
_EMPTY_LINES = re.compile(r"\n\s*\n")
_USES_WORD = re.compile(r"\|\s*t\b")
Converter = Callable[[Source, Sequence[Piece], list[Problem]], list[Piece]]


@dataclass(frozen=True, slots=True)
class Page:
    """The templates of a page and of its subject or title."""

    page: Template
    title: Template

    def fill(self, filling: Filling) -> tuple[str, str]:
        """The page, and its title with the mark of a preview; raises `RenderError`."""
        return render(self.page, filling.html), filling.mark + render(self.title, filling.plain).strip()


@dataclass
class Kit:
    """One file on its way to a compiled template. Whatever is wrong is appended to `problems`."""

    file: TemplateFile
    workspace: Workspace
    names: Mapping[str, Type]
    languages: tuple[str, ...]
    """The message's language and those behind it, for the words of the catalogues."""
    layouts: Layouts
    problems: list[Problem]
    uses: set[str] = field(default_factory=set)
    """Names that the file and its layout read."""
    sources: list[Source] = field(default_factory=list)
    """Every text with code that was checked: body, front matter, values of structured files, layout."""

    _read: list[Piece] | None = None
    """Of the source checked last."""

    @property
    def source(self) -> Source:
        return Source(self.file.path, self.file.body, self.file.body_line, language=self.file.written_in)

    def body(self, dialect: Dialect | None = None, convert: Converter | None = None) -> list[Piece] | None:
        """The body's checked pieces; `convert` turns Markdown into the dialect's markup first."""
        if self.file.kind != "markdown":
            return self.check(self.source, dialect)
        assert convert is not None
        before = len(self.problems)
        pieces = self.check(self.source, figures=dialect is not None and dialect.figures)
        read = self._read if pieces is None else pieces
        if read is None:
            return None
        # Wrong code does not keep the marks around it from being looked at: a writer is told everything at once.
        made = convert(self.source, read, self.problems)
        if dialect is not None:
            made = check_markup(self.source, made, dialect, self.problems, assets=self.workspace.brand)
            made = break_headings(made, self.file.written_in, dialect)
        # The empty lines only kept each block on its line of the file.
        kept = [
            replace(piece, text=_EMPTY_LINES.sub("\n", piece.text)) if piece.kind == "data" else piece for piece in made
        ]
        return kept if len(self.problems) == before else None

    def layout(self, name: str, dialect: Dialect) -> list[Piece] | None:
        """The pieces of one of the brand's layouts, its words in the message's language."""
        pieces, uses = self.layouts.get(name, dialect)
        self.uses |= uses
        self.sources += [self.layouts.sources[name]] if name in self.layouts.sources else []
        return None if pieces is None else self._translated(pieces, Source(f"templates/_brand/{name}", ""), markup=True)

    def meta(self, name: str) -> list[Piece] | None:
        """The pieces of one value of the front matter."""
        return self.check(self._meta_source(name))

    def check(self, source: Source, dialect: Dialect | None = None, *, figures: bool = False) -> list[Piece] | None:
        """A source's checked pieces, None where it is wrong."""
        assets = self.workspace.brand
        checked = check_source(source, self.names, self.problems, dialect, assets=assets, figures=figures)
        self.uses |= checked.uses
        self.sources.append(source)
        self._read = checked.read
        return None if checked.pieces is None else self._translated(checked.pieces, source, markup=dialect is not None)

    def text(self, pieces: Sequence[Piece]) -> Template:
        """A template of plain text."""
        return PLAIN.make(tree_of(pieces))

    def page(self, layout: Sequence[Piece], body: Sequence[Piece]) -> Template:
        """A template of a whole HTML page."""
        return HTML.make(tree_of(join(layout, body)))

    def only_text(self) -> Callable[[], Template] | None:
        """What makes the template of a file that is nothing but text; None where it is wrong."""
        body = self.body()
        return None if body is None else lambda: self.text(body)

    def whole_page(self, layout: str, dialect: Dialect, convert: Converter, head: str) -> Callable[[], Page] | None:
        """What makes the templates of a body in one of the brand's layouts; None where something is wrong.

        `head` names the value of the front matter that is the page's subject or title.
        """
        around, body, title = self.layout(layout, dialect), self.body(dialect, convert), self.meta(head)
        if around is None or body is None or title is None:
            return None
        return lambda: Page(self.page(around, body), self.text(title))

    def link(self, source: Source, dialect: Dialect) -> list[Piece] | None:
        """The checked pieces of a text that is a link's address, under the rules for every link."""
        if found := re.search(r"[\"<>]", source.text):
            self.problems.append(source.problem(1, f"a link cannot hold {found[0]}"))
            return None
        before, after = '<a href="', '">x</a>'
        wrapped = replace(source, text=before + source.text + after, first_column=source.first_column - len(before))
        pieces = self.check(wrapped, dialect)
        if pieces is None:
            return None
        first, last = pieces[0], pieces[-1]
        first = replace(first, text=first.text[len(before) :])
        if len(pieces) == 1:
            return [replace(first, text=first.text[: -len(after)])]
        return [first, *pieces[1:-1], replace(last, text=last.text[: -len(after)])]

    def _translated(self, pieces: Sequence[Piece], source: Source, *, markup: bool) -> list[Piece]:
        """Shared words put in, in the language of the message."""
        done = []
        for piece in pieces:
            if piece.kind == "data" or not _USES_WORD.search(piece.inner):
                done.append(piece)
                continue
            found = _WORD.fullmatch(piece.inner)
            if found is None:
                message = "'t' translates one literal text that stands by itself, as in {{ 'Date'|t }}"
                self.problems.append(source.problem(piece.line, message, piece.column))
                continue
            word = found[1] if found[1] is not None else found[2]
            text = translated(word, self.languages, self.workspace.catalogues)
            if text is None:
                message = f"'{word}' has no translation in templates/_brand/locale/{self.languages[0]}.po"
                self.problems.append(source.problem(piece.line, message, piece.column))
            else:
                done.append(data(escape(text) if markup else text))
        return done

    @cached_property
    def _rows(self) -> list[str]:
        # The loader keeps values only; the file itself says on which line of the front matter each stands.
        try:
            text = (self.workspace.root / self.file.path).read_text(encoding="utf-8-sig")
        except OSError:
            text = ""
        return text.split("\n")[: self.file.body_line]

    def _meta_source(self, name: str) -> Source:
        line = column = 1
        for number, row in enumerate(self._rows, 1):
            if found := re.match(rf"{name}\s*:\s*[\"']?", row):
                line, column = number, found.end() + 1
        return Source(self.file.path, self.file.meta[name], line, column, self.file.written_in)
