"""Relation vectors: what a relation is called, and what training learned beside it."""

import torch
from torch import Tensor, nn

CORRECTION = "relations.correction"  # the joint model's one parameter with a row for each relation of a graph


class RelationVectors(nn.Module):
    """A vector per relation from its label's embedding, its direction, and a learned correction.

    v[2k] = forward(label[k]) + correction[2k], v[2k + 1] = inverse(label[k]) + correction[2k + 1]:
    a relation that training never saw still has its label.
    """

    labels: Tensor

    def __init__(self, labels: Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("labels", labels, persistent=False)  # (R / 2, D)
        self.forward_map = nn.Linear(labels.shape[1], width)
        self.inverse_map = nn.Linear(labels.shape[1], width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.correction = nn.Parameter(torch.zeros(2 * len(labels), width))

    def forward(self) -> Tensor:
        """All relation vectors, inverses included: shape (R, W)."""
        both = torch.stack([self.forward_map(self.labels), self.inverse_map(self.labels)], dim=1)  # (R / 2, 2, W)
        named: Tensor = self.norm(both.flatten(0, 1))  # (R, W)
        return named + self.correction
