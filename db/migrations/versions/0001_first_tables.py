"""Conversations, turns, feedback and model versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    model_versions()
    conversations()
    turns()
    feedback()


def model_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("figures", Json, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("digest", name="uq_model_versions_digest"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["model_versions.id"], name="fk_model_versions_parent_id", ondelete="SET NULL"
        ),
    )


def conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visitor", sa.String(128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_visitor", "conversations", ["visitor"])


def turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("snapshot", Json, nullable=False),
        sa.Column("model_version_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("replaced_at", Time),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.UniqueConstraint("conversation_id", "position", name="uq_turns_conversation_id_position"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_turns_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_version_id"], ["model_versions.id"], name="fk_turns_model_version_id"),
    )
    op.create_index("ix_turns_model_version_id", "turns", ["model_version_id"])


def feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("visitor", sa.String(128), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("corrected_answers", Json, nullable=False),
        sa.Column("corrected_text", sa.Text(), nullable=False),
        sa.Column("corrected_entity", Json),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("review_status", sa.String(16), nullable=False),
        sa.Column("reviewer", sa.Text()),
        sa.Column("reviewed_at", Time),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("turn_id", "visitor", name="uq_feedback_turn_id_visitor"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_feedback_turn_id", ondelete="CASCADE"),
        sa.CheckConstraint("rating IN (-1, 0, 1)", name=op.f("ck_feedback_rating")),
        sa.CheckConstraint(
            "review_status IN ('pending', 'accepted', 'rejected')", name=op.f("ck_feedback_review_status")
        ),
    )
    op.create_index("ix_feedback_review_status", "feedback", ["review_status"])


def downgrade() -> None:
    for table in ("feedback", "turns", "conversations", "model_versions"):
        op.drop_table(table)
