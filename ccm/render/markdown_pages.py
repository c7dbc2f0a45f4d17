"""The blocks of a Markdown body as markup: for the e-mail's layout (MJML) and for pages (letter, inbox).

Classes and the attributes of ``mj-class`` say what a part is; how it looks stands in ``templates/_brand``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from markdown_it.token import Token

from ccm.errors import Problem
from ccm.render.language import Piece, Source
from ccm.render.markdown import Block, read_markdown
from ccm.render.markup_tokens import Tokens

_SAME = {"strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>"}
_BREAKS = {"softbreak": "\n", "hardbreak": "<br>"}


def mail_pieces(source: Source, pieces: Sequence[Piece], problems: list[Problem]) -> list[Piece]:
    """The body as MJML sections."""
    return _pieces(source, pieces, problems, _Mail)


def letter_pieces(source: Source, pieces: Sequence[Piece], problems: list[Problem]) -> list[Piece]:
    """The body as HTML to print: the address of a link stands behind its words."""
    return _pieces(source, pieces, problems, _Letter)


def page_pieces(source: Source, pieces: Sequence[Piece], problems: list[Problem]) -> list[Piece]:
    """The body as HTML for a screen."""
    return _pieces(source, pieces, problems, _Page)


def _pieces(source: Source, pieces: Sequence[Piece], problems: list[Problem], made: type[_Page]) -> list[Piece]:
    tokens = Tokens(pieces)
    page = made(tokens)
    page.document(read_markdown(source, pieces, tokens, problems))
    text, at, done = page.text(), 0, []
    for found in tokens.pattern.finditer(text):
        done.append(Piece("data", text[at : found.start()], 0, 0))
        done.append(tokens.pieces[int(found[1])])
        at = found.end()
    return [*done, Piece("data", text[at:], 0, 0)]


class _Page:
    """HTML for a screen. Each block starts on the line that it has in the body, so that findings fit."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._out: list[str] = []
        self._line = 1

    def text(self) -> str:
        return "".join(self._out)

    def put(self, text: str) -> None:
        self._out.append(text)
        self._line += text.count("\n")

    def at(self, line: int) -> None:
        if line > self._line:
            self.put("\n" * (line - self._line))

    def document(self, blocks: Iterable[Block]) -> None:
        self.blocks(blocks)

    def blocks(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self.at(block.line)
            self.block(block)

    def block(self, block: Block) -> None:
        match block.kind:
            case "code":
                self.put(block.code)
            case "heading":
                self.put(f"<{block.tag}>{self.inline(block.inline)}</{block.tag}>")
            case "wording":
                self.put(f'<p class="wording">{self.inline(block.inline)}</p>')
            case "button":
                self.put(f'<p class="button">{self.inline(block.inline)}</p>')
            case "paragraph":
                self.put(f"<p>{self.inline(block.inline)}</p>")
            case "rule":
                self.put("<hr>")
            case "table":
                self.put(f'<table class="{"facts" if _is_facts(block) else "rows"}">')
                self.put(self.rows(block))
                self.put("</table>")
            case "quote":
                self.inside("blockquote", block)
            case "list":
                self.inside(block.tag, block, f' start="{block.start}"' if block.start != 1 else "")
            case "item":
                self.item(block)
            case _:
                self.blocks(block.blocks)

    def inside(self, tag: str, block: Block, attributes: str = "") -> None:
        self.put(f"<{tag}{attributes}>")
        self.blocks(block.blocks)
        self.put(f"</{tag}>")

    def item(self, block: Block) -> None:
        """A list item; one that is a single paragraph needs no element around its words."""
        if len(block.blocks) == 1 and block.blocks[0].kind == "paragraph":
            self.put(f"<li>{self.inline(block.blocks[0].inline)}</li>")
        else:
            self.inside("li", block)

    def rows(self, block: Block) -> str:
        first, *others = block.rows
        assert not isinstance(first, str)
        facts = _is_facts(block)
        done = [] if facts else ["<thead>", self.row(first, _heading_cell), "</thead>"]
        lines = (row if isinstance(row, str) else self.row(row, _facts_cell if facts else _cell) for row in others)
        return "".join([*done, *lines] if facts else [*done, "<tbody>", *lines, "</tbody>"])

    def row(self, cells: Sequence[Token], tag: Callable[[int], str]) -> str:
        done = []
        for place, cell in enumerate(cells):
            name = tag(place)
            number = ' class="number"' if cell.meta.get("align") == "right" else ""
            done.append(f"<{name}{number}>{self.inline(cell.children or [])}</{name.split()[0]}>")
        return f"<tr>{''.join(done)}</tr>"

    def inline(self, children: Sequence[Token]) -> str:
        return "".join(self._parts(children))

    def _parts(self, children: Sequence[Token]) -> Iterator[str]:
        href, words = "", ""
        for child in children:
            text = _SAME.get(child.type) or _BREAKS.get(child.type) or escape(child.content)
            if child.type == "link_open":
                href, words = str(child.attrs["href"]), ""
                text = self.link_open(escape(href))
            elif child.type == "link_close":
                text = self.link_close(escape(href), words)
                href = ""
            elif href:
                words += child.content
            yield text

    def link_open(self, href: str) -> str:
        return f'<a href="{href}">'

    def link_close(self, href: str, words: str) -> str:
        return "</a>"


class _Letter(_Page):
    """HTML to print."""

    def link_close(self, href: str, words: str) -> str:
        shown = href.removeprefix("mailto:").removeprefix("tel:")
        return "</a>" if shown == escape(words) else f'</a> (<span class="whole">{shown}</span>)'


class _Mail(_Page):
    """MJML: runs of words in `mj-text`, tables in `mj-table`, links that stand alone as `mj-button`."""

    _OPEN = '<mj-section{}><mj-column css-class="inset">'
    _CLOSE = "</mj-column></mj-section>"

    def document(self, blocks: Iterable[Block]) -> None:
        self.put(self._OPEN.format(""))
        self._column(blocks)
        self.put(self._CLOSE)

    def _column(self, blocks: Iterable[Block]) -> None:
        for name, group in groupby(blocks, _mail_kind):
            for run in [list(group)] if name == "body-text" else [[block] for block in group]:
                self.at(run[0].line)
                self._element(name, run)

    def _element(self, name: str, run: Sequence[Block]) -> None:
        block = run[0]
        match name:
            case "rule":
                self.put(self._CLOSE + self._OPEN.format(' mj-class="body-rule"'))
            case "code":
                self.put(block.code)
            case "region":
                self._column(block.blocks)
            case "body-button":
                link, *words, _ = block.inline
                href = escape(str(link.attrs["href"]))
                self.put(f'<mj-button mj-class="{name}" href="{href}">{self.inline(words)}</mj-button>')
            case "body-table":
                kind = "facts" if _is_facts(block) else "rows"
                self.put(f'<mj-table mj-class="{name}" css-class="{kind}">{self.rows(block)}</mj-table>')
            case _:
                self.put(f'<mj-text mj-class="{name}">')
                self.blocks(run)
                self.put("</mj-text>")


def _mail_kind(block: Block) -> str:
    """Which element a block goes into. A region of words alone stays in its text."""
    match block.kind:
        case "heading":
            return "body-title" if block.tag == "h1" else "body-text"
        case "button" | "table" | "wording":
            return f"body-{block.kind}"
        case "rule" | "code":
            return block.kind
        case "region":
            inner = {_mail_kind(part) for part in block.blocks} - {"code"}
            return "body-text" if inner <= {"body-text"} else "region"
    return "body-text"


def _is_facts(block: Block) -> bool:
    """A table whose heading is empty lists facts: what it is to the left, the figure to the right."""
    first = block.rows[0]
    return not isinstance(first, str) and not any(cell.content for cell in first)


def _facts_cell(place: int) -> str:
    return "td" if place else 'th scope="row"'


def _heading_cell(place: int) -> str:
    return 'th scope="col"'


def _cell(place: int) -> str:
    return "td"
