"""Contents of messages, into the archive and out of it: whose key, which salt, which frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ccm.errors import Erased
from ccm.model.message import ApprovedMessage
from ccm.pipeline.project import Project
from ccm.store.archive import BodyRef, Content
from ccm.store.vault import KEY_SIZE, message_key


class Kept(NamedTuple):
    """Where a content is, and the salt of its key; None where it is in plain."""

    ref: BodyRef
    salt: bytes | None


def keep(project: Project, messages: Sequence[ApprovedMessage], dictionary: bytes) -> dict[str, Kept]:
    """Puts contents into the archive as one pack, each under its customer's key; by message id.

    Keys that customers lack are made, and committed before anything is written under them. Raises `TryAgain` where
    the archive is full.
    """
    contents = [Content(message.recipient, message.subject, message.body) for message in messages]
    owners = [message.customer_id for message in messages]
    seals = new_seals(project, owners)
    refs = project.archive.store(contents, [key for _, key in seals], dictionary)
    return {message.message_id: Kept(ref, salt)
            for message, ref, (salt, _) in zip(messages, refs, seals, strict=True)}  # fmt: skip


def new_seals(
    project: Project, owners: Sequence[str], *, always: bool = False
) -> Sequence[tuple[bytes | None, bytes | None]]:
    """A fresh salt for each content of these customers, and the key that it gives.

    None for both where encryption is off, unless `always`.
    """
    if project.workspace.settings.archive.encryption == "off" and not always:
        return [(None, None)] * len(owners)
    vault = project.vault()
    with project.store.read() as connection:
        known = vault.data_keys(connection, owners)
    if len(known) < len(set(owners)):
        with project.store.write() as connection:
            known = vault.data_keys(connection, owners, project.random_bytes)
    drawn = project.random_bytes(KEY_SIZE * len(owners))
    salts = [drawn[start : start + KEY_SIZE] for start in range(0, len(drawn), KEY_SIZE)]
    return [(salt, message_key(known[owner], salt)) for owner, salt in zip(owners, salts, strict=True)]


def load(project: Project, rows: Sequence[Mapping[Any, Any]]) -> Mapping[str, Content]:
    """The contents of rows of `messages`, proved by their digests, by message id.

    Raises `Erased` where a key was destroyed, `IntegrityError` where the archive is damaged. People get contents
    through `ccm.pipeline.access` only, which writes down who looked.
    """
    if any(row["erased_at"] is not None for row in rows):
        raise Erased("the content of the message was erased")
    keys = _keys(project, [row["customer_id"] for row in rows], [row["content_salt"] for row in rows])
    refs = [BodyRef(row["archive_pack"], row["archive_offset"], row["archive_length"], row["body_digest"])
            for row in rows]  # fmt: skip
    return {
        # Messages of before 0005 have recipient and subject in their rows.
        row["id"]: Content(row["recipient"], row["subject"], content.body) if row["recipient"] else content
        for row, content in zip(rows, project.archive.load(refs, keys), strict=True)
    }


def _keys(project: Project, owners: Sequence[str], salts: Sequence[bytes | None]) -> list[bytes | None]:
    if not any(salts):
        return [None] * len(owners)
    with project.store.read() as connection:
        found = project.vault().data_keys(connection, owners)
    if any(owner not in found for owner, salt in zip(owners, salts, strict=True) if salt):
        raise Erased("the key of the message's content was destroyed")
    return [message_key(found[owner], bytes(salt)) if salt else None
            for owner, salt in zip(owners, salts, strict=True)]  # fmt: skip
