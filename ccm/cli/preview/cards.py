"""One rendering as the page shows it, and as files beside the page."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ccm.cli.preview.chat import Bubble, line_messages, sms_bubbles, text_bubble
from ccm.cli.preview.letters import Page, Region, pages_of
from ccm.cli.preview.mail import framed, in_scheme, preheader, read_mail
from ccm.compliance.check import Finding
from ccm.model.message import Rendered, WordingUse
from ccm.pipeline.preview import Preview
from ccm.workspace.stationery import Sheet

_ENDINGS = {"message/rfc822": ".eml", "application/pdf": ".pdf", "application/json": ".json", "text/html": ".html"}


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a page: as wide as a screen, in a light or dark setting."""

    width: int
    scheme: str
    page: str


@dataclass(frozen=True, slots=True)
class Card:
    """One rendering on one channel."""

    id: str
    """Of its files and its place in the page: letters, digits, ``.``, ``_`` and ``-``."""
    channel: str
    variant: str
    subject: str = ""
    sender: str = ""
    preheader: str = ""
    text: str = ""
    bubbles: tuple[tuple[Bubble, ...], ...] = ()
    """Messages, each of its parts or lines."""
    views: tuple[View, ...] = ()
    pages: tuple[Page, ...] = ()
    page_count: int = 0
    window: Region | None = None
    """What the window of the envelope shows of the first page at all times."""
    encoding: str = ""
    units: int = 0
    segments: int = 0
    size: str = ""
    """Of an e-mail's HTML, in kB."""
    links: tuple[str, ...] = ()
    opens: str = ""
    """The address that a push message opens."""
    wording: tuple[WordingUse, ...] = ()
    attachments: tuple[str, ...] = ()
    problem: str = ""
    findings: tuple[Finding, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What is written beside the page, by name, the rendering itself first."""


def card_of(shown: Preview, sender: str, sheet: Sheet | None = None) -> Card:
    """One rendering, or why there is none.

    `sender` is the organisation's name in the message's language; `sheet` the paper of a letter whose envelope has a
    window.
    """
    variant = f".{shown.variant}" if shown.variant else ""
    stem = f"{file_name(shown.subject.name)}.{shown.channel}.{shown.language}{variant}"
    card = Card(stem, shown.channel, shown.variant, problem=shown.problem, findings=shown.findings, sender=sender)
    rendered = shown.rendered
    if rendered is None:
        return card
    kind = rendered.media_type.partition(";")[0]
    card = replace(
        card, subject=rendered.subject, text=rendered.text, links=rendered.links, wording=rendered.wording,
        files={stem + _ENDINGS.get(kind, ".txt"): rendered.body},
    )  # fmt: skip
    match shown.channel:
        case "email":
            return _mail(card, rendered)
        case "letter":
            return replace(_letter(card, rendered.body), window=None if sheet is None else _window(sheet))
        case "inbox":
            page = framed(rendered.html)
            views = (View(360, "light", in_scheme(page, "light")),)
            return replace(card, views=views, files={f"{stem}.html": page.encode()})
        case "sms":
            parts, encoding, units = sms_bubbles(rendered)
            return replace(
                card, bubbles=(tuple(parts),), encoding=encoding, units=units, segments=rendered.segments
            )  # fmt: skip
        case "line":
            return replace(card, bubbles=tuple(map(tuple, line_messages(rendered))))
        case "push":
            return _push(card, rendered)
    return replace(card, bubbles=((text_bubble(rendered.text, rendered.wording),),))


def _push(card: Card, rendered: Rendered) -> Card:
    message = json.loads(rendered.body)
    body = (text_bubble(message["body"], rendered.wording),)
    return replace(card, subject=message["title"], opens=message.get("link", ""), links=(), bubbles=(body,))


def _mail(card: Card, rendered: Rendered) -> Card:
    mail = read_mail(rendered.body)
    views = [View(width, scheme, in_scheme(mail.page, scheme)) for width in (600, 375) for scheme in ("light", "dark")]
    files = {**card.files, f"{card.id}.html": mail.page.encode()}
    names = []
    for number, (name, kind, content) in enumerate(mail.attachments, 1):
        names.append(name)
        if kind == "application/pdf":
            files[f"{card.id}.attachment-{number}.pdf"] = content
    return replace(
        card, views=tuple(views), text=mail.text, preheader=preheader(rendered.html), sender=mail.sender or card.sender,
        size=f"{len(rendered.html.encode('ascii', 'xmlcharrefreplace')) / 1000:.1f}", files=files,
        attachments=tuple(names), page_count=rendered.pages,
    )  # fmt: skip


def _letter(card: Card, pdf: bytes) -> Card:
    count, pages = pages_of(pdf, card.wording)
    files = {**card.files, **{f"{card.id}.page-{n}.png": page.png for n, page in enumerate(pages, 1)}}
    return replace(card, pages=tuple(pages), page_count=count, files=files)


def _window(sheet: Sheet) -> Region:
    box = sheet.safe
    return Region(
        round(100 * box.left / sheet.width, 2), round(100 * box.top / sheet.height, 2),
        round(100 * (box.right - box.left) / sheet.width, 2), round(100 * (box.bottom - box.top) / sheet.height, 2),
        sheet.envelope,
    )  # fmt: skip


def file_name(name: str) -> str:
    """A customer's id as part of a file name: an id is other people's text, and ``../`` leads elsewhere."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80]
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def data_address(png: bytes) -> str:
    """A picture as part of the page."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def finding_lines(card: Card) -> Sequence[str]:
    """The findings of a card as single lines."""
    return [f"{finding.rule}: {finding.message}" for finding in card.findings]
