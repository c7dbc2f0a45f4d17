"""What the organisation's systems told us."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ColumnElement, Date, Index, Integer, LargeBinary, Table, literal_column

from ccm.store.tables.addresses import EmailOfDocument
from ccm.store.tables.base import Instant, Serial, metadata, text

_ADDRESSED: ColumnElement[bool] = literal_column("contact_point != ''")
customers = Table(
    "customers",
    metadata,
    text("id", primary_key=True),
    text("document"),  # ccm.model.Customer as JSON
    text("row_digest"),
    Index("ix_customers_email", EmailOfDocument()),
)
accounts = Table(
    "accounts",
    metadata,
    text("account_id", primary_key=True),
    text("currency"),
    Column("opened_on", Date),
    text("statement_frequency"),
    text("opening_balance"),  # exact decimal as text: SQLite has no decimal type
    text("row_digest"),
)
transactions = Table(
    "transactions",
    metadata,
    text("transaction_id", primary_key=True),
    text("account_id"),
    Column("booked_on", Date, nullable=False),
    text("kind"),
    text("description"),
    text("amount"),
    text("balance"),
    text("counterparty"),
    text("row_digest"),
    Index(None, "account_id", "booked_on"),
)
preferences = Table(
    "preferences",
    metadata,
    text("customer_id", primary_key=True),
    text("category", primary_key=True),
    text("channel", primary_key=True),
    Column("rank", Integer),
    Column("allowed", Boolean, nullable=False),
    Column("paused_until", Instant),
    text("hours", server_default=""),  # 18:00-20:00 on the customer's clock, or empty
    Column("at", Instant),  # when it was stated; NULL: by a feed that does not say
    text("source", server_default="feed"),  # feed, page, reply, staff
    text("row_digest"),
)
customer_choices = Table(  # what customers said of themselves, which counts more than the feed: language, format
    "customer_choices",
    metadata,
    text("customer_id", primary_key=True),
    text("name", primary_key=True),
    text("value"),
    Column("at", Instant, nullable=False),
    text("source"),
)
suppressions = Table(
    "suppressions",
    metadata,
    text("customer_id", primary_key=True),
    text("kind", primary_key=True),
    text("channel", primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("until", Instant),
    text("contact_point", server_default=""),  # digest of the address, or empty
    text("evidence", server_default=""),
    text("row_digest"),
)
relations = Table(  # households, joint holders, guardians, addresses for correspondence
    "relations",
    metadata,
    text("customer_id", primary_key=True),
    text("kind", primary_key=True),
    text("related_id", primary_key=True),
    text("purposes", server_default=""),  # separated by spaces; empty: all
    text("row_digest"),
    Index(None, "related_id"),
)
consents = Table(  # append-only: rows are inserted, never changed
    "consents",
    metadata,
    text("customer_id", primary_key=True),
    text("purpose", primary_key=True),
    text("channel", primary_key=True),
    Column("at", Instant, primary_key=True),
    text("basis", primary_key=True),
    Column("granted", Boolean, nullable=False),
    text("evidence"),
    text("row_digest"),
)
cases = Table(
    "cases",
    metadata,
    text("case_id", primary_key=True),
    text("customer_id"),
    text("kind"),
    text("status"),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    text("channel"),
    text("row_digest"),
    Index(None, "customer_id"),
)
contacts = Table(  # everything said: imported history, and the ledger that caps are counted on
    "contacts",
    metadata,
    text("id", primary_key=True),  # the message's id for our own, a digest of the row for imported ones
    text("customer_id"),
    text("communication"),
    text("category"),
    text("channel"),
    Column("at", Instant, nullable=False),
    text("status"),  # reserved, sent, delivered, failed, released, unknown; released does not count
    Column("counts", Boolean, nullable=False),
    text("purpose", server_default=""),
    text("priority", server_default=""),
    text("contact_point", server_default=""),  # digest of the address it went to; empty where nobody knows
    text("row_digest"),
    Index(None, "customer_id", "at"),
    Index(None, "contact_point", sqlite_where=_ADDRESSED, postgresql_where=_ADDRESSED),
)
imports = Table(
    "imports",
    metadata,
    Column("id", Serial, primary_key=True),
    text("kind"),
    text("file_digest"),
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
    text("customer_id", primary_key=True),
    Column("salt", LargeBinary, nullable=False),
)
customer_guards = Table(  # rows to lock, in customer order, while caps are counted
    "customer_guards",
    metadata,
    text("customer_id", primary_key=True),
)
