"""Kinds of entities: those that take part in the same relations, whatever their classes are called."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kgqa.graph.sparse import SparseGraph

SEED = 20_260_101


@dataclass(frozen=True)
class Kinds:
    """Which of K kinds each entity is of: `of` (E,); and the relations of each kind, end to end.

    Kind k has the relations `relations[pointers[k] : pointers[k + 1]]`; pointers have shape (K + 1,).
    """

    of: Tensor
    relations: Tensor
    pointers: Tensor

    @classmethod
    def of_graph(cls, graph: SparseGraph) -> "Kinds":
        """Group the entities of a graph by their set of relations, inverses included.

        A set is told by the sum of its members' 64-bit random numbers: among a million sets, two of them have the same
        sum with a chance of one in some ten million.
        """
        pointers = graph.entity_pointers.cpu().numpy().astype(np.int64)
        relations = graph.group_relations.cpu().numpy().astype(np.int64)
        numbers = np.random.default_rng(SEED).integers(0, 2**64, graph.num_relations, dtype=np.uint64)
        sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(numbers[relations], dtype=np.uint64)])
        _, first, of = np.unique(sums[pointers[1:]] - sums[pointers[:-1]], return_index=True, return_inverse=True)
        own = [relations[pointers[entity] : pointers[entity + 1]] for entity in first.tolist()]
        ends = np.cumsum([0, *map(len, own)])
        parts = (of, np.concatenate([*own, np.zeros(0, dtype=np.int64)]), ends)
        return cls(*(torch.from_numpy(part.astype(np.int64)) for part in parts))
