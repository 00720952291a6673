"""Visitors: what they said about training use, all that is stored about them, and its erasure."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from db.conversations import delete_conversations, get_conversation
from db.models import Conversation, Feedback, ModelVersion, Turn, Visitor, now
from db.upsert import insert_if_absent

VOTE = (
    "rating",
    "reason",
    "comment",
    "corrected_answers",
    "corrected_text",
    "corrected_entity",
    "chosen",
    "withdrawn",
    "review_status",
)


def find_visitor(*, session: Session, visitor: str) -> Visitor | None:
    """What this visitor was asked and decided; None if neither."""
    return session.get(Visitor, visitor)


def ask_consent(*, session: Session, visitor: str) -> bool:
    """Whether to ask this visitor about training use now: once they judged an answer, and never again."""
    said = or_(Feedback.rating != 0, Feedback.correction_key != "")
    judged = select(Feedback.id).where(Feedback.visitor == visitor, Feedback.withdrawn.is_(False), said)
    if session.scalar(judged.limit(1)) is None:
        return False
    row = _visitor(session, visitor)
    if row.asked_at is not None or row.decided_at is not None:
        return False
    row.asked_at = now()
    session.flush()
    return True


def set_consent(*, session: Session, visitor: str, given: bool) -> Visitor:
    """Keep that the visitor allows their feedback to be trained on, or that they no longer do."""
    row = _visitor(session, visitor)
    if row.training_consent != given or row.decided_at is None:
        row.training_consent, row.decided_at = given, now()
        session.flush()
    return row


def visitor_data(*, session: Session, visitor: str) -> dict[str, Any]:
    """Everything stored about a visitor, also turns that are no longer shown and votes taken back, as plain JSON."""
    row = find_visitor(session=session, visitor=visitor)
    mine = select(Conversation).where(Conversation.visitor == visitor)
    conversations = session.scalars(mine.order_by(Conversation.created_at, Conversation.id))
    return {
        "visitor": visitor,
        "training_use": {
            "allowed": row is not None and row.training_consent,
            "asked_at": _time(row.asked_at) if row else None,
            "decided_at": _time(row.decided_at) if row else None,
        },
        "conversations": [_conversation(session, conversation) for conversation in conversations],
    }


def conversation_data(*, session: Session, conversation_id: UUID, visitor: str) -> dict[str, Any]:
    """One conversation of a visitor as it stands in `visitor_data`.

    Raises:
        NotFoundError: if there is none, or if it is another visitor's.
    """
    return _conversation(session, get_conversation(session=session, conversation_id=conversation_id, visitor=visitor))


def erase_visitor(*, session: Session, visitor: str) -> None:
    """Delete everything stored about a visitor: conversations, turns, feedback, links and what they decided."""
    delete_conversations(session=session, visitor=visitor)
    session.execute(delete(Feedback).where(Feedback.visitor == visitor))
    session.execute(delete(Visitor).where(Visitor.id == visitor))


def _visitor(session: Session, visitor: str) -> Visitor:
    """The visitor's row, made first if there is none, and held until the session ends."""
    insert_if_absent(session, Visitor, {"id": visitor}, unique=["id"])
    mine = select(Visitor).where(Visitor.id == visitor)
    return session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()


def _conversation(session: Session, conversation: Conversation) -> dict[str, Any]:
    rows = session.execute(
        select(Turn, ModelVersion.name, Feedback)
        .join(ModelVersion, ModelVersion.id == Turn.model_version_id)
        .outerjoin(Feedback, (Feedback.turn_id == Turn.id) & (Feedback.visitor == conversation.visitor))
        .where(Turn.conversation_id == conversation.id)
        .order_by(Turn.position)
    )
    return {
        "id": str(conversation.id),
        "title": conversation.title,
        "created_at": _time(conversation.created_at),
        "updated_at": _time(conversation.updated_at),
        "shared_at": _time(conversation.shared_at),
        "turns": [_turn(turn, model, feedback) for turn, model, feedback in rows],
    }


def _turn(turn: Turn, model: str, feedback: Feedback | None) -> dict[str, Any]:
    return {
        "id": str(turn.id),
        "question": turn.question,
        "answer": turn.snapshot,
        "answered_anew": turn.anew,
        "model_version": model,
        "asked_at": _time(turn.created_at),
        "replaced_at": _time(turn.replaced_at),
        "feedback": _feedback(feedback) if feedback else None,
    }


def _feedback(feedback: Feedback) -> dict[str, Any]:
    said = {name: getattr(feedback, name) for name in VOTE}
    times = ("reviewed_at", "created_at", "updated_at")
    return {**said, **{name: _time(getattr(feedback, name)) for name in times}}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
