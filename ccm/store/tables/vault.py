"""Keys of contents, what was erased, and what must not be."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table

from ccm.store.tables.base import Instant, Serial, metadata, text

vault_keys = Table(  # key-encryption keys by name; a key file's own key is in that file only
    "vault_keys",
    metadata,
    text("source", primary_key=True),  # file:NAME or kms:KEY:NAME; links:NAME is a key of links, always in a file
    Column("wrapped", LargeBinary),  # by AWS KMS; NULL for a key file
    Column("made_at", Instant, nullable=False),
)
customer_keys = Table(  # destroying a row makes every content of the customer unreadable
    "customer_keys",
    metadata,
    text("customer_id", primary_key=True),
    text("source"),
    Column("wrapped", LargeBinary, nullable=False),  # nonce and AES-256-GCM
)
erasures = Table(  # append-only
    "erasures",
    metadata,
    Column("id", Serial, primary_key=True),
    text("subject"),  # as the log names the customer
    text("person"),
    text("reason"),
    Column("messages", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)
legal_holds = Table(  # append-only: a customer is under hold while the last row says so
    "legal_holds",
    metadata,
    Column("id", Serial, primary_key=True),
    text("customer_id"),
    text("action"),  # placed, lifted
    text("person"),
    text("reason"),
    Column("at", Instant, nullable=False),
    Index(None, "customer_id"),
)
