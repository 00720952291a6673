"""Answer fit: whether an entity is the kind of thing that the question asks for."""

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from kgqa.graph.frontier import Frontier
from kgqa.graph.kinds import Kinds
from kgqa.reasoning.encoder import attend

LEAST_FIT = 0.02  # of what does not fit at all: a sure path counts for more than a kind
OPEN = 3.0  # before any training everything fits


class AnswerFit(nn.Module):
    """Scores the kinds of entities as answers to a question: "who" asks for what has a birthplace.

    An entity's kind is the set of relations that it takes part in, so no classes are needed, and a graph
    never seen has kinds as soon as its relations have labels: fit[b, k] = sigmoid(mean over the relations r
    of kind k of asked[b] . v[r]), with the relation vectors v.
    """

    kind: Tensor
    kind_relations: Tensor
    kind_pointers: Tensor

    def __init__(self, kinds: Kinds, dimension: int, width: int) -> None:
        super().__init__()
        self.register_buffer("kind", kinds.of, persistent=False)  # (E,)
        self.register_buffer("kind_relations", kinds.relations, persistent=False)
        self.register_buffer("kind_pointers", kinds.pointers, persistent=False)  # (K + 1,)
        self.query = nn.Linear(dimension, dimension)
        self.asked = nn.Sequential(nn.Linear(2 * dimension, width), nn.GELU(), nn.Linear(width, width))
        self.open = nn.Parameter(torch.tensor(OPEN))

    def forward(self, states: Tensor, mask: Tensor, pooled: Tensor, relations: Tensor) -> Tensor:
        """Token states (B, L, D), question vectors (B, D) and relation vectors (R, W) to fits (B, K) in [0, 1]."""
        read = attend(self.query(pooled).unsqueeze(1), states, mask).squeeze(1)  # (B, D)
        asked = self.asked(torch.cat([pooled, read], -1))  # (B, W)
        match = relations @ asked.T / relations.shape[-1] ** 0.5  # (R, B)
        kinds = embedding_bag(self.kind_relations, match, self.kind_pointers, mode="mean", include_last_offset=True)
        return LEAST_FIT + (1 - LEAST_FIT) * torch.sigmoid(kinds.T + self.open)  # (B, K)

    def of(self, fits: Tensor, weights: Frontier) -> Tensor:
        """How well each entity of a frontier (N,) fits its question: shape (N,)."""
        return fits[weights.batch, self.kind[weights.entity]]
