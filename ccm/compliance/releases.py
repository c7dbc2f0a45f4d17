"""Releases: the immutable snapshot of everything that can change what a communication says.

A release is a manifest, which names each part and its digest, and the digest of that manifest. The parts come
from the workspace as it was loaded, not from the disk: what is approved is what will be rendered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, Literal

from ccm.compliance.rules import is_policy, may_apply
from ccm.errors import IntegrityError
from ccm.workspace import Workspace
from ccm.workspace.catalogues import TEMPLATE
from ccm.workspace.communication import Communication

RENDER_FORMAT = 2
"""Raised whenever this engine would make other bytes of the same parts."""
RENDER_PACKAGES = (
    "babel",
    "budoux",
    "fontpkg-noto-sans",
    "jinja2",
    "markdown-it-py",
    "mjml-python",
    "noto-cjk-sans-jp-bold",
    "noto-cjk-sans-jp-regular",
    "ppf.datamatrix",
    "segno",
    "weasyprint",
)
"""Distributions whose version decides on the words, the numbers or the looks of a message."""
version = lru_cache(metadata.version)
_SLOT = re.compile(r"\bwording\s*\.\s*([a-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Release:
    """What is approved: `digest` is the SHA-256, in hexadecimal, over communication and manifest."""

    digest: str
    communication: str
    manifest: dict[str, str]
    """Part (a workspace path, or a section of a file after ``#``) to SHA-256 in hexadecimal; sorted."""

    def __post_init__(self) -> None:
        if self.digest != _digest_of(self.communication, self.manifest):
            raise IntegrityError(f"release {self.digest[:12]}: the digest is not that of its manifest")

    def manifest_json(self) -> str:
        """The manifest in the one form that is stored and hashed."""
        return canonical(self.manifest)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One part that differs between two releases."""

    part: str
    kind: Literal["added", "removed", "changed"]


def build_release(workspace: Workspace, communication: Communication) -> Release:
    """The release that the workspace, as loaded, gives for a communication.

    The caller compiles the templates first: whatever does not compile is no release.
    """
    manifest = {part: _sha256(content) if isinstance(content, bytes) else content
                for part, content in sorted(_parts(workspace, communication))}  # fmt: skip
    return Release(_digest_of(communication.id, manifest), communication.id, manifest)


def sources(workspace: Workspace, communication: Communication) -> dict[str, bytes]:
    """What the release's parts are, by the digests of its manifest.

    A part that was taken from a file by its digest is left out where the file has changed since.
    """
    found = {}
    written = {rule.part: rule.written.encode() for rule in workspace.rules if rule.written}
    for part, content in _parts(workspace, communication):
        if isinstance(content, str):
            digest, file = content, workspace.root / part
            content = written.get(part) or (file.read_bytes() if file.is_file() else b"")
            if _sha256(content) != digest:
                continue
        found[_sha256(content)] = content
    return found


def diff(old: Release, new: Release) -> tuple[Change, ...]:
    """The parts that differ, in order of their names."""
    changes = []
    for part in sorted(old.manifest.keys() | new.manifest.keys()):
        if part not in old.manifest:
            changes.append(Change(part, "added"))
        elif part not in new.manifest:
            changes.append(Change(part, "removed"))
        elif old.manifest[part] != new.manifest[part]:
            changes.append(Change(part, "changed"))
    return tuple(changes)


def canonical(value: Any) -> str:
    """JSON in one form only: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest_of(communication: str, manifest: dict[str, str]) -> str:
    return _sha256(canonical({"communication": communication, "manifest": manifest}).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _of(value: Any) -> bytes:
    return canonical(value).encode()


def _parts(workspace: Workspace, communication: Communication) -> Iterator[tuple[str, bytes | str]]:
    """Each part with its content, or with the digest of the file that it was read from."""
    folder = f"templates/{communication.id}"
    yield f"{folder}/communication.yaml", _of(communication.model_dump(mode="json"))
    served: dict[str, list[Any]] = {}
    for template in workspace.templates[communication.id]:
        place = [template.channel, template.language, template.variant, template.meta]
        served.setdefault(template.path, [template.body]).append(place)
    for path, parts in served.items():
        yield path, _of(parts)
    if communication.data.sql:
        yield f"{folder}/{communication.data.sql}", workspace.sql[communication.id].encode()
    for path, content in workspace.brand.items():
        if path != TEMPLATE:  # says where words stand; what they are in each language say the catalogues
            yield f"templates/_brand/{path}", content
    languages = {name for own in communication.languages for name in communication.languages_behind(own)}
    ids = slots(workspace, communication) | set(communication.wording)
    for wording in workspace.wordings:
        said_here = wording.language in languages and wording.jurisdiction in communication.jurisdictions
        if wording.id in ids and said_here and wording.product in (None, communication.product):
            yield wording.path, wording.digest
    for file in workspace.rules:
        # Rules of policy decide whether and when a message goes, never what it says.
        if file.enabled and not is_policy(file) and may_apply(file.applies, communication):
            yield file.part, file.digest
    yield from _settings_parts(workspace, communication)
    yield "engine#format", _of(RENDER_FORMAT)
    for package in RENDER_PACKAGES:
        yield f"engine#{package}", _of(version(package))


def _settings_parts(workspace: Workspace, communication: Communication) -> Iterator[tuple[str, bytes]]:
    """The sections of the settings that stand in, or shape, the text."""
    settings = workspace.settings
    yield "ccm.toml#organisation", _of(settings.organisation.model_dump(mode="json"))
    yield "ccm.toml#customer", _of(settings.customer.model_dump(mode="json"))
    for channel_id in communication.channels:
        channel = workspace.channels[channel_id]
        yield f"{channel.path}#sender", _of([channel.sender, channel.sender_name])
        if channel_id == "letter":
            yield f"{channel.path}#letter", _of(channel.letter.model_dump(mode="json"))
        if channel.utm is not None:
            yield f"{channel.path}#utm", _of(channel.utm.model_dump(mode="json"))
    # The date of a message is that of the customer's zone, or of the jurisdiction's first.
    zones = {place: list(workspace.policy.zones.get(place, ())) for place in communication.jurisdictions}
    yield "channels/policy.yaml#zones", _of(zones)


def slots(workspace: Workspace, communication: Communication) -> set[str]:
    """Wording ids that the templates and layouts name (``{{ wording.deposit_protection }}``)."""
    found = {name for template in workspace.templates[communication.id]
             for text in (template.body, *template.meta.values()) for name in _SLOT.findall(text)}  # fmt: skip
    for path, content in workspace.brand.items():
        if path.endswith((".mjml", ".html")):
            found |= _slots_of_layout(content)
    return {name.replace("_", "-") for name in found}


@lru_cache(maxsize=16)
def _slots_of_layout(content: bytes) -> frozenset[str]:
    # Kept, since every communication of a workspace asks.
    return frozenset(_SLOT.findall(content.decode("utf-8", errors="replace")))
