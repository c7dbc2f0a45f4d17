"""Contents in plain, from before encryption, put under keys: a pack of many customers cannot lose one of them."""

from __future__ import annotations

from sqlalchemy import select, update

from ccm.errors import TryAgain
from ccm.pipeline import contents
from ccm.pipeline.project import Project
from ccm.store.tables import messages


def reseal(project: Project, customer_id: str | None = None) -> int:
    """Puts packs with contents in plain under keys, those of one customer or all; returns how many packs.

    A pack is written anew, the rows refer to the new one, and the old one is deleted: in this order, so that nothing
    is lost in between. Raises `TryAgain` where messages of such a pack still wait to go.
    """
    plain = messages.c.content_salt.is_(None) & messages.c.archive_pack.is_not(None)
    query = select(messages.c.archive_pack).where(plain).distinct()
    if customer_id is not None:
        query = query.where(messages.c.customer_id == customer_id)
    with project.store.read() as connection:
        packs = connection.scalars(query.order_by(messages.c.archive_pack)).all()
    for pack in packs:
        _reseal_pack(project, pack)
    return len(packs)


def _reseal_pack(project: Project, pack: str) -> None:
    with project.store.read() as connection:
        rows = connection.execute(
            select(messages).where(messages.c.archive_pack == pack).order_by(messages.c.id)
        ).mappings().all()  # fmt: skip
    if any(row["state"] in ("due", "claimed", "sending") for row in rows):
        raise TryAgain(f"archive pack {pack} is in plain and has messages that wait to go: deliver them first")
    found = contents.load(project, rows)
    seals = contents.new_seals(project, [row["customer_id"] for row in rows], always=True)
    refs = project.archive.store([found[row["id"]] for row in rows], [key for _, key in seals])
    with project.store.write() as connection:
        for row, ref, (salt, _) in zip(rows, refs, seals, strict=True):
            connection.execute(
                update(messages)
                .where(messages.c.id == row["id"], messages.c.archive_pack == pack)
                .values(
                    archive_pack=ref.pack, archive_offset=ref.offset, archive_length=ref.length, content_salt=salt,
                    recipient=None, subject="",
                )
            )  # fmt: skip
    project.archive.remove(pack)
