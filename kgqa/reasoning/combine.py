"""Combining slots: one path alone, or what several paths have in common."""

from collections.abc import Sequence
from itertools import accumulate

from torch import Tensor, nn

from kgqa.graph.algebra import Weights, intersect, weighted_sum


class SlotGate(nn.Module):
    """How many slots a question needs, as a distribution over 1..M."""

    def __init__(self, dimension: int, slots: int) -> None:
        super().__init__()
        self.count = nn.Sequential(nn.Linear(dimension, 64), nn.GELU(), nn.Linear(64, slots))

    def forward(self, pooled: Tensor) -> Tensor:
        """Question vectors (B, D) to probabilities (B, M)."""
        probabilities: Tensor = self.count(pooled).softmax(-1)
        return probabilities  # (B, M)


def combine(slots: Sequence[Weights], counts: Tensor) -> Weights:
    """Expected intersection of the first n slots, n drawn from `counts`.

    y = sum over n of counts[n] min(x[1], ..., x[n]): with two slots this is the gated
    intersection g min(x[1], x[2]) + (1 - g) x[1].

    Args:
        slots: M weights of shape (B, E), dense or frontiers.
        counts: shape (B, M).
    Returns:
        shape (B, E), in the form of the slots.
    """
    return weighted_sum(list(accumulate(slots, intersect)), counts)
