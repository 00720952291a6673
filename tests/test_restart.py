"""The disk is emptied at a restart, as that of a Space is: what people said comes back from the journal."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import app
from tests.hub import TOKEN, Hub, running_hub
from tests.test_app import running
from tests.test_attack import QUESTION, Target, message

pytestmark = pytest.mark.slow

VOTES = "datasets/ana/votes"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with running_hub() as hub:
        for name, value in {"HF_ENDPOINT": hub.address, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home")}.items():
            monkeypatch.setenv(name, value)
        yield hub


@contextmanager
def started(model: Path, disk: Path) -> Iterator[Target]:
    """The app on a disk of its own; stopped as a host stops it."""
    disk.mkdir()
    url = f"sqlite:///{disk}/chat.db"
    with running("--model", str(model), "--database", url) as address, closing(Target(address, url)) as target:
        yield target


def until(target: Target, state: str) -> None:
    """Until the server says this of its journal."""
    deadline = time.monotonic() + 120
    while not (said := target.http.get("/readyz").json())["journal"].startswith(state):
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def bytes_in(directory: Path) -> bytes:
    """All that the files of a directory hold."""
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def vote_down(target: Target, kept: dict[str, str]) -> None:
    ((turn, _),) = target.turns(kept)
    about: dict[str, Any] = {"index": 1, "value": "x", "liked": False}
    target.send("voted", [message(turn.id), message(turn.id)], kept, about=about)


@pytest.mark.endurance
def test_a_space_that_restarts_has_its_votes_again_and_not_what_was_erased(
    hub: Hub, trained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGQA_JOURNAL", "ana/votes")
    monkeypatch.setenv("KGQA_JOURNAL_SECONDS", "0.5")
    with started(trained_model, tmp_path / "first") as target:
        until(target, "ok")
        hub.refuse, hub.refuse_only = 503, "commit/main"
        staying, leaving = target.asked(), target.asked()
        until(target, "not written since 20")
        vote_down(target, staying)
        target.lives()
        hub.refuse = 0
        until(target, "ok")
    assert hub.visibility == {VOTES: "private"}
    with started(trained_model, tmp_path / "second") as target:
        ((turn, vote),) = target.turns(staying)
        assert vote is not None
        assert (turn.question, vote.rating, vote.review_status) == (QUESTION, -1, "pending")
        assert QUESTION in str(target.send("opened", staying))
        assert len(target.turns(leaving)) == 1
        target.send("erased", leaving)
    conversation = leaving["conversation"]
    assert hub.history[VOTES]
    assert all(conversation.encode() not in data for files in hub.history[VOTES] for data in files.values())
    assert any(staying["conversation"].encode() in data for data in hub.repositories[VOTES].values())
    homes = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert all(QUESTION.encode() not in path.read_bytes() for path in homes)


def test_what_was_said_last_is_written_when_the_app_is_stopped(
    trained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    monkeypatch.setenv("KGQA_JOURNAL", str(bucket))
    monkeypatch.setenv("KGQA_JOURNAL_SECONDS", "3600")
    with started(trained_model, tmp_path / "disk") as target:
        kept = target.asked()
        before = bytes_in(bucket)
        vote_down(target, kept)
    assert kept["conversation"].encode() not in before
    assert kept["conversation"].encode() in bytes_in(bucket)
    assert b'"rating":-1' in bytes_in(bucket)


@pytest.mark.parametrize("place", ["/no/such/bucket", "votes", "ana/votes"])
def test_a_journal_that_cannot_be_used_is_one_clear_line(
    place: str,
    trained_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"KGQA_JOURNAL": place, "HF_TOKEN": "", "HF_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    arguments = ["--model", str(trained_model), "--port", "0", "--database", f"sqlite:///{tmp_path}/chat.db"]
    assert app.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("app.py: KGQA_JOURNAL: ")
    assert said.count("\n") == 1
