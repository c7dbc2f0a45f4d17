"""Releases, and what people did to them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

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
    text("action"),  # submitted, approved, rejected, withdrawn
    text("person"),
    text("comment"),
    Column("at", Instant, nullable=False),
    Index(None, "digest"),
)
