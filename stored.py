"""The page's memory in the database: conversations, what people think of answers, and all that is kept about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import db
from kgqa.chat.memory import NotYoursError, Opinion, PastConversation, RightAnswer, ShownTurn
from kgqa.types import Answer

if TYPE_CHECKING:
    from kgqa.chat.assistant import Assistant


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


class StoredMemory(StoredArchive):
    """The page's memory in the database: rows in, records out, and another visitor's rows don't exist."""

    def __init__(self, database: db.Database, assistant: "Assistant") -> None:
        super().__init__(database)
        self.assistant = assistant
        self._versions: dict[str, UUID] = {}
        self.model_version()

    def model_version(self) -> UUID:
        """The row of the model that answers now, with its figures, and after the row of the one it was tuned from."""
        model = self.assistant.model
        if model.version not in self._versions:
            parent = model.lineage.parent or None
            figures = {**model.figures, **({"lineage": model.lineage.to_dict()} if parent else {})}
            with self.database.writer() as session:
                if parent:
                    db.register_model_version(session=session, name=parent, digest=parent)
                row = db.register_model_version(
                    session=session, name=model.version, digest=model.version, parent_digest=parent, figures=figures
                )
                self._versions[model.version] = row.id
        return self._versions[model.version]

    def start(self, visitor: str) -> str:
        with self.database.writer() as session:
            return str(db.start_conversation(session=session, visitor=visitor).id)

    def turns(self, visitor: str, conversation: str) -> list[ShownTurn]:
        with owned(), self.database.reader() as session:
            rows = db.load_turns(session=session, conversation_id=identity(conversation), visitor=visitor)
            return [_shown(turn, feedback) for turn, feedback in rows]

    def turn(self, visitor: str, turn: str) -> ShownTurn:
        with owned(), self.database.reader() as session:
            row = db.get_turn(session=session, turn_id=identity(turn), visitor=visitor)
        return next(
            (each for each in self.turns(visitor, str(row.conversation_id)) if each.id == turn), _shown(row, None)
        )

    def keep(self, visitor: str, conversation: str, answer: Answer, instead_of: str = "") -> str:
        model_version = self.model_version()
        with owned(), self.database.writer() as session:
            if instead_of:
                db.replace_turns(session=session, turn_id=identity(instead_of), visitor=visitor)
            turn = db.append_turn(
                session=session,
                conversation_id=identity(conversation),
                visitor=visitor,
                question=answer.question,
                snapshot=answer.to_dict(),
                model_version_id=model_version,
            )
            return str(turn.id)

    def answer_anew(self, visitor: str, turn: str, answer: Answer) -> None:
        place: dict[str, Any] = {"turn_id": identity(turn), "visitor": visitor}
        chosen = _chosen(answer)
        with owned(), self.database.writer() as session:
            db.answer_anew(session=session, **place, snapshot=answer.to_dict() if chosen else None)
            blank: dict[str, Any] = {"rating": 0, "corrected_answers": [], "corrected_text": ""}
            feedback = db.give_feedback(session=session, **place, **blank, chosen=chosen)
            if not chosen and not feedback.comment:
                db.withdraw_feedback(session=session, **place)

    def vote(self, visitor: str, turn: str, liked: bool | None) -> None:
        rating = {True: 1, False: -1, None: 0}[liked]
        with owned(), self.database.writer() as session:
            chosen = _chosen_of(db.get_turn(session=session, turn_id=identity(turn), visitor=visitor))
            db.give_feedback(session=session, turn_id=identity(turn), visitor=visitor, rating=rating, chosen=chosen)

    def correct(self, visitor: str, turn: str, right: tuple[RightAnswer, ...], comment: str) -> None:
        entities = [{"id": answer.id, "label": answer.label} for answer in right if answer.id]
        words = "; ".join(answer.label for answer in right if not answer.id)
        with owned(), self.database.writer() as session:
            db.give_feedback(
                session=session,
                turn_id=identity(turn),
                visitor=visitor,
                rating=-1,
                comment=comment,
                corrected_answers=entities,
                corrected_text=words,
                chosen=_chosen_of(db.get_turn(session=session, turn_id=identity(turn), visitor=visitor)),
            )

    def withdraw(self, visitor: str, turn: str) -> None:
        with owned(), self.database.writer() as session:
            db.withdraw_feedback(session=session, turn_id=identity(turn), visitor=visitor)


def _shown(turn: db.Turn, feedback: db.Feedback | None) -> ShownTurn:
    return ShownTurn(str(turn.id), Answer.from_dict(turn.shown), _opinion(feedback) if feedback else Opinion())


def _chosen_of(turn: db.Turn) -> list[dict[str, Any]]:
    """What the answer that the visitor sees was found under: an opinion of it is one of that choice too."""
    return _chosen(Answer.from_dict(turn.anew)) if turn.anew else []


def _chosen(answer: Answer) -> list[dict[str, Any]]:
    """What was chosen of an answer, as the rows that the store keeps."""
    rows: list[dict[str, Any]] = []
    for entity in answer.chosen.entities:
        mention = answer.question[entity.start : entity.end]
        rows.append({"mention": mention, "id": entity.entity, "label": answer.labels[entity.entity]})
    for hop in answer.chosen.relations:
        mention = answer.question[hop.start : hop.end]
        named = {"relation": hop.relation, "label": answer.labels[hop.relation], "inverse": hop.inverse}
        rows.append({"mention": mention, "hop": hop.hop, **named})
    return rows


def _opinion(feedback: db.Feedback) -> Opinion:
    entities = tuple(RightAnswer(row["id"], row["label"]) for row in feedback.corrected_answers)
    words = (RightAnswer("", feedback.corrected_text),) if feedback.corrected_text else ()
    liked = {1: True, -1: False}.get(feedback.rating)
    return Opinion(liked, entities + words, feedback.comment)


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
