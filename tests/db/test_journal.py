"""The journal: what the store holds comes back from it into an empty database, and what was erased does not."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

import db
from db import Database, StoreError, StoreInputError, journaled, open_database
from db.journal import journal as journal_module
from db.journal.dataset import DataSet
from db.journal.folder import Folder
from db.journal.journal import Journal, open_journal
from db.journal.keeper import find_place
from db.journal.line import ConversationLine, DecisionLine, FeedbackLine, ModelLine, TurnLine, VisitorLine
from db.journal.place import Place
from db.journal.watch import DERIVED
from db.models import Base, Conversation, Decision, Feedback, ModelVersion, Turn, Visitor
from tests.db.conftest import SNAPSHOT, Asked, rita
from tests.hub import TOKEN, Hub, running_hub

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = """=1+1 <img src=x onerror=alert(1)> '; DROP TABLE turns; -- %_\\ \u2028 {"table": "gone"} 🧭"""
RIGHT = [{"id": "urn:e:Anne_Spielberg", "label": "Anne Spielberg"}]
FACT = {"subject": "urn:e:Big", "relation": "urn:r:director", "object": "urn:e:Penny_Marshall"}
CHOSEN = [
    {"mention": "Big", "id": "urn:e:Big", "label": "Big (1988)"},
    {"mention": "Big", "hop": 1, "relation": "urn:r:director", "label": "directed by", "inverse": False},
]
LINES = {
    ModelVersion: ModelLine,
    Visitor: VisitorLine,
    Conversation: ConversationLine,
    Turn: TurnLine,
    Feedback: FeedbackLine,
    Decision: DecisionLine,
}

FreshUrl = Callable[[], str]


def accept_all(snapshot: dict[str, Any]) -> None:
    """What the store's own tests keep as a snapshot is no whole answer."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


@pytest.fixture
def journal(database: Database, folder: Path) -> Journal:
    return open_journal(database, Folder(folder), accept_all)


@contextmanager
def restarted(fresh_url: FreshUrl, place: Place) -> Iterator[tuple[Database, Journal]]:
    """The app with its disk emptied, after the first flush."""
    database = open_database(fresh_url())
    try:
        journal = open_journal(database, place, accept_all)
        journal.flush()
        yield database, journal
    finally:
        database.close()


def dump(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables, with model versions by their digest."""
    with database.reader() as session:
        digests = {row.id: row.digest for row in session.scalars(select(ModelVersion))}
        found = {}
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in session.execute(select(table)).mappings()]
            for row in rows:
                row |= {name: digests[row[name]] for name in ("model_version_id", "parent_id") if row.get(name)}
                if table.name == "model_versions":
                    del row["id"]
            found[table.name] = sorted(rows, key=repr)
    return found


def text_of(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(folder).splitlines()]


def ask(database: Database, version: UUID, question: str, visitor: str = "ann") -> tuple[UUID, UUID]:
    """A new conversation of one turn."""
    with database.writer() as session:
        conversation = db.start_conversation(session=session, visitor=visitor)
        turn = db.append_turn(
            session=session,
            conversation_id=conversation.id,
            visitor=visitor,
            question=question,
            snapshot={**SNAPSHOT, "question": question, "value": 0.1},
            model_version_id=version,
        )
    return conversation.id, turn.id


Step = Callable[[Any, Asked], object]


def decided(session: Any, action: str, **said: Any) -> UUID:
    (feedback,) = session.scalars(select(Feedback))
    return db.decide(session=session, reviewer=rita(), feedback_ids=[feedback.id], action=action, **said).batch


def undone(session: Any) -> None:
    batch = db.last_batch(session=session, reviewer=rita())
    assert batch
    db.undo(session=session, reviewer=rita(), batch=batch)


def lacking(session: Any) -> None:
    batch = decided(session, "lacks_fact", fact=FACT)
    db.record_fact(session=session, reviewer=rita(), batch=batch, fact=FACT, changed=2)


