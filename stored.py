"""The page's archive in the database: past conversations, links to them, and all that is kept about a visitor."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import db
from kgqa.chat.memory import NotYoursError, PastConversation
from kgqa.types import Answer


class StoredArchive:
    """Rows in, records out, and another visitor's rows don't exist."""

    def __init__(self, database: db.Database) -> None:
        self.database = database

    def conversations(self, visitor: str, search: str = "", limit: int = 50) -> list[PastConversation]:
        with self.database.reader() as session:
            rows = db.find_conversations(session=session, visitor=visitor, search=search, limit=limit)
        return [_past(row) for row in rows]

    def conversation(self, visitor: str, conversation: str) -> PastConversation:
        with owned(), self.database.reader() as session:
            row = db.get_conversation(session=session, conversation_id=identity(conversation), visitor=visitor)
        return _past(row)

    def rename(self, visitor: str, conversation: str, title: str) -> None:
        with owned(), self.database.writer() as session:
            db.rename_conversation(
                session=session, conversation_id=identity(conversation), visitor=visitor, title=title
            )

    def delete(self, visitor: str, conversation: str) -> None:
        with owned(), self.database.writer() as session:
            db.delete_conversation(session=session, conversation_id=identity(conversation), visitor=visitor)
        self.database.forget()

    def delete_all(self, visitor: str) -> int:
        with self.database.writer() as session:
            deleted = db.delete_conversations(session=session, visitor=visitor)
        self.database.forget()
        return deleted

    def share(self, visitor: str, conversation: str, token: str, salt: str) -> None:
        with owned(), self.database.writer() as session:
            db.share_conversation(
                session=session, conversation_id=identity(conversation), visitor=visitor, token=token, salt=salt
            )

    def revoke(self, visitor: str, conversation: str) -> None:
        with owned(), self.database.writer() as session:
            db.revoke_share(session=session, conversation_id=identity(conversation), visitor=visitor)

    def shared(self, token: str) -> tuple[str, list[Answer]]:
        with owned(), self.database.reader() as session:
            title, turns = db.find_shared(session=session, token=token)
        return title, [Answer.from_dict(turn.shown) for turn in turns]

    def record(self, visitor: str, conversation: str) -> dict[str, Any]:
        with owned(), self.database.reader() as session:
            return db.conversation_data(session=session, conversation_id=identity(conversation), visitor=visitor)

    def everything(self, visitor: str) -> dict[str, Any]:
        with self.database.reader() as session:
            return db.visitor_data(session=session, visitor=visitor)

    def erase(self, visitor: str) -> None:
        with self.database.writer() as session:
            db.erase_visitor(session=session, visitor=visitor)
        self.database.forget()

    def consents(self, visitor: str) -> bool:
        with self.database.reader() as session:
            row = db.find_visitor(session=session, visitor=visitor)
        return row is not None and row.training_consent

    def asks_consent(self, visitor: str) -> bool:
        with self.database.writer() as session:
            return db.ask_consent(session=session, visitor=visitor)

    def set_consent(self, visitor: str, given: bool) -> None:
        with self.database.writer() as session:
            db.set_consent(session=session, visitor=visitor, given=given)


@contextmanager
def owned() -> Iterator[None]:
    """Whatever is not found here, or is no id at all, is not the visitor's."""
    try:
        yield
    except db.NotFoundError as error:
        raise NotYoursError(str(error)) from error


def identity(text: str) -> UUID:
    """The id in a text; raises `NotYoursError` when there is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotYoursError(f"{text[:40]!r} is no id") from error


def _past(row: db.Conversation) -> PastConversation:
    return PastConversation(str(row.id), row.title, row.updated_at, row.share_salt or "")
