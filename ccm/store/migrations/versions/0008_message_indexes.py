"""Messages are looked up by what they are about, and by a supplier's reference only where they have one"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

referenced = sa.text("supplier_reference IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        op.f("ix_messages_customer_id_communication_occasion"), "messages",
        ["customer_id", "communication", "occasion"],
    )  # fmt: skip
    op.drop_index("ix_messages_customer_id_decided_at", table_name="messages")
    op.drop_index("ix_messages_supplier_reference", table_name="messages")
    op.create_index(
        op.f("ix_messages_supplier_reference"), "messages", ["supplier_reference"],
        sqlite_where=referenced, postgresql_where=referenced,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_messages_supplier_reference", table_name="messages")
    op.create_index(op.f("ix_messages_supplier_reference"), "messages", ["supplier_reference"])
    op.create_index(op.f("ix_messages_customer_id_decided_at"), "messages", ["customer_id", "decided_at"])
    op.drop_index("ix_messages_customer_id_communication_occasion", table_name="messages")