ANN = {"visitor": "ann"}
STEPS: dict[str, Step] = {
    "a vote": lambda s, a: db.give_feedback(session=s, turn_id=a.turn, rating=-1, comment=HOSTILE, **ANN),
    "asked for consent": lambda s, a: db.ask_consent(session=s, **ANN),
    "consent": lambda s, a: db.set_consent(session=s, given=True, **ANN),
    "a correction": lambda s, a: db.give_feedback(
        session=s,
        turn_id=a.turn,
        corrected_answers=RIGHT,
        corrected_text="or her brother",
        corrected_entity={"mention": "Big", "id": "urn:e:Big", "label": "Big (1988)"},
        **ANN,
    ),
    "chosen": lambda s, a: db.give_feedback(session=s, turn_id=a.turn, chosen=CHOSEN, **ANN),
    "answered anew": lambda s, a: db.answer_anew(session=s, turn_id=a.turn, snapshot={**SNAPSHOT, "value": 2}, **ANN),
    "otherwise": lambda s, a: db.answer_anew(session=s, turn_id=a.turn, snapshot={**SNAPSHOT, "value": 3}, **ANN),
    "nothing chosen any more": lambda s, a: db.answer_anew(session=s, turn_id=a.turn, snapshot=None, **ANN),
    "chosen again": lambda s, a: db.answer_anew(session=s, turn_id=a.turn, snapshot=SNAPSHOT, **ANN),
    "accepted": lambda s, a: decided(s, "accept"),
    "edited": lambda s, a: decided(s, "edit", edited={"answers": RIGHT, "text": "her"}),
    "edited again": lambda s, a: decided(s, "edit", edited={"answers": RIGHT, "text": "hers"}),
    "undone": lambda s, a: undone(s),
    "lacks the fact": lambda s, a: lacking(s),
    "renamed": lambda s, a: db.rename_conversation(session=s, conversation_id=a.conversation, title="Films", **ANN),
    "shared": lambda s, a: db.share_conversation(
        session=s, conversation_id=a.conversation, token=secrets.token_urlsafe(32), salt="s" * 16, **ANN
    ),
    "revoked": lambda s, a: db.revoke_share(session=s, conversation_id=a.conversation, **ANN),
    "asked again": lambda s, a: db.append_turn(
        session=s,
        conversation_id=a.conversation,
        question=HOSTILE,
        snapshot=SNAPSHOT,
        model_version_id=a.version,
        **ANN,
    ),
    "replaced": lambda s, a: db.replace_turns(session=s, turn_id=a.turn, **ANN),
    "a tuned model": lambda s, a: db.register_model_version(
        session=s, name="world-2", digest="d2", parent_digest="d1", figures={"hits@1": 0.98}
    ),
    "taken back": lambda s, a: db.withdraw_feedback(session=s, turn_id=a.turn, **ANN),
    "no longer allowed": lambda s, a: db.set_consent(session=s, given=False, **ANN),
}


