"""Runs, their chunks, and messages."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    literal_column,
)

from ccm.store.tables.base import Instant, Words, metadata, text

_REFERENCED: ColumnElement[bool] = literal_column("supplier_reference IS NOT NULL")

runs = Table(
    "runs",
    metadata,
    text("id", primary_key=True),
    text("communication"),
    Column("at", Instant, nullable=False),
    Column("release", Words, ForeignKey("releases.digest"), nullable=False),
    text("state"),  # running, cancelled, composed
    text("parameters"),  # JSON
    Column("intended", Integer, nullable=False),
    text("certificate", nullable=True),  # digest of the last final certificate that went into the log
    text("lease_owner", nullable=True),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)
chunks = Table(
    "chunks",
    metadata,
    Column("run_id", Words, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    text("customer_ids"),  # JSON list, in order
    text("state"),  # todo, done, cancelled
    text("input_digest", nullable=True),
    Column("done_at", Instant),
)
messages = Table(
    "messages",
    metadata,
    text("id", primary_key=True),
    text("run_id", nullable=True),
    text("trigger_key"),
    text("occasion"),  # the period or instant it is about: nobody gets one communication twice for one occasion
    text("customer_id"),
    text("communication"),
    text("part", server_default=""),  # empty; the channel of one beside the first at once; joint: and a digest
    text("category"),
    text("purpose"),
    text("priority", server_default=""),
    text("channel", nullable=True),
    text("language", nullable=True),
    text("variant", server_default=""),
    text("jurisdiction"),
    text("state"),
    text("reason"),
    text("detail"),
    text("recipient", nullable=True),  # in messages of before 0005; later ones have both in the archive
    text("subject"),
    text("media_type"),
    text("body_digest", nullable=True),
    text("archive_pack", nullable=True),
    Column("archive_offset", BigInteger),
    Column("archive_length", BigInteger),
    Column("content_salt", LargeBinary),  # of the key of the archived content; destroying it destroys the content
    Column("erased_at", Instant),  # content destroyed, customer's id replaced by the log's name of the customer
    Column("segments", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    text("release"),
    text("wording"),  # JSON list of [id, version, digest]
    Column("trace", LargeBinary, nullable=False),
    text("policy", server_default=""),  # digest in decision_policies of what the decision was taken by
    text("digest", nullable=True),  # id in digests of the one that it became a part of, or that it is
    Column("decided_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("expires_at", Instant),
    text("lease_owner", nullable=True),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    text("adapter"),
    text("supplier_reference", nullable=True),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("run_id", "customer_id", "communication", "part"),
    UniqueConstraint("trigger_key"),
    Index(None, "state", "due_at"),
    Index(None, "customer_id", "communication", "occasion"),
    Index(None, "supplier_reference", sqlite_where=_REFERENCED, postgresql_where=_REFERENCED),
)
digests = Table(  # one a customer, digest communication and window: its parts are messages of state `digested`
    "digests",
    metadata,
    text("id", primary_key=True),
    text("customer_id"),
    text("communication"),  # the one that collects
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    text("state"),  # open, closed
    text("message_id", nullable=True),  # of the digest itself, once it is closed
    UniqueConstraint("customer_id", "communication", "window_start"),
    Index(None, "state", "window_end"),
)
decision_policies = Table(  # what decisions were taken by, once for all of them, so that they can be taken again
    "decision_policies",
    metadata,
    text("digest", primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
