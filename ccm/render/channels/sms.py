"""SMS: one text, counted exactly."""

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
from ccm.render.sms import measure
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication

MAX_SEGMENTS = 6


class Sms(Channel):
    """One text message."""

    name: ClassVar[str] = "sms"
    gsm: ClassVar[bool] = True

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        super().__init__(workspace, communication)
        sms = workspace.channels.get("sms")
        self._max_segments = sms.max_segments if sms else MAX_SEGMENTS

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        return kit.only_text()

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """Raises `RenderError` ``too_long`` over the channel's segments, ``missing_data`` for an empty text."""
        text = render(filling.template, filling.plain).strip()
        if not text:
            raise RenderError("missing_data", "the SMS is empty")
        encoding, _, segments = measure(text)
        if segments > self._max_segments:
            # Never cut: what falls off could be the amount or how to opt out.
            raise RenderError("too_long", f"the SMS has {segments} parts ({encoding}), more than {self._max_segments}")
        body = (filling.mark + text).encode()
        return Rendered(
            "sms", "text/plain; charset=utf-8", body, text, "", links_in(text), filling.words.in_text(text),
            segments=segments,
        )  # fmt: skip


CHANNEL = Sms
