"""People at the page of a real server: what they get is counted and timed, and an error is one."""

import json
from pathlib import Path

import pytest

from kgqa.cli import main
from tests.conftest import Trained

pytestmark = pytest.mark.slow


def bench(trained: Trained, questions: Path, *options: str) -> int:
    where = ["--model", str(trained.directory), "--questions", str(questions)]
    return main(["bench", "load", *where, "--people", "3", "--seconds", "8", "--json", *options])


@pytest.mark.endurance
def test_answers_are_timed_and_what_is_not_answered_is_an_error(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = tmp_path / "some.jsonl"
    long = json.dumps({"question": "who? " * 100, "answers": ["urn:x"]})
    some.write_text("\n".join([*trained.dev.read_text("utf-8").splitlines()[:3], long]) + "\n", "utf-8")
    assert bench(trained, some, "--database", f"sqlite:///{tmp_path}/chat.db") == 1
    said = capsys.readouterr()
    figures = json.loads(said.out)
    assert 0 < figures["errors"] < figures["questions"]
    assert "requests failed; the first: question: no answer to" in said.err
    assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
    assert (tmp_path / "chat.db").stat().st_size > 0


def test_a_load_of_nobody_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(trained, trained.dev, "--people", "0") == 2
    assert "at least one question, one person and one second" in capsys.readouterr().err
