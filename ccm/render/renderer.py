"""One communication compiled: every template in every language, filled for one message after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ccm.errors import RenderError
from ccm.model.message import RenderContext, Rendered
from ccm.render.channels import Channel, channels
from ccm.render.channels.base import DEAD_TOKEN, PREVIEW, TOKEN_MARK, Filling, Words
from ccm.render.compiler import Compiler, Part
from ccm.render.context import ContextBuilder, preference_link
from ccm.render.email_links import Link
from ccm.render.schema import slot_name
from ccm.render.wording import as_html, fill, is_constant
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.languages import base

_KEPT_WORDS = 256
"""Sets of wording kept filled: languages by jurisdictions by versions, a few dozen in practice."""


class Renderer:
    """Renders one communication on all its channels.

    Everything is compiled when it is made, so make it before a fork and use it in the children; it keeps
    no handle to anything outside. Raises `TemplateError` with the problems of all templates at once.
    """

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self._communication = communication
        self._channels: dict[str, Channel] = {
            name: channels()[name](workspace, communication) for name in communication.written
        }
        self._parts = Compiler(workspace, communication, self._channels).compile()
        self._context = ContextBuilder(workspace, communication)
        self._preference_url = workspace.settings.organisation.preference_url
        self._words: dict[Any, Words] = {}

    def preload(self) -> None:
        """Loads what rendering needs, fonts above all; called before a fork, its children share it."""
        for channel in self._channels.values():
            channel.preload()

    def remember_letters(self, folder: Path) -> None:
        """For checks: previews of letters have no PDF, and what was found of one is kept in `folder`."""
        letters = self._channels.get("letter")
        if letters is not None:
            letters.remember(folder)

    def channel(self, name: str) -> Channel:
        """One of the communication's channels."""
        return self._channels[name]

    def slots(self, channel: str, language: str, variant: str = "") -> frozenset[str]:
        """The ids of the wordings whose slots stand in a channel's template, its layout and attachment included."""
        own = frozenset(self.part(channel, language, variant).slots)
        attached = next((to for of, to in self._communication.attach.items() if of == channel), None)
        return own if attached is None else own.union(self.part(attached, language, variant).slots)

    def links(self, channel: str, language: str, variant: str = "") -> tuple[Link, ...]:
        """The links of a channel's template, layout first, without rendering; only an e-mail has typed ones."""
        return self._channels[channel].links(self.part(channel, language, variant).template)

    def render(self, channel: str, context: RenderContext) -> Rendered:
        """One message, byte for byte what the supplier gets.

        Raises `RenderError`, which stops this message only: data missing or not printable
        (``missing_data``, ``bad_data``), a slot without wording (``missing_wording``), an address no header
        can hold (``bad_address``), a text over the channel's size (``too_long``), or what the letter's
        renderer raises.
        """
        return self._channels[channel].render(self.filling(channel, context), self)

    def filling(self, channel: str, context: RenderContext) -> Filling:
        """What a channel fills a message from; raises `RenderError`."""
        part = self.part(channel, context.language, context.variant)
        served = self._channels[channel]
        token = (DEAD_TOKEN if context.preview else context.preference_token) if served.personal_links else ""
        values = self._context.build(context, part.uses, plain=served.gsm, token=token)
        words = self._wording(part, context, values, channel, token)
        values["wording"] = words.plain
        mark = PREVIEW.get(base(context.language), PREVIEW["en"]) if context.preview else ""
        return Filling(context, part.template, values, words, mark)

    def part(self, channel: str, language: str, variant: str = "") -> Part:
        """The template that serves a variant of a channel, or the common one where it has none of its own."""
        found = self._parts.get((channel, language, variant)) or self._parts.get((channel, language, ""))
        if found is None:
            name = self._communication.id
            raise RenderError("no_template", f"'{name}' has no template for {channel} in '{language}'")
        return found

    def _wording(
        self, part: Part, context: RenderContext, values: Mapping[str, Any], channel: str, token: str
    ) -> Words:
        try:
            digests = [context.wording[wording_id].digest for wording_id in part.slots]
        except KeyError as error:
            raise RenderError("missing_wording", f"no wording {error} was handed in") from error
        key = (context.language, channel, bool(token), *digests)
        words = self._words.get(key)
        if words is None:
            wordings = [context.wording[wording_id] for wording_id in part.slots]
            link = ""
            if token:
                link = preference_link(self._preference_url, TOKEN_MARK)
                values = {**values, "organisation": {**values["organisation"], "preference_url": link}}
            uses = tuple(fill(wording, values, channel) for wording in wordings)
            plain = {slot_name(use.id): use.text for use in uses}
            page = {slot_name(use.id): as_html(use, link, self._preference_url) for use in uses}
            words = Words(uses, plain, page)
            if all(is_constant(wording) for wording in wordings) and len(self._words) < _KEPT_WORDS:
                self._words[key] = words
        return words.with_token(token) if token else words
