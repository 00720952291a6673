"""The simulation: its errors are errors, its liars lie, and a row says what was learned."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.learning import WORDINGS, Plan, Simulation
from kgqa.cli import main
from kgqa.training import practice
from kgqa.training.corrections import choose
from kgqa.training.questions import Question, answer_set
from tests.conftest import Trained

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulation(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    place = tmp_path_factory.mktemp("learning")
    return Simulation(Plan(trained.directory, place, trained.dev, sizes=(4,), dev_count=30))


def test_what_is_corrected_is_wrong_and_others_have_the_same_error(simulation: Simulation) -> None:
    corrected, others = simulation.wording()
    assert corrected
    assert others
    assert not {row.question for row in corrected} & {row.question for row in others}
    assert simulation._right([*corrected, *others]) == []
    (text,) = {text for row in corrected for texts in WORDINGS.values() for text in texts if is_worded(row, text)}
    assert all(is_worded(row, text) for row in [*corrected, *others])


def is_worded(row: Question, text: str) -> bool:
    before, after = text.split("{}")
    return row.question.startswith(before) and row.question.endswith(after)


def test_a_nickname_is_nobodys_name(simulation: Simulation) -> None:
    name = simulation._invented()
    assert simulation.answerer.index.exact([name]) == [[]]
    corrected, others = simulation.nickname()
    assert len(corrected) == len(others) > 0
    assert simulation._right([*corrected, *others]) == []


def test_a_graph_without_namesakes_has_no_ambiguity(simulation: Simulation) -> None:
    assert simulation.ambiguity() == ([], [])


def test_one_in_ten_is_a_lie_that_nobody_reviewed(simulation: Simulation, tmp_path: Path) -> None:
    wrong = [replace(row, question=f"{number} {row.question}") for number, row in enumerate(simulation.dev[:20])]
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(simulation._feedback(wrong, malicious=True)))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    lies = [row for row in rows if row["contributor"].startswith("liar")]
    assert (len(rows), len(lies)) == (20, 2)
    assert {row["status"] for row in rows} == {"pending"}
    truth = {row.question: answer_set(row, simulation.catalog) for row in simulation.dev}
    for lie in lies:
        assert truth[lie["question"]] != {simulation.catalog.entity(answer) for answer in lie["answers"]}
    path.write_text("".join(simulation._feedback(wrong, malicious=False)))
    assert choose(path, False, 10).rows == 20


def test_the_bench_prints_a_row(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice, "LEAST_REPLAYED", 60)
    command = ["bench", "learning", "--model", str(trained.directory), "--place", str(tmp_path), "--errors", "wording"]
    assert main([*command, "--sizes", "4", "--dev-count", "20", "--epochs", "0.5", "--tolerance", "100"]) == 0
    head, row = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    printed = dict(zip(head, row, strict=True))
    assert (printed["error"], printed["corrections"], printed["contributed"]) == ("wording", "4", "reviewed")
    assert (float(printed["others_before"]), printed["refused"]) == (0.0, "")
    assert main([*command, "--sizes", "four"]) == 2
    assert "--sizes 'four'" in capsys.readouterr().err
    assert main([*command[:-1], "spelling"]) == 2
    assert "--errors spelling" in capsys.readouterr().err
