"""Files with a secret: made once, at once and whole, and read only where nobody else can."""

from __future__ import annotations

import binascii
import os
import stat
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path

from ccm.errors import Conflict, InputError, NotAllowed, NotFound, TryAgain

MAX_SECRET = 65_536
"""Bytes of a secret file; a key has some tens."""


def create_secret(path: Path, content: bytes, what: str) -> None:
    """Writes a new file with mode 0600; `what` is its name in errors.

    Raises `Conflict` where there is a file already, `TryAgain` where it cannot be written; then no file is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name) as file:  # mode 0600 from the start
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            _link(Path(file.name), path, what)
    except OSError as error:
        raise TryAgain(f"{what} {path}: it cannot be written: {error.strerror}") from error


def _link(file: Path, path: Path, what: str) -> None:
    try:
        path.hardlink_to(file)  # unlike a rename, it never replaces another key
    except FileExistsError as error:
        raise Conflict(
            f"{what} {path}: there is a file already; a new key would orphan what the old one made"
        ) from error


def read_secret(path: Path, what: str) -> bytes:
    """The content of a file that `create_secret` wrote.

    Raises `NotFound` where there is none, `NotAllowed` where others can read it or this process cannot, `InputError`
    where it is no file or too long.
    """
    try:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_SECRET:  # reading a pipe would wait for ever
            raise InputError(f"{what} {path}: no file of at most {MAX_SECRET} bytes")
        if mode & 0o077:
            raise NotAllowed(f"{what} {path}: mode {mode:04o} lets others in; make it 0600, and think of a new key")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"{what} {path}: there is no such file") from error
    except OSError as error:
        raise NotAllowed(f"{what} {path}: it cannot be read: {error.strerror}") from error


def create_key(path: Path, key: bytes, what: str) -> None:
    """Writes a key as one line of base64; raises as `create_secret`."""
    create_secret(path, b64encode(key) + b"\n", what)


def read_key(path: Path, what: str, size: int, without: str) -> bytes:
    """The key of `size` bytes that `create_key` wrote; `without`: what a person loses who does not put it back.

    Raises as `read_secret`, and `InputError` where it is no such key.
    """
    try:
        key = b64decode(read_secret(path, what).strip(), validate=True)
    except NotFound as error:
        raise NotFound(f"{error}; put it back: without it {without}") from error
    except binascii.Error as error:
        raise InputError(f"{what} {path}: it is no base64") from error
    if len(key) != size:
        raise InputError(f"{what} {path}: it has {len(key)} bytes, not {size}")
    return key
