"""Where a workspace is."""

from __future__ import annotations

from pathlib import Path

from ccm.errors import NotFound


def find_root(start: Path) -> Path:
    """The nearest folder upward with a ``ccm.toml``; raises `NotFound`."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "ccm.toml").is_file():
            return folder
    raise NotFound(f"no ccm.toml in {start.resolve()} or above it; make a workspace with: ccm init DIR")
