"""The naive way: everything made anew for every recipient, with the same tools and from the same template files.

Jinja compiles the templates, Babel is asked for every value, MJML is compiled, the text part is derived, and the
standard library writes the message: the straightforward program that the engine is compared with. What it
makes is compared with what the engine makes before anything is timed, so that both do the same work.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_percent
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape
from mjml import mjml2html
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from ccm.model.message import RenderContext
from ccm.render.fonts import font_folder
from ccm.render.markup_tokens import Tokens
from ccm.render.people import addressee
from ccm.render.plaintext import text_template
from ccm.workspace import Workspace

LOGO = "logo.png"
SCHEMES = ("color-scheme", "supported-color-schemes")
_NO_TOKENS = Tokens([])
_FONTS = (
    ("Noto Sans", "normal", "NotoSans-Regular.ttf"), ("Noto Sans", "bold", "NotoSans-Bold.ttf"),
    ("Noto Sans CJK JP", "normal", "NotoSansCJKjp-Regular.otf"),
    ("Noto Sans CJK JP", "bold", "NotoSansCJKjp-Bold.otf"),
)  # fmt: skip


class NaiveOffer:
    """The savings offer by the naive way. Files are read once; all else is done for each recipient."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        folder = workspace.root / "templates"
        layout = (folder / "_brand/email.mjml").read_text(encoding="utf-8")
        self.logo = (folder / "_brand" / LOGO).read_bytes()
        domain = workspace.channels["email"].sender.rpartition("@")[2]
        self.content_id = f"{sha256(self.logo).hexdigest()[:24]}@{domain}"
        self.mails: dict[str, _Mail] = {}
        self.texts: dict[str, str] = {}
        for language in ("en", "ja"):
            self.mails[language] = _Mail.read(folder / f"savings-offer/{language}/email.mjml", layout)
            self.texts[language] = (folder / f"savings-offer/{language}/sms.txt").read_text(encoding="utf-8")

    def mjml(self, context: RenderContext) -> tuple[str, str]:
        """Subject and the filled MJML."""
        mail = self.mails[context.language]
        environment, values = self._environment(context, html=True), self._values(context, html=True)
        plain = environment.overlay(autoescape=False)
        subject = plain.from_string(mail.subject).render(values)
        preheader = plain.from_string(mail.preheader).render(values)
        lead = {"_subject": subject, "_preheader": preheader}
        return subject, environment.from_string(mail.source).render(values | lead)

    def html_and_text(self, context: RenderContext) -> tuple[str, str, str]:
        """Subject, HTML and text part."""
        subject, source = self.mjml(context)
        page = mjml2html(source)
        return subject, self._with_campaign(page), text_template(page, _NO_TOKENS)

    def _with_campaign(self, page: str) -> str:
        website, utm = self.workspace.settings.organisation.website, self.workspace.channels["email"].utm
        assert utm is not None
        more = urlencode({"utm_source": utm.source, "utm_medium": utm.medium, "utm_campaign": "savings-offer"})
        return re.sub(rf'href="({re.escape(website)}(?!/prefs)[^"]*)"', rf'href="\1?{escape(more)}"', page)

    def email(self, context: RenderContext) -> bytes:
        """The message, from the same address with the same headers."""
        subject, page, text = self.html_and_text(context)
        channel, organisation = self.workspace.channels["email"], self.workspace.settings.organisation
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{channel.sender_name['ja' if context.language == 'ja' else 'en']} <{channel.sender}>"
        message["To"] = context.recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(context.at.astimezone(UTC))
        message["Message-ID"] = f"<{context.message_id}@{channel.sender.rpartition('@')[2]}>"
        message["List-Unsubscribe"] = f"<{organisation.preference_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        message.add_alternative(page.replace(LOGO, f"cid:{self.content_id}"), subtype="html")
        html = message.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(self.logo, "image", "png", cid=f"<{self.content_id}>", filename=LOGO)
        message["Content-Language"] = context.language
        return message.as_bytes()

    def sms(self, context: RenderContext) -> str:
        """The SMS text."""
        values = self._values(context, html=False, short=True)
        return self._environment(context, html=False).from_string(self.texts[context.language]).render(values).strip()

    def _environment(self, context: RenderContext, *, html: bool) -> Environment:
        words = self.workspace.catalogues.get(context.language, {})
        environment = _environment(context, html=html)
        environment.filters["t"] = lambda word: words.get(word, word)
        return environment

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
            text = (approved.said_on("sms" if short else "email")).strip()
            for name, value in told.items():
                text = text.replace("{" + name + "}", value)
            lines = [line.strip() for line in text.split("\n")]
            wording[key.replace("-", "_")] = (
                Markup('<span data-wording="{}@{}">{}</span>').format(
                    approved.id, approved.version, Markup("<br>").join(map(escape, lines))
                )
                if html
                else "\n".join(lines)
            )
        return {
            "customer": {"addressee": addressee(context.customer, language)},
            "organisation": {name.partition(".")[2]: value for name, value in told.items()},
            "message": {"reference": context.message_id, "date": context.at.date(), "language": language},
            "wording": wording,
            **context.data,
        }


class _Mail:
    """One e-mail template joined with its layout, as source."""

    def __init__(self, subject: str, preheader: str, source: str) -> None:
        self.subject, self.preheader, self.source = subject, preheader, source

    @classmethod
    def read(cls, path: Path, layout: str) -> _Mail:
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        meta = yaml.safe_load(front)
        source = layout.replace("<ccm-content/>", body)
        source = source.replace("<mjml>", '<mjml lang="{{ message.language }}" dir="ltr">')
        metas = "".join(f'<meta name="{name}" content="light dark" />' for name in SCHEMES)
        lead = (f"<mj-raw>{metas}</mj-raw><mj-title>{{{{ _subject }}}}</mj-title>"
                f"<mj-preview>{{{{ _preheader }}}}{'&#847;&#8204;&#160;' * 90}</mj-preview></mj-head>")  # fmt: skip
        return cls(meta["subject"], meta["preheader"], source.replace("</mj-head>", lead))


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


def letter(page: str, style_sheet: str, folder: Path) -> bytes:
    """A letter's PDF from its filled page, with the fonts of the engine: style sheet and fonts are read anew.

    `folder` holds the brand's pictures.
    """
    fonts = FontConfiguration()
    faces = "".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; "
        f"src: url('{(font_folder() / 'fonts' / name).as_uri()}') }}"
        for family, weight, name in _FONTS
    )
    sheet = CSS(string=faces + style_sheet, font_config=fonts)
    document = HTML(string=page, base_url=f"{folder.as_uri()}/")
    pdf: bytes = document.write_pdf(stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1")
    return pdf
