"""An e-mail's template: MJML compiled once, HTML and text part filled for each message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import Any

from jinja2 import Template, nodes

from ccm.errors import Problem
from ccm.render.assemble import tree_of, tree_of_text
from ccm.render.compile import HTML, PLAIN, data, hidden, join
from ccm.render.context import constants_of
from ccm.render.email_images import Picture, with_pictures
from ccm.render.email_links import Link, LinkRules, markdown_links, template_links, with_campaign
from ccm.render.environment import render
from ccm.render.folding import Constants
from ccm.render.language import Piece
from ccm.render.markup_tokens import Tokens
from ccm.render.mjml import compile_mjml
from ccm.render.mjml_child import MjmlError
from ccm.render.plaintext import text_template, tidy
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile

_LINK = re.compile(r'href="(https?://[^"]*)"')
_LAYOUT = "templates/_brand/email.mjml"
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark")
_SCHEME_NAMES = ("color-scheme", "supported-color-schemes")
"""The second is what Apple Mail knew before the first became a standard (CSS Color Adjustment 1, 2.3)."""
_PADDING = "\n" + ("&#847;&#8204;&#160;" * 10 + "\n") * 9
"""Combining grapheme joiner, zero width non-joiner and a space: nothing to see, and no white space to fold."""
GMAIL_CLIPS_AT = 102_000
"""Bytes of HTML. Google does not publish it; the field's figure is 102 kB, and spamresource.com (2022-01, "What
is Gmail clipping") measured 105 kB."""
_ROOT = re.compile(r"<mjml\b[^>]*>")
_SUBJECT, _PREHEADER = (
    Piece("expression", f"{{{{ {name} }}}}", 0, 0, name, code=nodes.Name(name, "load", lineno=1))
    for name in ("_subject", "_preheader")
)


@dataclass(frozen=True, slots=True)
class EmailBody:
    """One message's subject, HTML and text part."""

    subject: str
    html: str
    text: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmailSetting:
    """What shapes an e-mail besides its templates."""

    path: str
    """Of the communication's own template."""
    first_line: int
    """Of its body in that file."""
    language: str
    brand: Mapping[str, bytes]
    domain: str
    """The sender's."""
    links: LinkRules
    constants: Constants
    """What is the same in every message of the language."""
    markdown: str
    """The body where it is Markdown, else empty."""

    @classmethod
    def of(cls, workspace: Workspace, communication: Communication, file: TemplateFile) -> EmailSetting:
        """The setting of one template file in its workspace."""
        channel = workspace.channels.get("email")
        links = LinkRules.of(
            workspace.settings.organisation, channel.utm if channel else None, communication, file.language
        )
        markdown = file.body if file.kind == "markdown" else ""
        domain = str(channel.sender).rpartition("@")[2] if channel else ""
        return cls(
            file.path,
            file.body_line,
            file.language,
            workspace.brand,
            domain,
            links,
            _constants(workspace, file.language),
            markdown,
        )


def _constants(workspace: Workspace, language: str) -> Constants:
    """All but the link to the preference page, of which each message has its own."""
    constants = constants_of(workspace, language)
    return {name: {field: text for field, text in fields.items() if field != "preference_url"}
            for name, fields in constants.items()}  # fmt: skip


class EmailTemplate:
    """The templates of one communication's e-mail in one language.

    Attributes: `pictures`, MIME parts that every message carries.
    """

    def __init__(
        self, subject: Template, preheader: Template, html: Template, text: Template,
        links: Callable[[], tuple[Link, ...]], pictures: Sequence[Picture],
    ) -> None:  # fmt: skip
        self._subject = subject
        self._preheader = preheader
        self._html = html
        self._text = text
        self._links = links
        self.pictures = tuple(picture.part for picture in pictures)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """All links that it has, in order, layout first."""
        return self._links()

    def fill(self, plain: Mapping[str, Any], html: Mapping[str, Any]) -> EmailBody:
        """The e-mail from the values for text and those for HTML, which differ only in `wording`.

        Raises `RenderError`.
        """
        subject = render(self._subject, plain).strip()
        lead = {"_subject": subject, "_preheader": render(self._preheader, plain).strip()}
        page = render(self._html, {**html, **lead}, references=True)
        text = tidy(render(self._text, {**plain, **lead}))
        return EmailBody(subject, page, text, tuple(dict.fromkeys(map(unescape, _LINK.findall(page)))))


