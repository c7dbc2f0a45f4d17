"""Pictures of e-mails: files of ``templates/_brand`` that travel inside the message.

Nothing is loaded from an address: that would tell who opened the e-mail, when and where, and most mail programs
show it only after a click. A picture is a part of its own with a Content-ID, which the HTML names as ``cid:``
(RFC 2392).
"""

from __future__ import annotations

import re
from base64 import b64encode, encodebytes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from html import unescape
from pathlib import PurePosixPath

MAX_PICTURE = 150_000
"""Bytes of one picture. It travels with every message; a logo has some thousand."""
_KINDS = {"png": ("image/png", b"\x89PNG\r\n\x1a\n"), "jpg": ("image/jpeg", b"\xff\xd8\xff"),
          "jpeg": ("image/jpeg", b"\xff\xd8\xff"), "gif": ("image/gif", b"GIF8")}  # fmt: skip
_SHOWN = frozenset(kind for kind, _ in _KINDS.values())
_TAG = re.compile(r"<(?:mj-image|img)\b[^>]*>")
_SOURCE = re.compile(r"""(?<=\ssrc=)(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(r'(?<=src=")cid:([^"]*)(?=")')


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, ready to stand in any number of messages."""

    name: str
    """Path below ``templates/_brand``."""
    content_id: str
    """Without angle brackets; the same file under the same domain always has the same."""
    part: bytes
    """The whole MIME part: headers, blank line, base64 in lines of 76 ended by CRLF."""


def picture_problem(name: str, content: bytes) -> str:
    """Why a file can't be a picture of an e-mail, or an empty text."""
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    if ending == "svg":
        # caniemail.com/features/image-svg: neither Gmail nor any Outlook shows it.
        return f"'{name}' is SVG, which Gmail and Outlook do not show; save it as PNG, twice as wide as it is shown"
    if ending not in _KINDS:
        return f"'{name}' is no picture that mail programs show: png, jpg or gif"
    if not content.startswith(_KINDS[ending][1]):
        return f"'{name}' is not what its name says: it does not begin like a {ending} file"
    if len(content) > MAX_PICTURE:
        return f"'{name}' has {len(content):,} bytes; at most {MAX_PICTURE:,} travel with every e-mail"
    return ""


def with_pictures(document: str, brand: Mapping[str, bytes], domain: str) -> tuple[str, tuple[Picture, ...]]:
    """An MJML document whose pictures are named by Content-ID, and those pictures in order of appearance.

    All of them passed `picture_problem`. `domain` is the sender's: it makes the ids unique (RFC 2045, 7).
    """
    found: dict[str, Picture] = {}

    def named(source: re.Match[str]) -> str:
        name = unescape(source[1] if source[1] is not None else source[2])
        if name not in found:
            found[name] = _picture(name, brand[name], domain)
        return f'"cid:{found[name].content_id}"'

    return _TAG.sub(lambda tag: _SOURCE.sub(named, tag[0]), document), tuple(found.values())


def page_with_pictures(raw: bytes) -> str:
    """The HTML of a message with its pictures written into it (``data:``), to look at in a browser."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    page = message.get_body(("html",))
    html: str = "" if page is None else page.get_content()
    inside = dict(_inside(message.walk()))
    return _REFERENCE.sub(lambda found: inside.get(found[1], found[0]), html)


def _inside(parts: Iterable[object]) -> Iterable[tuple[str, str]]:
    for part in parts:
        assert isinstance(part, EmailMessage)
        if part["Content-ID"] and part.get_content_type() in _SHOWN:
            content = b64encode(part.get_content()).decode()
            yield str(part["Content-ID"]).strip("<>"), f"data:{part.get_content_type()};base64,{content}"


def _picture(name: str, content: bytes, domain: str) -> Picture:
    path = PurePosixPath(name)
    digest = sha256(content).hexdigest()
    content_id = f"{digest[:24]}@{domain}"
    shown = path.name if re.fullmatch(r"[A-Za-z0-9._-]+", path.name) else f"{digest[:8]}{path.suffix.lower()}"
    head = (
        f'Content-Type: {_KINDS[path.suffix.lower()[1:]][0]}; name="{shown}"\r\n'
        f"Content-Transfer-Encoding: base64\r\nContent-ID: <{content_id}>\r\n"
        f'Content-Disposition: inline; filename="{shown}"\r\n\r\n'
    )
    return Picture(name, content_id, head.encode("ascii") + encodebytes(content).rstrip().replace(b"\n", b"\r\n"))
