"""Push messages to the organisation's own app: ``push.yaml`` with title, body and the place that it opens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from ccm.errors import RenderError
from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.kit import Kit
from ccm.render.renderer import Renderer
from ccm.render.structured import allowed, checked_text, fill, read_structure

MAX_BYTES = 4096 - 512
"""Of title, body and link as JSON. APNs and FCM take 4,096 bytes with all that the supplier's adapter puts around
it (Apple, "Generating a remote notification"; Firebase, "About FCM messages")."""


class Push(Channel):
    """One notification as JSON: ``title``, ``body`` and, where there is one, ``link``."""

    name: ClassVar[str] = "push"

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        document = read_structure(kit)
        if document is None or not allowed(kit, document, {"title", "body"}, {"link"}):
            return None
        parts = {name: checked_text(kit, document, (name,), link=name == "link") for name in document.data}
        return lambda: {name: kit.text(pieces) for name, pieces in parts.items()}

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """Raises `RenderError` ``too_long`` where no phone would take it."""
        filled: dict[str, str] = fill(filling.template, filling.plain)
        title, link = filled["title"], filled.get("link", "")
        text = "\n".join((title, filled["body"]))
        body = json.dumps({**filled, "title": filling.mark + title}, ensure_ascii=False).encode()
        if len(body) > MAX_BYTES:
            raise RenderError("too_long", f"the push message has {len(body):,} bytes, more than {MAX_BYTES:,}")
        links = (link,) if link else ()
        return Rendered("push", "application/json", body, text, title, links, filling.words.in_text(text))


CHANNEL = Push
