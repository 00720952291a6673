"""Schema: which relations follow which in a graph, read off its facts."""

import numpy as np
import torch
from torch import Tensor

from kgqa.graph.kinds import Kinds
from kgqa.graph.sparse import SparseGraph


class Schema:
    """For R relations, how often what one leads to takes part in another: sparse shares, (R, R).

    shares[r, s] = of the facts of relation r, the share whose far end has relation s too. The way back is always
    there: shares[r, inverse(r)] = 1.
    """

    def __init__(self, shares: Tensor) -> None:
        self.shares = shares  # (R, R), sparse, transposed: row s, column r

    @classmethod
    def of_graph(cls, graph: SparseGraph, kinds: Kinds) -> "Schema":
        """Count the facts of each relation by the kind of entity that they lead to, and each kind's relations."""
        size = graph.num_relations
        pointers = graph.group_pointers.cpu().numpy().astype(np.int64)
        relations = graph.group_relations.cpu().numpy().astype(np.int64)
        of, had, ends = (part.cpu().numpy() for part in (kinds.of, kinds.relations, kinds.pointers))
        number = len(ends) - 1
        leads = np.repeat(relations, np.diff(pointers)) * number + of[graph.objects.cpu().numpy()]  # (2T,)
        pairs, counts = np.unique(leads, return_counts=True)
        first, kind = np.divmod(pairs, max(number, 1))
        lengths = np.diff(ends)[kind]
        starts = np.repeat(ends[:-1][kind] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        second = had[starts + np.arange(lengths.sum())]
        facts = np.bincount(first, counts, minlength=size)
        shares = np.repeat(counts / facts[first], lengths).astype(np.float32)
        indices = torch.from_numpy(np.stack([second, np.repeat(first, lengths)]))
        shape = (size, size)
        return cls(torch.sparse_coo_tensor(indices, torch.from_numpy(shares), shape, check_invariants=False).coalesce())

    def after(self, relations: Tensor) -> Tensor:
        """Which relations are there to follow after these, weights (N, R) of a step: shape (N, R)."""
        followed: Tensor = torch.sparse.mm(self.shares, relations.T).T
        return followed
