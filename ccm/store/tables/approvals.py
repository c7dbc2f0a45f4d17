"""Releases with their files, what people did to them, and what is stopped."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from ccm.store.tables.base import Instant, Serial, Words, metadata, text

releases = Table(
    "releases",
    metadata,
    text("digest", primary_key=True),
    text("communication"),
    text("manifest"),  # JSON: path or part to digest
    Column("created_at", Instant, nullable=False),
)
release_actions = Table(  # append-only; the state of a release is derived from its actions
    "release_actions",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("digest", Words, ForeignKey("releases.digest"), nullable=False),
    text("action"),  # submitted, approved, rejected, withdrawn, commented
    text("person"),
    text("comment"),
    Column("at", Instant, nullable=False),
    text("terms", server_default="{}"),  # JSON: how many must approve, from when to when; as in the log
    Index(None, "digest"),
)
release_parts = Table(  # content by digest, once for all releases that share it
    "release_parts",
    metadata,
    text("digest", primary_key=True),  # SHA-256 of the file
    Column("content", LargeBinary, nullable=False),  # zstandard
)
release_files = Table(  # the files that a submitted release was made of
    "release_files",
    metadata,
    Column("release", Words, ForeignKey("releases.digest"), primary_key=True),
    text("path", primary_key=True),
    Column("part", Words, ForeignKey("release_parts.digest"), nullable=False),
)
stops = Table(  # append-only; what is stopped now is derived from the last action on each target
    "stops",
    metadata,
    Column("id", Serial, primary_key=True),
    text("action"),  # stopped, resumed
    text("target"),  # release, communication, wording, channel
    text("name"),
    text("person"),
    text("comment"),
    Column("at", Instant, nullable=False),
    Index(None, "target", "name"),
)
