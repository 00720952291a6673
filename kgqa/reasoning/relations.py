"""Relation vectors: what a relation is called, how it is described, what is at its end, and what training learned."""

import torch
from torch import Tensor, nn

CORRECTION = "relations.correction"  # the joint model's one parameter with a row for each relation of a graph


class RelationVectors(nn.Module):
    """A vector per relation from the embeddings of its label and description, its direction, and a learned correction.

    v[2k] = norm(forward(label[k]) + forward'(description[k]) + end(ends[2k])) + correction[2k], and v[2k + 1] likewise
    with maps for the inverse: a relation that training never saw still has its label. One without a description is
    described by it. What it leads to is told by the mean of how those entities are described: of two relations that
    are called "artist", one starts from records and the other from labels. Without `by_label` there is the correction
    alone, and it starts at random.
    """

    labels: Tensor
    descriptions: Tensor
    ends: Tensor

    def __init__(self, labels: Tensor, descriptions: Tensor, ends: Tensor, width: int, by_label: bool = True) -> None:
        super().__init__()
        self.register_buffer("labels", labels, persistent=False)  # (R / 2, D)
        self.register_buffer("descriptions", descriptions, persistent=False)  # (R / 2, D)
        self.register_buffer("ends", ends, persistent=False)  # (R, D)
        self.forward_map = nn.Linear(labels.shape[1], width)
        self.inverse_map = nn.Linear(labels.shape[1], width)
        self.forward_description = nn.Linear(labels.shape[1], width, bias=False)
        self.inverse_description = nn.Linear(labels.shape[1], width, bias=False)
        self.end = nn.Linear(labels.shape[1], width, bias=False)
        for rest in (self.forward_description, self.inverse_description, self.end):
            nn.init.zeros_(rest.weight)  # a label is the better word; what the rest adds is learned
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.by_label = by_label
        self.correction = nn.Parameter((torch.zeros if by_label else torch.randn)(2 * len(labels), width))

    def forward(self) -> Tensor:
        """All relation vectors, inverses included: shape (R, W)."""
        if not self.by_label:
            return self.correction
        forward = self.forward_map(self.labels) + self.forward_description(self.descriptions)  # (R / 2, W)
        inverse = self.inverse_map(self.labels) + self.inverse_description(self.descriptions)
        both = torch.stack([forward, inverse], dim=1)  # (R / 2, 2, W)
        named: Tensor = self.norm(both.flatten(0, 1) + self.end(self.ends))  # (R, W)
        return named + self.correction
