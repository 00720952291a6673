"""People at the page of a real server: what they get is counted and timed, and an error is one."""

import json
from pathlib import Path

import pytest

from kgqa.cli import main
from tests.conftest import Trained


def bench(trained: Trained, questions: Path, *options: str) -> int:
    where = ["--model", str(trained.directory), "--questions", str(questions)]
    return main(["bench", "load", *where, "--people", "3", "--seconds", "8", "--json", *options])


def test_everybody_gets_their_answers(trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(trained, trained.dev, "--database", f"sqlite:///{tmp_path}/chat.db") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["errors"] == 0
    assert figures["questions"] >= 3
    assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
    assert (tmp_path / "chat.db").stat().st_size > 0


def test_a_question_that_is_not_answered_is_an_error(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = tmp_path / "long.jsonl"
    long.write_text(json.dumps({"question": "who? " * 100, "answers": ["urn:x"]}) + "\n")
    assert bench(trained, long) == 1
    said = capsys.readouterr()
    assert "requests failed; the first: question: no answer to" in said.err
    assert json.loads(said.out)["errors"] > 0


def test_a_load_of_nobody_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(trained, trained.dev, "--people", "0") == 2
    assert "at least one question, one person and one second" in capsys.readouterr().err
