"""Relation vectors: what a relation is called, how it is described, what is at its end, and what training learned."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CORRECTION = "relations.correction"  # the joint model's one parameter with a row for each relation of a graph
VARIED = 0.5  # of the relations that have other names are called by one of them in a step of training
UNTOLD = 0.5  # of these are described by nothing but that name, as in graphs that describe none


class RelationVectors(nn.Module):
    """A vector per relation from the embeddings of its label and description, its direction, and a learned correction.

    v[2k] = norm(forward(label[k]) + forward'(description[k]) + end(ends[2k])) + correction[2k], and v[2k + 1] likewise
    with maps for the inverse: a relation that training never saw still has its label. One without a description is
    described by it. What it leads to is told by the mean of how those entities are described: of two relations that
    are called "artist", one starts from records and the other from labels. Without `by_label` there is the correction
    alone, and it starts at random.

    A graph has few relations, and others call them otherwise: while training, one that has other names is now and
    then called by these, so that the maps learn what words say and not which relations this graph has.
    """

    labels: Tensor
    descriptions: Tensor
    ends: Tensor
    others: Tensor
    first: Tensor
    count: Tensor

    def __init__(self, labels: Tensor, descriptions: Tensor, ends: Tensor, width: int, by_label: bool = True) -> None:
        super().__init__()
        self.register_buffer("labels", labels, persistent=False)  # (R / 2, D)
        self.register_buffer("descriptions", descriptions, persistent=False)  # (R / 2, D)
        self.register_buffer("ends", ends, persistent=False)  # (R, D)
        self.know([labels[:0]] * len(labels))
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

    def know(self, others: Sequence[Tensor]) -> None:
        """Take the embeddings of the other names of each of R / 2 relations, shapes (N, D), for training."""
        count = torch.tensor([len(each) for each in others], device=self.labels.device)
        self.register_buffer("others", torch.cat([self.labels[:0], *others]), persistent=False)  # (N in all, D)
        self.register_buffer("first", count.cumsum(0) - count, persistent=False)  # (R / 2,)
        self.register_buffer("count", count, persistent=False)  # (R / 2,)

    def forward(self) -> Tensor:
        """All relation vectors, inverses included: shape (R, W)."""
        if not self.by_label:
            return self.correction
        labels, descriptions = (
            self._varied() if self.training and len(self.others) else (self.labels, self.descriptions)
        )
        forward = self.forward_map(labels) + self.forward_description(descriptions)  # (R / 2, W)
        inverse = self.inverse_map(labels) + self.inverse_description(descriptions)
        both = torch.stack([forward, inverse], dim=1)  # (R / 2, 2, W)
        named: Tensor = self.norm(both.flatten(0, 1) + self.end(self.ends))  # (R, W)
        return named + self.correction

    def _varied(self) -> tuple[Tensor, Tensor]:
        """What relations are called and described as this time: shapes (R / 2, D)."""
        chance, drawn, told = torch.rand(3, len(self.count), device=self.labels.device)
        varied = (chance < VARIED) & (self.count > 0)
        places = self.first + (drawn * self.count).long()
        other = self.others[torch.where(varied, places, 0)]
        labels = torch.where(varied.unsqueeze(1), other, self.labels)
        untold = varied & (told < UNTOLD)
        return labels, torch.where(untold.unsqueeze(1), labels, self.descriptions)
