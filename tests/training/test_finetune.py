"""Fine-tuning: what people correct is learned, nothing else is lost, and what would be worse is not written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kgqa.cli import main
from kgqa.errors import InputError
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training import practice
from kgqa.training.comparison import DEVELOPMENT, HELD_OUT
from kgqa.training.corrections import OUTVOTED, UNKNOWN, choose
from kgqa.training.finetune import Tuned, Tuning, WorseError, finetune, gently
from kgqa.training.lessons import held_out, hints, lessons
from kgqa.training.own_questions import OwnQuestions
from kgqa.training.variants import Variants
from tests import cinema
from tests.conftest import Trained

pytestmark = pytest.mark.slow

WORDS = "whose gaffer yelled action on {}"
FILMS = list(cinema.DIRECTED)


def correction(film: str, number: int = 0, **values: Any) -> dict[str, Any]:
    """Somebody says who directed a film, which was asked for in unknown words."""
    row = {"question": WORDS.format(film), "answers": [cinema.DIRECTED[film]], "status": "accepted", "consent": True}
    return {**row, "contributor": f"person {number}", **values}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Fewer questions to go over again than a model of the world needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(practice, "LEAST_REPLAYED", 100)
        yield


@pytest.fixture(scope="module")
def tuned(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tuned, Tuning]:
    """The tests' model after corrections of seven films, and of what Zorvo is."""
    place = tmp_path_factory.mktemp("tuned")
    rows = [correction(film, number) for number, film in enumerate(FILMS[:7])]
    for number, text in enumerate(("who directed Zorvo?", "tell me who directed Zorvo", "director of Zorvo")):
        meant = {"mention": "Zorvo", "id": "Red Desert", "label": "Red Desert"}
        row = correction("Red Desert", number, question=text, answers=["Cy Marsh"], corrected_entity=meant)
        rows.append(row)
    feedback = write(place / "feedback.jsonl", *rows, correction("Jaws", 9, status="rejected"))
    tuning = Tuning(trained.directory, feedback, place / "new", training=gently(epochs=3, rate=5e-4), command="tune")
    return finetune(tuning), tuning


def test_other_questions_in_these_words_are_answered(tuned: tuple[Tuned, Tuning], trained: Trained) -> None:
    new, old = from_pretrained(tuned[1].out), from_pretrained(trained.directory)
    others = {film: WORDS.format(film) for film in FILMS[7:]}
    right = [film for film, text in others.items() if said(new, text)[:1] == [cinema.DIRECTED[film]]]
    before = [film for film, text in others.items() if said(old, text)[:1] == [cinema.DIRECTED[film]]]
    assert len(right) >= 0.8 * len(others) > len(before)
    assert said(new, "what year did Zorvo come out")[:1] == [cinema.YEARS["Red Desert"]]


def said(answerer: Answerer, text: str) -> list[str]:
    """The labels of what was reached, best first, whatever the confidence says."""
    return [answerer.graph.catalog.labels[entity] for entity in answerer.solve(text).entities.tolist()]


def test_nothing_is_lost_and_the_card_says_how_it_went(tuned: tuple[Tuned, Tuning], trained: Trained) -> None:
    done, tuning = tuned
    lines = {line.name: line for line in done.comparison.lines}
    assert lines[DEVELOPMENT].n == trained.figures["n"]
    assert lines[DEVELOPMENT].after >= lines[DEVELOPMENT].before == trained.figures["hits@1"]
    assert lines[HELD_OUT].after > lines[HELD_OUT].before
    assert {line.name for line in done.comparison.by_relation} >= {"directed by", "starring", "release year"}
    card = (tuning.out / "README.md").read_text(encoding="utf-8")
    for text in (done.answerer.lineage.data, done.answerer.lineage.parent, "1 rejected", "Zorvo", "…: directed by"):
        assert text in card


def test_the_new_version_knows_where_it_comes_from(tuned: tuple[Tuned, Tuning], trained: Trained) -> None:
    old, new = from_pretrained(trained.directory), from_pretrained(tuned[1].out)
    assert old.lineage.parent == ""
    assert new.lineage.parent == old.version != new.version
    assert new.lineage.data == choose(tuned[1].feedback, False, 10).digest
    assert new.lineage.corrections == 10
    assert new.lineage.after[DEVELOPMENT] >= new.lineage.before[DEVELOPMENT]
    assert new.figures["hits@1"] == new.lineage.after[DEVELOPMENT]
    assert OwnQuestions.of(tuned[1].out) == OwnQuestions.of(trained.directory)
    assert "Zorvo" not in (trained.directory / "README.md").read_text(encoding="utf-8")


def test_what_it_learned_from_already_is_nothing_new(tuned: tuple[Tuned, Tuning], tmp_path: Path) -> None:
    again = Tuning(tuned[1].out, tuned[1].feedback, tmp_path / "again")
    with pytest.raises(InputError, match="nothing new"):
        finetune(again)


def test_a_worse_model_is_not_written(trained: Trained, tmp_path: Path) -> None:
    lies = [correction(film, number, answers=[cinema.YEARS[film]]) for number, film in enumerate(FILMS[:4])]
    lies += [correction(film, 9, question=f"who directed {film}?", answers=["Ana Sol"]) for film in FILMS[1:4]]
    feedback = write(tmp_path / "lies.jsonl", *lies)
    with pytest.raises(WorseError, match="was not written, since it would be worse") as raised:
        finetune(Tuning(trained.directory, feedback, tmp_path / "new", training=gently(0.5, rate=0.05), keep=0.0))
    assert DEVELOPMENT in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["lies.jsonl"]


