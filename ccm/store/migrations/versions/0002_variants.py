"""The variant of an experiment that a message was written in"""

import sqlalchemy as sa
from alembic import op

import ccm.store.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = ccm.store.tables.Words
    op.add_column("messages", sa.Column("variant", words, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("messages", "variant")
