"""Customers are found by their e-mail address"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

EMAIL = {
    "sqlite": "lower(json_extract(document, '$.contact_points.email'))",
    "postgresql": "lower((document::json -> 'contact_points') ->> 'email')",
}


def upgrade() -> None:
    op.execute(f"CREATE INDEX ix_customers_email ON customers ({EMAIL[op.get_bind().dialect.name]})")


def downgrade() -> None:
    op.drop_index("ix_customers_email", table_name="customers")
