import sqlite3
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from db import (
    Database,
    StoreError,
    StoreInputError,
    UnreachableError,
    append_turn,
    give_feedback,
    load_turns,
    open_database,
    start_conversation,
)
from db.models import Turn
from db.session import masked, parse_url
from tests.db.conftest import SNAPSHOT, Asked

THREADS, WRITES = 8, 15


def test_conversations_and_votes_survive_a_restart(database: Database, asked: Asked, url: str) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1, comment="no!")
    database.close()
    reopened = open_database(url)
    with reopened.reader() as session:
        [(turn, feedback)] = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")
    reopened.close()
    assert (turn.id, turn.snapshot) == (asked.turn, SNAPSHOT)
    assert feedback is not None
    assert feedback.comment == "no!"


def test_eight_threads_write_at_once(database: Database, asked: Asked) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(WRITES):
                with database.writer() as session:
                    append_turn(
                        session=session,
                        conversation_id=asked.conversation,
                        visitor="ann",
                        question="again?",
                        snapshot=SNAPSHOT,
                        model_version_id=asked.version,
                    )
                    give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
                with database.reader() as session:
                    session.scalar(select(func.count()).select_from(Turn))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reader() as session:
        turns = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")
    assert [turn.position for turn, _ in turns] == list(range(1 + THREADS * WRITES))


def test_one_that_writes_to_a_new_file_is_waited_for(tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, writer.execute, ["COMMIT"])
    release.start()
    open_database(f"sqlite:///{tmp_path / 'new.db'}").close()
    release.join()
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    writer.close()


def test_several_processes_may_open_an_empty_database_at_once(url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            open_database(url).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    def start_and_fail() -> None:
        with database.writer() as session:
            conversation = start_conversation(session=session, visitor="ann")
            session.flush()
            raise RuntimeError(str(conversation.id))

    with pytest.raises(RuntimeError):
        start_and_fail()
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Turn)) == 0
    database.check()


def test_sqlite_is_set_up_for_many_readers_and_one_writer(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/deep/er/store.db")
    with database.reader() as session:
        ask = session.connection().exec_driver_sql
        found = [ask(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys", "busy_timeout")]
    database.close()
    assert found == ["wal", 1, 30_000]


def test_the_environment_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGQA_DATABASE_URL", f"sqlite:///{tmp_path}/named.db")
    open_database().close()
    assert (tmp_path / "named.db").exists()


def test_without_a_setting_the_file_lies_beside_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "50% ? of # it"
    odd.mkdir()
    monkeypatch.delenv("KGQA_DATABASE_URL", raising=False)
    monkeypatch.setattr("db.session.DEFAULT_FILE", odd / "kgqa.db")
    open_database().close()
    assert (odd / "kgqa.db").exists()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_spellings_of_postgresql(scheme: str) -> None:
    assert parse_url(f"{scheme}://ann:secret@host/name").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be read"),
        ("postgresql://ann:secret@host:port/name", "cannot be read"),
        ("mysql://ann:secret@host/name", r"mysql://ann:\*\*\*@host/name: mysql is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, message: str) -> None:
    with pytest.raises(StoreInputError, match=message) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_masked_wherever_it_stands() -> None:
    shown = masked(parse_url("postgresql://ann:secret@host/name?password=secret&sslpassword=secret"))
    assert "secret" not in shown
    assert "ann" in shown


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(UnreachableError) as caught:
        open_database("postgresql://ann:secret@127.0.0.1:1/name")
    message = str(caught.value)
    assert message.startswith("cannot use the database postgresql+psycopg://ann:***@127.0.0.1:1/name: ")
    assert message.endswith("see that it runs, or set KGQA_DATABASE_URL")
    assert "\n" not in message
    assert "secret" not in message


def test_a_database_that_the_server_does_not_have(postgresql: str) -> None:
    with pytest.raises(UnreachableError, match="no_such_store"):
        open_database(f"postgresql://postgres@/no_such_store?host={postgresql}")


def test_a_database_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/here/store.db")
    database.close()
    (tmp_path / "here").rename(tmp_path / "away")
    with pytest.raises(UnreachableError, match="unable to open database file"):
        database.check()
    (tmp_path / "away").rename(tmp_path / "here")
    database.check()
    database.close()


def test_a_server_that_drops_its_connections(postgresql: str, database: Database, url: str) -> None:
    database.check()
    if "postgresql" in url:
        with psycopg.connect(host=postgresql, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'store_%'")
    database.check()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("just notes, and long enough to be looked at " * 50)
    with pytest.raises(StoreError, match="file is not a database"):
        open_database(f"sqlite:///{tmp_path}/notes.db")


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="unable to open database file"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreachableError, match="file"):
        open_database(f"sqlite:///{tmp_path}/file/deeper/store.db")


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE turns (id INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="already exists"):
        open_database(f"sqlite:///{tmp_path}/other.db")
