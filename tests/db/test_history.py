"""Past conversations: found, renamed, deleted, shared; what is stored about a visitor, and its erasure."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from db import (
    Conversation,
    Database,
    NotFoundError,
    StoreInputError,
    append_turn,
    ask_consent,
    conversation_data,
    delete_conversation,
    delete_conversations,
    erase_visitor,
    find_conversations,
    find_shared,
    find_visitor,
    get_conversation,
    give_feedback,
    load_turns,
    rename_conversation,
    replace_turns,
    revoke_share,
    set_consent,
    share_conversation,
    start_conversation,
    visitor_data,
    withdraw_feedback,
)
from db.models import Base, Feedback, Turn, Visitor
from db.sharing import digest
from tests.db.conftest import SNAPSHOT, Asked

HOSTILE = """=HYPERLINK("http://evil.example","x") <img src=x onerror=alert(1)> '; DROP TABLE turns; -- %_\\"""


def told(database: Database, asked: Asked, *questions: str, visitor: str = "ann") -> UUID:
    """A conversation of these questions."""
    with database.writer() as session:
        conversation = start_conversation(session=session, visitor=visitor)
        for question in questions:
            append_turn(
                session=session,
                conversation_id=conversation.id,
                visitor=visitor,
                question=question,
                snapshot={**SNAPSHOT, "question": question},
                model_version_id=asked.version,
            )
        return conversation.id


def found(database: Database, search: str = "", visitor: str = "ann", **page: int) -> list[str]:
    with database.reader() as session:
        rows = find_conversations(session=session, visitor=visitor, search=search, **page)
    return [row.title for row in rows]


def token() -> str:
    return secrets.token_urlsafe(32)


# Search


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("", ["Émile Zola?", "who directed Big?"]),
        ("BIG", ["who directed Big?"]),
        ("  big   DIRECTED ", ["who directed Big?"]),
        ("big jaws", []),
        ("germinal", ["Émile Zola?"]),
        ("éMILE", ["Émile Zola?"]),
        ("zola nana", []),
        ("%", []),
        ("_", []),
        ("/", []),
        ("b%g", []),
        ("\x00", ["Émile Zola?", "who directed Big?"]),
    ],
)
def test_search_reads_titles_and_questions(database: Database, asked: Asked, search: str, titles: list[str]) -> None:
    told(database, asked, "Émile Zola?", "when was Germinal written?")
    assert found(database, search) == titles


def test_wildcards_are_letters_like_others(database: Database, asked: Asked) -> None:
    told(database, asked, "100% of a_b or \\c/d?")
    for search in ("100%", "a_b", "\\c", "c/d", "%"):
        assert found(database, search) == ["100% of a_b or \\c/d?"], search


def test_what_was_replaced_is_not_found(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        rename_conversation(session=session, conversation_id=asked.conversation, visitor="ann", title="films")
        replace_turns(session=session, turn_id=asked.turn, visitor="ann")
    assert found(database) == []
    told(database, asked, "who wrote it?")
    assert found(database, "big") == []


def test_an_endless_search_is_cut(database: Database, asked: Asked) -> None:
    assert found(database, "x " * 100_000) == []
    assert found(database, "big " * 100_000) == ["who directed Big?"]


def test_pages_follow_each_other(database: Database, asked: Asked) -> None:
    for number in range(5):
        told(database, asked, f"question {number}")
    pages = [found(database, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert pages == [
        ["question 4", "question 3"],
        ["question 2", "question 1"],
        ["question 0", "who directed Big?"],
        [],
    ]
    assert found(database, "question", limit=2, offset=4) == ["question 0"]


def test_search_finds_nothing_of_another_visitor(database: Database, asked: Asked) -> None:
    told(database, asked, "Big secrets", visitor="bob")
    assert found(database, "big") == ["who directed Big?"]
    assert found(database, "big", visitor="bob") == ["Big secrets"]


# Rename and delete


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("  Films\n of the  80s ", "Films of the 80s"),
        ("", "who directed Big?"),
        (" \t ", "who directed Big?"),
        (HOSTILE, " ".join(HOSTILE.split())),
        ("x" * 5_000, "x" * 199 + "…"),
    ],
)
def test_a_conversation_is_renamed(database: Database, asked: Asked, title: str, kept: str) -> None:
    with database.writer() as session:
        before = get_conversation(session=session, conversation_id=asked.conversation, visitor="ann").updated_at
        renamed = rename_conversation(session=session, conversation_id=asked.conversation, visitor="ann", title=title)
    assert found(database) == [kept]
    assert renamed.updated_at == before


def test_deleting_all_leaves_others_alone(database: Database, asked: Asked) -> None:
    told(database, asked, "second")
    told(database, asked, "another's", visitor="bob")
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
        assert delete_conversations(session=session, visitor="ann") == 2
        assert delete_conversations(session=session, visitor="ann") == 0
    assert (found(database), found(database, visitor="bob")) == ([], ["another's"])
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Turn)) == 1
        assert session.scalar(select(func.count()).select_from(Feedback)) == 0


