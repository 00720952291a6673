"""Review: what a reviewer made of a correction, who says the same, and the audit of decisions."""

import hashlib
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")
Time = sa.DateTime(timezone=True)
STATUSES = "review_status IN ('pending', 'accepted', 'rejected', 'lacks_fact')"
EARLIER_STATUSES = "review_status IN ('pending', 'accepted', 'rejected')"
MAY_NOT = "the audit is never changed"


def upgrade() -> None:
    with op.batch_alter_table("feedback") as batch:
        batch.add_column(sa.Column("edited", Json))
        batch.add_column(sa.Column("question_key", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("correction_key", sa.String(64), nullable=False, server_default=""))
        batch.drop_constraint(op.f("ck_feedback_review_status"), type_="check")
        batch.create_check_constraint(op.f("ck_feedback_review_status"), STATUSES)
    op.create_index("ix_feedback_question_key_correction_key", "feedback", ["question_key", "correction_key"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", Time, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("before", Json),
        sa.Column("after", Json),
        sa.Column("fact", Json),
        sa.Column("undoes", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    for column in ("batch", "feedback_id", "made_at", "undoes"):
        op.create_index(f"ix_decisions_{column}", "decisions", [column])
    forbid_changes()
    fill_keys()


def forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER decisions_no_{change.lower()} BEFORE {change} ON decisions "
                f"BEGIN SELECT RAISE(ABORT, '{MAY_NOT}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION decisions_stay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MAY_NOT}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION decisions_stay()"
    )


def fill_keys() -> None:
    """The keys of feedback that is there already; as db.agreement made them when this was written."""
    turns = sa.table("turns", sa.column("id", sa.Uuid()), sa.column("question", sa.Text()))
    feedback = sa.table(
        "feedback",
        sa.column("id", sa.Uuid()),
        sa.column("turn_id", sa.Uuid()),
        sa.column("corrected_answers", Json),
        sa.column("corrected_text", sa.Text()),
        sa.column("corrected_entity", Json),
        sa.column("comment", sa.Text()),
        sa.column("question_key", sa.String(64)),
        sa.column("correction_key", sa.String(64)),
    )
    given = sa.select(feedback, turns.c.question).join(turns, turns.c.id == feedback.c.turn_id)
    for row in op.get_bind().execute(given).mappings().all():
        keys = {"question_key": digest(plain(row["question"])), "correction_key": correction_key(row)}
        op.get_bind().execute(sa.update(feedback).where(feedback.c.id == row["id"]).values(**keys))


def correction_key(row: Any) -> str:
    said = [*sorted({f"id {answer['id']}" for answer in row["corrected_answers"]}), plain(row["corrected_text"])]
    if row["corrected_entity"]:
        said.append(f"{plain(row['corrected_entity']['mention'])} is {row['corrected_entity']['id']}")
    if not any(said):
        said = [f"comment {plain(row['comment'])}"] if plain(row["comment"]) else []
    return digest("\n".join(said)) if said else ""


def plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded)) or folded.strip()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def downgrade() -> None:
    op.drop_table("decisions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION decisions_stay()")
    op.execute("UPDATE feedback SET review_status = 'rejected' WHERE review_status = 'lacks_fact'")
    op.drop_index("ix_feedback_question_key_correction_key", "feedback")
    with op.batch_alter_table("feedback") as batch:
        batch.drop_constraint(op.f("ck_feedback_review_status"), type_="check")
        batch.create_check_constraint(op.f("ck_feedback_review_status"), EARLIER_STATUSES)
        for column in ("edited", "question_key", "correction_key"):
            batch.drop_column(column)
