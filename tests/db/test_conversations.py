from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from db import (
    Database,
    NotFoundError,
    StoreInputError,
    append_turn,
    delete_conversation,
    find_conversations,
    get_conversation,
    get_turn,
    give_feedback,
    load_turns,
    replace_turns,
    start_conversation,
)
from db.models import Feedback, Turn
from tests.db.conftest import SNAPSHOT, Asked


def ask(database: Database, asked: Asked, question: str) -> Turn:
    with database.writer() as session:
        return append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="ann",
            question=question,
            snapshot={**SNAPSHOT, "question": question},
            model_version_id=asked.version,
        )


def test_turns_come_back_in_order_with_what_was_shown(database: Database, asked: Asked) -> None:
    ask(database, asked, "and who wrote it?")
    with database.reader() as session:
        turns = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")
    assert [(turn.position, turn.question, feedback) for turn, feedback in turns] == [
        (0, "who directed Big?", None),
        (1, "and who wrote it?", None),
    ]
    assert turns[0][0].snapshot == SNAPSHOT


def test_times_are_aware_and_in_utc(database: Database, asked: Asked) -> None:
    with database.reader() as session:
        turn = get_turn(session=session, turn_id=asked.turn, visitor="ann")
    assert turn.created_at.tzinfo is UTC
    assert datetime.now(UTC) - turn.created_at < timedelta(minutes=1)


def test_a_naive_time_is_refused(database: Database, asked: Asked) -> None:
    with database.reader() as session:
        turn = get_turn(session=session, turn_id=asked.turn, visitor="ann")
        turn.replaced_at = datetime(2026, 1, 1)
        with pytest.raises(Exception, match="has no time zone"):
            session.flush()


def test_the_title_is_the_first_question(database: Database, asked: Asked) -> None:
    ask(database, asked, "and who wrote it?")
    with database.writer() as session:
        long = start_conversation(session=session, visitor="ann", title="word " * 100)
    with database.reader() as session:
        found = get_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
    assert found.title == "who directed Big?"
    assert len(long.title) == 200
    assert long.title.endswith("…")


def test_conversations_are_found_last_used_first_and_only_ones_own(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        second = start_conversation(session=session, visitor="ann")
        start_conversation(session=session, visitor="ann", title="empty")
        start_conversation(session=session, visitor="bob")
    ask(database, Asked(second.id, asked.turn, asked.version), "who starred in Big?")
    with database.reader() as session:
        assert [each.id for each in find_conversations(session=session, visitor="ann")] == [
            second.id,
            asked.conversation,
        ]
        assert find_conversations(session=session, visitor="bob") == []
    ask(database, asked, "again")
    with database.reader() as session:
        assert find_conversations(session=session, visitor="ann", limit=1)[0].id == asked.conversation


def test_another_visitor_sees_and_changes_nothing(database: Database, asked: Asked) -> None:
    with database.reader() as session:
        with pytest.raises(NotFoundError, match="no conversation"):
            load_turns(session=session, conversation_id=asked.conversation, visitor="bob")
        with pytest.raises(NotFoundError, match="no turn"):
            get_turn(session=session, turn_id=asked.turn, visitor="bob")
    with pytest.raises(NotFoundError), database.writer() as session:
        append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="bob",
            question="?",
            snapshot={},
            model_version_id=asked.version,
        )
    with pytest.raises(NotFoundError), database.writer() as session:
        delete_conversation(session=session, conversation_id=asked.conversation, visitor="bob")
    with pytest.raises(NotFoundError), database.writer() as session:
        replace_turns(session=session, turn_id=asked.turn, visitor="bob")


def test_an_unknown_id_is_told_like_a_strange_one(database: Database) -> None:
    with database.reader() as session, pytest.raises(NotFoundError, match="of this visitor"):
        get_turn(session=session, turn_id=uuid4(), visitor="ann")


@pytest.mark.parametrize("visitor", ["", "x" * 129, "a\x00b"])
def test_a_visitor_must_be_plain(database: Database, visitor: str) -> None:
    with pytest.raises(StoreInputError, match="a visitor is"), database.writer() as session:
        start_conversation(session=session, visitor=visitor)


def test_replaced_turns_are_hidden_and_keep_their_votes(database: Database, asked: Asked) -> None:
    ask(database, asked, "second")
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
        assert replace_turns(session=session, turn_id=asked.turn, visitor="ann") == 2
    third = ask(database, asked, "third")
    with database.reader() as session:
        turns = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")
        assert [turn.id for turn, _ in turns] == [third.id]
        assert third.position == 2
        assert session.scalar(select(func.count()).select_from(Feedback)) == 1


def test_deleting_a_conversation_deletes_its_turns_and_votes(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
        delete_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Turn)) == 0
        assert session.scalar(select(func.count()).select_from(Feedback)) == 0


HOSTILE = "'; DROP TABLE turns; -- \x00\x07\ud800 <img src=x onerror=alert(1)> 𝔘𝔫𝔦 🧭\u202e\r\nناسا"
CLEAN = "'; DROP TABLE turns; --  <img src=x onerror=alert(1)> 𝔘𝔫𝔦 🧭\u202e\nناسا"


def test_hostile_text_is_kept_as_text(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="ann",
            question=HOSTILE,
            snapshot={HOSTILE: [HOSTILE, {"label": HOSTILE}]},
            model_version_id=asked.version,
        )
    with database.reader() as session:
        turn, _ = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")[1]
    assert turn.question == CLEAN
    assert turn.snapshot == {CLEAN: [CLEAN, {"label": CLEAN}]}


def test_a_snapshot_with_nan_is_refused_and_nothing_is_kept(database: Database, asked: Asked) -> None:
    with pytest.raises(StoreInputError, match=r"\$\.answers\[0\]\.score: nan"), database.writer() as session:
        append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="ann",
            question="?",
            snapshot={"answers": [{"score": float("nan")}]},
            model_version_id=asked.version,
        )
    with database.reader() as session:
        assert len(load_turns(session=session, conversation_id=asked.conversation, visitor="ann")) == 1


def test_a_turn_needs_a_known_model_version(database: Database, asked: Asked) -> None:
    with pytest.raises(StoreInputError, match=r"(?i)not stored: .*foreign key"), database.writer() as session:
        append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="ann",
            question="?",
            snapshot={},
            model_version_id=uuid4(),
        )