# Sharing


def test_a_shared_conversation_is_read_by_its_token_alone(database: Database, asked: Asked) -> None:
    key = token()
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1, comment="secret")
        shared = share_conversation(
            session=session, conversation_id=asked.conversation, visitor="ann", token=key, salt="s" * 16
        )
        assert (shared.share_digest, shared.share_salt) == (digest(key), "s" * 16)
    with database.reader() as session:
        title, turns = find_shared(session=session, token=key)
    assert (title, [turn.id for turn in turns]) == ("who directed Big?", [asked.turn])


def test_a_link_shows_what_the_conversation_shows_now(database: Database, asked: Asked) -> None:
    key = token()
    with database.writer() as session:
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)
        replace_turns(session=session, turn_id=asked.turn, visitor="ann")
        assert find_shared(session=session, token=key) == ("who directed Big?", [])


def test_a_new_link_ends_the_old_one_and_revoking_ends_both(database: Database, asked: Asked) -> None:
    first, second = token(), token()
    with database.writer() as session:
        for key in (first, second):
            share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)
    with database.writer() as session:
        with pytest.raises(NotFoundError, match="no conversation is shared by this link"):
            find_shared(session=session, token=first)
        assert find_shared(session=session, token=second)
        for _ in range(2):
            revoke_share(session=session, conversation_id=asked.conversation, visitor="ann")
        with pytest.raises(NotFoundError):
            find_shared(session=session, token=second)
        found = get_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
        assert (found.share_digest, found.share_salt, found.shared_at) == (None, None, None)


def test_a_deleted_conversation_is_no_longer_shared(database: Database, asked: Asked) -> None:
    key = token()
    with database.writer() as session:
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)
        delete_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
    with database.reader() as session, pytest.raises(NotFoundError):
        find_shared(session=session, token=key)


@pytest.mark.parametrize("key", ["", "None", "x" * 43, "\ud800", "' OR 1=1 --"])
def test_no_other_text_is_a_link(database: Database, asked: Asked, key: str) -> None:
    with database.reader() as session, pytest.raises(NotFoundError):
        find_shared(session=session, token=key)


@pytest.mark.parametrize(("key", "salt"), [("short", ""), ("x" * 42 + "/", ""), ("x" * 43, "<b>")])
def test_a_weak_token_is_refused(database: Database, asked: Asked, key: str, salt: str) -> None:
    with pytest.raises(StoreInputError, match="a share token has"), database.writer() as session:
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key, salt=salt)


def test_the_store_holds_no_token(database: Database, asked: Asked) -> None:
    key = token()
    with database.writer() as session:
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)
    with database.reader() as session:
        row = session.connection().exec_driver_sql("SELECT * FROM conversations").one()
    assert key not in "".join(map(str, row))


# Consent


