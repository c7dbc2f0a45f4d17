"""Links by which a customer reaches the preference page without a login: a token that only this workspace makes.

The token holds what the page must know, so that unsubscribing works when the message is long disposed of. It is
encrypted and authenticated with AES-256-SIV (RFC 5297), which needs no random number: the same message always has the
same link. Its form is URL-safe base64 (RFC 4648, 5) of: version, name of the key, SIV and ciphertext.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ccm.errors import RenderError
from ccm.model.customer import CONTACT_CHANNELS, Purpose
from ccm.store.link_keys import NAME_SIZE, name_of

VERSION = b"\x01"
LONGEST = 299
"""Characters of a token; a customer id of 100 ASCII characters and the longest category fit."""
_LINK, _NOTE = b"ccm preference link v1", b"ccm preference note v1"
"""Domains: a note can never be read as a link."""
_PURPOSES: tuple[str, ...] = get_args(Purpose)
_DAY_ZERO = date(2020, 1, 1).toordinal()
_ID = re.compile("[0-9a-f]{32}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,299}")
_SEALED = re.compile(r"[A-Za-z0-9_-]{1,4096}")
_HEAD = 1 + NAME_SIZE


@dataclass(frozen=True, slots=True)
class PreferenceLink:
    """What one message's link says."""

    message_id: str
    customer_id: str
    category: str
    purpose: str
    channel: str
    language: str
    issued: date
    """The day (UTC) that the message was decided for."""

    def shows_on(self, day: date, days: int) -> bool:
        """Whether the page may be looked at through the link on `day`, for `days` days from its issue."""
        return day <= self.issued + timedelta(days=days)


class PreferenceLinks:
    """Makes and reads tokens; of `keys` (64 bytes each) the first makes, all read."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {name_of(key): AESSIV(key) for key in keys}
        self._newest = self._ciphers[name_of(keys[0])]
        self._head = VERSION + name_of(keys[0])

    def token(
        self, message_id: str, customer_id: str, category: str, purpose: str, channel: str, language: str, at: datetime
    ) -> str:
        """The token of a message, at most `LONGEST` characters.

        Raises `RenderError` ``bad_data`` where the customer's id is too long for that.
        """
        plain = _packed(message_id, customer_id, category, purpose, channel, language, at)
        token = self._sealed(plain, [_LINK])
        if len(token) > LONGEST:
            raise RenderError("bad_data", "the customer's id is too long for a link to the preference page")
        return token

    def read(self, token: str) -> PreferenceLink | None:
        """What a token says; None for one that was not made here, or was changed by as much as a bit."""
        plain = self._opened(token, [_LINK]) if _TOKEN.fullmatch(token) else None
        return None if plain is None else _unpacked(plain)

    def note(self, token: str, content: bytes) -> str:
        """`content` as text that only this page can read, and only beside `token`."""
        return self._sealed(content, [_NOTE, token.encode()])

    def read_note(self, token: str, note: str) -> bytes | None:
        """What `note` was made of; None where it was changed, or belongs to another token."""
        return self._opened(note, [_NOTE, token.encode()]) if _SEALED.fullmatch(note) else None

    def _sealed(self, plain: bytes, domain: list[bytes]) -> str:
        # No padding: it would have to be escaped in a query.
        sealed = self._head + self._newest.encrypt(plain, [self._head, *domain])
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _opened(self, text: str, domain: list[bytes]) -> bytes | None:
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            return None
        head = raw[:_HEAD]
        cipher = self._ciphers.get(head[1:])
        # The last character can hold bits that are not read: only one way of writing them counts.
        if head[:1] != VERSION or cipher is None or urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
            return None
        try:
            return cipher.decrypt(raw[_HEAD:], [head, *domain])
        except InvalidTag:
            return None


def _packed(
    message_id: str, customer_id: str, category: str, purpose: str, channel: str, language: str, at: datetime
) -> bytes:
    kind = _PURPOSES.index(purpose) << 4 | CONTACT_CHANNELS.index(channel)
    day = at.astimezone(UTC).toordinal() - _DAY_ZERO
    # Nearly every message id is 32 hexadecimal digits, which 16 bytes hold; no length stands for that.
    message = b"\0" + bytes.fromhex(message_id) if _ID.fullmatch(message_id) else _counted(message_id)
    return b"".join((
        bytes((kind,)), day.to_bytes(2, "big"), message, _counted(language), _counted(category), customer_id.encode()
    ))  # fmt: skip


def _counted(text: str) -> bytes:
    raw = text.encode()
    if not 0 < len(raw) < 256:
        raise RenderError("bad_data", "a part of a link to the preference page is empty or too long")
    return bytes((len(raw),)) + raw


def _unpacked(plain: bytes) -> PreferenceLink:
    kind, day, size = plain[0], int.from_bytes(plain[1:3], "big"), plain[3]
    message, at = (plain[4 : 4 + size].decode(), 4 + size) if size else (plain[4:20].hex(), 20)
    words = []
    for _ in range(2):
        size = plain[at]
        words.append(plain[at + 1 : at + 1 + size].decode())
        at += 1 + size
    language, category = words
    return PreferenceLink(
        message, plain[at:].decode(), category, _PURPOSES[kind >> 4], CONTACT_CHANNELS[kind & 15], language,
        date.fromordinal(_DAY_ZERO + day),
    )  # fmt: skip
