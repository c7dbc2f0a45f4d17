"""Social networks: one plain text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ccm.errors import RenderError
from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.environment import render
from ccm.render.kit import Kit
from ccm.render.links import links_in
from ccm.render.renderer import Renderer
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication


class Social(Channel):
    """One text to a customer who is in touch on a social network."""

    name: ClassVar[str] = "social"

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        super().__init__(workspace, communication)
        self._longest = workspace.channels["social"].max_characters

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        return kit.only_text()

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """Raises `RenderError` ``too_long`` over ``max_characters`` of channels/social.yaml."""
        text = render(filling.template, filling.plain).strip()
        if not text:
            raise RenderError("missing_data", "the message is empty")
        if len(text) > self._longest:
            raise RenderError("too_long", f"the message has {len(text):,} characters, more than {self._longest:,}")
        body = (filling.mark + text).encode()
        return Rendered(
            "social", "text/plain; charset=utf-8", body, text, links=links_in(text), wording=filling.words.in_text(text)
        )


CHANNEL = Social
