"""The loss, against plain Python."""

import math

import pytest
import torch

from kgqa.training.loss import answer_loss, joint_loss

WEIGHTS = torch.tensor([[0.9, 0.2, 0.0, 0.5], [0.1, 0.0, 0.7, 0.0]])
ANSWERS = torch.tensor([[True, False, False, True], [False, False, False, False]])


def test_answer_loss_equals_the_formula() -> None:
    first = -(math.log(0.9) + math.log(0.5)) / 2 - math.log(0.8) / 2
    second = -math.log(0.9) - math.log(0.3)
    assert answer_loss(WEIGHTS, ANSWERS).tolist() == pytest.approx([first, second], rel=1e-4)


def test_perfect_weights_cost_nothing() -> None:
    assert float(answer_loss(ANSWERS.float(), ANSWERS).sum()) == pytest.approx(0.0, abs=1e-4)


def test_an_unused_slot_still_learns_the_answers() -> None:
    slots = torch.full((2, 2, 4), 0.5, requires_grad=True)
    joint_loss(slots[:, 0], slots, ANSWERS).backward()
    assert slots.grad is not None
    assert slots.grad[0, 1].tolist() == pytest.approx([-0.3 / 2 / 2 / 2 / 0.5, 0.0, 0.0, -0.3 / 2 / 2 / 2 / 0.5])
    assert slots.grad[1, 1].tolist() == [0.0] * 4
