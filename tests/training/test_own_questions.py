"""Own questions: a model keeps what it was measured on and a sample of what it was trained on."""

import shutil
from pathlib import Path

from kgqa.manifest import verify_manifest
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training import own_questions
from kgqa.training.own_questions import OwnQuestions, keep_questions
from kgqa.training.questions import Question, read_questions
from tests.conftest import Trained


def test_a_trained_model_keeps_its_questions(trained: Trained) -> None:
    own = OwnQuestions.of(trained.directory)
    assert list(own.dev) == read_questions(trained.dev)
    assert list(own.train) == read_questions(trained.questions)


def test_of_many_a_seeded_sample_is_kept() -> None:
    many = [Question(str(number), f"{number}?", ("a",)) for number in range(4000)]
    own = OwnQuestions.sampled(many, many[:3], 0)
    assert len(own.train) == own_questions.SAMPLE
    assert own == OwnQuestions.sampled(many, many[:3], 0)
    assert own.train != OwnQuestions.sampled(many, many[:3], 1).train
    assert set(own.train) <= set(many)
    assert own.dev == tuple(many[:3])


def test_a_model_that_is_there_can_be_given_some(trained: Trained, tmp_path: Path) -> None:
    model = Path(shutil.copytree(trained.directory, tmp_path / "model"))
    keep_questions(model, OwnQuestions())
    assert OwnQuestions.of(model) == OwnQuestions()
    verify_manifest(model)
    keep_questions(model, OwnQuestions((Question("1", "who?", ("a",)),)))
    assert OwnQuestions.of(model).train == (Question("1", "who?", ("a",)),)
    assert OwnQuestions.of(model).dev == ()
    assert from_pretrained(model).version == from_pretrained(trained.directory).version
