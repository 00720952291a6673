"""Set operations: the laws of sets, frontiers equal to dense weights, gradients that live."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import ShapeError
from kgqa.graph.algebra import cap, difference, intersect, leave_out, union, weighted_sum
from kgqa.graph.frontier import Frontier
from tests.graph.small import weights

Operation = Callable[..., Any]
OPERATIONS = [intersect, union, difference]


@given(weights(2, 5), weights(2, 5))
def test_intersect_and_union_commute(left: torch.Tensor, right: torch.Tensor) -> None:
    assert torch.equal(intersect(left, right), intersect(right, left))
    assert torch.equal(union(left, right), union(right, left))


@given(st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
def test_on_zeros_and_ones_they_are_the_operations_of_sets(left: set[int], right: set[int]) -> None:
    x, y = members(left), members(right)
    assert held(intersect(x, y)) == left & right
    assert held(union(x, y)) == left | right
    assert held(difference(x, y)) == left - right


@pytest.mark.parametrize("operation", OPERATIONS)
@given(left=weights(2, 5), right=weights(2, 5))
def test_frontiers_give_the_dense_weights(operation: Operation, left: torch.Tensor, right: torch.Tensor) -> None:
    frontier = operation(Frontier.from_dense(left), Frontier.from_dense(right))
    torch.testing.assert_close(frontier.to_dense(), operation(left, right))
    assert bool((frontier.weight > 0).all())


@given(weights(2, 5), weights(2, 5), weights(2, 1))
def test_leave_out_subtracts_what_the_gate_lets_through(
    step: torch.Tensor, came_from: torch.Tensor, gate: torch.Tensor
) -> None:
    dense = leave_out(step, came_from, gate)
    torch.testing.assert_close(dense, torch.relu(step - gate * came_from))
    frontier = leave_out(Frontier.from_dense(step), Frontier.from_dense(came_from), gate)
    torch.testing.assert_close(frontier.to_dense(), dense)


@given(weights(2, 5), weights(2, 5), weights(2, 2))
def test_weighted_sums_agree(left: torch.Tensor, right: torch.Tensor, scales: torch.Tensor) -> None:
    expected = scales[:, :1] * left + scales[:, 1:] * right
    torch.testing.assert_close(weighted_sum([left, right], scales), expected)
    frontiers = [Frontier.from_dense(left), Frontier.from_dense(right)]
    torch.testing.assert_close(weighted_sum(frontiers, scales).to_dense(), expected)


def test_cap_brings_down_to_one_and_keeps_the_gradient() -> None:
    weights_ = torch.tensor([[0.5, 1.0, 4.0]], requires_grad=True)
    capped = cap(weights_)
    assert capped.tolist() == [[0.5, 1.0, 1.0]]
    capped.sum().backward()
    assert weights_.grad is not None
    assert weights_.grad.tolist() == [[1.0, 1.0, 0.25]]
    assert cap(Frontier.from_dense(weights_)).to_dense().tolist() == [[0.5, 1.0, 1.0]]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_gradcheck(operation: Operation) -> None:
    left = torch.tensor([[0.9, 0.2, 0.4]], dtype=torch.float64, requires_grad=True)
    right = torch.tensor([[0.3, 0.7, 0.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(operation, (left, right))

    def through_frontiers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        frontier: Frontier = operation(Frontier.from_dense(x), Frontier.from_dense(y))
        return frontier.to_dense()

    assert torch.autograd.gradcheck(through_frontiers, (left, right))


def test_gradcheck_of_the_gate() -> None:
    gate = torch.tensor([[0.6]], dtype=torch.float64, requires_grad=True)
    step = torch.tensor([[0.9, 0.2]], dtype=torch.float64, requires_grad=True)
    came_from = torch.tensor([[0.5, 0.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(leave_out, (step, came_from, gate))


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 3\).*\(1, 4\)"):
        intersect(torch.ones(1, 3), torch.ones(1, 4))
    with pytest.raises(ShapeError, match=r"\(1, 3\).*\(2, 3\)"):
        union(Frontier.one_hot([0], 3), Frontier.one_hot([0, 1], 3))
    with pytest.raises(TypeError, match="a frontier combines with a frontier"):
        intersect(Frontier.one_hot([0], 3), torch.ones(1, 3))  # type: ignore[type-var]


def members(places: set[int]) -> torch.Tensor:
    weights_ = torch.zeros(1, 7)
    weights_[0, list(places)] = 1
    return weights_


def held(weights_: torch.Tensor) -> set[int]:
    return set(weights_[0].nonzero().view(-1).tolist())
