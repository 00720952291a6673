"""Schema: which relations follow which in a graph, read off its facts."""

import warnings

import torch
from torch import Tensor, nn

from kgqa.graph.kinds import Kinds
from kgqa.graph.sparse import SparseGraph


class Schema(nn.Module):
    """For R relations, how often what one leads to takes part in another: sparse shares, (R, R).

    shares[r, s] = of the facts of relation r, the share whose far end has relation s too. The way back is always
    there: shares[r, inverse(r)] = 1.
    """

    shares: Tensor

    def __init__(self, shares: Tensor) -> None:
        super().__init__()
        self.register_buffer("shares", shares, persistent=False)  # (R, R), sparse, transposed: row s, column r

    @classmethod
    def of_graph(cls, graph: SparseGraph, kinds: Kinds) -> "Schema":
        """Count the facts of each relation by the kind of entity that they lead to, and each kind's relations."""
        size, number = graph.num_relations, len(kinds.pointers) - 1
        relation = torch.repeat_interleave(graph.group_relations.cpu().long(), graph.group_pointers.cpu().diff())
        facts = torch.bincount(relation, minlength=size)[relation]  # (2T,)
        leads = _sparse(kinds.of[graph.objects.cpu()], relation, 1 / facts, (number, size))  # (K, R)
        own = torch.repeat_interleave(torch.arange(number), kinds.pointers.diff())
        had = _sparse(kinds.relations, own, torch.ones(len(own)), (size, number))  # (R, K)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")  # what torch multiplies with
            return cls(torch.sparse.mm(had, leads).coalesce())

    def after(self, relations: Tensor) -> Tensor:
        """Which relations are there to follow after these, weights (N, R) of a step: shape (N, R)."""
        followed: Tensor = torch.sparse.mm(self.shares, relations.T).T
        return followed


def _sparse(rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A matrix with these cells; those named several times are summed."""
    return torch.sparse_coo_tensor(torch.stack([rows, columns]), values, shape, check_invariants=False).coalesce()
