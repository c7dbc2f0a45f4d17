"""Checks the markup of a template around its code: tags, attributes, links, and where code may stand.

The code is hidden behind opaque tokens, the rest must be plain, well-formed markup. The rules are strict
(every attribute quoted, every tag closed in the branch it was opened in) so that this parser, mrml,
WeasyPrint and mail programs all see the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from html import unescape
from types import MappingProxyType

from ccm.errors import Problem
from ccm.render.checker_figures import FIGURES
from ccm.render.dialects import CONTENT, MJML_PARENTS, VOID, Dialect
from ccm.render.email_images import picture_problem
from ccm.render.language import Piece, Source
from ccm.render.markup_places import MarkupPlaces
from ccm.render.markup_reading import MarkupReading
from ccm.render.markup_tokens import Tokens
from ccm.render.mjml_rules import attribute_problems

_START_TAG = re.compile(
    r"""<[a-z][a-z0-9-]*(?:\s+[a-z][a-z0-9_:-]*(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'))?)*\s*/?>""", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"""([a-z][a-z0-9_:-]*)(?:\s*=\s*(?:"([^"<]*)"|'([^'<]*)'))?""", re.IGNORECASE)
_UNQUOTED = re.compile(r"=\s*[^\s\"'>=]")
_HOST = re.compile(r"https://[a-z0-9.-]+(?:[/?#]|$)", re.IGNORECASE)
_OWN_LINKS = ("organisation.website", "organisation.preference_url")
_FIGURE = re.compile(r"\|\s*(?:" + "|".join(sorted(FIGURES)) + r")\b")
_HIDING = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0*\.?0+(?![.0-9])"
    r"|font\s*:[^;]*\b0(?:px|pt|em|rem|%)?\b)",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\|\s*(?:" + "|".join(sorted(FIGURES)) + r")\b")
_CSS_REFUSED = re.compile(r"url\s*\(|@import|expression\s*\(|behaviou?r\s*:|-moz-binding|\\", re.IGNORECASE)
NOTHING: Mapping[str, bytes] = MappingProxyType({})


def check_markup(
    source: Source, pieces: Sequence[Piece], dialect: Dialect, problems: list[Problem], *,
    layout: bool = False, assets: Mapping[str, bytes] = NOTHING,
) -> list[Piece]:  # fmt: skip
    """The pieces, each told where it stands; whatever is not possible is appended to `problems`.

    `assets` are the files that a page may refer to, by name. A layout holds the marker ``<ccm-content/>`` once.
    """
    tokens = Tokens(pieces)
    parser = _Markup(source, tokens, dialect, problems, assets, layout=layout)
    words = iter(range(len(tokens.pieces)))
    hidden = [p.text if p.kind == "data" else tokens.word(next(words)) + "\n" * p.text.count("\n") for p in pieces]
    parser.run("".join(hidden), MarkupPlaces(source, pieces, hidden))
    told = parser.in_url | parser.between
    return [
        replace(piece, in_url=piece in parser.in_url, between_tags=piece in parser.between)
        if piece.kind != "data" and piece in told else piece for piece in pieces
    ]  # fmt: skip


class _Markup(MarkupReading):
    # Tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag)
        if tag not in VOID:
            self.push(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag)

    def _start(self, tag: str) -> None:
        raw = self.get_starttag_text() or ""
        if tag == CONTENT and self.layout:
            self.markers += 1
            if self.blocks or (self.dialect.root and self.stack[-1:] != [self.dialect.root]):
                self.say(f"<{CONTENT}/> must stand by itself" + f" in <{self.dialect.root}>" * bool(self.dialect.root))
            return
        if tag not in self.dialect.tags and not (self.layout and tag in self.dialect.layout_tags):
            self._unknown(tag)
            return
        parent = self.stack[-1] if self.stack else ""
        texts = self.dialect.text_tags
        if texts is not None and not tag.startswith("mj") and not texts & set(self.stack):
            self.say(f"<{tag}> must stand in one of {', '.join(sorted(texts))}, not directly in <{parent}>")
        if texts is not None and tag.startswith("mj") and texts & set(self.stack):
            self.say(f"<{tag}> cannot stand in <{parent}>")
        elif parent not in MJML_PARENTS.get(tag, {parent}) and parent != "mj-attributes":
            wanted = " or ".join(f"<{name}>" for name in sorted(MJML_PARENTS[tag]))
            self.say(f"<{tag}> stands in {wanted}, not in <{parent}>")
        if raw != raw.replace(raw[1 : len(tag) + 1], tag):
            self.say(f"write <{tag}> in small letters")
        self._attributes(tag, raw, parent)

    def _unknown(self, tag: str) -> None:
        if self.tokens.pattern.search(tag):
            self.say("code cannot stand in a tag's name")
            return
        near = get_close_matches(tag, sorted(self.dialect.tags), 1, 0.75)
        hint = f"; did you mean <{near[0]}>?" if near else ""
        if tag in self.dialect.layout_tags:
            self.say(f"<{tag}> stands in the layout of a {self.dialect.name}, not in its body")
        else:
            self.say(f"<{tag}> is not possible in {self.dialect.name} templates{hint}")

    def _attributes(self, tag: str, raw: str, parent: str) -> None:
        found = self.tokens.find(raw)
        if not _START_TAG.fullmatch(raw):
            unquoted = _UNQUOTED.search(re.sub(r"\"[^\"]*\"|'[^']*'", '""', raw))
            what = "its attribute values need quotes" if unquoted else "it is not well-formed"
            if found and not unquoted:
                what = "code cannot stand in a tag outside an attribute's value"
            self.say(f"<{tag}>: {what}", found[0] if found else None)
            return
        in_values: list[Piece] = []
        values: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(raw[1 + len(tag) :].rstrip("/>")):
            name, value = match[1].lower(), match[2] if match[2] is not None else (match[3] or "")
            in_values += self.tokens.find(value)
            if name in values:
                self.say(f"<{tag}> has '{name}' twice")
            values[name] = value
            self._attribute(tag, name, value)
        for problem in attribute_problems(tag, parent, values) if self.dialect.root else ():
            self.say(problem)
        for message in self.letter.opened(tag, values) if self.letter else ():
            self.say(message)
        for piece in found:
            if piece not in in_values:
                self.say("code cannot stand in a tag outside an attribute's value", piece)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        codes = self.tokens.find(value)
        for piece in codes:
            if piece.kind == "block":
                self.say("'if' and 'for' cannot stand inside an attribute", piece)
            elif name not in self.dialect.expression_attributes or tag in ("link", "meta"):
                reason = (
                    "the layout is computed before data are known" if self.dialect.root else "it could change the page"
                )
                allowed = ", ".join(sorted(self.dialect.expression_attributes))
                self.say(f"{{{{ }}}} cannot stand in the attribute '{name}': {reason}; it can in {allowed}", piece)
            elif re.match(r"\(*\s*wording\b", piece.inner):
                self.say("wording cannot stand in an attribute", piece)
            elif _FIGURE.search(piece.inner):
                self.say("a chart or a code cannot stand in an attribute", piece)
        plain = unescape(value)
        self._seen(plain)
        if name.startswith("on") or name in (
            "srcdoc",
            "srcset",
            "background",
            "background-url",
            "action",
            "ping",
            "inline",
        ):
            self.say(f"the attribute '{name}' is not possible")
        elif name == "style" and _CSS_REFUSED.search(plain):
            self.say("a style cannot load or compute anything: no url( ), @import, expression( ) or backslash")
        elif _HIDING.search(plain if name == "style" else f"{name}:{plain}"):
            self.say("a style cannot hide text: the customer must see what was approved")
        elif name == "src" or (tag == "link" and name == "href"):
            if plain not in self.assets:
                self.say(f"'{plain[:60]}' is no file of templates/_brand; nothing else can be loaded")
            elif self.dialect.root and (problem := picture_problem(plain, self.assets[plain])):
                self.say(problem)
        elif name in ("href", "xlink:href"):
            self._link(value, codes)

    def _link(self, value: str, codes: list[Piece]) -> None:
        first = self.tokens.pattern.match(value)
        rest = list(codes)
        if first:
            own = self.tokens.pieces[int(first[1])]
            rest = rest[1:]
            if own.inner not in _OWN_LINKS:
                self.say(f"a link's start must be written out, or be one of {', '.join(_OWN_LINKS)}", own)
            elif value[first.end() :] and value[first.end()] not in "/?#":
                self.say("behind the address a link goes on with /, ? or #", own)
        else:
            literal = unescape(value[: found.start()] if (found := self.tokens.pattern.search(value)) else value)
            host = _HOST.match(literal)
            if re.search(r"[\s\x00-\x1f\\]", literal) or not (
                (host and (not rest or literal[host.end() - 1] in "/?#")) or re.match(r"(mailto|tel):", literal)
                or (not rest and re.fullmatch(r"#[A-Za-z0-9_-]+", literal))
            ):  # fmt: skip
                message = f"link '{literal[:60]}' must start with https://HOST/, mailto: or tel:"
                self.say(message + _meant_link(literal), codes[0] if codes else None)
        self.in_url.update(rest)

    def handle_endtag(self, tag: str) -> None:
        floor = self.blocks[-1][1] if self.blocks else self.base
        if tag in self.astray:
            self.astray.remove(tag)
            return
        if self.tokens.pattern.search(tag):
            if len(self.stack) > floor and self.tokens.pattern.search(self.stack[-1]):
                self.stack.pop()
            else:
                self.say("code cannot stand in a tag's name")
            return
        if len(self.stack) <= floor or self.stack[-1] != tag:
            if tag in VOID:
                self.say(f"<{tag}> is written without an end tag")
                return
            opened = "nothing is open in this branch"
            if len(self.stack) > floor:
                line = self.line_of(self.places.of(*self.opened[len(self.stack) - 1])[0])
                opened = f"<{self.stack[-1]}> of line {line} is open"
            self.say(f"</{tag}> does not fit: {opened}")
            if tag in self.stack[floor:]:
                while self.stack.pop() != tag:
                    pass
            return
        self.stack.pop()
        for message in self.letter.closed(tag) if self.letter else ():
            self.say(message)

    # What stands between tags

    def handle_data(self, data: str) -> None:
        parent = self.stack[-1] if self.stack else ""
        texts = self.dialect.text_tags
        in_text = texts is None or bool(texts & set(self.stack))
        for piece in self.tokens.find(data):
            if parent in ("style", "mj-style"):
                self.say("code cannot stand in a style sheet", piece)
            elif piece.kind == "expression" and not in_text and self._has_place(parent):
                self.say(f"{{{{ }}}} cannot stand directly in <{parent}>; put it in <mj-text>", piece)
            elif piece.kind == "block":
                self._block(piece, parent, in_text=in_text)
        plain = self.tokens.pattern.sub("", data)
        self._seen(plain)
        if self.letter and data.strip():
            self.letter.text()
        if parent in ("style", "mj-style"):
            if _CSS_REFUSED.search(plain) or "<" in plain or not plain.isascii():
                self.say(
                    "a style sheet holds only plain ASCII rules: no url( ), @import, expression( ), backslash or <"
                )
        elif plain.strip() and not in_text and self._has_place(parent):
            self.say(f"text cannot stand directly in <{parent}>")

    def _has_place(self, parent: str) -> bool:
        """Whether `parent` is where it may be; else it was told of, and what is in it need not be."""
        return not parent or parent in MJML_PARENTS

    def _block(self, piece: Piece, parent: str, *, in_text: bool) -> None:
        if not in_text:
            self.between.add(piece)
            if parent not in self.dialect.block_tags:
                where = " or ".join(f"<{tag}>" for tag in sorted(self.dialect.block_tags))
                message = f"'{piece.word}' cannot stand directly in <{parent}>, whose widths are fixed before"
                self.say(f"{message}; it can in {where}", piece)
        depth = len(self.stack)
        if piece.word in ("if", "for"):
            self.blocks.append((piece, depth))
        elif self.blocks:
            start, opened = self.blocks[-1]
            if depth != opened:
                line = self.line_of(start.line)
                self.say(f"tags must be closed in the branch that they were opened in, of line {line}", piece)
                self.astray += self.stack[opened:]
                del self.stack[opened:]
            if piece.word.startswith("end"):
                self.blocks.pop()


def _meant_link(literal: str) -> str:
    if found := re.match(r"(?:http://)?((?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#].*)?)$", literal, re.IGNORECASE):
        return f"; did you mean 'https://{found[1][:60]}'?"
    return f"; did you mean 'mailto:{literal[:60]}'?" if re.fullmatch(r"[^\s@:/]+@[^\s@:/]+", literal) else ""
