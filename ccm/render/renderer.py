"""One communication compiled: every template in every language, filled for one message after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Template

from ccm.errors import RenderError
from ccm.model.message import RenderContext, Rendered, WordingUse
from ccm.render import mime
from ccm.render.compiler import Compiler, Part
from ccm.render.context import ContextBuilder
from ccm.render.email import EmailTemplate
from ccm.render.environment import render
from ccm.render.schema import slot_name
from ccm.render.sms import SmsInfo, encode_info
from ccm.render.wording import as_html, fill, is_constant
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.wording import Wording

if TYPE_CHECKING:
    from ccm.render.letter import Letter, LetterRenderer

_PREVIEW = {"en": "[PREVIEW] ", "ja": "【プレビュー】"}
_MAX_SEGMENTS = 6
_KEPT_WORDS = 256
"""Sets of wording kept filled: languages by jurisdictions by versions, a few dozen in practice."""
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
"""Of printable ASCII, since Japanese text goes on right behind a link."""


@dataclass(frozen=True, slots=True)
class _Words:
    """A message's wording, as text and as marked HTML regions, by slot name."""

    uses: tuple[WordingUse, ...]
    plain: Mapping[str, str]
    html: Mapping[str, Any]


class Renderer:
    """Renders one communication on all its channels.

    Everything is compiled when it is made, so make it before a fork and use it in the children; it keeps
    no handle to anything outside. Raises `TemplateError` with the problems of all templates at once.
    """

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self._communication = communication
        self._parts = Compiler(workspace, communication).compile()
        self._context = ContextBuilder(workspace, communication)
        self._words: dict[Any, _Words] = {}
        self._preference_url = workspace.settings.organisation.preference_url
        email, sms = workspace.channels.get("email"), workspace.channels.get("sms")
        self._max_segments = sms.max_segments if sms else _MAX_SEGMENTS
        self._senders: dict[str, mime.Sender] = {
            language: mime.Sender(email.sender, email.sender_name.get(language, "")) if email else mime.Sender("", "")
            for language in communication.languages
        }
        self._letters: LetterRenderer | None = None
        if "letter" in communication.channels:
            # Here, not above: loading the layout engine takes a second, which most commands can do without.
            from ccm.render.letter import open_letter_renderer

            self._letters = open_letter_renderer(workspace.brand)

    def preload(self) -> None:
        """Loads what rendering needs, fonts above all; called before a fork, its children share it."""
        if self._letters is not None:
            from ccm.render.letter import preload

            preload()

    def letter_html(self, context: RenderContext) -> str:
        """The letter as HTML, before it is laid out."""
        return self._letter_page(context)[0]

    def slots(self, channel: str, language: str) -> frozenset[str]:
        """The ids of the wordings whose slots stand in a channel's template, its layout and attachment included."""
        own = self._part(channel, language).slots
        attached = next((to for of, to in self._communication.attach.items() if of == channel), None)
        return own if attached is None else own | self._part(attached, language).slots

    def render(self, channel: str, context: RenderContext) -> Rendered:
        """One message, byte for byte what the supplier gets.

        Raises `RenderError`, which stops this message only: data missing or not printable
        (``missing_data``, ``bad_data``), a slot without wording (``missing_wording``), an address no header
        can hold (``bad_address``), an SMS over its parts (``too_long``), or what the letter's renderer raises.
        """
        if channel == "sms":
            return self._sms(context)
        if channel == "letter":
            letter, uses, title = self._letter(context)
            return Rendered(
                "letter", "application/pdf", letter.pdf, letter.text, title, wording=uses, pages=letter.pages
            )
        if channel == "email":
            return self._email(context)
        raise RenderError("no_template", f"channel '{channel}' has no template form")

    def _part(self, channel: str, language: str) -> Part:
        try:
            return self._parts[channel, language]
        except KeyError:
            name = self._communication.id
            raise RenderError("no_template", f"'{name}' has no template for {channel} in '{language}'") from None

    # Channels

    def _email(self, context: RenderContext) -> Rendered:
        part = self._part("email", context.language)
        assert isinstance(part.template, EmailTemplate)
        values = self._context.build(context, part.uses)
        words = self._wording(part, context, values)
        body = part.template.fill({**values, "wording": words.plain}, {**values, "wording": words.html})
        text, uses, pages, attachment = body.text, words.uses, 0, None
        if "email" in self._communication.attach:
            letter, more, _ = self._letter(context)
            text, pages = f"{text}\n\n{letter.text}", letter.pages
            uses = tuple(dict.fromkeys((*uses, *more)))
            attachment = (self._file_name(context, values["message"]["date"]), letter.pdf)
        marketing = self._communication.purpose == "marketing"
        mark = _PREVIEW[context.language] if context.preview else ""
        mail = mime.Mail(
            context.message_id, context.recipient, mark + body.subject, context.at, context.language, body.text,
            body.html, self._unsubscribe(context) if marketing else "", not marketing, attachment,
        )  # fmt: skip
        raw = mime.build(mail, self._senders[context.language])
        return Rendered("email", "message/rfc822", raw, text, mail.subject, body.links, uses, pages=pages)

    def _sms(self, context: RenderContext) -> Rendered:
        part = self._part("sms", context.language)
        assert isinstance(part.template, Template)
        values = self._context.build(context, part.uses, plain=True)
        words = self._wording(part, context, values, short=True)
        text = render(part.template, {**values, "wording": words.plain}).strip()
        info: SmsInfo = encode_info(text)
        if not text:
            raise RenderError("missing_data", "the SMS is empty")
        if info.segments > self._max_segments:
            # Never cut: what falls off could be the amount or how to opt out.
            raise RenderError(
                "too_long", f"the SMS has {info.segments} parts ({info.encoding}), more than {self._max_segments}"
            )
        links = tuple(dict.fromkeys(_links(text)))
        body = (_PREVIEW[context.language] if context.preview else "") + text
        media_type = "text/plain; charset=utf-8"
        return Rendered("sms", media_type, body.encode(), text, "", links, words.uses, segments=info.segments)

    def _letter_page(self, context: RenderContext) -> tuple[str, tuple[WordingUse, ...], str]:
        part = self._part("letter", context.language)
        assert isinstance(part.template, Template)
        assert part.title is not None
        values = self._context.build(context, part.uses)
        words = self._wording(part, context, values)
        page = render(part.template, {**values, "wording": words.html})
        title = render(part.title, {**values, "wording": words.plain}).strip()
        mark = _PREVIEW[context.language] if context.preview else ""
        return page, words.uses, mark + title

    def _letter(self, context: RenderContext) -> tuple[Letter, tuple[WordingUse, ...], str]:
        assert self._letters is not None
        page, uses, title = self._letter_page(context)
        letter = self._letters.render(
            page,
            title=title,
            language=context.customer.language,
            large_print=context.customer.accessible_format == "large_print",
        )
        return letter, uses, title

    # Parts of a message

    def _wording(self, part: Part, context: RenderContext, values: Mapping[str, Any], *, short: bool = False) -> _Words:
        wordings: list[Wording] = []
        for wording_id in sorted(part.slots):
            if wording_id not in context.wording:
                raise RenderError("missing_wording", f"no wording '{wording_id}' was handed in")
            wordings.append(context.wording[wording_id])
        key = (context.language, short, *((wording.id, wording.version, wording.digest) for wording in wordings))
        words = self._words.get(key)
        if words is None:
            uses = tuple(fill(wording, values, short=short) for wording in wordings)
            plain = {slot_name(use.id): use.text for use in uses}
            words = _Words(uses, plain, {slot_name(use.id): as_html(use) for use in uses})
            if all(is_constant(wording) for wording in wordings) and len(self._words) < _KEPT_WORDS:
                self._words[key] = words
        return words

    def _unsubscribe(self, context: RenderContext) -> str:
        separator = "&" if "?" in self._preference_url else "?"
        return f"{self._preference_url}{separator}m={quote(context.message_id, safe='')}"

    def _file_name(self, context: RenderContext, day: date) -> str:
        return f"{self._communication.id}-{(self._context.period_end(context) or day).isoformat()}.pdf"


def _links(text: str) -> list[str]:
    return [found.rstrip(".,;:!?)") for found in _URL.findall(text)]
