"""The same tests on SQLite and on a real PostgreSQL, which is started here."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from db import Database, Reviewer, admit, append_turn, open_database, register_model_version, start_conversation
from db.models import now

NUMBERS = itertools.count()
SNAPSHOT = {
    "question": "who directed Big?",
    "kind": "entities",
    "answers": [{"id": "urn:e:Penny_Marshall", "label": "Penny Marshall", "score": 0.98}],
    "value": None,
    "abstained": False,
}


@dataclass(frozen=True)
class Asked:
    """A turn in a conversation of the visitor `ann`."""

    conversation: UUID
    turn: UUID
    version: UUID


def rita(name: str = "rita", minutes: int = 60) -> Reviewer:
    """A reviewer who has logged in."""
    return admit("token", lambda _: (name, now() + timedelta(minutes=minutes)))


def binaries() -> Path:
    """The folder of PostgreSQL's programs, which Debian leaves out of PATH."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if found is None and not folders:
        pytest.fail("PostgreSQL is not installed; `make test` installs it")
    return Path(found).resolve().parent if found else folders[-1]


def unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of the socket of a PostgreSQL server, stopped and deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kgqa-"))
    account = unprivileged()
    identity: dict[str, object] = {}
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries() / program), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, **identity)  # type: ignore[call-overload]
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of an empty database, another one each time."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/store{next(NUMBERS)}.db"
    folder = request.getfixturevalue("postgresql")

    def create() -> str:
        name = f"store_{next(NUMBERS)}"
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return f"postgresql://postgres@/{name}?host={folder}"

    return create


@pytest.fixture
def url(fresh_url: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return fresh_url()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open, migrated, empty database."""
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def asked(database: Database) -> Asked:
    """Ann's conversation of one turn."""
    with database.writer() as session:
        version = register_model_version(session=session, name="world-1", digest="d1", figures={"hits@1": 0.97})
        conversation = start_conversation(session=session, visitor="ann")
        turn = append_turn(
            session=session,
            conversation_id=conversation.id,
            visitor="ann",
            question="who directed Big?",
            snapshot=SNAPSHOT,
            model_version_id=version.id,
        )
    return Asked(conversation.id, turn.id, version.id)