def compile_email(
    layout: Sequence[Piece], body: Sequence[Piece], meta: Mapping[str, Sequence[Piece]], setting: EmailSetting,
    problems: list[Problem],
) -> EmailTemplate | None:  # fmt: skip
    """The e-mail template of checked pieces, or None with the reason appended to `problems`."""
    path = setting.path
    pieces = _with_head(join(layout, body))
    tokens = Tokens(pieces)
    document = _ROOT.sub(f'<mjml lang="{setting.language}" dir="ltr">', hidden(pieces, tokens), count=1)
    document, pictures = with_pictures(document, setting.brand, setting.domain)
    try:
        page = compile_mjml(document)
    except MjmlError as error:
        problems.append(Problem(path, 0, str(error)))
        return None
    lost = _lost(page, tokens)
    for piece, why in lost:
        place = (_LAYOUT, piece.line) if piece in layout else (path, setting.first_line - 1 + piece.line)
        problems.append(Problem(*place, why, piece.column))
    if lost:
        return None
    text = text_template(page, tokens)
    page = with_campaign(_padded(page, tokens), tokens, setting.links)
    # Letters beyond ASCII become references once here instead of in every message.
    page = page.encode("ascii", "xmlcharrefreplace").decode()

    def links() -> tuple[Link, ...]:
        own = template_links(body, setting.links, path, setting.first_line)
        if setting.markdown:
            own = markdown_links(own, setting.markdown, setting.first_line)
        return template_links(layout, setting.links, _LAYOUT) + own

    return EmailTemplate(
        PLAIN.make(tree_of(meta["subject"], setting.constants)),
        PLAIN.make(tree_of(meta["preheader"], setting.constants)),
        HTML.make(tree_of_text(page, tokens, setting.constants)),
        PLAIN.make(tree_of_text(text, tokens, setting.constants)),
        links,
        pictures,
    )


def clipped(html: str) -> str:
    """A finding where Gmail would cut an e-mail's HTML off, with its size as it is sent; else an empty text."""
    size = len(html.encode("ascii", "xmlcharrefreplace"))
    if size <= GMAIL_CLIPS_AT:
        return ""
    return (
        f"the HTML has {size / 1000:.0f} kB, and Gmail cuts off what is beyond {GMAIL_CLIPS_AT // 1000} kB, the way "
        "to unsubscribe included; say less, or put it on a page and link to it"
    )


def _lost(page: str, tokens: Tokens) -> list[tuple[Piece, str]]:
    """The pieces that MJML did not carry through exactly once, and what that means."""
    seen = tokens.find(page)
    found = []
    for piece in tokens.pieces:
        # mrml puts the title into the page's aria-label too.
        if seen.count(piece) != 1 and piece is not _SUBJECT:
            where = "would not reach the e-mail" if piece not in seen else "would stand twice in the e-mail"
            found.append((piece, f"{piece.text.strip()[:40]} {where}; put it into <mj-text>"))
    return found


def _padded(page: str, tokens: Tokens) -> str:
    """The page with blanks behind the preheader, else inboxes go on with the page's first words."""
    word = tokens.word(next(n for n, piece in enumerate(tokens.pieces) if piece is _PREHEADER))
    return page.replace(word, word + _PADDING, 1)


def _with_head(pieces: list[Piece]) -> list[Piece]:
    """Subject and preheader put into the layout's head, as title and as the line that inboxes show.

    A layout with a dark style says that it has one, so that mail programs use it and do not make up their own;
    one without says so too.
    """
    schemes = "light dark" if any(_DARK.search(piece.text) for piece in pieces if piece.kind == "data") else "light"
    done: list[Piece] = []
    for piece in pieces:
        before, end, after = piece.text.partition("</mj-head>") if piece.kind == "data" else (piece.text, "", "")
        if not end:
            done.append(piece)
            continue
        metas = "".join(f'<meta name="{name}" content="{schemes}" />' for name in _SCHEME_NAMES)
        done += [data(before + f"<mj-raw>{metas}</mj-raw><mj-title>"), _SUBJECT]
        done += [data("</mj-title><mj-preview>"), _PREHEADER, data("</mj-preview></mj-head>" + after)]
    return done