def test_whatever_changes_is_written_and_comes_back_at_every_restart(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    for number, (name, step) in enumerate(STEPS.items(), 1):
        with database.writer() as session:
            step(session, asked)
        journal.flush()
        assert len(list(folder.iterdir())) == number, name
    for _ in range(2):
        with restarted(fresh_url, Folder(folder)) as (again, _):
            assert dump(again) == dump(database)
            assert len(list(folder.iterdir())) == 1


def test_the_history_and_its_review_go_on_after_a_restart(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    with database.writer() as session:
        vote = db.give_feedback(session=session, turn_id=asked.turn, visitor="ann", corrected_answers=RIGHT)
        batch = db.decide(session=session, reviewer=rita(), feedback_ids=[vote.id], action="accept").batch
    journal.flush()
    with restarted(fresh_url, Folder(folder)) as (again, _):
        with again.reader() as session:
            assert [row.title for row in db.find_conversations(session=session, visitor="ann")] == ["who directed Big?"]
            (entry,) = db.find_queue(session=session, reviewer=rita(), status="accepted")
            assert (entry.answers, entry.visitors) == (tuple(RIGHT), 1)
        conversation, _ = ask(again, _version(again), "who directed big")
        with again.writer() as session:
            assert db.undo(session=session, reviewer=rita(), batch=batch).changed == 1
            ((turn, _),) = db.load_turns(session=session, conversation_id=conversation, visitor="ann")
            db.give_feedback(session=session, turn_id=turn.id, visitor="ann", corrected_answers=RIGHT)
            (entry,) = db.find_queue(session=session, reviewer=rita())
            assert len(entry.voices) == 2, "both say the same: the keys came back"


def _version(database: Database) -> UUID:
    with database.reader() as session:
        return db.get_model_version(session=session, digest="d1").id


def test_every_column_is_in_a_line() -> None:
    """A column that is added must be added to a line of the journal, or be named as worked out from others."""
    assert {table.__table__ for table in LINES} == set(Base.metadata.tables.values())
    for table, line in LINES.items():
        columns = {column.name for column in table.__table__.columns} - DERIVED.get(table, set())
        assert columns == line.model_fields.keys() - {"table", "model_version", "parent"}, table


def test_nothing_new_is_no_new_file(database: Database, asked: Asked, journal: Journal, folder: Path) -> None:
    journal.flush()
    names = set(folder.iterdir())
    with database.writer() as session:
        db.register_model_version(session=session, name="world-1", digest="d1")
    journal.flush()
    journal.flush()
    assert set(folder.iterdir()) == names


# Erasure


def test_what_was_erased_is_gone_from_every_file_and_stays_gone(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    with database.writer() as session:
        db.give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1, comment="my secret")
        db.set_consent(session=session, visitor="ann", given=True)
    journal.flush()
    ask(database, asked.version, "what does bob want?", visitor="bob")
    with database.writer() as session:
        db.give_feedback(session=session, turn_id=asked.turn, visitor="ann", comment="another secret")
    journal.flush()
    assert all(word in text_of(folder) for word in ("who directed Big?", "my secret", "another secret"))
    with database.writer() as session:
        db.erase_visitor(session=session, visitor="ann")
    journal.flush()
    said = text_of(folder)
    for trace in ("Big?", "secret", '"ann"', str(asked.turn), str(asked.conversation)):
        assert trace not in said
    assert "what does bob want?" in said
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)
        assert {line["table"] for line in lines_of(folder)} == {"model_versions", "conversations", "turns"}


def test_a_deleted_conversation_is_gone_and_the_others_stay(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    ask(database, asked.version, "and Jaws?")
    journal.flush()
    with database.writer() as session:
        db.delete_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
    journal.flush()
    assert "Big?" not in text_of(folder)
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)


def test_who_comes_back_after_an_erasure_is_new(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    with database.writer() as session:
        db.set_consent(session=session, visitor="ann", given=True)
    journal.flush()
    with database.writer() as session:
        db.erase_visitor(session=session, visitor="ann")
    journal.flush()
    with database.writer() as session:
        db.set_consent(session=session, visitor="ann", given=False)
    journal.flush()
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)


def test_stopped_between_writing_and_removing_the_erased_stays_erased(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    journal.flush()
    left = {path: path.read_bytes() for path in folder.iterdir()}
    with database.writer() as session:
        db.delete_conversations(session=session, visitor="ann")
    journal.flush()
    for path, data in left.items():
        path.write_bytes(data)
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again)["conversations"] == []
        assert "Big?" not in text_of(folder)


# The database that has rows


def test_a_database_that_has_rows_is_what_holds(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    ask(database, asked.version, "and Jaws?")
    journal.flush()
    with database.writer() as session:
        db.delete_conversation(session=session, conversation_id=asked.conversation, visitor="ann")
    kept = dump(database)
    open_journal(database, Folder(folder), accept_all).flush()
    assert dump(database) == kept
    assert "Big?" not in text_of(folder)
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == kept


def test_the_journal_of_another_database_is_refused(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    journal.flush()
    before = text_of(folder)
    other = open_database(fresh_url())
    with other.writer() as session:
        version = db.register_model_version(session=session, name="world-1", digest="d1").id
    ask(other, version, "another's")
    with pytest.raises(StoreInputError, match="is the journal of another database"):
        open_journal(other, Folder(folder), accept_all)
    other.close()
    assert text_of(folder) == before


def test_a_known_model_is_the_same_one(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    journal.flush()
    again = open_database(fresh_url())
    with again.writer() as session:
        known = db.register_model_version(session=session, name="world-1", digest="d1").id
    open_journal(again, Folder(folder), accept_all)
    with again.reader() as session:
        assert [turn.model_version_id for turn in session.scalars(select(Turn))] == [known]
    assert dump(again) == dump(database)
    again.close()


# Files


def test_many_small_files_become_one(
    database: Database,
    asked: Asked,
    journal: Journal,
    folder: Path,
    fresh_url: FreshUrl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "MOST_FILES", 10)
    for number in range(15):
        with database.writer() as session:
            db.give_feedback(session=session, turn_id=asked.turn, visitor="ann", comment=f"no. {number}")
        journal.flush()
    assert len(list(folder.iterdir())) == 5
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)


def test_much_becomes_several_files(
    database: Database,
    asked: Asked,
    journal: Journal,
    folder: Path,
    fresh_url: FreshUrl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "FILE_SIZE", 2_000)
    for number in range(20):
        ask(database, asked.version, f"question {number}")
    journal.flush()
    assert len(list(folder.iterdir())) > 5
    assert max(path.stat().st_size for path in folder.iterdir()) < 3_000
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)


def test_a_clock_that_went_back_changes_no_order(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    journal.flush()
    (path,) = folder.iterdir()
    path.rename(folder / f"2999{path.name[4:]}")
    with restarted(fresh_url, Folder(folder)) as (again, later):
        with again.writer() as session:
            db.rename_conversation(session=session, conversation_id=asked.conversation, visitor="ann", title="later")
        later.flush()
        with restarted(fresh_url, Folder(folder)) as (third, _):
            assert dump(third)["conversations"][0]["title"] == "later"


def test_other_files_are_left_alone_and_half_ones_removed(database: Database, folder: Path) -> None:
    (folder / "README.md").write_text("mine")
    half = folder / f".{'2' * 20}-{'a' * 8}-000.jsonl"
    half.write_text("{")
    open_journal(database, Folder(folder), accept_all).flush()
    assert [path.name for path in folder.iterdir()] == ["README.md"]


# Damage


def put(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda row: row.__setitem__(name, value)


BAD_ROWS: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("feedback", put("rating", 2), "feedback.rating: "),
    ("feedback", put("rating", True), "feedback.rating: "),
    ("feedback", put("id", "7"), "feedback.id: "),
    ("feedback", put("comment", "\x00"), "cannot be stored"),
    ("feedback", put("comment", "\ud800"), ""),
    ("feedback", put("corrected_answers", [{"id": "x"}]), "feedback.corrected_answers.0.label: "),
    ("feedback", put("corrected_answers", [{"id": "x", "label": 3}]), "feedback.corrected_answers.0.label: "),
    ("feedback", put("review_status", "<b>"), "feedback.review_status: "),
    ("feedback", put("edited", {"answers": []}), "feedback.edited.text: "),
    ("feedback", put("updated_at", "0001-01-01T00:00:00+14:00"), "no time that can be stored"),
    ("feedback", put("updated_at", "2026-01-01T00:00:00"), "feedback.updated_at: "),
    ("feedback", lambda row: row.pop("comment"), "feedback.comment: "),
    ("feedback", put("is_admin", True), "feedback.is_admin: "),
    ("feedback", put("table", "users"), "'table'"),
    ("feedback", lambda row: row.update(id=str(uuid4()), visitor="bob"), "another visitor's turn"),
    ("feedback", lambda row: row.update(id=str(uuid4()), turn_id=str(uuid4())), "there is no turn"),
    ("feedback", put("id", str(uuid4())), "has other feedback"),
    ("turns", put("position", 2**31), "turns.position: "),
    ("turns", put("snapshot", {"kind": float("nan")}), "is not a JSON number"),
    ("turns", put("snapshot", ["entities"]), "turns.snapshot: "),
    ("turns", put("snapshot", {"kind": "unheard of"}), "turns.snapshot: no answer"),
    ("turns", lambda row: row.update(id=str(uuid4()), conversation_id=str(uuid4())), "there is no conversation"),
    ("turns", put("id", str(uuid4())), "has another turn 0"),
    ("conversations", put("visitor", ""), "conversations.visitor: "),
    ("conversations", put("share_digest", "x"), "conversations.share_digest: "),
    ("conversations", put("id", str(uuid4())), "that of another conversation"),
    ("visitors", put("training_consent", "yes"), "visitors.training_consent: "),
    ("decisions", put("before", {"status": "x", "edited": None}), "decisions.before."),
    ("decisions", put("action", "promote"), "decisions.action: "),
    ("decisions", put("fact", {"subject": ["x"]}), "decisions.fact.subject: "),
]
NO_ROWS = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"table": "turns"}', b"[" * 100_000, b'{"table": "gone", "mark": "all"}',
    b'{"table": "model_versions", "digest": "d9", "name": "", "parent": null, "figures": {"x": 1e999}, '
    b'"created_at": "2026-01-01T00:00:00Z"}',
)  # fmt: skip


def judge(snapshot: dict[str, Any]) -> None:
    if snapshot["kind"] != "entities":
        raise ValueError(f"no answer:\n{snapshot['kind']}")


def test_bad_lines_are_named_and_left_out_and_all_else_comes_back(
    database: Database,
    asked: Asked,
    journal: Journal,
    folder: Path,
    fresh_url: FreshUrl,
    caplog: pytest.LogCaptureFixture,
) -> None:
    everything_said(database, asked)
    journal.flush()
    rows = {row["table"]: row for row in lines_of(folder)}
    bad = []
    for table, change, _ in BAD_ROWS:
        bad.append(dict(rows[table]))
        change(bad[-1])
    (path,) = folder.iterdir()
    first = len(path.read_bytes().splitlines()) + 1
    with path.open("ab") as file:
        file.writelines(line + b"\n" for line in [*(json.dumps(row).encode() for row in bad), *NO_ROWS])
    again = open_database(fresh_url())
    open_journal(again, Folder(folder), judge)
    assert dump(again) == dump(database)
    again.close()
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == len(bad) + len(NO_ROWS)
    assert not any("\n" in warning for warning in warnings)
    reasons = [said for *_, said in BAD_ROWS] + [""] * len(NO_ROWS)
    for number, reason in enumerate(reasons, first):
        assert any(f"{path.name}:{number}: " in warning and reason in warning for warning in warnings), (number, reason)


def everything_said(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        vote = db.give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1, comment="no!")
        db.set_consent(session=session, visitor="ann", given=True)
        db.decide(session=session, reviewer=rita(), feedback_ids=[vote.id], action="accept")
        key = secrets.token_urlsafe(32)
        db.share_conversation(session=session, conversation_id=asked.conversation, visitor="ann", token=key)


@pytest.mark.parametrize("table", ["conversations", "turns", "feedback"])
def test_what_a_bad_line_took_with_it_comes_back_when_it_is_repaired(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl, table: str
) -> None:
    everything_said(database, asked)
    journal.flush()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole.replace(f'{{"table":"{table}"'.encode(), f'{{table:"{table}"'.encode()))
    with restarted(fresh_url, Folder(folder)) as (again, _):
        kept = dump(again)
        assert kept[table] == []
        assert kept["visitors"] == dump(database)["visitors"]
        assert len(list(folder.iterdir())) == 2
    path.write_bytes(whole)
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)
        assert len(list(folder.iterdir())) == 1


