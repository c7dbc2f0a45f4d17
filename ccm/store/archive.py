"""The archive of bodies: compressed, content-addressed, one pack a chunk, never changed after it was written.

A pack is: 8 bytes of magic, 4 bytes length of the dictionary frame (big endian), the dictionary frame, then
one zstandard frame per distinct body. The dictionary is the pack's first body as raw content: bodies of one
release differ in little, so an e-mail of 16 kB takes some tens of bytes. The pack's name is its SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

from ccm.errors import IntegrityError, TryAgain

MAGIC = b"CCMPACK1"
LEVEL = 3
DICTIONARY_LIMIT = 65_536
MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyRef:
    """Where a body is: pack name, offset and length of its frame in bytes, SHA-256 of the body itself."""

    pack: str
    offset: int
    length: int
    digest: str


class Archive:
    """A folder of packs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, bodies: Sequence[bytes]) -> list[BodyRef]:
        """Writes the bodies as one pack, safely on disk before it returns; equal input gives the same pack.

        Raises `TryAgain` where the disk is full or cannot be written; nothing is left behind then.
        """
        if not bodies:
            return []
        dictionary = bodies[0][:DICTIONARY_LIMIT]
        compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(dictionary))
        dictionary_frame = zstandard.ZstdCompressor(level=LEVEL).compress(dictionary)
        parts = [MAGIC, len(dictionary_frame).to_bytes(4, "big"), dictionary_frame]
        offset = sum(map(len, parts))
        places: dict[str, tuple[int, int]] = {}
        digests = []
        for body in bodies:
            digest = hashlib.sha256(body).hexdigest()
            digests.append(digest)
            if digest not in places:
                frame = compressor.compress(body)
                places[digest] = (offset, len(frame))
                parts.append(frame)
                offset += len(frame)
        content = b"".join(parts)
        pack = hashlib.sha256(content).hexdigest()
        self._write(pack, content)
        return [BodyRef(pack, *places[digest], digest) for digest in digests]

    def load(self, refs: Sequence[BodyRef]) -> list[bytes]:
        """The bodies, each proved by its digest; raises `IntegrityError` where one is missing or differs."""
        bodies: dict[BodyRef, bytes] = {}
        for pack in sorted({ref.pack for ref in refs}):
            path = self._path(pack)
            try:
                with path.open("rb") as file:
                    if file.read(len(MAGIC)) != MAGIC:
                        raise IntegrityError(f"archive pack {pack} is no pack")
                    size = int.from_bytes(file.read(4), "big")
                    dictionary = zstandard.ZstdDecompressor().decompress(file.read(size), DICTIONARY_LIMIT)
                    reader = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary))
                    for ref in (ref for ref in refs if ref.pack == pack):
                        file.seek(ref.offset)
                        body = reader.decompress(file.read(ref.length), max_output_size=MAX_BODY)
                        if hashlib.sha256(body).hexdigest() != ref.digest:
                            raise IntegrityError(f"archive pack {pack}: body {ref.digest} was changed")
                        bodies[ref] = body
            except FileNotFoundError as error:
                raise IntegrityError(f"archive pack {pack} is missing") from error
            except zstandard.ZstdError as error:
                raise IntegrityError(f"archive pack {pack} is damaged: {error}") from error
        return [bodies[ref] for ref in refs]

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


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