def test_lessons_leave_out_what_is_outweighed_or_unknown(trained: Trained, tmp_path: Path) -> None:
    answerer = from_pretrained(trained.directory)
    rows = [correction(film, number, status="pending") for number, film in enumerate(FILMS[:3])]
    lie = correction("Jaws", 7, status="pending", question="who directed Jaws?", answers=["Bo Lind"])
    unknown = correction("Jaws", 8, question="who directed Jaws", answers=["Somebody Else"])
    chosen = choose(write(tmp_path / "feedback.jsonl", *rows, lie, unknown), True, 10)
    variants = Variants(answerer.graph, answerer.index)
    found, left = lessons(answerer, variants, chosen, tmp_path)
    assert {lesson.correction.question for lesson in found} == {WORDS.format(film) for film in FILMS[:3]}
    assert left.left_out == {OUTVOTED: 1, UNKNOWN: 1}
    found, left = lessons(answerer, variants, chosen, tmp_path, agreement=False)
    assert [lesson.weight for lesson in found] == [1.0] * 4
    assert left.left_out == {UNKNOWN: 1}


def test_a_linking_choice_has_the_answers_of_who_is_meant(trained: Trained, tmp_path: Path) -> None:
    answerer = from_pretrained(trained.directory)
    row = correction("Jaws", question="who directed Jaws?", answers=[])
    row["corrected_entity"] = {"mention": "jaws", "id": "Night Train", "label": "Night Train"}
    chosen = choose(write(tmp_path / "feedback.jsonl", row), False, 10)
    (lesson,), _ = lessons(answerer, Variants(answerer.graph, answerer.index), chosen, tmp_path)
    assert lesson.question.answers == ("Bo Lind",)
    assert hints(answerer, [lesson]) == {"who directed Jaws?": answerer.graph.catalog.entity("Night Train")}


def test_all_about_one_question_are_on_one_side(trained: Trained, tmp_path: Path) -> None:
    answerer = from_pretrained(trained.directory)
    rows = [correction(film, number) for number, film in enumerate(FILMS[:6])]
    rows += [correction(film, 9, question=WORDS.format(film).upper(), answers=["Jon Lowe"]) for film in FILMS[:6]]
    chosen = choose(write(tmp_path / "feedback.jsonl", *rows), False, 10)
    found, _ = lessons(answerer, Variants(answerer.graph, answerer.index), chosen, tmp_path)
    taught, held = held_out(found, 0.3, seed=1)
    assert (len(taught), len(held)) == (8, 4)
    assert not {lesson.correction.key for lesson in taught} & {lesson.correction.key for lesson in held}
    assert held_out(found, 0.3, seed=1)[1] == held
    assert held_out(found[:1], 0.3, seed=1)[1] == []


def test_without_kept_questions_they_are_made(trained: Trained) -> None:
    answerer = from_pretrained(trained.directory)
    dev, made = practice.development(answerer, OwnQuestions(), 0)
    assert made
    assert len(dev) > 50
    rows = practice.replayed(answerer, OwnQuestions(), 1, 0, dev)
    assert len(rows) == practice.LEAST_REPLAYED
    assert not {row.question for row in rows} & {row.question for row in dev}
    own = OwnQuestions.of(trained.directory)
    assert set(practice.replayed(answerer, own, 1, 0, ())) <= set(own.train)
    assert practice.development(answerer, own, 0) == (list(own.dev), False)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "nobody has corrected an answer yet"),
        ([correction("Jaws", status="rejected")], "nothing to learn from (1 rejected)"),
        ([correction("Jaws", answers=["Nobody"])], "nothing to learn from (1 with answers that the graph lacks)"),
        ([{"question": "who?", "answers": 3, "consent": True, "status": "accepted"}], "feedback.jsonl:1: "),
    ],
)
def test_the_command_refuses_what_is_nothing_to_learn_from(
    rows: list[dict[str, Any]], said: str, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feedback = write(tmp_path / "feedback.jsonl", *rows)
    command = ["finetune", "--model", str(trained.directory), "--feedback", str(feedback), "--out"]
    assert main([*command, str(tmp_path / "new")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "wrong",
    ["--most 0", "--held-out 1", "--keep 2", "--tolerance -1", "--epochs 0", "--feedback none.jsonl"],
)
def test_arguments_without_sense_are_refused(
    wrong: str, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feedback = write(tmp_path / "feedback.jsonl", correction("Jaws"))
    command = ["finetune", "--model", str(trained.directory), "--feedback", str(feedback), "--out", str(tmp_path / "n")]
    assert main([*command, *wrong.split()]) == 2
    option, value = wrong.split()
    assert (value if option == "--feedback" else option.strip("-").split("-")[0]) in capsys.readouterr().err


def test_a_new_version_is_a_new_directory(trained: Trained, tmp_path: Path) -> None:
    feedback = write(tmp_path / "feedback.jsonl", correction("Jaws"))
    before = (trained.directory / "manifest.json").stat()
    with pytest.raises(InputError, match="give another --out"):
        finetune(Tuning(trained.directory, feedback, trained.directory))
    assert (trained.directory / "manifest.json").stat() == before
