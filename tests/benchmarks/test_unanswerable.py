"""What a model doesn't know: facts are really gone, and the figures are those of the formulas."""

import json

import numpy as np
import pytest

from benchmarks.unanswerable import auroc, calibration_error, without_answers
from kgqa.cli import main
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.questions import answer_set, read_questions
from tests.conftest import Trained


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(0)
    scores, right = generator.integers(0, 9, 60) / 8, generator.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in scores[right] for b in scores[~right]]
    assert auroc(scores, right) == pytest.approx(np.mean(pairs))
    assert np.isnan(auroc(scores, np.ones(60, dtype=bool)))


def test_calibration_error_is_none_where_confidence_is_the_rate() -> None:
    right = np.array([True, True, True, False])
    assert calibration_error(np.full(4, 0.75), right) == pytest.approx(0)
    assert calibration_error(np.array([0.95, 0.95, 0.05, 0.05]), np.array([True, True, True, True])) == pytest.approx(
        0.5
    )


def test_the_answers_of_a_question_are_out_of_reach(trained: Trained) -> None:
    answerer = from_pretrained(trained.directory)
    rows = [row for row in read_questions(trained.dev) if row.slice == "directed"][:5]
    reduced = without_answers(answerer, rows)
    missing = 0
    for row in rows:
        for entity in map(answerer.graph.catalog.entity, row.entities):
            for answer in answer_set(row, answerer.graph.catalog):
                facts = range(answerer.graph.sparse.num_relations)
                before = [r for r in facts if answerer.graph.sparse.contains(entity, r, answer)]
                missing += len(before)
                assert not any(reduced.graph.sparse.contains(entity, r, answer) for r in facts)
    assert missing > 0


def test_the_bench_says_what_is_let_through(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    dev = str(trained.dev)
    command = ["bench", "unanswerable", "--model", str(trained.directory), "--questions", dev, "--foreign", dev]
    assert main([*command, "--count", "10", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["kinds"].keys() == {"answerable", "facts removed", "another graph", "no question"}
    assert 0 <= figures["auroc"] <= 100
    assert 0 <= figures["calibration_error"] <= 100
    assert figures["kinds"]["another graph"]["n"] == 10
