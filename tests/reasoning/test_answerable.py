"""Answerability: hopeful before training, and what it reads of the shortlist."""

import torch

from kgqa.linking.index import CANDIDATE_FEATURES
from kgqa.linking.shortlist import Candidates
from kgqa.reasoning.answerable import HOPEFUL, Answerability, expected_features


def candidates() -> Candidates:
    entities = torch.tensor([[[3, 4], [5, -1]]])
    features = torch.arange(4.0 * CANDIDATE_FEATURES).view(1, 2, 2, CANDIDATE_FEATURES)
    return Candidates(torch.tensor([[0, 1]]), torch.ones(1, 2, dtype=torch.bool), entities, features)


def test_expected_features_are_the_mean_under_the_cells() -> None:
    cells = torch.tensor([[[0.5, 0.25, 0.0, 0.0, 0.25], [0.0, 0.0, 1.0, 0.0, 0.0]]]).clamp(min=1e-9).log()
    expected = expected_features(candidates(), cells)
    rows = candidates().features.view(4, CANDIDATE_FEATURES)
    torch.testing.assert_close(expected[0, 0], 0.5 * rows[0] + 0.25 * rows[1])
    torch.testing.assert_close(expected[0, 1], rows[2])


def test_untrained_it_hopes_and_its_gradient_reaches_the_cells() -> None:
    torch.manual_seed(0)
    head = Answerability(8, 6, 2).eval()
    cells = torch.zeros(1, 2, 5).log_softmax(-1).requires_grad_()
    logit = head(torch.zeros(1, 8), torch.zeros(1, 2, 6), torch.ones(1, 2), candidates(), cells, torch.zeros(1, 2))
    assert logit.shape == (1,)
    assert abs(float(logit.detach()) - HOPEFUL) < 3
    logit.sum().backward()
    assert cells.grad is not None
    assert cells.grad.abs().sum() > 0
