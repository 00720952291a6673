"""What a history needs: links to shared conversations, and what each visitor said about training use."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
SHARING = (("share_salt", sa.String(64)), ("share_digest", sa.String(64)), ("shared_at", Time))


def upgrade() -> None:
    for name, kind in SHARING:
        op.add_column("conversations", sa.Column(name, kind))
    op.create_index("ix_conversations_share_digest", "conversations", ["share_digest"], unique=True)
    op.create_table(
        "visitors",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("training_consent", sa.Boolean(), nullable=False),
        sa.Column("asked_at", Time),
        sa.Column("decided_at", Time),
        sa.Column("created_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visitors"),
    )


def downgrade() -> None:
    op.drop_table("visitors")
    op.drop_index("ix_conversations_share_digest", "conversations")
    for name, _ in reversed(SHARING):
        op.drop_column("conversations", name)
