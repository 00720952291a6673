"""The tables, and the column types that make SQLite and PostgreSQL behave alike."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.text import clean_json, clean_text

VISITOR_LENGTH = 128
TITLE_LENGTH = 200
KEY_LENGTH = 64
REVIEW_STATUSES = ("pending", "accepted", "rejected", "lacks_fact")
ACTIONS = ("accept", "edit", "reject", "lacks_fact", "undo", "add_fact", "remove_fact")


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: stored in UTC, and read back aware of it (SQLite would forget)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use db.models.now()")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text without the characters that a database refuses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class CleanJson(TypeDecorator[Any]):
    """JSON without NaN and without such characters; JSONB on PostgreSQL."""

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return clean_json(value)


class Base(DeclarativeBase):
    """Every constraint has a name, so that a migration can drop it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ModelVersion(Base):
    """A model that has answered: its name, the digest of its manifest, and the model it was tuned from."""

    __tablename__ = "model_versions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(CleanText)
    digest: Mapped[str] = mapped_column(String(128), unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("model_versions.id", ondelete="SET NULL"))
    figures: Mapped[dict[str, Any]] = mapped_column(CleanJson)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Visitor(Base):
    """What a visitor said about training use: nothing is used until they allow it, and they can take that back.

    There is a row only for visitors who were asked or who decided; `decided_at` is when they last did.
    """

    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(String(VISITOR_LENGTH), primary_key=True)
    training_consent: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Conversation(Base):
    """What one visitor asked in one go; `visitor` is the opaque id in that browser's signed token.

    While it is shared, `share_digest` is the SHA-256 of the link's token, which is stored nowhere, and
    `share_salt` is what the visitor's browser makes that token from again.
    """

    __tablename__ = "conversations"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    visitor: Mapped[str] = mapped_column(String(VISITOR_LENGTH), index=True)
    title: Mapped[str] = mapped_column(CleanText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    share_salt: Mapped[str | None] = mapped_column(String(64))
    share_digest: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)
    shared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Turn(Base):
    """A question and a snapshot of what the person saw first.

    `anew` is the answer under what the person chose of its entities and relations, and is shown instead while there is
    one; a thumb and right answers are about what is shown. `replaced_at` is set when the person edited or retried the
    question: the turn is no longer shown, but a vote on it keeps its meaning.
    """

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    position: Mapped[int]
    question: Mapped[str] = mapped_column(CleanText)
    snapshot: Mapped[dict[str, Any]] = mapped_column(CleanJson)
    model_version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    anew: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)

    @property
    def shown(self) -> dict[str, Any]:
        """What the person sees now."""
        return self.snapshot if self.anew is None else self.anew


class Feedback(Base):
    """One visitor's vote on one turn, with what the right answer or entity would have been.

    `chosen` are the entities and relations that the person put in the place of those that were taken, in the form that
    `db.choices` checks; `corrected_entity` is the latest of these entities.
    `edited` is what a reviewer made of the correction, with `answers` and `text`; what the person said stays beside it.
    Feedback with the same two keys says the same about the same question (`db.agreement`).
    """

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("turn_id", "visitor"),
        CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        CheckConstraint("review_status IN ('pending', 'accepted', 'rejected', 'lacks_fact')", name="review_status"),
        Index(None, "question_key", "correction_key"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    visitor: Mapped[str] = mapped_column(String(VISITOR_LENGTH))
    rating: Mapped[int] = mapped_column(SmallInteger, default=0)
    reason: Mapped[str] = mapped_column(CleanText, default="")
    comment: Mapped[str] = mapped_column(CleanText, default="")
    corrected_answers: Mapped[list[dict[str, str]]] = mapped_column(CleanJson, default=list)
    corrected_text: Mapped[str] = mapped_column(CleanText, default="")
    corrected_entity: Mapped[dict[str, str] | None] = mapped_column(CleanJson)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    review_status: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    reviewer: Mapped[str | None] = mapped_column(CleanText)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    edited: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    question_key: Mapped[str] = mapped_column(String(KEY_LENGTH), default="", server_default="")
    correction_key: Mapped[str] = mapped_column(String(KEY_LENGTH), default="", server_default="")
    chosen: Mapped[list[dict[str, Any]]] = mapped_column(CleanJson, default=list, server_default="[]")


class Decision(Base):
    """A line of the audit: who decided what about which feedback, and how the feedback was before and after.

    Lines are written and never changed; the database refuses it. What was decided at once has one `batch`, and an
    undo names the batch that it `undoes`. A line outlives the feedback that it is about.
    """

    __tablename__ = "decisions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    batch: Mapped[UUID] = mapped_column(Uuid, index=True)
    feedback_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    reviewer: Mapped[str] = mapped_column(CleanText)
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    after: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    fact: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    undoes: Mapped[UUID | None] = mapped_column(Uuid, index=True)
