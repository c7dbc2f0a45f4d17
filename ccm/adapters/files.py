"""Files that survive a crash: a name shows a whole file or none, and a list holds whole lines only."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccm.errors import SupplierRefused

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def refusal(error: OSError) -> SupplierRefused:
    """A full disk and its like: nothing was handed over, and it may pass."""
    code = errno.errorcode.get(error.errno or 0, "EIO")
    return SupplierRefused(code, f"the file could not be written: {error.strerror or 'error'}", permanent=False)


@contextmanager
def locked(file: Path, mode: int = PRIVATE_FILE) -> Iterator[int]:
    """A file open for appending and held by one process or thread alone; made where it is missing.

    The lock goes with the descriptor, so a killed process leaves none behind.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int) -> None:
    """Makes a folder and those above it, durably, where they are missing."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(mode, exist_ok=True)
    sync_folder(folder.parent)


def stage(folder: Path, stem: str, content: bytes) -> Path:
    """Writes and syncs a hidden temporary file beside where it will stand; leaves none behind on an error."""
    descriptor, name = tempfile.mkstemp(prefix=f".{stem}.", suffix=".tmp", dir=folder)
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        discard(staged)
        raise
    return staged


def sweep(folder: Path, stem: str) -> None:
    """Removes what a killed process left of staging `stem`."""
    for leftover in folder.glob(f".{stem}.*.tmp"):
        discard(leftover)


def discard(file: Path) -> None:
    """Removes a file that may not be there."""
    with suppress(FileNotFoundError):
        file.unlink()


def publish(staged: Path, final: Path) -> None:
    """Gives a staged file its name, durably."""
    staged.rename(final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Makes names that were added or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(descriptor: int, record: bytes, *, end: bytes, unless: bytes = b"") -> None:
    """Adds a record to a locked file, whole or not at all, and syncs it.

    Where `unless` is given and stands in the file, nothing is added; that reads the whole file, so it is
    for repairs. A record that a crash tore off is removed first, so that it is not taken for a whole one.
    """
    size = _cut_torn_end(descriptor, end)
    if unless and _contains(descriptor, unless):
        return
    try:
        written = 0
        while written < len(record):
            written += os.write(descriptor, record[written:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _cut_torn_end(descriptor: int, end: bytes) -> int:
    """Cuts what follows the last whole record; gives the size that is left."""
    size = os.fstat(descriptor).st_size
    if size >= len(end) and os.pread(descriptor, len(end), size - len(end)) == end:
        return size
    position, tail = size, b""
    while position > 0:
        start = max(0, position - 65_536)
        tail = os.pread(descriptor, position - start, start) + tail[: len(end) - 1]
        position = start
        if end in tail:
            break
    whole = position + tail.rfind(end) + len(end) if end in tail else 0
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole


def _contains(descriptor: int, needle: bytes) -> bool:
    """Whether a file holds these bytes; reads it in pieces, however large it is."""
    position, tail = 0, b""
    while piece := os.pread(descriptor, 1_048_576, position):
        position += len(piece)
        window = tail + piece
        if needle in window:
            return True
        tail = window[len(window) - len(needle) + 1 :] if len(window) >= len(needle) else window
    return False
