"""Leaves that wait for the sequencer have a table of their own, and leaves of the tree one index"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_waiting",
        sa.Column("id", serial, nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_waiting")),
    )
    op.execute("INSERT INTO log_waiting (leaves) SELECT entry FROM log_leaves WHERE position IS NULL ORDER BY id")
    op.drop_index("ix_log_leaves_waiting", table_name="log_leaves")
    op.drop_index("uq_log_leaves_position", table_name="log_leaves")
    if op.get_bind().dialect.name == "postgresql":
        # Compressing a pack would take as long as everything else, and most of it is digests.
        op.execute("ALTER TABLE log_waiting ALTER COLUMN leaves SET STORAGE EXTERNAL")
        op.execute("DELETE FROM log_leaves WHERE position IS NULL")
        op.drop_column("log_leaves", "id")  # with its primary key
        op.create_primary_key(op.f("pk_log_leaves"), "log_leaves", ["position"])
        return
    op.rename_table("log_leaves", "log_leaves_by_id")
    op.create_table(
        "log_leaves",
        sa.Column("position", serial, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_leaves")),
    )
    op.execute(
        "INSERT INTO log_leaves (position, entry) SELECT position, entry FROM log_leaves_by_id"
        " WHERE position IS NOT NULL ORDER BY position"
    )
    op.drop_table("log_leaves_by_id")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM log_waiting")):
        raise RuntimeError("leaves wait for the sequencer: run `ccm log checkpoint` before going back")
    op.rename_table("log_leaves", "log_leaves_by_position")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_log_leaves", "log_leaves_by_position")
    op.create_table(
        "log_leaves",
        sa.Column("id", serial, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_leaves")),
    )
    op.execute(
        "INSERT INTO log_leaves (entry, position) SELECT entry, position FROM log_leaves_by_position ORDER BY position"
    )
    placed, waiting = sa.text("position IS NOT NULL"), sa.text("position IS NULL")
    op.create_index(
        "uq_log_leaves_position", "log_leaves", ["position"], unique=True, sqlite_where=placed, postgresql_where=placed
    )
    op.create_index("ix_log_leaves_waiting", "log_leaves", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    op.drop_table("log_leaves_by_position")
    op.drop_table("log_waiting")
