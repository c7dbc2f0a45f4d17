"""What decisions are taken by: suppressions, relations, choices, digests, and more of preferences and contacts"""

import sqlalchemy as sa
from alembic import op

import ccm.store.tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORDS = ccm.store.tables.Words
INSTANT = ccm.store.tables.Instant(timezone=True)


def _words(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=False, server_default=default)


def upgrade() -> None:
    for table, columns in {
        "preferences": (
            sa.Column("paused_until", INSTANT, nullable=True), _words("hours", ""),
            sa.Column("at", INSTANT, nullable=True), _words("source", "feed"),
        ),
        "contacts": (_words("purpose", ""), _words("priority", ""), _words("contact_point", "")),
        "messages": (
            _words("part", ""), _words("priority", ""), _words("policy", ""), sa.Column("digest", WORDS, nullable=True),
        ),
    }.items():  # fmt: skip
        for column in columns:
            op.add_column(table, column)
    unique = op.f("uq_messages_run_id_customer_id_communication")
    with op.batch_alter_table("messages") as messages:
        messages.drop_constraint(unique, type_="unique")
        messages.create_unique_constraint(f"{unique}_part", ["run_id", "customer_id", "communication", "part"])
    addressed = sa.text("contact_point != ''")
    op.create_index(
        op.f("ix_contacts_contact_point"), "contacts", ["contact_point"], sqlite_where=addressed,
        postgresql_where=addressed,
    )  # fmt: skip
    _tables()


def _tables() -> None:
    op.create_table(
        "customer_choices",
        *(_words(name) for name in ("customer_id", "name", "value")),
        sa.Column("at", INSTANT, nullable=False),
        _words("source"),
        sa.PrimaryKeyConstraint("customer_id", "name", name=op.f("pk_customer_choices")),
    )
    op.create_table(
        "suppressions",
        *(_words(name) for name in ("customer_id", "kind", "channel")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        _words("contact_point", ""), _words("evidence", ""), _words("row_digest"),
        sa.PrimaryKeyConstraint("customer_id", "kind", "channel", "at", name=op.f("pk_suppressions")),
    )  # fmt: skip
    op.create_table(
        "relations",
        *(_words(name) for name in ("customer_id", "kind", "related_id")),
        _words("purposes", ""), _words("row_digest"),
        sa.PrimaryKeyConstraint("customer_id", "kind", "related_id", name=op.f("pk_relations")),
    )  # fmt: skip
    op.create_index(op.f("ix_relations_related_id"), "relations", ["related_id"])
    op.create_table(
        "digests",
        *(_words(name) for name in ("id", "customer_id", "communication")),
        sa.Column("window_start", INSTANT, nullable=False),
        sa.Column("window_end", INSTANT, nullable=False),
        _words("state"),
        sa.Column("message_id", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint(
            "customer_id",
            "communication",
            "window_start",
            name=op.f("uq_digests_customer_id_communication_window_start"),
        ),
    )
    op.create_index(op.f("ix_digests_state_window_end"), "digests", ["state", "window_end"])
    op.create_table(
        "decision_policies",
        _words("digest"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_decision_policies")),
    )


def downgrade() -> None:
    for table in ("decision_policies", "digests", "relations", "suppressions", "customer_choices"):
        op.drop_table(table)
    op.drop_index(op.f("ix_contacts_contact_point"), table_name="contacts")
    unique = op.f("uq_messages_run_id_customer_id_communication")
    with op.batch_alter_table("messages") as messages:
        messages.drop_constraint(f"{unique}_part", type_="unique")
        messages.create_unique_constraint(unique, ["run_id", "customer_id", "communication"])
    for table, names in {
        "messages": ("digest", "policy", "priority", "part"),
        "contacts": ("contact_point", "priority", "purpose"),
        "preferences": ("source", "at", "hours", "paused_until"),
    }.items():
        for name in names:
            op.drop_column(table, name)
