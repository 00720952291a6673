"""Answer sets."""

import pytest
import torch

from kgqa.reasoning.heads import answer_set


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
