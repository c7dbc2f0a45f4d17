"""Messages in the organisation's own secure inbox: Markdown in the brand's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any, ClassVar

from jinja2 import Template

from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.dialects import HTML
from ccm.render.environment import render
from ccm.render.kit import Kit
from ccm.render.markdown_pages import page_pieces
from ccm.render.plaintext import text_of
from ccm.render.renderer import Renderer

LAYOUT = "inbox.html"
_LINK = re.compile(r'href="((?:https|mailto|tel):[^"]*)"')


@dataclass(frozen=True, slots=True)
class InboxTemplate:
    """The templates of the page and of the line that the list of messages shows."""

    page: Template
    subject: Template


class Inbox(Channel):
    """One page."""

    name: ClassVar[str] = "inbox"

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        layout, body, subject = kit.layout(LAYOUT, HTML), kit.body(HTML, page_pieces), kit.meta("subject")
        if layout is None or body is None or subject is None:
            return None
        return lambda: InboxTemplate(kit.page(layout, body), kit.text(subject))

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        template: InboxTemplate = filling.template
        subject = filling.mark + render(template.subject, filling.plain).strip()
        html = render(template.page, filling.html)
        links = tuple(dict.fromkeys(map(unescape, _LINK.findall(html))))
        return Rendered(
            "inbox", "text/html; charset=utf-8", html.encode(), text_of(html), subject, links,
            filling.words.in_page(html), html=html,
        )  # fmt: skip


CHANNEL = Inbox
