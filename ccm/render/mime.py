"""The e-mail as it goes over the wire, written out directly.

The standard library's `email` package takes over a millisecond a message, many times the rendering; the
tests parse what is written here with it and compare. Everything is 7-bit and ends lines with CRLF
(RFC 5322, RFC 2045); boundaries and ids come from the message id, so that the same message always has the
same bytes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from ccm.errors import RenderError

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_LINE = 998
"""RFC 5322: at most 998 octets a line."""
_WORD_BYTES = 42
"""UTF-8 bytes in one encoded word: 56 characters of base64 and 12 around them stay under the 75 of RFC 2047."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an e-mail comes from."""

    address: str
    name: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """The parts of one e-mail."""

    message_id: str
    recipient: str
    subject: str
    at: datetime
    language: str
    text: str
    html: str
    unsubscribe: str = ""
    """https address for List-Unsubscribe (RFC 2369) with one click (RFC 8058); empty where none belongs."""
    automatic: bool = True
    """Auto-Submitted: auto-generated (RFC 3834)."""
    attachment: tuple[str, bytes] | None = None
    """ASCII file name and PDF."""
    pictures: tuple[bytes, ...] = ()
    """Parts that the HTML names by Content-ID, whole and encoded (`ccm.render.email_images.Picture`)."""


def build(mail: Mail, sender: Sender) -> bytes:
    """The whole message.

    Raises `RenderError` ``bad_address`` or ``bad_data`` for an address, id or subject that a header cannot hold.
    """
    if not is_address(mail.recipient):
        raise RenderError("bad_address", "the e-mail address is not a plain addr-spec")
    if not _IDENTIFIER.fullmatch(mail.message_id):
        raise RenderError("bad_data", "the message id has characters that a Message-ID cannot hold")
    if _CONTROL.search(mail.subject):
        raise RenderError("bad_data", "the subject holds a control character")
    headers = [
        f"From: {_mailbox(sender)}",
        f"To: {mail.recipient}",
        f"Subject: {header_text(mail.subject, len('Subject: '))}",
        f"Date: {_date(mail.at)}",
        f"Message-ID: <{mail.message_id}@{sender.domain}>",
        f"Content-Language: {mail.language}",
    ]
    if mail.automatic:
        headers.append("Auto-Submitted: auto-generated")
    if mail.unsubscribe:
        headers += [f"List-Unsubscribe: <{mail.unsubscribe}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    headers.append("MIME-Version: 1.0")
    # "=_" can stand neither in base64 nor in quoted-printable; the HTML is checked for the mark.
    mark = sha256(mail.message_id.encode()).hexdigest()[:24]
    body = _alternative(mail, mark)
    if mail.attachment is not None:
        body = _multipart("mixed", f"=_m{mark}", body, _pdf(*mail.attachment))
    return b"".join(["\r\n".join(headers).encode("ascii"), b"\r\n", *body])


def is_address(text: str) -> bool:
    """Whether `text` is a plain ASCII addr-spec of at most 254 characters (RFC 5321)."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and len(text.rpartition("@")[0]) <= 64


def header_text(text: str, used: int = 0) -> str:
    """A header's text: as it is where short and ASCII, else RFC 2047 encoded words, folded.

    `used` is the number of characters that stand before it on the line.
    """
    if text.isascii() and len(text) + used <= 76 and "=?" not in text and text == text.strip():
        return text
    raw = text.encode()
    words: list[bytes] = []
    start = 0
    while start < len(raw) or not words:
        # The first word shares its line with the header's name.
        end = start + (_WORD_BYTES if words else max(_WORD_BYTES - used, 0))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # never within a character
            end -= 1
        words.append(raw[start:end])
        start = end
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


@lru_cache(maxsize=64)
def _date(at: datetime) -> str:
    # All messages of a run carry the same instant.
    return format_datetime(at.astimezone(UTC))


@lru_cache(maxsize=64)
def _mailbox(sender: Sender) -> str:
    if not sender.name:
        return sender.address
    name = header_text(sender.name, len("From: "))
    if name == sender.name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{sender.address}>'
    return f"{name}\r\n <{sender.address}>"


# A part is a list of byte strings, joined once for the whole message: its HTML is some 20 kB.


def _alternative(mail: Mail, mark: str) -> list[bytes]:
    """The text, and the HTML with its pictures as the better way to show the same (RFC 2046, 5.1.4).

    The pictures are parts of the HTML (RFC 2387), not of the message: whoever reads the text is shown no
    files. Thunderbird and Python's `EmailMessage.add_related` write this order too.
    """
    html = _html_part(mail.html, mark)
    if mail.pictures:
        # "type" names the kind of the part that the others belong to, and is required (RFC 2387, 3.1).
        pictures = ([picture] for picture in mail.pictures)
        html = _multipart('related; type="text/html"', f"=_r{mark}", html, *pictures)
    return _multipart("alternative", f"=_a{mark}", _text_part("plain", mail.text + "\n"), html)


def _html_part(text: str, mark: str) -> list[bytes]:
    html = text.encode("ascii", "xmlcharrefreplace")
    if mark.encode() in html or _has_long_line(html):
        return _text_part("html", text)
    # Every character beyond ASCII is a reference (&#12402;), so the HTML passes any server as it is.
    head = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    return [head, html.replace(b"\n", b"\r\n")]


def _has_long_line(text: bytes) -> bool:
    start = 0
    while len(text) - start > _LONGEST_LINE:
        end = text.rfind(b"\n", start, start + _LONGEST_LINE + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _text_part(kind: str, text: str) -> list[bytes]:
    raw = text.replace("\n", "\r\n").encode()
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: ".encode()
    # Quoted-printable stays readable and small for English; base64 is smaller from about a sixth of other bytes.
    if len(text.encode("ascii", "ignore")) * 6 >= len(raw) * 5:
        return [head, b"quoted-printable\r\n\r\n", b2a_qp(raw)]
    return [head, b"base64\r\n\r\n", _base64(raw)]


def _pdf(name: str, content: bytes) -> list[bytes]:
    head = (
        f'Content-Type: application/pdf; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return [head.encode("ascii"), _base64(content)]


def _base64(content: bytes) -> bytes:
    text = b64encode(content)
    return b"\r\n".join([text[start : start + 76] for start in range(0, len(text), 76)])


def _multipart(kind: str, boundary: str, *parts: list[bytes]) -> list[bytes]:
    mark = boundary.encode()
    joined = [f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        joined += [b"--", mark, b"\r\n", *part, b"\r\n"]
    return [*joined, b"--", mark, b"--\r\n"]
