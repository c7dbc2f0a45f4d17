"""The keys of the audit log, timestamps of its checkpoints, and cheaper indexes for its leaves"""

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
    with op.batch_alter_table("log_leaves") as leaves:  # SQLite can drop a constraint only by copying the table
        leaves.drop_constraint("uq_log_leaves_position", type_="unique")
    placed, waiting = sa.text("position IS NOT NULL"), sa.text("position IS NULL")
    op.create_index(
        "uq_log_leaves_position", "log_leaves", ["position"], unique=True, sqlite_where=placed, postgresql_where=placed
    )
    op.create_index("ix_log_leaves_waiting", "log_leaves", ["id"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    op.drop_index("ix_log_leaves_waiting", table_name="log_leaves")
    op.drop_index("uq_log_leaves_position", table_name="log_leaves")
    with op.batch_alter_table("log_leaves") as leaves:
        leaves.create_unique_constraint("uq_log_leaves_position", ["position"])
    op.drop_column("log_checkpoints", "timestamp")
    op.drop_table("log_keys")
