"""What becomes of the parts of a digest that was made and does not go out after all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from ccm.log import leaves
from ccm.model.message import NEVER_WENT
from ccm.pipeline.digest_members import part_of
from ccm.store.tables import digests, messages


def withhold_parts(connection: Connection, gone: Mapping[str, str], now: datetime) -> list[bytes]:
    """Withholds the parts that digests were to tell of, in the transaction that settled the digests' own messages.

    `gone` is the id of each message of a digest that does not go out, to why; parts whose digest goes out on another
    channel stay. Returns the log's entries about them.
    """
    if not gone:
        return []
    m, d = messages.c, digests.c
    mine = connection.execute(select(m.id, m.digest).where(m.id.in_(gone))).all()
    own = select(m.digest).join(digests, d.id == m.digest).where(m.communication == d.communication)
    named = {row.digest for row in mine}
    told = set(connection.scalars(own.where(m.digest.in_(named), m.state.not_in(NEVER_WENT))))
    entries: list[bytes] = []
    for message, digest in sorted((row.id, row.digest) for row in mine if row.digest not in told):
        parts = connection.scalars(part_of([digest]).with_only_columns(m.id)).all()
        connection.execute(
            update(messages)
            .where(m.id.in_(parts))
            .values(state="withheld", reason="digest_withheld", detail=gone[message], updated_at=now)
        )
        entries += [
            leaves.event_leaf(message_id=part, state="withheld", detail="digest_withheld", at=now) for part in parts
        ]
    return entries
