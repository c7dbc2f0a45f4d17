"""The archive of contents: compressed, then encrypted, one pack a chunk, never changed after it was written.

A pack is: 8 bytes of magic, 4 bytes length of the dictionary frame (big endian), the dictionary frame, then one frame
for each content. A content is 4 bytes length, recipient and subject as a JSON list of that length, and the body; it is
compressed by zstandard with the dictionary, and then encrypted with AES-256-GCM under a key of its own. The dictionary
is in plain sight, so it is made of invented data: rendered samples of the release, which differ little from what
customers got. A pack's name is its SHA-256.

Packs of older versions (magic CCMPACK1) hold bodies alone, in plain, and their first body is the dictionary.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ccm.errors import IntegrityError, TryAgain

MAGIC = b"CCMPACK2"
BODIES_ONLY = b"CCMPACK1"
LEVEL = 3
DICTIONARY_LIMIT = 65_536
MAX_BODY = 64 * 1024 * 1024
_NONCE = bytes(12)
"""Each key encrypts one frame only, so its nonce need not differ (NIST SP 800-38D section 8: unique by key)."""


class Content(NamedTuple):
    """What went out: to whom, under which subject, and the body byte for byte."""

    recipient: str
    subject: str
    body: bytes


class BodyRef(NamedTuple):
    """Where a content is: pack name, offset and length of its frame in bytes, SHA-256 of the body in plain."""

    pack: str
    offset: int
    length: int
    digest: str


class Archive:
    """A folder of packs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(
        self, contents: Sequence[Content], keys: Sequence[bytes | None], dictionary: bytes = b""
    ) -> list[BodyRef]:
        """Writes the contents as one pack, safely on disk before it returns.

        `keys` has one key of 32 bytes a content, used for nothing else, or None where it is to stay in plain. The
        first 64 kB of `dictionary` are used; they are not encrypted. Raises `TryAgain` where the disk is full or
        cannot be written; nothing is left behind then.
        """
        if not contents:
            return []
        shared = _dictionary(dictionary[:DICTIONARY_LIMIT])
        if shared is not None:
            shared.precompute_compress(level=LEVEL)
        compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=shared)
        dictionary_frame = zstandard.ZstdCompressor(level=LEVEL).compress(dictionary[:DICTIONARY_LIMIT])
        parts = [MAGIC, len(dictionary_frame).to_bytes(4, "big"), dictionary_frame]
        offset = sum(map(len, parts))
        places = []
        for content, key in zip(contents, keys, strict=True):
            head = orjson.dumps([content.recipient, content.subject])
            frame = compressor.compress(b"".join((len(head).to_bytes(4, "big"), head, content.body)))
            if key is not None:
                frame = AESGCM(key).encrypt(_NONCE, frame, None)
            places.append((offset, len(frame), hashlib.sha256(content.body).hexdigest()))
            parts.append(frame)
            offset += len(frame)
        packed = b"".join(parts)
        pack = hashlib.sha256(packed).hexdigest()
        self._write(pack, packed)
        return [BodyRef(pack, *place) for place in places]

    def load(self, refs: Sequence[BodyRef], keys: Sequence[bytes | None]) -> list[Content]:
        """The contents, each body proved by its digest; raises `IntegrityError` where one is missing or differs.

        `keys` are those of `store`. Of a pack with bodies only, recipient and subject are empty.
        """
        contents: dict[BodyRef, Content] = {}
        wanted = dict(zip(refs, keys, strict=True))
        for pack in sorted({ref.pack for ref in refs}):
            try:
                with self._path(pack).open("rb") as file:
                    magic = file.read(len(MAGIC))
                    if magic not in (MAGIC, BODIES_ONLY):
                        raise IntegrityError(f"archive pack {pack} is no pack")
                    size = int.from_bytes(file.read(4), "big")
                    dictionary = zstandard.ZstdDecompressor().decompress(file.read(size), DICTIONARY_LIMIT)
                    reader = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary))
                    for ref in (ref for ref in wanted if ref.pack == pack):
                        file.seek(ref.offset)
                        frame = _opened(file.read(ref.length), wanted[ref], ref)
                        plain = reader.decompress(frame, max_output_size=MAX_BODY)
                        contents[ref] = _content(plain, ref) if magic == MAGIC else Content("", "", plain)
                        if hashlib.sha256(contents[ref].body).hexdigest() != ref.digest:
                            raise IntegrityError(f"archive pack {pack}: body {ref.digest} was changed")
            except FileNotFoundError as error:
                raise IntegrityError(f"archive pack {pack} is missing") from error
            except zstandard.ZstdError as error:
                raise IntegrityError(f"archive pack {pack} is damaged: {error}") from error
        return [contents[ref] for ref in refs]

    def remove(self, pack: str) -> None:
        """Deletes a pack that nothing refers to any more; harmless where it is gone."""
        self._path(pack).unlink(missing_ok=True)

    def _path(self, pack: str) -> Path:
        return self.folder / pack[:2] / f"{pack}.pack"

    def _write(self, pack: str, content: bytes) -> None:
        path = self._path(pack)
        if path.exists():
            return
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
                temporary = Path(file.name)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # the name must outlast a power cut as the content does
            finally:
                os.close(folder)
        except OSError as error:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            what = "is full" if full else f"cannot be written ({error.strerror})"
            raise TryAgain(f"the archive {what}; nothing of this chunk was recorded") from error


def _opened(frame: bytes, key: bytes | None, ref: BodyRef) -> bytes:
    if key is None:
        return frame
    try:
        return AESGCM(key).decrypt(_NONCE, frame, None)
    except InvalidTag as error:
        raise IntegrityError(f"archive pack {ref.pack}: the content of body {ref.digest} was changed") from error


def _content(plain: bytes, ref: BodyRef) -> Content:
    end = 4 + int.from_bytes(plain[:4], "big")
    try:
        recipient, subject = orjson.loads(plain[4:end])
    except (orjson.JSONDecodeError, ValueError, TypeError) as error:
        raise IntegrityError(f"archive pack {ref.pack} is damaged at body {ref.digest}") from error
    return Content(recipient, subject, plain[end:])


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if content else None
