"""The keys of the audit log, and timestamps of its checkpoints"""

import sqlalchemy as sa
from alembic import op

import ccm.store.tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_keys",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verifier", ccm.store.tables.Words, nullable=False),
        sa.Column("at", ccm.store.tables.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_keys")),
    )
    op.add_column("log_checkpoints", sa.Column("timestamp", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("log_checkpoints", "timestamp")
    op.drop_table("log_keys")