def test_consent_is_off_asked_once_and_can_be_taken_back(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        assert not ask_consent(session=session, visitor="ann")
        assert find_visitor(session=session, visitor="ann") is None
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
        assert [ask_consent(session=session, visitor="ann") for _ in range(2)] == [True, False]
        assert not find_visitor(session=session, visitor="ann").training_consent  # type: ignore[union-attr]
    for given in (True, True, False):
        with database.writer() as session:
            assert set_consent(session=session, visitor="ann", given=given).training_consent is given
    with database.reader() as session:
        row = find_visitor(session=session, visitor="ann")
        assert row is not None
        assert row.asked_at
        assert row.decided_at
        assert row.asked_at <= row.decided_at
        assert find_visitor(session=session, visitor="bob") is None


def test_who_took_their_vote_back_is_not_asked(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=0)
        assert not ask_consent(session=session, visitor="ann")
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
        assert not ask_consent(session=session, visitor="ann")


def test_who_decided_unasked_is_not_asked(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
        set_consent(session=session, visitor="ann", given=False)
        assert not ask_consent(session=session, visitor="ann")


def test_saying_the_same_again_keeps_the_time(database: Database) -> None:
    with database.writer() as session:
        first = set_consent(session=session, visitor="ann", given=True).decided_at
    with database.writer() as session:
        assert set_consent(session=session, visitor="ann", given=True).decided_at == first


# Everything about a visitor


def test_everything_stored_is_told(database: Database, asked: Asked) -> None:
    right = [{"id": "urn:e:Anne_Spielberg", "label": "Anne Spielberg"}]
    told(database, asked, "another's", visitor="bob")
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", corrected_answers=right, comment=HOSTILE)
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
        replace_turns(session=session, turn_id=asked.turn, visitor="ann")
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=token())
        set_consent(session=session, visitor="ann", given=True)
    told(database, asked, "second")
    with database.reader() as session:
        data = json.loads(json.dumps(visitor_data(session=session, visitor="ann"), allow_nan=False))
    assert data["visitor"] == "ann"
    assert data["training_use"]["allowed"] is True
    first, second = data["conversations"]
    assert (first["title"], second["title"]) == ("who directed Big?", "second")
    (turn,) = first["turns"]
    assert (turn["answer"], turn["model_version"]) == (SNAPSHOT, "world-1")
    assert turn["replaced_at"]
    assert first["shared_at"]
    assert second["shared_at"] is None
    assert turn["feedback"]["withdrawn"] is True
    assert turn["feedback"]["corrected_answers"] == right
    assert turn["feedback"]["comment"] == HOSTILE
    assert second["turns"][0]["feedback"] is None
    with database.reader() as session:
        one = conversation_data(session=session, conversation_id=asked.conversation, visitor="ann")
    assert json.loads(json.dumps(one)) == first
    assert datetime.now(UTC) - datetime.fromisoformat(turn["asked_at"]) < timedelta(minutes=1)


def test_who_is_not_known_has_nothing(database: Database) -> None:
    with database.reader() as session:
        assert visitor_data(session=session, visitor="nobody") == {
            "visitor": "nobody",
            "training_use": {"allowed": False, "asked_at": None, "decided_at": None},
            "conversations": [],
        }


def test_erasure_leaves_no_row_and_no_one_else_loses_any(database: Database, asked: Asked) -> None:
    other = told(database, asked, "another's", visitor="bob")
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=token())
        set_consent(session=session, visitor="ann", given=True)
        set_consent(session=session, visitor="bob", given=True)
        erase_visitor(session=session, visitor="ann")
    with database.reader() as session:
        assert [each.visitor for each in session.scalars(select(Conversation))] == ["bob"]
        assert [each.id for each in session.scalars(select(Visitor))] == ["bob"]
        assert session.scalars(select(Feedback)).all() == []
        assert len(load_turns(session=session, conversation_id=other, visitor="bob")) == 1


def test_every_table_that_names_a_visitor_is_told_and_erased() -> None:
    """A table that is added with a visitor in it must be added to `visitor_data` and `erase_visitor`, and here."""
    named = {table.name for table in Base.metadata.tables.values() if "visitor" in table.columns}
    assert named | {"visitors"} == {"conversations", "feedback", "visitors"}


def test_what_was_erased_is_gone_from_the_files(tmp_path: Path) -> None:
    from db import open_database, register_model_version

    secret = "an-unmistakable-question"
    database = open_database(f"sqlite:///{tmp_path}/store.db")
    with database.writer() as session:
        version = register_model_version(session=session, name="w", digest="d")
    told(database, Asked(uuid4(), uuid4(), version.id), *[f"{secret} {number}" for number in range(40)])
    assert secret.encode() in bytes_of(tmp_path)
    with database.writer() as session:
        erase_visitor(session=session, visitor="ann")
    database.forget()
    assert secret.encode() not in bytes_of(tmp_path)
    database.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


# Two people


def test_another_visitor_renames_deletes_shares_and_revokes_nothing(database: Database, asked: Asked) -> None:
    key = token()
    with database.writer() as session:
        share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)
    theirs = {"conversation_id": asked.conversation, "visitor": "bob"}
    with pytest.raises(NotFoundError), database.writer() as session:
        rename_conversation(session=session, title="mine", **theirs)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError), database.writer() as session:
        share_conversation(session=session, token=token(), **theirs)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError), database.writer() as session:
        revoke_share(session=session, **theirs)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError), database.reader() as session:
        conversation_data(session=session, **theirs)  # type: ignore[arg-type]
    with database.writer() as session:
        delete_conversations(session=session, visitor="bob")
        erase_visitor(session=session, visitor="bob")
        assert visitor_data(session=session, visitor="bob")["conversations"] == []
        assert find_shared(session=session, token=key)[0] == "who directed Big?"
