"""Keys of contents, erasures and legal holds"""

import sqlalchemy as sa
from alembic import op

import ccm.store.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words, instant = ccm.store.tables.Words, ccm.store.tables.Instant(timezone=True)
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "vault_keys",
        sa.Column("source", words, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_vault_keys")),
    )
    op.create_table(
        "customer_keys",
        sa.Column("customer_id", words, nullable=False),
        sa.Column("source", words, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_keys")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", serial, nullable=False),
        *(sa.Column(name, words, nullable=False) for name in ("subject", "person", "reason")),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", serial, nullable=False),
        *(sa.Column(name, words, nullable=False) for name in ("customer_id", "action", "person", "reason")),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_customer_id"), "legal_holds", ["customer_id"])
    op.add_column("messages", sa.Column("content_salt", sa.LargeBinary(), nullable=True))
    op.add_column("messages", sa.Column("erased_at", instant, nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "erased_at")
    op.drop_column("messages", "content_salt")
    for table in ("legal_holds", "erasures", "customer_keys", "vault_keys"):
        op.drop_table(table)
