"""Answer sets and calibration."""

import pytest
import torch

from kgqa.reasoning.heads import Calibration, answer_set, best_threshold


def test_answers_weigh_at_least_half_of_the_best() -> None:
    entities, weights = answer_set(torch.tensor([4, 7, 9, 11]), torch.tensor([0.3, 0.8, 0.5, 0.1]))
    assert entities.tolist() == [7, 9]
    assert weights.tolist() == pytest.approx([0.8, 0.5])


def test_ties_keep_the_order_of_entities() -> None:
    entities, _ = answer_set(torch.tensor([2, 5, 8]), torch.tensor([0.9, 0.900001, 0.9]))
    assert entities.tolist() == [2, 5, 8]


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1e-6, 1e-5]])
def test_a_trace_is_no_answer(weights: list[float]) -> None:
    entities, _ = answer_set(torch.arange(len(weights)), torch.tensor(weights))
    assert len(entities) == 0


def test_calibration_learns_how_often_a_weight_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    tops = torch.rand(4000, generator=generator)
    right = torch.rand(4000, generator=generator) < tops * 0.5  # too sure by a factor of two
    fitted = Calibration.fit(tops, right, torch.ones_like(right))
    assert fitted.confidence(0.9) == pytest.approx(0.45, abs=0.06)
    assert fitted.confidence(0.2) < fitted.confidence(0.6) < fitted.confidence(0.95)


def test_calibration_stays_finite_where_all_are_right() -> None:
    always = torch.ones(50, dtype=torch.bool)
    fitted = Calibration.fit(torch.full((50,), 0.999), always, always)
    assert 0.9 < fitted.confidence(0.999) <= 1.0
    assert 0.0 <= fitted.confidence(0.0) < 1.0


def test_the_threshold_is_where_most_questions_go_well() -> None:
    confidences = torch.tensor([0.15, 0.22, 0.31, 0.45, 0.9])
    right = torch.tensor([False, False, True, True, True])
    answerable = torch.tensor([False, False, True, True, True])
    assert best_threshold(confidences, right, answerable) == pytest.approx(0.3)
    assert best_threshold(confidences, right, torch.ones(5, dtype=torch.bool)) == pytest.approx(0.3)


def test_without_a_reason_to_answer_the_threshold_is_high() -> None:
    sure = torch.tensor([0.9, 0.95])
    assert best_threshold(sure, torch.tensor([True, True]), torch.tensor([True, True])) == pytest.approx(0.5)
    assert best_threshold(torch.tensor([0.2, 0.4]), torch.tensor([False, False]), torch.tensor([False, False])) == 0.5
