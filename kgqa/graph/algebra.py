"""Set operations on weighted entities: dense weights (B, E) while training, frontiers while answering.

On weights 0 and 1 they are the operations of sets; in between they are differentiable. Both forms give
equal weights; a frontier drops the entities whose weight became 0.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from kgqa.errors import ShapeError
from kgqa.graph.frontier import Frontier

Weights = TypeVar("Weights", Tensor, Frontier)
Pairwise = Callable[[Tensor, Tensor], Tensor]


def intersect(left: Weights, right: Weights) -> Weights:
    """What both hold: the element-wise minimum."""
    return _combine(torch.minimum, left, right)


def union(left: Weights, right: Weights) -> Weights:
    """What either holds: the element-wise maximum."""
    return _combine(torch.maximum, left, right)


def difference(left: Weights, right: Weights) -> Weights:
    """What the left holds beyond the right: relu(left - right)."""
    return _combine(_beyond, left, right)


def leave_out(step: Weights, came_from: Weights, gate: Tensor) -> Weights:
    """Don't go back: relu(step - gate * came_from), with gate of shape (B, 1) in [0, 1]."""
    return difference(step, _scale(came_from, gate))


def cap(weights: Weights) -> Weights:
    """Bring weights above 1 down to 1 and let their gradient live: y / max(y, 1), the divisor held constant."""
    if isinstance(weights, Frontier):
        return Frontier(weights.batch, weights.entity, cap(weights.weight), weights.batch_size, weights.num_entities)
    return weights / weights.detach().clamp(min=1)


def weighted_sum(parts: Sequence[Weights], scales: Tensor) -> Weights:
    """Add up N weights of the same B questions: sum over n of scales[b, n] parts[n], with scales (B, N)."""
    scaled = [_scale(part, scales[:, n : n + 1]) for n, part in enumerate(parts)]
    total = scaled[0]
    if isinstance(total, Frontier):
        cells = torch.cat([part.cells for part in scaled])
        weight = torch.cat([part.weight for part in scaled])
        return Frontier.from_cells(cells, weight, total.batch_size, total.num_entities)
    for part in scaled[1:]:
        total = total + part
    return total


def _beyond(left: Tensor, right: Tensor) -> Tensor:
    return torch.relu(left - right)


def _scale(weights: Weights, gate: Tensor) -> Weights:
    if isinstance(weights, Frontier):
        scaled = weights.weight * gate.reshape(-1).index_select(0, weights.batch)  # (N,)
        return Frontier(weights.batch, weights.entity, scaled, weights.batch_size, weights.num_entities)
    return weights * gate


def _combine(operation: Pairwise, left: Weights, right: Weights) -> Weights:
    if isinstance(left, Frontier) != isinstance(right, Frontier):
        raise TypeError("a frontier combines with a frontier, dense weights with dense weights")
    if isinstance(left, Frontier):
        return _combine_frontiers(operation, left, right)
    _check_shapes(tuple(left.shape), tuple(right.shape))
    return operation(left, right)


def _combine_frontiers(operation: Pairwise, left: Frontier, right: Frontier) -> Frontier:
    """Line both up over the entities that either holds, and operate there."""
    shape = (left.batch_size, left.num_entities)
    _check_shapes(shape, (right.batch_size, right.num_entities))
    cells, place = torch.unique(torch.cat([left.cells, right.cells]), return_inverse=True)  # (U,), (N + M,)
    blank = torch.zeros(cells.shape[0], dtype=left.weight.dtype, device=cells.device)
    combined = operation(
        blank.index_add(0, place[: len(left)], left.weight), blank.index_add(0, place[len(left) :], right.weight)
    )
    live = combined.detach().nonzero().view(-1)
    return Frontier.from_distinct(cells.index_select(0, live), combined.index_select(0, live), *shape)


def _check_shapes(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    if left != right:
        raise ShapeError(f"weights of shape {left} do not combine with weights of shape {right}")
