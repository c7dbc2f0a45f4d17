"""Messages in the organisation's own secure inbox: Markdown in the brand's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any, ClassVar

from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.dialects import HTML
from ccm.render.kit import Kit, Page
from ccm.render.markdown_pages import page_pieces
from ccm.render.plaintext import text_of
from ccm.render.renderer import Renderer

LAYOUT = "inbox.html"
_LINK = re.compile(r'href="((?:https|mailto|tel):[^"]*)"')


class Inbox(Channel):
    """One page."""

    name: ClassVar[str] = "inbox"
    personal_links: ClassVar[bool] = True

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        return kit.whole_page(LAYOUT, HTML, page_pieces, "subject")

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        page: Page = filling.template
        html, subject = page.fill(filling)
        links = tuple(dict.fromkeys(map(unescape, _LINK.findall(html))))
        return Rendered(
            "inbox", "text/html; charset=utf-8", html.encode(), text_of(html), subject, links,
            filling.words.in_page(html), html=html,
        )  # fmt: skip


CHANNEL = Inbox
