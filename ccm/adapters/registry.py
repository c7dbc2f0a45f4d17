"""Finds the suppliers, and opens the adapter that a channel's file names."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from ccm.adapters import suppliers
from ccm.adapters.base import Adapter, AdapterSettings, Opening, Supplier
from ccm.errors import CcmError, Problem, WorkspaceError
from ccm.workspace.channels import Channel
from ccm.workspace.yamlfile import explain
from ccm.workspace.yamlreader import Document


def load_suppliers(package: ModuleType) -> dict[str, Supplier]:
    """Every supplier of a package, by the adapter's name.

    Raises `CcmError` for a file that does not load, declares no `SUPPLIER` or repeats a name: an engine
    that quietly lacks a supplier would find out with the first message.
    """
    found: dict[str, Supplier] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        place = f"{package.__name__}.{info.name}"
        try:
            module = importlib.import_module(place)
        except Exception as error:
            raise CcmError(f"{place}: supplier does not load: {type(error).__name__}: {error}") from error
        supplier = getattr(module, "SUPPLIER", None)
        if not isinstance(supplier, Supplier):
            raise CcmError(f"{place}: supplier does not load: it must define SUPPLIER = Supplier(adapter, settings)")
        if supplier.adapter.name in found:
            raise CcmError(f"{place}: supplier does not load: the name '{supplier.adapter.name}' is taken")
        found[supplier.adapter.name] = supplier
    return found


@cache
def _suppliers() -> Mapping[str, Supplier]:
    return load_suppliers(suppliers)


def adapter_names(channel: str) -> tuple[str, ...]:
    """The names of the adapters that can carry a channel, sorted."""
    return tuple(name for name, supplier in _suppliers().items() if channel in supplier.adapter.channels)


def check_channels(channels: Iterable[Channel]) -> list[Problem]:
    """What is wrong with the adapters and settings of these channels; opens nothing, reads no secret."""
    return [problem for channel in channels for problem in _read(channel)[1]]


def open_adapter(
    channel: Channel,
    workspace_root: Path,
    *,
    outbox: Path,
    environ: Mapping[str, str],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Adapter:
    """The adapter of a channel, ready to send.

    `outbox` is the folder of the adapter of that name; `clock` gives the time now with its zone.
    Raises `WorkspaceError` for an unknown adapter, wrong settings, an unset secret or a missing package.
    """
    settings, problems = _read(channel)
    if settings is None:
        raise WorkspaceError(problems)
    return settings.open(Opening(channel, workspace_root, outbox, environ, clock))


def _read(channel: Channel) -> tuple[AdapterSettings | None, list[Problem]]:
    """The settings, or None with what is wrong."""

    def problem(message: str) -> Problem:
        return Problem(channel.path, channel.settings_line, message)

    supplier = _suppliers().get(channel.adapter)
    possible = ", ".join(adapter_names(channel.channel)) or "none yet"
    if supplier is None:
        return None, [problem(f"adapter '{channel.adapter}' is none of {possible}")]
    if channel.channel not in supplier.adapter.channels:
        message = f"adapter '{channel.adapter}' does not carry channel '{channel.channel}'; these do: {possible}"
        return None, [problem(message)]
    try:
        settings = supplier.settings.model_validate(channel.settings)
    except ValidationError as error:
        document = Document(channel.path, channel.settings, {(): channel.settings_line})
        known = ", ".join(supplier.settings.model_fields) or "none"
        found = explain(error, document, supplier.settings, prefix=("settings",))
        return None, [problem(f"{item.message} (settings of adapter '{channel.adapter}': {known})") for item in found]
    complaints = [problem(message) for message in settings.complaints(channel)]
    return (None if complaints else settings), complaints
