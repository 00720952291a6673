"""A sparse batch of weighted entities: what answering carries from hop to hop."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Frontier:
    """The N live entities of B questions, each named once a question, ordered by question and entity.

    Shapes: batch (N,) int64, entity (N,) int64, weight (N,) floating; as dense weights: (B, E).
    """

    batch: Tensor
    entity: Tensor
    weight: Tensor
    batch_size: int
    num_entities: int

    def __len__(self) -> int:
        return self.entity.shape[0]

    @property
    def cells(self) -> Tensor:
        """Each live entity's place in the flattened (B, E) weights, rising: shape (N,)."""
        return self.entity if self.batch_size == 1 else self.batch * self.num_entities + self.entity

    @classmethod
    def from_cells(cls, cells: Tensor, weight: Tensor, batch_size: int, num_entities: int) -> "Frontier":
        """Add up the weights (M,) that share a cell of the flattened (B, E) weights."""
        distinct, place = torch.unique(cells, return_inverse=True)  # (N,), (M,)
        summed = torch.zeros(distinct.shape[0], dtype=weight.dtype, device=weight.device).index_add_(0, place, weight)
        return cls.from_distinct(distinct, summed, batch_size, num_entities)

    @classmethod
    def from_distinct(cls, cells: Tensor, weight: Tensor, batch_size: int, num_entities: int) -> "Frontier":
        """Name the cells, which must be rising, by question and entity."""
        if batch_size == 1:
            return cls(torch.zeros_like(cells), cells, weight, 1, num_entities)
        batch = cells.div(num_entities, rounding_mode="floor")
        return cls(batch, cells - batch * num_entities, weight, batch_size, num_entities)

    @classmethod
    def from_dense(cls, weights: Tensor) -> "Frontier":
        """The cells of dense weights (B, E) that are not zero."""
        batch, entity = weights.nonzero(as_tuple=True)
        return cls(batch, entity, weights[batch, entity], weights.shape[0], weights.shape[1])

    @classmethod
    def one_hot(cls, entities: Sequence[int] | Tensor, num_entities: int) -> "Frontier":
        """One entity of weight 1 for each question."""
        entity = torch.as_tensor(entities, dtype=torch.int64)
        batch = torch.arange(entity.shape[0], device=entity.device)
        weight = torch.ones(entity.shape[0], device=entity.device)
        return cls(batch, entity, weight, entity.shape[0], num_entities)

    def to_dense(self) -> Tensor:
        """The same weights as one tensor of shape (B, E)."""
        flat = torch.zeros(self.batch_size * self.num_entities, dtype=self.weight.dtype, device=self.weight.device)
        return flat.index_add(0, self.cells, self.weight).view(self.batch_size, self.num_entities)

    def where(self, keep: Tensor) -> "Frontier":
        """Only the entities marked in `keep`, shape (N,) bool."""
        return Frontier(self.batch[keep], self.entity[keep], self.weight[keep], self.batch_size, self.num_entities)

    def to(self, device: torch.device | str) -> "Frontier":
        """The same frontier on another device."""
        return Frontier(
            self.batch.to(device),
            self.entity.to(device),
            self.weight.to(device),
            self.batch_size,
            self.num_entities,
        )
