"""Choices: the answer under what a person chose, and what they chose as feedback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("turns", sa.Column("anew", Json))
    op.add_column("feedback", sa.Column("chosen", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("feedback", "chosen")
    op.drop_column("turns", "anew")
