"""Whether a folder changed since it was read, without reading it again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

Fingerprint = tuple[tuple[str, int, int, int], ...]
"""Path, modification time in ns, size in bytes and inode of every file below a folder, in order."""
_SETTLED_NS = 2_000_000_000
"""File times move in steps (up to 2 s on FAT): a file changed twice in one step may look the same."""


def fingerprint_of(folder: Path) -> Fingerprint | None:
    """The folder's fingerprint; None where it cannot tell: a file changed just now, or there are links."""
    try:
        found = tuple(sorted(_files(os.fspath(folder), "")))
    except (OSError, _Link):
        return None
    newest = max((changed for _, changed, _, _ in found), default=0)
    return found if newest < time.time_ns() - _SETTLED_NS else None


class _Link(Exception):
    """A link's target can change without a trace in the folder."""


def _files(folder: str, below: str) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise _Link
            if entry.is_dir():
                yield from _files(entry.path, f"{below}{entry.name}/")
            else:
                status = entry.stat()
                yield f"{below}{entry.name}", status.st_mtime_ns, status.st_size, status.st_ino
