"""Simple bodies: Markdown with placeholders, read into blocks that every channel lays out in its own way.

CommonMark with tables; no HTML. A line that holds only ``{% if … %}``, ``{% for … %}`` or their like stands
between blocks, list items or table rows. A paragraph that is a link alone is a button in e-mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.common.utils import isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from ccm.errors import Problem
from ccm.render.language import Piece, Source
from ccm.render.markup_tokens import Tokens

_CODE_LINE = "ccm_code"
_CJK = re.compile("[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_LEFT_OVER = re.compile(r"(?<!\\)(\*\*|__|~~|\]\(|^#{1,6}[^#\s])", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--")
_HEADINGS = {"h1", "h2", "h3"}


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list, table, rule or quotation; or a line of code, or what stands between two of them."""

    kind: str
    """``heading``, ``paragraph``, ``button``, ``wording``, ``list``, ``table``, ``rule``, ``quote``, ``code``,
    ``region`` (from an `if` or `for` to its end) or ``item`` (of a list)."""
    line: int
    """Counts from 1 within the body."""
    tag: str = ""
    """``h1`` to ``h3``; ``ul`` or ``ol``."""
    inline: list[Token] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    rows: list[list[Token] | str] = field(default_factory=list)
    """Of a table: cells, or the code that stands between rows. The first row is the heading."""
    code: str = ""
    """Tokens of a line of code."""
    start: int = 1
    """Of an ordered list."""


def read_markdown(source: Source, pieces: Sequence[Piece], tokens: Tokens, problems: list[Problem]) -> list[Block]:
    """The blocks of a body whose code is hidden behind `tokens`; what is not possible is appended to `problems`."""
    words = iter(range(len(tokens.pieces)))
    text = "".join(p.text if p.kind == "data" else tokens.word(next(words)) for p in pieces)
    return _Reader(source, tokens, problems).read(text)


