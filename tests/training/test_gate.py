"""The gate: moved to where development questions come out best, whatever it was before."""

from pathlib import Path

import pytest

from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.evaluate import quick_outcomes
from kgqa.training.gate import set_gate
from kgqa.training.questions import read_questions
from tests.conftest import Trained


@pytest.mark.parametrize("wrong", [-30.0, -8.0])
def test_a_gate_that_is_shut_is_opened(ruled: Trained, wrong: float) -> None:
    model, questions = from_pretrained(ruled.directory).model, read_questions(ruled.questions)
    assert model.decoder is not None

    def right() -> float:
        return sum(outcome.f1 for outcome, _ in quick_outcomes(model, questions)) / len(questions)

    before = right()
    model.decoder.lean(wrong)
    assert right() < before
    assert set_gate(model, questions) > 0
    assert right() >= before
    assert set_gate(model, questions) == 0, "it stays where it is best"


def test_a_model_of_walks_alone_has_no_gate(trained: Trained) -> None:
    model = from_pretrained(Path(trained.directory)).model
    assert set_gate(model, read_questions(trained.questions)) == 0
