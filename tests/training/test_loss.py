"""The loss, against plain Python."""

import math

import pytest
import torch

from kgqa.graph.frontier import Frontier
from kgqa.training.loss import (
    ANSWERABLE_SHARE,
    LINKING_SHARE,
    NO_PROGRAM,
    Target,
    answer_loss,
    answerable_loss,
    either_loss,
    joint_loss,
    linking_loss,
)

WEIGHTS = torch.tensor([[0.9, 0.2, 0.0, 0.5], [0.1, 0.0, 0.7, 0.0]])
TARGET = Target.of([torch.tensor([0, 3]), torch.tensor([], dtype=torch.long)], num_entities=4)


def test_answer_loss_equals_the_formula() -> None:
    first = -(math.log(0.9) + math.log(0.5)) / 2 + math.log1p(-math.log(0.8) / 2)
    second = math.log1p(-math.log(0.9) - math.log(0.3))
    assert answer_loss(Frontier.from_dense(WEIGHTS), TARGET).tolist() == pytest.approx([first, second], rel=1e-4)


def test_an_answer_that_nothing_reached_costs_as_much_as_the_floor() -> None:
    reached = Frontier.from_dense(torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    assert answer_loss(reached, TARGET).tolist() == pytest.approx([-math.log(1e-6) / 2, 0.0])


def test_perfect_weights_cost_nothing() -> None:
    perfect = Frontier.from_dense(torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    assert answer_loss(perfect, TARGET).tolist() == pytest.approx([0.0, 0.0], abs=1e-5)


def test_an_unused_slot_still_learns_the_answers() -> None:
    unused = torch.full((2, 4), 0.5, requires_grad=True)
    used = Frontier.from_dense(WEIGHTS)
    counts = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    joint_loss(used, [used, Frontier.from_dense(unused)], counts, TARGET).mean().backward()
    assert unused.grad is not None
    pull = -0.3 * 0.1 / 2 / 2 / 2 / 0.5  # least share, over two slots, two questions and two answers, of 1 / y
    assert unused.grad[0].tolist() == pytest.approx([pull, 0.0, 0.0, pull])
    assert unused.grad[1].tolist() == [0.0] * 4


def test_answerable_loss_asks_whether_there_is_an_answer() -> None:
    loss = answerable_loss(torch.tensor([2.0, -1.0]), torch.tensor([True, False]))
    expected = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(-1.0))) / 2
    assert float(loss) == pytest.approx(ANSWERABLE_SHARE * expected, rel=1e-5)


def test_what_a_program_answers_needs_no_walk() -> None:
    """A walk that misses and a program that is sure, and the other way round; none known; and asked of others."""
    walk = torch.tensor([9.0, 0.0, 3.0, 5.0], requires_grad=True)
    written = torch.tensor([-0.1, -9.0, NO_PROGRAM, -0.2], requires_grad=True)
    needed = torch.zeros(4, requires_grad=True)
    renamed, walked = torch.tensor([False, False, False, True]), torch.tensor([False, True, False, False])
    either_loss(walk, needed, written, renamed, walked).sum().backward()
    assert needed.grad is not None
    assert walk.grad is not None
    assert needed.grad[0] < 0 < min(needed.grad[1], needed.grad[2])
    assert walk.grad[0] < 0.01 < walk.grad[2]
    assert walk.grad[3] == needed.grad[3] == 0


def test_a_program_that_is_known_is_asked_for_before_it_can_be_written() -> None:
    """Where a walk misses, but not where it answers well already."""
    walk, written = torch.tensor([3.0, 0.1]), torch.tensor([-9.0, -9.0])
    needed = torch.zeros(2, requires_grad=True)
    nobody = torch.zeros(2, dtype=torch.bool)
    either_loss(walk, needed, written, nobody, nobody).sum().backward()
    assert needed.grad is not None
    assert needed.grad[0] < 0 < needed.grad[1]


def test_linking_loss_asks_for_the_entity_that_is_meant_in_the_slot_that_likes_it_best() -> None:
    entities = torch.tensor([[[7, 8], [7, -1]], [[5, 6], [-1, -1]], [[5, 6], [-1, -1]]])  # (B, N, K)
    first = torch.tensor([[0.2, 0.1, 0.3, 0.0, 0.4], [0.1, 0.8, 0.0, 0.0, 0.1]])  # (M, N * K + 1)
    cells = first.clamp(min=1e-9).log().expand(3, 2, 5).clone().requires_grad_()
    loss = linking_loss(cells, entities, torch.tensor([7, -1, 9]))  # nobody said; no candidate at all
    assert float(loss.detach()) == pytest.approx(LINKING_SHARE * -(math.log(0.2 + 0.3) + math.log(1e-6)) / 3, rel=1e-5)
    loss.backward()
    assert cells.grad is not None
    assert cells.grad[0, 0, 0] < 0
    assert cells.grad[1:].abs().sum() == 0
