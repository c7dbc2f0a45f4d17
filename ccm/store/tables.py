"""Every table. Body bytes never stand here: they are in the archive, and a message row refers to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only columns of type INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python and always UTC; naive UTC in SQLite, timestamptz in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Words = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that sorts by code point on every database, so that paging and digests are the same on all."""


def _text(name: str, *args: Any, **options: Any) -> Column[str]:
    options.setdefault("nullable", False)
    return Column(name, Words, *args, **options)


# What the organisation's systems told us -----------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    _text("id", primary_key=True),
    _text("document"),  # ccm.model.Customer as JSON
    _text("row_digest"),
)
accounts = Table(
    "accounts",
    metadata,
    _text("account_id", primary_key=True),
    _text("currency"),
    Column("opened_on", Date),
    _text("statement_frequency"),
    _text("opening_balance"),  # exact decimal as text: SQLite has no decimal type
    _text("row_digest"),
)
transactions = Table(
    "transactions",
    metadata,
    _text("transaction_id", primary_key=True),
    _text("account_id"),
    Column("booked_on", Date, nullable=False),
    _text("kind"),
    _text("description"),
    _text("amount"),
    _text("balance"),
    _text("counterparty"),
    _text("row_digest"),
    Index(None, "account_id", "booked_on"),
)
preferences = Table(
    "preferences",
    metadata,
    _text("customer_id", primary_key=True),
    _text("category", primary_key=True),
    _text("channel", primary_key=True),
    Column("rank", Integer),
    Column("allowed", Boolean, nullable=False),
    _text("row_digest"),
)
consents = Table(  # append-only: rows are inserted, never changed
    "consents",
    metadata,
    _text("customer_id", primary_key=True),
    _text("purpose", primary_key=True),
    _text("channel", primary_key=True),
    Column("at", Instant, primary_key=True),
    _text("basis", primary_key=True),
    Column("granted", Boolean, nullable=False),
    _text("evidence"),
    _text("row_digest"),
)
cases = Table(
    "cases",
    metadata,
    _text("case_id", primary_key=True),
    _text("customer_id"),
    _text("kind"),
    _text("status"),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    _text("channel"),
    _text("row_digest"),
    Index(None, "customer_id"),
)
contacts = Table(  # everything said: imported history, and the ledger that caps are counted on
    "contacts",
    metadata,
    _text("id", primary_key=True),  # the message's id for our own, a digest of the row for imported ones
    _text("customer_id"),
    _text("communication"),
    _text("category"),
    _text("channel"),
    Column("at", Instant, nullable=False),
    _text("status"),  # reserved, sent, delivered, failed, released, unknown; released does not count
    Column("counts", Boolean, nullable=False),
    _text("row_digest"),
    Index(None, "customer_id", "at"),
)
imports = Table(
    "imports",
    metadata,
    Column("id", Serial, primary_key=True),
    _text("kind"),
    _text("file_digest"),
    Column("at", Instant, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("rows_new", Integer, nullable=False),
    Column("rows_changed", Integer, nullable=False),
    Column("rows_unchanged", Integer, nullable=False),
    Column("rows_set_aside", Integer, nullable=False),
    Column("fields_set_aside", Integer, nullable=False),
)
customer_salts = Table(  # destroying a salt makes the customer's log leaves anonymous
    "customer_salts",
    metadata,
    _text("customer_id", primary_key=True),
    Column("salt", LargeBinary, nullable=False),
)
customer_guards = Table(  # rows to lock, in customer order, while caps are counted
    "customer_guards",
    metadata,
    _text("customer_id", primary_key=True),
)

# Releases ----------------------------------------------------------------------------------------------

releases = Table(
    "releases",
    metadata,
    _text("digest", primary_key=True),
    _text("communication"),
    _text("manifest"),  # JSON: path or part to digest
    Column("created_at", Instant, nullable=False),
)
release_actions = Table(  # append-only; the state of a release is derived from its actions
    "release_actions",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("digest", Words, ForeignKey("releases.digest"), nullable=False),
    _text("action"),  # submitted, approved, rejected, withdrawn
    _text("person"),
    _text("comment"),
    Column("at", Instant, nullable=False),
    Index(None, "digest"),
)

# Runs and messages ---------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    _text("id", primary_key=True),
    _text("communication"),
    Column("at", Instant, nullable=False),
    Column("release", Words, ForeignKey("releases.digest"), nullable=False),
    _text("state"),  # running, cancelled, composed
    _text("parameters"),  # JSON
    Column("intended", Integer, nullable=False),
    _text("certificate", nullable=True),  # digest of the last final certificate that went into the log
    _text("lease_owner", nullable=True),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)
chunks = Table(
    "chunks",
    metadata,
    Column("run_id", Words, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _text("customer_ids"),  # JSON list, in order
    _text("state"),  # todo, done, cancelled
    _text("input_digest", nullable=True),
    Column("done_at", Instant),
)
messages = Table(
    "messages",
    metadata,
    _text("id", primary_key=True),
    _text("run_id", nullable=True),
    _text("trigger_key"),
    _text("occasion"),  # the period or instant it is about: nobody gets one communication twice for one occasion
    _text("customer_id"),
    _text("communication"),
    _text("category"),
    _text("purpose"),
    _text("channel", nullable=True),
    _text("language", nullable=True),
    _text("variant", server_default=""),
    _text("jurisdiction"),
    _text("state"),
    _text("reason"),
    _text("detail"),
    _text("recipient", nullable=True),
    _text("subject"),
    _text("media_type"),
    _text("body_digest", nullable=True),
    _text("archive_pack", nullable=True),
    Column("archive_offset", BigInteger),
    Column("archive_length", BigInteger),
    Column("segments", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    _text("release"),
    _text("wording"),  # JSON list of [id, version, digest]
    Column("trace", LargeBinary, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("expires_at", Instant),
    _text("lease_owner", nullable=True),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    _text("adapter"),
    _text("supplier_reference", nullable=True),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("run_id", "customer_id", "communication"),
    UniqueConstraint("trigger_key"),
    Index(None, "state", "due_at"),
    Index(None, "customer_id", "decided_at"),
    Index(None, "supplier_reference"),
)

# The audit log -----------------------------------------------------------------------------------------

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("entry", LargeBinary, nullable=False),  # canonical JSON
    Column("position", BigInteger, unique=True),  # place in the tree; NULL until the sequencer took it
)
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),  # up to 256 hashes of 32 bytes
)
log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    _text("note"),  # C2SP signed note
    Column("at", Instant, nullable=False),
)
log_state = Table(  # one row: locking it makes a process the only sequencer
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
)
