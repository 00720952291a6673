"""Cross-validation: every question is asked once, of a model that did not see it."""

import json

import pytest

from kgqa.cli import main
from kgqa.training.folds import parted
from kgqa.training.questions import Question, read_questions
from kgqa.training.recipe import MOST_TIMES, mixed
from tests.conftest import Trained

pytestmark = pytest.mark.slow

ROWS = [Question(str(number), f"question {number}", ("x",), slice="ab"[number % 7 < 2]) for number in range(70)]


def test_folds_share_nothing_and_every_slice_is_spread() -> None:
    folds = list(parted(ROWS, 5, seed=0))
    assert sorted(row.id for _, own in folds for row in own) == sorted(row.id for row in ROWS)
    for seen, own in folds:
        assert not {row.id for row in seen} & {row.id for row in own}
        assert len(seen) + len(own) == len(ROWS)
        assert sum(row.slice == "b" for row in own) == 4
    assert list(parted(ROWS, 5, seed=0)) == folds
    assert list(parted(ROWS, 5, seed=1)) != folds


def test_few_given_questions_come_several_times() -> None:
    made = [Question(f"made {number}", f"made {number}", ()) for number in range(200)]
    rows = mixed(ROWS, made, seed=0)
    assert rows.count(ROWS[0]) == 3
    assert rows.count(made[0]) == 1
    assert mixed(ROWS[:1], made, seed=0).count(ROWS[0]) == MOST_TIMES
    assert mixed(ROWS, [], seed=0) == ROWS
    assert mixed(ROWS, made, seed=1) != rows


def test_every_question_is_asked_of_a_model_that_did_not_see_it(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["crossvalidate", "--graph", str(trained.graph), "--questions", str(trained.dev), "--folds", "2"]
    learning = ["--start", str(trained.directory), "--synthetic", "20", "--epochs", "0.2", "--batch-size", "16"]
    assert main([*command, *learning, "--json"]) == 0
    rungs = json.loads(capsys.readouterr().out)
    assert list(rungs) == ["gold", "gold-span", "linked"]
    for figures in rungs.values():
        assert figures["n"] == len(read_questions(trained.dev))
        assert len(figures["folds"]["all"]) == 2
        assert figures["spread"].keys() == figures["folds"].keys()


def test_what_makes_no_sense_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["crossvalidate", "--graph", str(trained.graph), "--questions", str(trained.dev)]
    assert main([*command, "--synthetic", "-1"]) == 2
    assert "--synthetic -1: must not be negative" in capsys.readouterr().err
    assert main([*command, "--folds", "1"]) == 2
    assert "--folds 1: expected 2 to" in capsys.readouterr().err
