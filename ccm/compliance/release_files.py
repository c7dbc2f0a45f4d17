"""The files behind a release, kept in the store when it is submitted, so that it can be shown ever after.

The settings are kept in part only: without addresses of stores, people and keys, which change nothing that a message
says. Content is stored once by its digest, whatever number of releases share it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import zstandard
from sqlalchemy import Connection, select

from ccm.compliance.releases import Release, build_release, slots
from ccm.errors import Conflict, IntegrityError, NotFound
from ccm.store import Store
from ccm.store.tables import release_files, release_parts
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.communication import Communication
from ccm.workspace.loader import BRAND, MAX_ASSET
from ccm.workspace.yamlfile import read_bytes, relative
from ccm.workspace.yamlreader import Refused

MAX_FILE = 16_000_000
"""Bytes of one file when it is unpacked: what somebody else put into the store must not fill the memory."""
WORDING = "compliance/wording/"
_LEFT_OUT = {"store", "log", "people", "approvals", "feeds", "preference_page"}


def files_of(workspace: Workspace, communication: Communication) -> dict[str, bytes]:
    """Every file that a communication is made of, by workspace path; settings as far as messages depend on them."""
    root = workspace.root
    ids = slots(workspace, communication) | set(communication.wording)
    folders = [root / "templates" / communication.id, *(root / "compliance" / "wording" / name for name in sorted(ids))]
    paths = {
        relative(file, root) for folder in folders for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }  # fmt: skip
    manifest = build_release(workspace, communication).manifest
    paths |= {path for path in manifest if path.startswith("compliance/") and (root / path).is_file()}
    paths |= {workspace.channels[name].path for name in communication.channels}
    found = {path: read_bytes(root / path, root, MAX_ASSET) for path in sorted(paths)}
    found |= {f"templates/{BRAND}/{path}": content for path, content in workspace.brand.items()}
    found["ccm.toml"] = _toml(workspace.settings.model_dump(mode="json", exclude=_LEFT_OUT)).encode()
    # Without caps: they name categories of other communications, and decide on no word.
    policy = workspace.policy.model_dump(mode="json", exclude={"caps"}, exclude_defaults=True)
    found["channels/policy.yaml"] = json.dumps(policy, ensure_ascii=False).encode()
    return found


def checked_files(workspace: Workspace, release: Release, folder: Path) -> dict[str, bytes]:
    """The files of a release, after making sure in an empty `folder` that they give this very release again.

    Raises `Conflict` where they do not: somebody saved a file after the workspace was loaded.
    """
    try:
        files = files_of(workspace, workspace.communication(release.communication))
    except Refused as refused:
        raise Conflict(f"{refused.problem}; it changed after it was read: hand the communication in again") from refused
    if not shows_the_same(release, restored(files, folder, release.communication)):
        raise Conflict(f"files of '{release.communication}' changed while they were read; hand it in again")
    return files


def restored(files: Mapping[str, bytes], folder: Path, communication: str) -> Workspace:
    """The workspace of one communication as its files make it, in an empty `folder`; rules are left out.

    Raises `WorkspaceError` where this version of ccm does not read them any more, and `IntegrityError` for a path
    that leads out of the folder.
    """
    for name in ("templates", "compliance", "channels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    inside = folder.resolve()
    for path, content in files.items():
        if _only_judges(path):
            continue
        target = (inside / path).resolve()
        if not target.is_relative_to(inside):
            raise IntegrityError(f"a stored file of '{communication}' lies outside of the workspace")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return load_workspace(inside, alone=True)


def shows_the_same(release: Release, workspace: Workspace) -> bool:
    """Whether a workspace gives the parts of a release again that messages are rendered from."""
    again = build_release(workspace, workspace.communication(release.communication))
    return _shown(again.manifest) == _shown(release.manifest)


def _shown(manifest: Mapping[str, str]) -> dict[str, str]:
    """The parts that decide on a word or a picture: neither what judges a rendering, nor this program itself."""
    return {part: digest for part, digest in manifest.items()
            if not part.startswith("engine#") and not _only_judges(part)}  # fmt: skip


def _only_judges(path: str) -> bool:
    """Whether it is a rule or the like."""
    return path.startswith("compliance/") and not path.startswith(WORDING)


def store_files(store: Store, connection: Connection, digest: str, files: Mapping[str, bytes]) -> None:
    """Keeps the files of a release; those that are known already are not stored again."""
    if not files:
        return
    pack = zstandard.ZstdCompressor(level=10).compress
    parts = {sha256(content).hexdigest(): content for content in files.values()}
    known = set(connection.scalars(select(release_parts.c.digest).where(release_parts.c.digest.in_(parts))))
    rows = [{"digest": part, "content": pack(content)} for part, content in sorted(parts.items()) if part not in known]
    if rows:
        connection.execute(store.insert(release_parts).on_conflict_do_nothing(), rows)
    connection.execute(
        store.insert(release_files).on_conflict_do_nothing(),
        [{"release": digest, "path": path, "part": sha256(content).hexdigest()}
         for path, content in sorted(files.items())],
    )  # fmt: skip


def load_files(connection: Connection, digest: str) -> dict[str, bytes]:
    """The files of a submitted release, by path.

    Raises `NotFound` for a release that was submitted before files were kept, and `IntegrityError` where what is
    stored is not what was.
    """
    query = (
        select(release_files.c.path, release_parts.c.digest, release_parts.c.content)
        .join(release_parts, release_parts.c.digest == release_files.c.part)
        .where(release_files.c.release == digest)
        .order_by(release_files.c.path)
    )
    found = {path: _unpacked(path, part, content) for path, part, content in connection.execute(query)}
    if not found:
        raise NotFound(
            f"the files of release {digest[:12]} are not in the store: it was submitted before they were kept"
        )
    return found


def _unpacked(path: str, digest: str, packed: bytes) -> bytes:
    try:
        size = zstandard.get_frame_parameters(packed).content_size
        content = zstandard.ZstdDecompressor().decompress(packed) if size <= MAX_FILE else b""
    except zstandard.ZstdError:
        content = b""
    if sha256(content).hexdigest() != digest:
        raise IntegrityError(f"the stored file {path} of a release was changed")
    return content


def _toml(sections: Mapping[str, Any]) -> str:
    """Settings as TOML, a line a section."""
    return "".join(f"{json.dumps(name)} = {_value(value)}\n" for name, value in sections.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # A JSON string is a basic string of TOML, but for DEL, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
