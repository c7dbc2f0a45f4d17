"""The links of an e-mail: what kind each is, where it stands, and the campaign parameters it takes.

Read from the template without rendering, so that a reviewer sees every link before anything is sent, or from
the HTML of a message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import quote, urlsplit

from ccm.render.language import Piece
from ccm.render.markup_tokens import Tokens
from ccm.workspace.channels import Utm
from ccm.workspace.communication import Communication
from ccm.workspace.settings import Organisation

LinkKind = Literal["web", "telephone", "mail", "preference", "page"]
"""`preference`: where a customer changes or stops what is sent. `page`: a place in the e-mail itself."""
_HREF = re.compile(r'(<a\b[^>]*\shref=")([^"]*)(")')
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Link:
    """One link."""

    kind: LinkKind
    address: str
    """As it is written; in a template, what the message fills in stands as ``{message.reference}``."""
    text: str
    """The words, or the alternative text of the picture, that a customer clicks."""
    own: bool
    """Leads to a host of the organisation."""
    path: str = ""
    line: int = 0
    """Of the template file; 0 for a link of a message."""


@dataclass(frozen=True, slots=True)
class LinkRules:
    """What tells the organisation's links from others."""

    website: str
    preference_url: str
    hosts: frozenset[str]
    """Besides those of website and preference page."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Campaign parameters and their values, in order; none where this communication takes none."""

    @classmethod
    def of(cls, organisation: Organisation, utm: Utm | None, communication: Communication, language: str) -> LinkRules:
        """The rules for a communication's e-mails in one language."""
        hosts = {str(urlsplit(link).hostname) for link in (organisation.website, organisation.preference_url)}
        parameters: tuple[tuple[str, str], ...] = ()
        if utm is not None:
            hosts |= set(utm.hosts)
            if communication.purpose in utm.purposes:
                names = {"communication": communication.id, "category": communication.category, "language": language}
                parameters = utm.parameters(names)
        return cls(organisation.website, organisation.preference_url, frozenset(hosts), parameters)

    def kind(self, address: str) -> LinkKind:
        """The kind of an address."""
        scheme = address.partition(":")[0].lower()
        if scheme in ("tel", "mailto"):
            return "telephone" if scheme == "tel" else "mail"
        if address.startswith("#"):
            return "page"
        rest = address.removeprefix(self.preference_url)
        return "preference" if rest != address and rest[:1] in ("", "/", "?", "#") else "web"

    def own(self, address: str) -> bool:
        """Whether an address leads to a host of the organisation."""
        host = re.match(r"https://([a-z0-9.-]+)(?=[:/?#]|$)", address, re.IGNORECASE)
        return host is not None and host[1].lower() in self.hosts

    def known(self, piece: Piece) -> str:
        """What a piece of code prints where that is the same in every message, else its name in braces."""
        known = {"organisation.website": self.website, "organisation.preference_url": self.preference_url}
        return known.get(piece.inner, "{" + piece.inner + "}")


def template_links(pieces: Sequence[Piece], rules: LinkRules, path: str, first_line: int = 1) -> tuple[Link, ...]:
    """The links of a checked MJML template in the order they stand in, without rendering it."""
    tokens = Tokens(pieces)
    parser = _Links(rules, tokens, path, first_line)
    parser.read(_in_lines(pieces, tokens))
    return tuple(parser.links)


def markdown_links(links: Sequence[Link], text: str, first_line: int = 1) -> tuple[Link, ...]:
    """The same links with the lines on which their words stand in Markdown; 0 where formatting hides them."""
    found, at = [], 0
    for link in links:
        place = text.find("[" + link.text.partition("{")[0], at)
        at = max(at, place + 1)
        found.append(replace(link, line=0 if place < 0 else first_line + text.count("\n", 0, place)))
    return tuple(found)


def page_links(html: str, rules: LinkRules) -> tuple[Link, ...]:
    """The links of a message's HTML in the order they stand in."""
    parser = _Links(rules, Tokens(()), "", 0)
    parser.read(html)
    return tuple(parser.links)


def with_campaign(page: str, tokens: Tokens, rules: LinkRules) -> str:
    """The compiled page, its code still hidden, with campaign parameters on the links to the organisation's hosts.

    Those to the preference page stay as they are: what a customer is offered to leave by is not measured. A
    parameter that a link already has stays too, and so does its fragment (RFC 3986, 3.5: behind the query).
    """
    if not rules.parameters:
        return page

    def extended(found: re.Match[str]) -> str:
        address = unescape(found[2])
        resolved = _resolved(address, tokens, rules)
        if rules.kind(resolved) != "web" or not rules.own(resolved) or "#" in rules.website:
            return found[0]
        base, hash_mark, fragment = address.partition("#")
        query = _resolved(base, tokens, rules).partition("?")[2]
        there = {part.partition("=")[0] for part in query.split("&")}
        more = "&".join(f"{name}={quote(value, safe='')}" for name, value in rules.parameters if name not in there)
        if not more:
            return found[0]
        joint = "?" if "?" not in _resolved(base, tokens, rules) else "" if base.endswith(("?", "&")) else "&"
        return found[1] + escape(f"{base}{joint}{more}{hash_mark}{fragment}") + found[3]

    return _HREF.sub(extended, page)


def _resolved(address: str, tokens: Tokens, rules: LinkRules) -> str:
    return tokens.pattern.sub(lambda found: rules.known(tokens.pieces[int(found[1])]), address)


def _in_lines(pieces: Sequence[Piece], tokens: Tokens) -> str:
    """The markup with tokens for its code, each on the line it has in the file (comments are gone from pieces)."""
    out: list[str] = []
    line, index = 1, 0
    for piece in pieces:
        text = piece.text if piece.kind == "data" else tokens.word(index)
        index += piece.kind != "data"
        if piece.kind == "data" and piece.line > line:
            text = "\n" * (piece.line - line) + text
        out.append(text)
        line += text.count("\n")
    return "".join(out)


@dataclass
class _Open:
    address: str
    line: int
    words: list[str] = field(default_factory=list)


class _Links(HTMLParser):
    def __init__(self, rules: LinkRules, tokens: Tokens, path: str, first_line: int) -> None:
        super().__init__(convert_charrefs=True)
        self.rules, self.tokens, self.path, self.first_line = rules, tokens, path, first_line
        self.links: list[Link] = []
        self.open: dict[str, _Open] = {}
        """Tag name to the link that is open; links do not nest."""

    def read(self, text: str) -> None:
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("img", "mj-image"):
            for link in self.open.values():
                link.words.append(values.get("alt") or "")
        address = values.get("href")
        if address is None or tag not in ("a", "mj-button", "mj-image"):
            return
        opened = _Open(address, self.getpos()[0], [values.get("alt") or ""] if tag == "mj-image" else [])
        if tag == "mj-image":
            self._add(opened)
        else:
            self.open[tag] = opened

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            self._add(self.open.pop(tag))

    def handle_data(self, data: str) -> None:
        for link in self.open.values():
            link.words.append(data)

    def _add(self, link: _Open) -> None:
        address, text = (_resolved(part, self.tokens, self.rules) for part in (link.address, "".join(link.words)))
        line = self.first_line - 1 + link.line if self.path else 0
        kind, own = self.rules.kind(address), self.rules.own(address)
        self.links.append(Link(kind, address, _SPACE.sub(" ", text).strip(), own, self.path, line))