def test_a_damaged_file_goes_when_something_is_erased(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    other, _ = ask(database, asked.version, "and Jaws?", visitor="bob")
    journal.flush()
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"question":"who', b'"question":who'))
    with restarted(fresh_url, Folder(folder)) as (again, later):
        assert "who directed Big?" in path.read_text()
        with again.writer() as session:
            db.delete_conversation(session=session, conversation_id=other, visitor="bob")
        later.flush()
        assert not path.exists()
        assert "Jaws" not in text_of(folder)


def test_a_model_version_of_which_only_turns_speak_is_made_up(
    database: Database, asked: Asked, journal: Journal, folder: Path, fresh_url: FreshUrl
) -> None:
    journal.flush()
    (path,) = folder.iterdir()
    kept = [line for line in path.read_text().splitlines() if '"table":"model_versions"' not in line]
    path.write_text("\n".join(kept) + "\n")
    with restarted(fresh_url, Folder(folder)) as (again, _), again.reader() as session:
        assert db.get_model_version(session=session, digest="d1").name == "d1"
        assert len(db.load_turns(session=session, conversation_id=asked.conversation, visitor="ann")) == 1


# What goes wrong with the place


def test_a_place_that_goes_away_and_comes_back_loses_nothing(
    database: Database, asked: Asked, folder: Path, fresh_url: FreshUrl, caplog: pytest.LogCaptureFixture
) -> None:
    with journaled(database, str(folder), 3_600, accept_all) as keeper:
        wait_until(lambda: "Big?" in text_of(folder))
        folder.rename(folder.with_name("away"))
        _, turn = ask(database, asked.version, "and Jaws?")
        for _ in range(2):
            keeper.flush()
        assert keeper.state.startswith("not written since 20")
        with database.writer() as session:
            db.give_feedback(session=session, turn_id=turn, visitor="ann", rating=1)
        folder.with_name("away").rename(folder)
        keeper.flush()
        assert keeper.state == "ok"
    (refused, written) = [record.getMessage() for record in caplog.records]
    assert str(folder) in refused
    assert "written again" in written
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert dump(again) == dump(database)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_written_in_the_background_and_at_the_end(database: Database, asked: Asked, folder: Path) -> None:
    with journaled(database, str(folder), 0.05, accept_all) as keeper:
        ask(database, asked.version, "and Jaws?")
        wait_until(lambda: "Jaws" in text_of(folder))
        keeper.seconds = 3_600
        time.sleep(0.2)
        ask(database, asked.version, "and Splash?")
    assert "Splash" in text_of(folder)


def test_killed_it_loses_at_most_what_came_since_it_was_last_written(
    fresh_url: FreshUrl, folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import sys, time, db\n"
        "database = db.open_database(sys.argv[1])\n"
        "def ask(question):\n"
        "    with database.writer() as session:\n"
        "        model = db.register_model_version(session=session, name='m', digest='d')\n"
        "        talk = db.start_conversation(session=session, visitor='ann')\n"
        "        db.append_turn(session=session, conversation_id=talk.id, visitor='ann', question=question,\n"
        "                       snapshot={}, model_version_id=model.id)\n"
        "with db.journaled(database, sys.argv[2], 3600, dict) as journal:\n"
        "    ask('before')\n"
        "    journal.flush()\n"
        "    ask('after')\n"
        "    print('said', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, str(script), fresh_url(), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "said\n"
        process.send_signal(signal.SIGKILL)
    with restarted(fresh_url, Folder(folder)) as (again, _):
        assert [row["question"] for row in dump(again)["turns"]] == ["before"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/no/such/place", "there is no such directory; mount it"),
        ("./no-such-place", "there is no such directory; mount it"),
        ("journal", "write a directory as /… or ./…, or a data set as user/name"),
        ("a/b/c", "write a directory"),
        ("ana/vo tes", "is no name of a data set"),
    ],
)
def test_a_place_that_can_be_none(place: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(StoreInputError, match=said) as caught:
        find_place(place)
    assert str(caught.value).startswith("KGQA_JOURNAL: ")


# A data set on the hub

VOTES = "datasets/ana/votes"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with running_hub() as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
        template = f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def commits(hub: Hub) -> str:
    """All that can be read in the data set and in its history."""
    return "".join(data.decode() for files in hub.history[VOTES] for data in files.values())


def test_a_data_set_is_made_private_and_gives_back_what_it_was_given(
    hub: Hub, database: Database, asked: Asked, fresh_url: FreshUrl
) -> None:
    journal = open_journal(database, find_place("ana/votes"), accept_all)
    assert hub.visibility == {VOTES: "private"}
    hub.repositories[VOTES][".gitattributes"] = b"theirs"
    for step in STEPS.values():
        with database.writer() as session:
            step(session, asked)
        journal.flush()
    assert len(hub.history[VOTES]) == len(STEPS)
    for _ in range(2):
        with restarted(fresh_url, DataSet("ana/votes")) as (again, _):
            assert dump(again) == dump(database)
    assert len(hub.repositories[VOTES]) == 2
    assert hub.repositories[VOTES][".gitattributes"] == b"theirs"


def test_what_was_erased_is_gone_from_the_history_of_a_data_set(
    hub: Hub, database: Database, asked: Asked, fresh_url: FreshUrl
) -> None:
    journal = open_journal(database, DataSet("ana/votes"), accept_all)
    journal.flush()
    ask(database, asked.version, "and Jaws?", visitor="bob")
    journal.flush()
    assert "Big?" in commits(hub)
    with database.writer() as session:
        db.erase_visitor(session=session, visitor="ann")
    journal.flush()
    assert "Big?" not in commits(hub)
    with restarted(fresh_url, DataSet("ana/votes")) as (again, _):
        assert dump(again) == dump(database)


@pytest.mark.parametrize("where", ["preupload/main", "commit/main", "super-squash/main"])
def test_wherever_a_hub_fails_the_next_flush_makes_it_good(
    hub: Hub, database: Database, asked: Asked, fresh_url: FreshUrl, where: str
) -> None:
    journal = open_journal(database, DataSet("ana/votes"), accept_all)
    journal.flush()
    ask(database, asked.version, "and Jaws?", visitor="bob")
    with database.writer() as session:
        db.erase_visitor(session=session, visitor="ann")
    hub.refuse, hub.refuse_only = 400, where
    with pytest.raises(StoreError, match=r"the hub refused the data set ana/votes \(400\)"):
        journal.flush()
    hub.refuse = 0
    with database.writer() as session:
        db.delete_conversations(session=session, visitor="bob")
    ask(database, asked.version, "and Splash?", visitor="eve")
    journal.flush()
    assert "Big?" not in commits(hub)
    assert "Jaws" not in commits(hub)
    with restarted(fresh_url, DataSet("ana/votes")) as (again, _):
        assert dump(again) == dump(database)


def test_a_data_set_that_others_can_see_is_refused(hub: Hub) -> None:
    hub.repositories[VOTES] = {}
    with pytest.raises(StoreInputError, match="can be seen by others; make it private"):
        DataSet("ana/votes")


def test_a_hub_that_does_not_know_us(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(StoreError, match=r"does not let you write .* \(401\); set HF_TOKEN") as caught:
        DataSet("ana/votes")
    assert "hf_wrong" not in str(caught.value)


def test_nobody_is_logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(StoreInputError, match="nobody is logged in to the hub; set HF_TOKEN"):
        DataSet("ana/votes")


def test_a_hub_that_cannot_be_reached_is_one_line(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        DataSet("ana/votes")
    assert "\n" not in str(caught.value)
