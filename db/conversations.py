"""Conversations and their turns: who asked what, and what they were shown."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from db.errors import NotFoundError, StoreInputError
from db.models import TITLE_LENGTH, VISITOR_LENGTH, Conversation, Feedback, Turn, now
from db.text import clean_json, clean_text

MOST_WORDS = 8
LONGEST_SEARCH = 200


def start_conversation(*, session: Session, visitor: str, title: str = "") -> Conversation:
    """Begin a conversation; a title that is not given is taken from the first question."""
    if not visitor or len(visitor) > VISITOR_LENGTH or clean_text(visitor) != visitor:
        raise StoreInputError(f"a visitor is 1 to {VISITOR_LENGTH} plain characters, not {visitor[:40]!r}")
    conversation = Conversation(visitor=visitor, title=_title(title))
    session.add(conversation)
    session.flush()
    return conversation


def find_conversations(
    *, session: Session, visitor: str, search: str = "", limit: int = 50, offset: int = 0
) -> list[Conversation]:
    """The visitor's conversations that hold a turn, last used first.

    Args:
        search: each of its words is somewhere in the title or in a question, in upper or lower case.
        limit: how many at most, from `offset` on.
    """
    words = clean_text(search[:LONGEST_SEARCH]).split()[:MOST_WORDS]
    mine = select(Conversation).where(Conversation.visitor == visitor, _shows(), *map(_mentions, words))
    order = (Conversation.updated_at.desc(), Conversation.id)
    return list(session.scalars(mine.order_by(*order).limit(limit).offset(offset)))


def _shows(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a conversation shows a turn of which this holds."""
    return (
        select(Turn.id)
        .where(Turn.conversation_id == Conversation.id, Turn.replaced_at.is_(None), *conditions)
        .correlate(Conversation)
        .exists()
    )


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a conversation has these characters in its title or in a question that it shows."""
    return or_(
        Conversation.title.icontains(word, autoescape=True), _shows(Turn.question.icontains(word, autoescape=True))
    )


def get_conversation(*, session: Session, conversation_id: UUID, visitor: str, lock: bool = False) -> Conversation:
    """The conversation, if it is this visitor's; `lock` holds other writers off until the session ends.

    Raises:
        NotFoundError: if there is none, or if it is another visitor's.
    """
    mine = select(Conversation).where(Conversation.id == conversation_id, Conversation.visitor == visitor)
    conversation = session.scalar(mine.with_for_update() if lock else mine)
    if conversation is None:
        raise NotFoundError(f"no conversation {conversation_id} of this visitor; start a new one")
    return conversation


def delete_conversation(*, session: Session, conversation_id: UUID, visitor: str) -> None:
    """Delete a conversation with its turns and their feedback."""
    session.delete(get_conversation(session=session, conversation_id=conversation_id, visitor=visitor))
    session.flush()


def delete_conversations(*, session: Session, visitor: str) -> int:
    """Delete all conversations of a visitor with their turns and feedback; returns how many there were."""
    gone = session.execute(delete(Conversation).where(Conversation.visitor == visitor).returning(Conversation.id))
    return len(gone.all())


def rename_conversation(*, session: Session, conversation_id: UUID, visitor: str, title: str) -> Conversation:
    """Give a conversation another title, cut to `TITLE_LENGTH`; an empty one makes it the first question again."""
    conversation = get_conversation(session=session, conversation_id=conversation_id, visitor=visitor, lock=True)
    shown = select(Turn.question).where(Turn.conversation_id == conversation_id, Turn.replaced_at.is_(None))
    first = session.scalar(shown.order_by(Turn.position).limit(1))
    conversation.title = _title(title) or _title(first or "")
    session.flush()
    return conversation


def append_turn(
    *,
    session: Session,
    conversation_id: UUID,
    visitor: str,
    question: str,
    snapshot: dict[str, Any],
    model_version_id: UUID,
) -> Turn:
    """Keep a question and what was answered as the conversation's next turn."""
    snapshot = clean_json(snapshot)
    conversation = get_conversation(session=session, conversation_id=conversation_id, visitor=visitor, lock=True)
    last = session.scalar(select(func.max(Turn.position)).where(Turn.conversation_id == conversation_id))
    turn = Turn(
        conversation_id=conversation_id,
        position=0 if last is None else last + 1,
        question=clean_text(question),
        snapshot=snapshot,
        model_version_id=model_version_id,
    )
    session.add(turn)
    conversation.title = conversation.title or _title(question)
    conversation.updated_at = now()
    session.flush()
    return turn


def load_turns(*, session: Session, conversation_id: UUID, visitor: str) -> list[tuple[Turn, Feedback | None]]:
    """The turns that are shown, in order, each with this visitor's feedback unless it was withdrawn."""
    get_conversation(session=session, conversation_id=conversation_id, visitor=visitor)
    mine = (Feedback.turn_id == Turn.id) & (Feedback.visitor == visitor) & Feedback.withdrawn.is_(False)
    rows = session.execute(
        select(Turn, Feedback)
        .outerjoin(Feedback, mine)
        .where(Turn.conversation_id == conversation_id, Turn.replaced_at.is_(None))
        .order_by(Turn.position)
    )
    return [(turn, feedback) for turn, feedback in rows]


def get_turn(*, session: Session, turn_id: UUID, visitor: str) -> Turn:
    """The turn, if its conversation is this visitor's.

    Raises:
        NotFoundError: if there is none, or if it is another visitor's.
    """
    mine = select(Turn).join(Conversation, Conversation.id == Turn.conversation_id)
    turn = session.scalar(mine.where(Turn.id == turn_id, Conversation.visitor == visitor))
    if turn is None:
        raise NotFoundError(f"no turn {turn_id} of this visitor; reload the page")
    return turn


def turns_before(*, session: Session, turn: Turn, most: int = 3) -> list[Turn]:
    """The last turns before this one that were shown when it was asked, the newest first."""
    shown = Turn.replaced_at.is_(None) | (Turn.replaced_at > turn.created_at)
    earlier = select(Turn).where(Turn.conversation_id == turn.conversation_id, Turn.position < turn.position, shown)
    return list(session.scalars(earlier.order_by(Turn.position.desc()).limit(most)))


def answer_anew(*, session: Session, turn_id: UUID, visitor: str, snapshot: dict[str, Any] | None) -> Turn:
    """Keep what a turn is answered under what the person chose; None when nothing is chosen any more.

    The turn keeps its place, and what was shown first stays beside it.

    Raises:
        NotFoundError: if the turn is not this visitor's.
    """
    turn = get_turn(session=session, turn_id=turn_id, visitor=visitor)
    turn.anew = clean_json(snapshot)
    session.flush()
    return turn


def replace_turns(*, session: Session, turn_id: UUID, visitor: str) -> int:
    """Take a turn and those after it out of what is shown (edit, retry); returns how many."""
    turn = get_turn(session=session, turn_id=turn_id, visitor=visitor)
    later = select(Turn).where(
        Turn.conversation_id == turn.conversation_id, Turn.position >= turn.position, Turn.replaced_at.is_(None)
    )
    ids = [each.id for each in session.scalars(later)]
    session.execute(update(Turn).where(Turn.id.in_(ids)).values(replaced_at=now()))
    return len(ids)


def _title(text: str) -> str:
    line = " ".join(clean_text(text).split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"