class _Reader:
    def __init__(self, source: Source, tokens: Tokens, problems: list[Problem]) -> None:
        self.source, self.tokens, self.problems = source, tokens, problems
        self._line = re.compile(f"(?:{tokens.pattern.pattern}\\s*)+")
        self._parser = _parser(self._is_code)

    def read(self, text: str) -> list[Block]:
        stream = self._parser.parse(text)
        blocks, end = self._blocks(stream, 0, "")
        assert end == len(stream)
        return _joined(self._regions(blocks))

    def _say(self, line: int, message: str) -> None:
        self.problems.append(self.source.problem(line, message))

    def _is_code(self, line: str) -> bool:
        """Whether a line holds blocks of code and nothing else."""
        return bool(self._line.fullmatch(line)) and all(piece.kind == "block" for piece in self.tokens.find(line))

    def _blocks(self, stream: Sequence[Token], at: int, closing: str) -> tuple[list[Block], int]:
        blocks: list[Block] = []
        while at < len(stream) and stream[at].type != closing:
            token = stream[at]
            line = (token.map[0] if token.map else 0) + 1
            if token.type == _CODE_LINE:
                words = [found[0] for found in self.tokens.pattern.finditer(token.content)]
                blocks += [Block("code", line, code=word) for word in words]
            elif token.type == "hr":
                blocks.append(Block("rule", line))
            elif token.type == "heading_open":
                blocks.append(self._heading(token, stream[at + 1], line))
                at += 2
            elif token.type == "paragraph_open":
                blocks.append(self._paragraph(stream[at + 1], line))
                at += 2
            elif token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open", "list_item_open"):
                inner, at = self._blocks(stream, at + 1, token.type.replace("_open", "_close"))
                blocks.append(self._container(token, inner, line))
            elif token.type == "table_open":
                found, at = self._table(stream, at, line)
                blocks += found
            else:
                name = {"fence": "a code block", "code_block": "an indented block (start the line further left)"}
                self._say(line, f"{name.get(token.type, token.type)} is not possible in a body")
            at += 1
        return blocks, at

    def _heading(self, token: Token, inline: Token, line: int) -> Block:
        if token.tag not in _HEADINGS:
            self._say(line, f"a heading has one to three '#', and this has {token.tag[1:]}")
        return Block("heading", line, tag=token.tag, inline=self._inline(inline, line))

    def _paragraph(self, inline: Token, line: int) -> Block:
        children = self._inline(inline, line)
        kind = "paragraph"
        if len(children) >= 3 and children[0].type == "link_open" and children[-1].type == "link_close":
            kind = "button" if sum(child.type == "link_open" for child in children) == 1 else kind
        found = self.tokens.find(inline.content)
        if self.tokens.pattern.fullmatch(inline.content.strip()) and re.match(r"wording\b", found[0].inner):
            kind = "wording"
        return Block(kind, line, inline=children)

    def _container(self, token: Token, inner: list[Block], line: int) -> Block:
        if token.type == "blockquote_open":
            return Block("quote", line, blocks=self._regions(inner))
        if token.type == "list_item_open":
            return Block("item", line, blocks=self._regions(inner))
        start = token.attrs.get("start", 1)
        return Block("list", line, tag=token.tag, blocks=inner, start=int(start))

    def _table(self, stream: Sequence[Token], at: int, line: int) -> tuple[list[Block], int]:
        block = Block("table", line)
        cells: list[Token] = []
        while stream[at].type != "table_close":
            token = stream[at]
            if token.type in ("th_open", "td_open"):
                inline = stream[at + 1]
                self._inline(inline, line)
                inline.meta["align"] = str(token.attrs.get("style", "")).rpartition(":")[2]
                cells.append(inline)
            elif token.type == "tr_close":
                filled = [cell for cell in cells if cell.content]
                code = len(filled) == 1 and filled[0] is cells[0] and self._is_code(filled[0].content)
                block.rows.append(filled[0].content if code else cells)
                cells = []
            at += 1
        return [block, *self._behind(block)], at

    def _behind(self, table: Block) -> list[Block]:
        """The lines of code directly under a table that end what was opened before it, taken off its rows."""
        depth = 0
        for place, row in enumerate(table.rows):
            for piece in self.tokens.find(row) if isinstance(row, str) else ():
                depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(piece.word, 0)
                if depth < 0 or (depth == 0 and piece.word in ("elif", "else")):
                    rest = table.rows[place:]
                    del table.rows[place:]
                    if any(not isinstance(other, str) for other in rest):
                        self._say(table.line, "an empty line must part this table from what follows its end")
                    words = [found[0] for code in rest if isinstance(code, str)
                             for found in self.tokens.pattern.finditer(code)]  # fmt: skip
                    return [Block("code", table.line + place + 1, code=word) for word in words]
        return []

    def _inline(self, inline: Token, line: int) -> list[Token]:
        for child in inline.children or []:
            line += child.type in ("softbreak", "hardbreak")
            if child.type == "image":
                self._say(line, "a picture cannot stand in a body; the brand's layout holds pictures")
            elif child.type == "code_inline":
                self._say(line, "` ` marks program code, which no customer reads; write the words by themselves")
            elif child.type == "text" and (left := _LEFT_OVER.search(child.content)):
                said = {"#": "write a space behind it", "]": "a link starts with https://, mailto: or tel:"}.get(
                    left[1][0], "it opens or closes nothing here"
                )
                self._say(line, f"'{left[1]}' would be printed as it is: {said}")
            elif child.type == "text" and (tag := _TAG.search(child.content)):
                self._say(line, f"'{tag[0][:40]}' would be printed as it is: a body holds no HTML; **words** are bold")
        return inline.children or []

    def _regions(self, blocks: Sequence[Block]) -> list[Block]:
        """Blocks with what stands from an `if` or `for` to its end put into one region."""
        done: list[list[Block]] = [[]]
        for block in blocks:
            word = self.tokens.find(block.code)[0].word if block.kind == "code" else ""
            if word in ("if", "for"):
                done.append([block])
            elif word.startswith("end") and len(done) > 1:
                region = Block("region", done[-1][0].line, blocks=_joined([*done.pop(), block]))
                done[-1].append(region)
            else:
                done[-1].append(block)
        # What is never closed is told by the template's own syntax.
        return [block for level in done for block in level]


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """Lists that only code parts become one list, with the code between its items."""
    done: list[Block] = []
    for block in blocks:
        made = _list_of(block)
        if made and done and done[-1].kind == "list" and done[-1].tag == made.tag:
            done[-1].blocks += made.blocks
        else:
            done.append(made or block)
    return done


def _list_of(block: Block) -> Block | None:
    if block.kind == "list":
        return block
    if block.kind != "region":
        return None
    lists = [inner for inner in block.blocks if inner.kind == "list"]
    if not lists or any(inner.kind not in ("list", "code") for inner in block.blocks):
        return None
    items = [item for inner in block.blocks for item in (inner.blocks if inner.kind == "list" else [inner])]
    return Block("list", block.line, tag=lists[0].tag, blocks=items, start=lists[0].start)


def _parser(is_code: object) -> MarkdownIt:
    assert callable(is_code)

    def code_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        text = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
        if not text or not is_code(text):
            return False
        if not silent:
            token = state.push(_CODE_LINE, "", 0)
            token.content, token.map = text, [start, start + 1]
            state.line = start + 1
        return True

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    parser.disable(["html_block", "html_inline", "reference", "autolink", "entity"])
    # Not in tables, whose lines of code stand between rows.
    parser.block.ruler.before("paragraph", _CODE_LINE, code_line, {"alt": ["paragraph", "list"]})
    inline = _Inline()
    inline.ruler, inline.ruler2 = parser.inline.ruler, parser.inline.ruler2
    parser.inline = inline
    return parser


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: object, tokens: list[Token]) -> list[Token]:
        state = _InlineState(src, md, env, tokens)  # type: ignore[arg-type]
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _InlineState(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 (the library's names)
        """As CommonMark 0.31.2, 6.2; besides, marks beside Japanese work without spaces, also next to 」 and 。."""
        found = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1] if start else " "
        end = start + found.length
        after = self.src[end] if end < self.posMax else " "
        if not (_CJK.match(before) or _CJK.match(after)) or self.src[start] != "*":
            return found
        return Scanned(not isWhiteSpace(ord(after)), not isWhiteSpace(ord(before)), found.length)
