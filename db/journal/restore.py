"""Rows of a journal put into a database that has none."""

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.agreement import correction_key, question_key
from db.journal.contents import Contents
from db.journal.line import ConversationLine, DecisionLine, FeedbackLine, ModelLine, Row, TurnLine, VisitorLine
from db.model_versions import register_model_version
from db.models import Base, Conversation, Decision, Feedback, Turn, Visitor

R = TypeVar("R", bound=Row)


def is_empty(session: Session) -> bool:
    """Whether nobody has asked, said or decided anything yet; model versions don't count."""
    return all(session.scalar(select(table.id).limit(1)) is None for table in (Conversation, Visitor, Decision))


def restore(session: Session, contents: Contents) -> None:
    """Insert all rows that fit together; what hangs on nothing, or says twice what can be once, is refused."""
    versions = _models(session, contents)
    _insert(session, Visitor, [line.model_dump() for _, line in _lines(contents, VisitorLine)])
    conversations = {line.id: line for line in _conversations(contents)}
    _insert(session, Conversation, [line.model_dump() for line in conversations.values()])
    turns = {line.id: line for line in _turns(contents, conversations)}
    _insert(session, Turn, [_turn(line, versions) for line in turns.values()])
    _insert(session, Feedback, list(_feedback(contents, conversations, turns)))
    _insert(session, Decision, [line.model_dump() for _, line in _lines(contents, DecisionLine)])


def _models(session: Session, contents: Contents) -> dict[str, UUID]:
    """The model versions by their digest, also those of which nothing but the digest is left, in a turn."""
    lines = {line.digest: line for _, line in _lines(contents, ModelLine)}
    named = {line.model_version: line.model_version for _, line in _lines(contents, TurnLine)}
    names = named | {digest: line.name for digest, line in lines.items()}
    versions = {
        digest: register_model_version(session=session, name=name, digest=digest) for digest, name in names.items()
    }
    for digest, line in lines.items():
        version, parent = versions[digest], versions.get(line.parent or "")
        version.figures, version.created_at = line.figures, line.created_at
        version.parent_id = parent.id if parent else None
    session.flush()
    return {digest: version.id for digest, version in versions.items()}


def _conversations(contents: Contents) -> Iterator[ConversationLine]:
    links: set[str] = set()
    for place, line in _lines(contents, ConversationLine):
        if line.share_digest in links:
            contents.refuse(place, "its link is that of another conversation")
            continue
        links |= {line.share_digest} if line.share_digest else set()
        yield line


def _turns(contents: Contents, conversations: dict[UUID, ConversationLine]) -> Iterator[TurnLine]:
    positions: set[tuple[UUID, int]] = set()
    for place, line in _lines(contents, TurnLine):
        position = line.conversation_id, line.position
        if line.conversation_id not in conversations:
            contents.refuse(place, f"there is no conversation {line.conversation_id}")
        elif position in positions:
            contents.refuse(place, f"conversation {line.conversation_id} has another turn {line.position}")
        else:
            positions.add(position)
            yield line


def _turn(line: TurnLine, versions: dict[str, UUID]) -> dict[str, Any]:
    return {**line.model_dump(exclude={"model_version"}), "model_version_id": versions[line.model_version]}


def _feedback(
    contents: Contents, conversations: dict[UUID, ConversationLine], turns: dict[UUID, TurnLine]
) -> Iterator[dict[str, Any]]:
    voted: set[UUID] = set()
    for place, line in _lines(contents, FeedbackLine):
        turn = turns.get(line.turn_id)
        if turn is None:
            contents.refuse(place, f"there is no turn {line.turn_id}")
        elif conversations[turn.conversation_id].visitor != line.visitor:
            contents.refuse(place, "it is on another visitor's turn")
        elif turn.id in voted:
            contents.refuse(place, f"turn {turn.id} has other feedback")
        else:
            voted.add(turn.id)
            row = line.model_dump()
            said = (row["corrected_answers"], line.corrected_text, row["corrected_entity"], line.comment, row["chosen"])
            keys = {"question_key": question_key(turn.question, turn.snapshot), "correction_key": correction_key(*said)}
            yield {**row, **keys}


def _lines(contents: Contents, kind: type[R]) -> Iterator[tuple[str, R]]:
    return ((place, line) for place, line in contents.lines.values() if isinstance(line, kind))


def _insert(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), [{name: row[name] for name in row if name != "table"} for row in rows])
