"""E-mail: MJML compiled once, HTML and text filled for each message, the whole as bytes to send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from ccm.errors import Problem
from ccm.model.message import Rendered, TypeRun
from ccm.render import mime
from ccm.render.channels.base import Channel, Filling
from ccm.render.channels.letter import LetterChannel
from ccm.render.context import local_date, period_end
from ccm.render.dialects import MJML
from ccm.render.email import EmailSetting, EmailTemplate, compile_email
from ccm.render.email_links import Link
from ccm.render.kit import Kit
from ccm.render.markdown_pages import mail_pieces
from ccm.render.mime import is_address
from ccm.render.renderer import Renderer
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication

LAYOUT = "email.mjml"


class EmailChannel(Channel):
    """One e-mail, with the letter attached where the communication says so."""

    name: ClassVar[str] = "email"
    personal_links: ClassVar[bool] = True

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        super().__init__(workspace, communication)
        self._channel = workspace.channels.get("email")
        self._senders = {language: self._sender(language) for language in communication.languages}

    def _sender(self, language: str) -> mime.Sender:
        if self._channel is None:
            return mime.Sender("", "")
        names = self._channel.sender_name
        behind = self.communication.languages_behind(language)
        return mime.Sender(self._channel.sender_for(""), next((names[name] for name in behind if name in names), ""))

    def problems(self) -> list[Problem]:
        if self._channel is not None and is_address(self._channel.sender_for("")):
            return []
        return [Problem("channels/email.yaml", 0, "'sender' must be a plain e-mail address")]

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        layout, body = kit.layout(LAYOUT, MJML), kit.body(MJML, mail_pieces)
        subject, preheader = kit.meta("subject"), kit.meta("preheader")
        if layout is None or body is None or subject is None or preheader is None:
            return None
        if not any("</mj-head>" in piece.text for piece in layout):
            kit.problems.append(Problem(f"templates/_brand/{LAYOUT}", 1, "an e-mail's layout is <mjml> with <mj-head>"))
            return None
        meta = {"subject": subject, "preheader": preheader}
        setting = EmailSetting.of(kit.workspace, self.communication, kit.file)
        return lambda: compile_email(layout, body, meta, setting, kit.problems)

    def links(self, template: Any) -> tuple[Link, ...]:
        made: EmailTemplate = template
        return made.links

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        template: EmailTemplate = filling.template
        context = filling.context
        body = template.fill(filling.plain, filling.html)
        text, uses, pages, attachment = body.text, filling.words.in_page(body.html), 0, None
        runs: Callable[[], tuple[TypeRun, ...]] = tuple
        words = ""
        if "email" in self.communication.attach:
            letters = renderer.channel("letter")
            assert isinstance(letters, LetterChannel)
            attached = renderer.filling("letter", context)
            letter, _, more = letters.lay_out(attached)
            text, pages, runs, words = f"{text}\n\n{letter.text}", letter.pages, letter.type_runs, letter.text
            uses = tuple(dict.fromkeys((*uses, *more)))
            attachment = (self._file_name(filling), letter.pdf)
        marketing = self.communication.purpose == "marketing"
        mail = mime.Mail(
            context.message_id, context.recipient, filling.mark + body.subject, context.at, context.language, body.text,
            body.html, filling.plain["organisation"]["preference_url"] if marketing else "", not marketing, attachment,
            template.pictures,
        )  # fmt: skip
        raw = mime.build(mail, self._senders[context.language])
        return Rendered(
            "email", "message/rfc822", raw, text, mail.subject, body.links, uses, pages=pages, html=body.html,
            type_runs=runs, attached=words,
        )  # fmt: skip

    def _file_name(self, filling: Filling) -> str:
        day: date = period_end(self.communication, filling.context) or local_date(
            filling.context.at, filling.plain["_f"].zone
        )
        return f"{self.communication.id}-{day.isoformat()}.pdf"


CHANNEL = EmailChannel
