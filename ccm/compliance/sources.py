"""What releases were made of, kept when they are submitted: files change, and years later somebody asks."""

from __future__ import annotations

from collections.abc import Collection

import zstandard
from sqlalchemy import Connection, select

from ccm.compliance.releases import sources
from ccm.errors import IntegrityError
from ccm.store import Store
from ccm.store.engine import BATCH
from ccm.store.tables import release_parts
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication

MAX_PART = 64 * 1024 * 1024


def keep(store: Store, connection: Connection, workspace: Workspace, communication: Communication) -> None:
    """Puts the parts of the communication's release into the store; one that is there already stays."""
    compressor = zstandard.ZstdCompressor()
    rows = [{"digest": digest, "content": compressor.compress(content)}
            for digest, content in sorted(sources(workspace, communication).items())]  # fmt: skip
    if rows:
        connection.execute(store.insert(release_parts).on_conflict_do_nothing(), rows)


def load(connection: Connection, digests: Collection[str]) -> dict[str, bytes]:
    """The parts by digest; those that were not kept are left out. Raises `IntegrityError` where one is damaged."""
    wanted, found = sorted(set(digests)), {}
    for start in range(0, len(wanted), BATCH):
        query = select(release_parts).where(release_parts.c.digest.in_(wanted[start : start + BATCH]))
        for digest, content in connection.execute(query):
            try:
                found[digest] = zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_PART)
            except zstandard.ZstdError as error:
                raise IntegrityError(f"part {digest} of a release is damaged") from error
    return found
