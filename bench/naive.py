"""The naive way: everything made anew for every recipient, with the same tools and from the same template files.

Jinja compiles the templates, Babel is asked for every value, MJML is compiled, the text part is derived, and the
standard library writes the message: the straightforward program that the engine is compared with. What it
makes is compared with what the engine makes before anything is timed, so that both do the same work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import weasyprint
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_percent
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape
from mjml import mjml2html
from ruamel.yaml import YAML

from ccm.model.message import RenderContext
from ccm.render.markup import Tokens
from ccm.render.people import addressee
from ccm.render.plaintext import text_template
from ccm.workspace import Workspace

_NO_TOKENS = Tokens([])
_FONT_FACE = re.compile(r"@font-face\s*{[^}]*}")


class NaiveOffer:
    """The savings offer by the naive way. Files are read once; all else is done for each recipient."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        folder = workspace.root / "templates"
        layout = (folder / "_brand/email.mjml").read_text(encoding="utf-8")
        self.mails = {language: _Mail.read(folder / f"savings-offer/{language}/email.mjml", layout)
                      for language in ("en", "ja")}  # fmt: skip
        self.texts = {language: (folder / f"savings-offer/{language}/sms.txt").read_text(encoding="utf-8")
                      for language in ("en", "ja")}  # fmt: skip

    def mjml(self, context: RenderContext) -> tuple[str, str]:
        """Subject and the filled MJML."""
        mail = self.mails[context.language]
        environment, values = _environment(context, html=True), self._values(context, html=True)
        plain = _environment(context, html=False)
        subject = plain.from_string(mail.subject).render(values)
        preheader = plain.from_string(mail.preheader).render(values)
        lead = {"_subject": subject, "_preheader": preheader}
        return subject, environment.from_string(mail.source).render(values | lead)

    def html_and_text(self, context: RenderContext) -> tuple[str, str, str]:
        """Subject, HTML and text part."""
        subject, source = self.mjml(context)
        page = mjml2html(source)
        return subject, page, text_template(page, _NO_TOKENS)

    def email(self, context: RenderContext) -> bytes:
        """The message, from the same address with the same headers."""
        subject, page, text = self.html_and_text(context)
        channel, organisation = self.workspace.channels["email"], self.workspace.settings.organisation
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{channel.sender_name[context.language]} <{channel.sender}>"
        message["To"] = context.recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(context.at.astimezone(UTC))
        message["Message-ID"] = f"<{context.message_id}@{channel.sender.rpartition('@')[2]}>"
        message["Content-Language"] = context.language
        message["List-Unsubscribe"] = f"<{organisation.preference_url}?m={context.message_id}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        message.add_alternative(page, subtype="html")
        return message.as_bytes()

    def sms(self, context: RenderContext) -> str:
        """The SMS text."""
        values = self._values(context, html=False, short=True)
        return _environment(context, html=False).from_string(self.texts[context.language]).render(values).strip()

    def _values(self, context: RenderContext, *, html: bool, short: bool = False) -> dict[str, Any]:
        language, organisation = context.language, self.workspace.settings.organisation
        lines = organisation.address.of(language).strip().split("\n")
        told = {
            "organisation.name": organisation.name.of(language),
            "organisation.website": organisation.website,
            "organisation.phone": organisation.phone,
            "organisation.preference_url": organisation.preference_url,
            "organisation.address": (", " if language == "en" else " ").join(lines),
        }
        wording = {}
        for key, approved in context.wording.items():
            text = (approved.short_text if short else "") or approved.text
            for name, value in told.items():
                text = text.replace("{" + name + "}", value)
            wording[key.replace("-", "_")] = Markup("<br>").join(text.strip().split("\n")) if html else text.strip()
        return {
            "customer": {"addressee": addressee(context.customer, language)},
            "organisation": {name.partition(".")[2]: value for name, value in told.items()},
            "message": {"reference": context.message_id, "date": context.at.date(), "language": language},
            "t": {key: words.of(language) for key, words in self.workspace.strings.items()},
            "wording": wording,
            **context.data,
        }  # fmt: skip


class _Mail:
    """One e-mail template joined with its layout, as source."""

    def __init__(self, subject: str, preheader: str, source: str) -> None:
        self.subject, self.preheader, self.source = subject, preheader, source

    @classmethod
    def read(cls, path: Path, layout: str) -> _Mail:
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        meta = YAML(typ="safe").load(front)
        head = "<mj-title>{{ _subject }}</mj-title><mj-preview>{{ _preheader }}</mj-preview></mj-head>"
        return cls(meta["subject"], meta["preheader"],
                   layout.replace("<ccm-content/>", body).replace("</mj-head>", head))  # fmt: skip


def _environment(context: RenderContext, *, html: bool) -> Environment:
    """A fresh Jinja environment whose filters ask Babel at each call."""
    tag = context.customer.language
    locale = Locale.parse(tag if tag[:2] == context.language else {"en": "en-US", "ja": "ja-JP"}[context.language], "-")

    def percent(value: str | Decimal, digits: int | None = None) -> str:
        pattern = None if digits is None else "#,##0." + "0" * digits + "%"
        return format_percent(Decimal(value), pattern, locale=locale, decimal_quantization=digits is not None)

    def day(value: date, style: str = "long") -> str:
        return format_date(value, style, locale=locale)

    def printed(value: Any) -> Any:
        if isinstance(value, date):
            return day(value)
        return percent(value) if isinstance(value, Decimal) else value

    environment = Environment(autoescape=html, undefined=StrictUndefined, finalize=printed)
    environment.filters |= {"percent": percent, "date": day}
    return environment
