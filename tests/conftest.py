"""What several test files share: a small joint model, really trained, and a real PostgreSQL, each once a session."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kgqa.training.recipe import Recipe, train
from kgqa.training.trainer import TrainingArguments
from tests import cinema, kingdom

NUMBERS = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=1, help="how often tests of kill -9 kill, each")
    parser.addoption("--kill-seed", type=int, default=0, help="what draws the moments of kill -9")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first: where several processes share the files, all of them are busy to the end."""
    items.sort(key=lambda item: not any(item.iter_markers("slow")) and not any(item.iter_markers("browser")))


@dataclass(frozen=True)
class Trained:
    """A model directory, the files it was made from, and its development figures."""

    directory: Path
    graph: Path
    questions: Path
    dev: Path
    figures: dict[str, Any]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A joint model trained on the tiny world of films; less than a minute."""
    place = tmp_path_factory.mktemp("cinema")
    graph = cinema.write_graph(place / "graph.tsv")
    questions = cinema.write_questions(place / "train.jsonl", cinema.TRAIN)
    dev = cinema.write_questions(place / "dev.jsonl", cinema.DEV)
    training = TrainingArguments(epochs=10, batch_size=16, evaluations=2, seed=3)
    recipe = Recipe(graph, place / "model", (questions,), (dev,), training=training, command="train the tests' model")
    figures = train(recipe)
    return Trained(place / "model", graph, questions, dev, figures)


@pytest.fixture(scope="session")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A joint model that writes programs, trained on the small kingdom; about a minute."""
    place = tmp_path_factory.mktemp("kingdom")
    graph = kingdom.write_graph(place / "graph.ttl")
    questions = kingdom.write_questions(place / "train.jsonl", kingdom.questions(kingdom.STATES[:8]))
    dev = kingdom.write_questions(place / "dev.jsonl", kingdom.questions(kingdom.STATES[8:]))
    training = TrainingArguments(epochs=26, batch_size=16, evaluations=1, typos=0.0, seed=1)
    out, command = place / "model", "train the kingdom's model"
    recipe = Recipe(graph, out, (questions,), (dev,), training=training, command=command)
    figures = train(recipe)
    return Trained(place / "model", graph, questions, dev, figures)


@pytest.fixture(scope="session")
def trained_model(trained: Trained) -> Path:
    """Its model directory."""
    return trained.directory


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
