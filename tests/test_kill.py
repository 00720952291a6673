"""kill -9 in the middle of the work: what was acknowledged is there, and a directory is the old one or the new one.

`--kills 50 --kill-seed 0` kills fifty times each; the number of a failing round is in its message.
"""

import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

import db
from db.migrate import current_revision, downgrade
from db.models import Base
from db.session import make_engine, parse_url
from kgqa.chat.served import load_assistant, watched
from kgqa.chat.visitor import Visitor
from kgqa.graph.formats import Statement
from kgqa.graph.store import KnowledgeGraph
from kgqa.manifest import MANIFEST, verify_manifest
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.facts import change_facts
from tests import killed
from tests.db.test_migrate import REVISIONS
from tests.killed import FORKS, Moment, moments
from tests.test_attack import Target, message

pytestmark = pytest.mark.slow

STORED = 60  # writes before the kill, at most
A_WRITE = 0.02  # seconds that one takes, at most
TAKING_OVER = 2.0  # seconds in which a server notices a new model and reads it
BTREES = (
    "SELECT bt_index_parent_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "JOIN pg_am ON pg_am.oid = relam WHERE amname = 'btree' AND relnamespace = 'public'::regnamespace"
)


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kills"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kill-seed"))


@contextmanager
def examined(url: str) -> Iterator[Engine]:
    """An engine that migrates nothing, over a database whose pages, indexes and references are found whole."""
    engine = make_engine(parse_url(url), migrating=True)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        else:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
            connection.exec_driver_sql(BTREES)
    try:
        yield engine
    finally:
        engine.dispose()


# Votes


def progress(rows: list[tuple[db.Turn, db.Feedback | None]]) -> int:
    """How many of a writer's three writes a turn are stored; each is there as a whole, and after the one before it."""
    for number, (turn, feedback) in enumerate(rows):
        assert (turn.question, turn.snapshot) == (f"question {number}", {"number": number})
        last = number == len(rows) - 1
        assert feedback is not None or last
        if feedback is not None:
            said = (feedback.rating, feedback.comment, feedback.corrected_answers)
            corrected = (-1, f"no, {number}", [{"id": f"urn:{number}", "label": str(number)}])
            assert said in ([corrected, (1, "", [])] if last else [corrected])
    if not rows:
        return 0
    feedback = rows[-1][1]
    return 3 * len(rows) - 2 + (0 if feedback is None else 1 if feedback.rating == 1 else 2)


def test_votes_that_were_acknowledged_are_there(url: str, kills: int, seed: int) -> None:
    db.open_database(url).close()
    conversations: dict[Any, int] = {}
    for number in range(kills):
        generator = random.Random(f"{seed} {number}")
        moment = Moment(seconds=generator.uniform(0, A_WRITE), words=generator.randint(2, STORED))
        words = killed.killed(moment, killed.vote, url)
        owners = {writer: identity for what, writer, identity in (word for word in words if len(word) == 3)}
        told = [writer for what, writer in (word for word in words if len(word) == 2)]
        for writer, identity in owners.items():
            conversations[(writer, identity)] = told.count(writer)
        with examined(url):
            database = db.open_database(url)
        for (writer, identity), acknowledged in conversations.items():
            with database.reader() as session:
                rows = db.load_turns(session=session, conversation_id=identity, visitor=f"visitor {writer}")
            stored = progress(rows)
            under_way = owners.get(writer) == identity
            assert stored in (acknowledged, acknowledged + under_way), f"round {number}, {moment}"
            conversations[(writer, identity)] = stored
        database.close()
    assert sum(conversations.values()) >= kills


# A migration


def fill(url: str) -> None:
    """Conversations, votes and a consent, enough that migrating them takes a while."""
    database = db.open_database(url)
    with database.writer() as session:
        version = db.register_model_version(session=session, name="world-1", digest="d1").id
        db.set_consent(session=session, visitor="ann", given=True)
        for number in range(100):
            mine = {"session": session, "visitor": "ann"}
            conversation = db.start_conversation(**mine).id
            asked = {"conversation_id": conversation, "question": f"question {number}", "snapshot": {"number": number}}
            turn = db.append_turn(**mine, **asked, model_version_id=version)
            db.give_feedback(**mine, turn_id=turn.id, rating=-1, comment=f"no, {number}")
    database.close()


