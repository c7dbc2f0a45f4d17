"""What an evidence pack is about, gathered from the store in a few queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, func, select

from ccm.compliance import approvals, sources
from ccm.compliance.approvals import ReleaseAction
from ccm.compliance.releases import sources as sources_now
from ccm.errors import Erased, InputError, NotFound
from ccm.log.leaves import subject
from ccm.log.prove import find_leaves
from ccm.pipeline import contents
from ccm.pipeline.project import Project
from ccm.store.archive import Content
from ccm.store.tables import chunks, customer_salts, customers, messages, releases

MOST_MESSAGES = 5_000
"""Messages of one pack; for more, packs of single messages are made."""


@dataclass(frozen=True, slots=True)
class About:
    """What a pack is asked for."""

    kind: Literal["message", "release", "customer"]
    id: str


@dataclass(frozen=True, slots=True)
class MessageFound:
    """A message's row and, where it was neither erased nor never rendered, its content."""

    row: Mapping[Any, Any]
    content: Content | None
    input_digest: str | None
    """SHA-256 of all that its chunk was composed from; None for single triggers."""


@dataclass(frozen=True, slots=True)
class ReleaseFound:
    """A release, its parts as far as they were kept, what people did to it, and its use."""

    digest: str
    communication: str
    manifest: Mapping[str, str]
    parts: Mapping[str, bytes]
    """By part; those that are not there were not kept."""
    actions: Sequence[ReleaseAction]
    first_use: datetime | None
    last_use: datetime | None
    messages: int


@dataclass(frozen=True, slots=True)
class Found:
    """All of it. `positions` are those of the log's entries, ascending."""

    about: About
    messages: tuple[MessageFound, ...]
    releases: tuple[ReleaseFound, ...]
    positions: tuple[int, ...]


def identify(connection: Connection, name: str) -> About:
    """Whether it is a message's id, a customer's, or a release's digest or its beginning. Raises `NotFound`."""
    if connection.scalar(select(messages.c.id).where(messages.c.id == name)) is not None:
        return About("message", name)
    for column in (customers.c.id, messages.c.customer_id):
        if connection.scalar(select(column).where(column == name).limit(1)) is not None:
            return About("customer", name)
    try:
        return About("release", approvals.find(connection, name))
    except InputError as error:
        raise NotFound(f"'{name}' is no message and no customer of this store, and: {error}") from error


def collect(project: Project, about: About) -> Found:
    """Gathers everything. Raises `InputError` where there are too many messages, `IntegrityError` for damage."""
    with project.store.read() as connection:
        rows = _rows(connection, about)
        digests = sorted({row["release"] for row in rows} | ({about.id} if about.kind == "release" else set()))
        inputs = _inputs(connection, rows)
        found = tuple(_release(project, connection, digest) for digest in digests)
        positions = _positions(connection, about, rows, digests)
    return Found(
        about,
        tuple(MessageFound(row, _content(project, row), inputs.get((row["run_id"], row["customer_id"])))
              for row in rows),
        tuple(release for release in found if release is not None),
        positions,
    )  # fmt: skip


def _rows(connection: Connection, about: About) -> Sequence[Mapping[Any, Any]]:
    if about.kind == "release":  # what it was used for is counted: its messages can be a million
        return []
    which = messages.c.customer_id == about.id
    if about.kind == "message":  # a digest together with what it tells of, whichever of them was asked for
        digest = select(messages.c.digest).where(messages.c.id == about.id).scalar_subquery()
        which = (messages.c.id == about.id) | (messages.c.digest == digest)
    query = select(messages).where(which).order_by(messages.c.decided_at, messages.c.id)
    rows = connection.execute(query.limit(MOST_MESSAGES + 1)).mappings().all()
    if len(rows) > MOST_MESSAGES:
        raise InputError(f"customer '{about.id}' has over {MOST_MESSAGES} messages; ask for single ones")
    return rows


def _content(project: Project, row: Mapping[Any, Any]) -> Content | None:
    if row["body_digest"] is None:
        return None
    try:
        return contents.load(project, [row])[row["id"]]
    except Erased:
        return None


def _inputs(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> dict[tuple[str, str], str | None]:
    found = {}
    for run_id, customer_id in sorted({(row["run_id"], row["customer_id"]) for row in rows if row["run_id"]}):
        named = chunks.c.customer_ids.contains(orjson.dumps(customer_id).decode(), autoescape=True)
        found[run_id, customer_id] = connection.scalar(
            select(chunks.c.input_digest).where(chunks.c.run_id == run_id, named)
        )
    return found


def _release(project: Project, connection: Connection, digest: str) -> ReleaseFound | None:
    row = connection.execute(select(releases).where(releases.c.digest == digest)).mappings().first()
    if row is None:  # withheld before anybody submitted it
        return None
    manifest = orjson.loads(row["manifest"])
    kept = sources.load(connection, manifest.values())
    if len(kept) < len(set(manifest.values())):  # of before parts were kept: the files may still be as they were
        communication = project.workspace.communications.get(row["communication"])
        kept = (sources_now(project.workspace, communication) if communication else {}) | kept
    first, last, count = connection.execute(
        select(func.min(messages.c.decided_at), func.max(messages.c.decided_at), func.count())
        .where(messages.c.release == digest, messages.c.body_digest.is_not(None))
    ).one()  # fmt: skip
    parts = {part: kept[of] for part, of in manifest.items() if of in kept}
    actions = approvals.state(connection, digest).actions
    return ReleaseFound(digest, row["communication"], manifest, parts, actions, first, last, count)


def _positions(
    connection: Connection, about: About, rows: Sequence[Mapping[Any, Any]], digests: Sequence[str]
) -> tuple[int, ...]:
    found = set()
    wanted = [("message", [row["id"] for row in rows], ()), ("release", digests, ("release",)),
              ("run", sorted({row["run_id"] for row in rows if row["run_id"]}), ("certificate",))]  # fmt: skip
    if about.kind == "customer":
        salt = connection.scalar(select(customer_salts.c.salt).where(customer_salts.c.customer_id == about.id))
        wanted.append(("subject", [subject(bytes(salt), about.id)] if salt else [], ()))
    for field, values, kinds in wanted:
        if values:
            for positions in find_leaves(connection, field, values, kinds).values():
                found.update(positions)
    return tuple(sorted(found))
