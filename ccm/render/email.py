"""An e-mail's template: MJML compiled once, HTML and text part filled for each message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from jinja2 import Template

from ccm.errors import Problem
from ccm.render.compile import HTML, PLAIN, compile_source, data, hidden, join, plain_source, restored
from ccm.render.environment import render
from ccm.render.language import Piece
from ccm.render.markup import Tokens
from ccm.render.mjml import compile_mjml
from ccm.render.mjml_child import MjmlError
from ccm.render.plaintext import text_template, tidy
from ccm.render.schema import Type

_ROOT = re.compile(r"<mjml\b[^>]*>")
_LINK = re.compile(r'href="(https?://[^"]*)"')
_SUBJECT = Piece("expression", "{{ _subject }}", 0, 0, "_subject")
_PREHEADER = Piece("expression", "{{ _preheader }}", 0, 0, "_preheader")


@dataclass(frozen=True, slots=True)
class EmailBody:
    """One message's subject, HTML and text part."""

    subject: str
    html: str
    text: str
    links: tuple[str, ...]


class EmailTemplate:
    """The templates of one communication's e-mail in one language."""

    def __init__(self, subject: Template, preheader: Template, html: Template, text: Template) -> None:
        self._subject = subject
        self._preheader = preheader
        self._html = html
        self._text = text

    def fill(self, plain: Mapping[str, Any], html: Mapping[str, Any]) -> EmailBody:
        """The e-mail from the values for text and those for HTML, which differ only in `wording`.

        Raises `RenderError`.
        """
        subject = render(self._subject, plain).strip()
        lead = {"_subject": subject, "_preheader": render(self._preheader, plain).strip()}
        page = render(self._html, {**html, **lead})
        text = tidy(render(self._text, {**plain, **lead}))
        return EmailBody(subject, page, text, tuple(dict.fromkeys(map(unescape, _LINK.findall(page)))))


def compile_email(
    layout: Sequence[Piece], body: Sequence[Piece], meta: Mapping[str, Sequence[Piece]], names: Mapping[str, Type],
    language: str, path: str, problems: list[Problem],
) -> EmailTemplate | None:  # fmt: skip
    """The e-mail template of checked pieces, or None with the reason appended to `problems`."""
    pieces = _with_head(join(layout, body))
    tokens = Tokens(pieces)
    document = _ROOT.sub(f'<mjml lang="{language}" dir="ltr">', hidden(pieces, tokens), count=1)
    try:
        page = compile_mjml(document)
    except MjmlError as error:
        problems.append(Problem(path, 0, str(error)))
        return None
    seen = tokens.find(page)
    # mrml puts the title into the page's aria-label too.
    lost = [piece for piece in tokens.pieces if seen.count(piece) != 1 and piece is not _SUBJECT]
    for piece in lost:
        where = "would not reach the e-mail" if piece not in seen else "would stand twice in the e-mail"
        problems.append(
            Problem(path, piece.line, f"{piece.text.strip()[:40]} {where}; put it into <mj-text>", piece.column)
        )
    if lost:
        return None
    # Letters beyond ASCII become references once here instead of in every message.
    html_source = restored(page.encode("ascii", "xmlcharrefreplace").decode(), tokens)
    text_source = restored(text_template(page, tokens), tokens)
    return EmailTemplate(
        compile_source(plain_source(meta["subject"]), names, PLAIN, path),
        compile_source(plain_source(meta["preheader"]), names, PLAIN, path),
        compile_source(html_source, names, HTML, path),
        compile_source(text_source, names, PLAIN, path),
    )


def _with_head(pieces: list[Piece]) -> list[Piece]:
    """Subject and preheader put into the layout's head, as title and as the line that inboxes show."""
    done: list[Piece] = []
    for piece in pieces:
        before, end, after = piece.text.partition("</mj-head>") if piece.kind == "data" else (piece.text, "", "")
        if not end:
            done.append(piece)
            continue
        done += [data(before + "<mj-title>"), _SUBJECT, data("</mj-title><mj-preview>"), _PREHEADER]
        done.append(data("</mj-preview></mj-head>" + after))
    return done