def contents(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table."""
    with engine.begin() as connection:
        return {
            table: sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()))
            for table in inspect(connection).get_table_names()
        }


def test_a_migration_is_done_or_was_never_begun(url: str, kills: int, seed: int) -> None:
    fill(url)
    expected: dict[str, dict[str, list[str]]] = {}
    seconds = 0.0
    for start in REVISIONS[:-1]:
        with examined(url) as engine:
            downgrade(engine, start)
            *_, (_, taken, _) = killed.killed(Moment(), killed.migrate, url)
            seconds = max(seconds, taken)
            expected[start] = contents(engine)
            assert len(expected[start]["feedback"]) == 100
    for number, moment in enumerate(moments(kills, seed, 1.2 * seconds)):
        start = random.Random(f"{seed} {number} start").choice(REVISIONS[:-1])
        with examined(url) as engine:
            downgrade(engine, start)
        words = killed.killed(moment, killed.migrate, url)
        told = f"round {number}, {moment}: {words}"
        with examined(url) as engine, engine.begin() as connection:
            found = current_revision(connection)
        assert found in ([REVISIONS[-1]] if words[-1][0] == "done" else [start, REVISIONS[-1]]), told
        db.open_database(url).close()
        with examined(url) as engine:
            assert contents(engine) == expected[start], told
            with engine.begin() as connection:
                assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == [], told


# A model directory


def version_of(directory: Path) -> str:
    """The version of a directory that is found whole."""
    verify_manifest(directory)
    return str(ModelConfig.load(directory / "config.json")[1]["version"])


def wait_for(assistant: Any, version: str) -> None:
    deadline = time.monotonic() + killed.PATIENCE
    while assistant.version != version:
        assert time.monotonic() < deadline, "the new model was never taken over"
        time.sleep(0.02)


@pytest.mark.parametrize("work", [killed.add_fact, killed.save, killed.put_in_place])
def test_a_model_is_the_old_one_or_the_new_one(
    trained_model: Path, tmp_path: Path, kills: int, seed: int, work: Any
) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "place" / "model"))
    assistant = load_assistant(model)
    with watched(model, assistant, every=0.01):
        *_, (_, seconds, steps) = killed.killed(Moment(), work, model, 0)
        wait_for(assistant, version_of(model))
        for number, moment in enumerate(moments(kills, seed, 1.2 * seconds, steps), start=1):
            before = version_of(model)
            words = killed.killed(moment, work, model, number)
            after, told = version_of(model), f"round {number}, {moment}: {words}"
            assert after != before or words[-1][0] != "done", told
            if work is killed.add_fact:
                labels = KnowledgeGraph.load(model / "graph").catalog.labels
                assert (f"Film {number}" in labels) == (after != before), told
            else:
                assert after in (before, f"saved {number}"), told
            for kept in model.parent.glob("model.before/[0-9]*"):
                assert version_of(kept) == kept.name.partition("-")[2], told
            wait_for(assistant, after)
            assert [each.label for each in assistant.ask("who directed Jaws?").answers] == ["Ana Sol"], told


@pytest.mark.parametrize("there", [True, False], ids=["replaced", "new"])
def test_a_directory_is_whole_whatever_step_is_the_last(tmp_path: Path, there: bool) -> None:
    def stands(name: str) -> Path:
        if there:
            killed.fill_directory(tmp_path / name / "model", "old")
        return tmp_path / name / "model"

    *_, (_, _, steps) = killed.killed(Moment(), killed.fill, stands("whole"), "new")
    assert {"open", "os.mkdir"} <= steps.keys()
    outcomes = set()
    for kind, count in steps.items():
        for number in range(1, count + 1):
            model = stands(f"{kind} {number}")
            assert killed.killed(Moment(step=(kind, number)), killed.fill, model, "new") == [("began",)]
            content = {path.read_text() for path in model.rglob("*") if path.is_file() and path.name != MANIFEST}
            assert content in ({"old"} if there else set(), {"new"}), (kind, number)
            assert not content or verify_manifest(model) is None, (kind, number)
            assert all(path.name.startswith(".model.") for path in model.parent.glob("*") if path != model)
            outcomes |= content or {"old"}
    assert outcomes == {"old", "new"}


# The server


@contextmanager
def serving(directory: Path, url: str) -> Iterator[Target]:
    """The chat in a process of its own, once it is ready; it is killed at the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = FORKS.Process(target=killed.serve, args=(directory, url, port), daemon=True)
    process.start()
    try:
        deadline = time.monotonic() + killed.PATIENCE
        while not ready(f"http://127.0.0.1:{port}"):
            assert process.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
        with closing(Target(f"http://127.0.0.1:{port}", url)) as target:
            yield target
    finally:
        process.kill()
        process.join()


def ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=killed.PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.endurance
def test_a_server_killed_while_it_takes_over_serves_the_new_model(
    trained_model: Path, tmp_path: Path, url: str, kills: int, seed: int
) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    served, votes = version_of(model), []
    for number in range(kills):
        generator = random.Random(f"{seed} {number}")
        with serving(model, url) as target:
            assert target.version() == served, f"round {number}"
            kept, liked = target.asked(), generator.random() < 0.5
            ((turn, _),) = target.turns(kept)
            target.send("voted", [message(turn.id)], kept, about={"index": 0, "value": "", "liked": liked})
            votes.append((kept, 1 if liked else -1))
            change_facts(model, [Statement(f"Film {number}", "directed by", "Vera Holm", True)])
            old, served = served, version_of(model)
            end = time.monotonic() + generator.uniform(0, TAKING_OVER)
            while time.monotonic() < end:
                assert target.version() in (old, served), f"round {number}"
                time.sleep(0.02)
        assert version_of(model) == served
        with examined(url):
            database = db.open_database(url)
        found = [opinions(database, kept) for kept, _ in votes]
        database.close()
        assert found == [[rating] for _, rating in votes], f"round {number}"


def opinions(database: db.Database, kept: dict[str, str]) -> list[int | None]:
    """The votes of a visitor on the turns of their conversation."""
    visitor = Visitor.read(kept)
    with database.reader() as session:
        rows = db.load_turns(session=session, conversation_id=UUID(visitor.conversation), visitor=visitor.key(""))
    return [feedback and feedback.rating for _, feedback in rows]
