"""Terms of approvals, the files of releases, and stops"""

import sqlalchemy as sa
from alembic import op

import ccm.store.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = ccm.store.tables.Words
    instant = ccm.store.tables.Instant
    op.add_column("release_actions", sa.Column("terms", words, nullable=False, server_default="{}"))
    op.create_table(
        "release_parts",
        sa.Column("digest", words, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_release_parts")),
    )
    op.create_table(
        "release_files",
        sa.Column("release", words, nullable=False),
        sa.Column("path", words, nullable=False),
        sa.Column("part", words, nullable=False),
        sa.ForeignKeyConstraint(["release"], ["releases.digest"], name=op.f("fk_release_files_release")),
        sa.ForeignKeyConstraint(["part"], ["release_parts.digest"], name=op.f("fk_release_files_part")),
        sa.PrimaryKeyConstraint("release", "path", name=op.f("pk_release_files")),
    )
    op.create_table(
        "stops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", words, nullable=False),
        sa.Column("target", words, nullable=False),
        sa.Column("name", words, nullable=False),
        sa.Column("person", words, nullable=False),
        sa.Column("comment", words, nullable=False),
        sa.Column("at", instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
    )
    op.create_index(op.f("ix_stops_target_name"), "stops", ["target", "name"])


def downgrade() -> None:
    op.drop_table("stops")
    op.drop_table("release_files")
    op.drop_table("release_parts")
    op.drop_column("release_actions", "terms")
