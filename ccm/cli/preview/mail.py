"""An e-mail taken apart for looking at: its page for a frame that runs nothing and loads nothing, light and dark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from ccm.render.email_images import page_with_pictures

NOTHING_LOADS = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
"""A page under this policy shows itself and asks nobody for anything."""
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_BOTH = re.compile(r"(color-scheme[\"']?\s*(?::|content=[\"'])\s*)light dark")
_STYLE = (
    "<style>.show-wording [data-wording]{outline:2px solid #c77700;outline-offset:1px;background:#fff3d6;color:#000}"
    ".show-wording [data-wording]::before{content:attr(data-wording);display:inline-block;margin-right:4px;"
    "padding:0 5px;border-radius:3px;background:#c77700;color:#fff;font:700 10px/15px sans-serif}</style>"
)
_PLAIN = (
    "<style>body{margin:12px;font:15px/1.6 system-ui,'Hiragino Sans',Meiryo,'Noto Sans CJK JP',sans-serif;"
    "overflow-wrap:anywhere}h1{font-size:20px;line-height:1.35}h2{font-size:17px}</style>"
)
"""A look for a part of a page, whose own look comes from the site around it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The parts of one e-mail that a person looks at."""

    page: str
    """Complete HTML without outside references; empty where the e-mail has none."""
    text: str
    preheader: str
    sender: str
    attachments: tuple[tuple[str, str, bytes], ...]
    """File name, media type, content."""


def read_mail(raw: bytes) -> Mail:
    """Takes an e-mail of our own making apart."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    page, text = page_with_pictures(raw), message.get_body(("plain",))
    addresses = message["From"].addresses if message["From"] else ()
    sender = (addresses[0].display_name or addresses[0].addr_spec) if addresses else ""
    attachments = tuple(
        (part.get_filename() or "", part.get_content_type(), part.get_content())
        for part in message.walk()
        if isinstance(part, EmailMessage) and part.get_content_disposition() == "attachment"
    )
    return Mail(framed(page), text.get_content() if text is not None else "", preheader(page), sender, attachments)


def framed(page: str) -> str:
    """A page, or a part of one, that can stand alone: it loads nothing, and can show its wording."""
    if not page:
        return ""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{NOTHING_LOADS}">{_STYLE}'
    made, found = re.subn(r"<head\b[^>]*>", lambda tag: tag[0] + head, page, count=1)
    return made if found else f"<!doctype html><html><head>{head}{_PLAIN}</head><body>{page}</body></html>"


def in_scheme(page: str, scheme: str) -> str:
    """The page as a mail program in a ``light`` or ``dark`` setting shows it, whatever the reader's own setting."""
    page = _SCHEME.sub(lambda found: "(min-width: 0)" if found[1] == scheme else "(max-width: 0)", page)
    return _BOTH.sub(rf"\g<1>{scheme}", page)


def preheader(page: str) -> str:
    """What an inbox shows beside the subject: the first words of the page, which it hides itself."""
    parser = _Hidden()
    parser.feed(page)
    return " ".join("".join(parser.words).split()).strip("\u034f\u200c\u00a0 ")


class _Hidden(HTMLParser):
    """The text of the first hidden block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.depth = 0
        self.done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        style = (dict(attrs).get("style") or "").replace(" ", "")
        if tag == "div" and not self.done and (self.depth or "display:none" in style):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1
            self.done = self.depth == 0

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.words.append(data)
