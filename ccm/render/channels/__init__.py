"""Channels: one module each, found by looking into this folder; it says how its templates are compiled and filled."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ccm.render.channels.base import Channel

__all__ = ["Channel", "channels"]


@cache
def channels() -> dict[str, type[Channel]]:
    """Every channel, by name. A module that does not load stops the program."""
    found: dict[str, type[Channel]] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        channel = getattr(module, "CHANNEL", None)
        if channel is not None:
            found[channel.name] = channel
    return found
