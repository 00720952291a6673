"""Own questions: a model keeps what it was measured on and a sample of what it was trained on."""

from pathlib import Path

from kgqa.training.own_questions import SAMPLE, OwnQuestions
from kgqa.training.practice import own_questions
from kgqa.training.questions import Question, read_questions, write_questions
from tests.conftest import Trained


def test_a_trained_model_keeps_its_questions(trained: Trained) -> None:
    own = OwnQuestions.of(trained.directory)
    assert list(own.dev) == read_questions(trained.dev)
    assert list(own.train) == read_questions(trained.questions)


def test_of_many_a_seeded_sample_is_kept() -> None:
    many = [Question(str(number), f"{number}?", ("a",)) for number in range(4000)]
    own = OwnQuestions.sampled(many, many[:3], 0)
    assert len(own.train) == SAMPLE
    assert own == OwnQuestions.sampled(many, many[:3], 0)
    assert own.train != OwnQuestions.sampled(many, many[:3], 1).train
    assert set(own.train) <= set(many)
    assert own.dev == tuple(many[:3])


def test_given_files_stand_for_what_is_kept(trained: Trained, tmp_path: Path) -> None:
    kept = OwnQuestions.of(trained.directory)
    rows = [Question(str(number), f"{number}?", ("a",)) for number in range(4000)]
    write_questions(tmp_path / "given.jsonl", rows)
    given = OwnQuestions.sampled(rows, rows, 0)
    assert own_questions(trained.directory, (), None, 0) == kept
    assert own_questions(trained.directory, (), tmp_path / "given.jsonl", 0) == OwnQuestions(kept.train, given.dev)
    assert own_questions(trained.directory, (tmp_path / "given.jsonl",), None, 0) == OwnQuestions(given.train, kept.dev)


def test_what_is_written_is_read_again_and_nothing_is_nothing(tmp_path: Path) -> None:
    own = OwnQuestions((Question("1", "who?", ("a",)),))
    own.write(tmp_path)
    assert OwnQuestions.of(tmp_path) == own
    assert OwnQuestions.of(tmp_path / "elsewhere") == OwnQuestions()


def test_no_conversation_is_kept_without_its_beginning() -> None:
    rows = [
        Question(f"{talk}-{turn}", f"q {talk} {turn}", ("x",), conversation=f"c{talk}")
        for talk in range(2000)
        for turn in range(2)
    ]
    kept = OwnQuestions.sampled(rows, (), 0).train
    assert len(kept) == SAMPLE
    assert [row.id[-1] for row in kept] == ["0", "1"] * (SAMPLE // 2)
    assert all(one.conversation == other.conversation for one, other in zip(kept[::2], kept[1::2], strict=True))
