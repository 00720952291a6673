"""The referrer: scores what was said before as what a question is about, beside the names in it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kgqa.graph.sparse import SparseGraph
from kgqa.linking.ranker import FIT_LIMIT, Ranker
from kgqa.linking.reading import ReadingBatch
from kgqa.reasoning.context import REFERENT_FEATURES, ReferentBatch

RELUCTANT = -5.0  # before any training a question is about what it names


@dataclass(frozen=True)
class References:
    """What B questions refer to of C referents each, from M slots.

    `words` are the shares of attention by which a slot read that it refers to something: "it", "the second one".
    """

    referents: ReferentBatch
    vectors: Tensor  # (B, M, W)
    scores: Tensor  # (B, M, C)
    words: Tensor  # (B, M, L)


class Referrer(nn.Module):
    """Reads for every slot what the question refers to, and scores the referents by it.

    ref[m] = gelu(norm(read(sum over t of words[m, t] states[t]) + question)), and
    score[m, c] = ref[m] . role(features[c]) + fit(ref[m], c) + reluctance[m]; fit is that of the ranker: whether some
    entity of the referent has a relation that is asked for, and is described as what is asked about.
    """

    def __init__(self, dimension: int, width: int, slots: int) -> None:
        super().__init__()
        self.look = nn.Parameter(torch.randn(slots, dimension) * 0.02)
        self.read = nn.Linear(dimension, width)
        self.question = nn.Linear(dimension, width)
        self.norm = nn.LayerNorm(width)
        self.role = nn.Linear(REFERENT_FEATURES, width)
        self.reluctance = nn.Parameter(torch.full((slots,), RELUCTANT))

    def forward(
        self,
        batch: ReadingBatch,
        referents: ReferentBatch,
        states: Tensor,
        pooled: Tensor,
        ranker: Ranker,
        relations: Tensor,
        graph: SparseGraph,
    ) -> References:
        """Token states (B, L, D) and question vectors (B, D) to references; relation vectors have shape (R, W)."""
        looks = self.look @ states.transpose(1, 2) / states.shape[-1] ** 0.5  # (B, M, L)
        looks = looks.masked_fill(batch.own_mask.unsqueeze(1) == 0, torch.finfo(looks.dtype).min)
        words = looks.softmax(-1)  # (B, M, L)
        joined = self.read(words @ states) + self.question(pooled).unsqueeze(1)
        vectors = torch.nn.functional.gelu(self.norm(joined))  # (B, M, W)
        scores = vectors @ self.role(referents.features).transpose(1, 2) / vectors.shape[-1] ** 0.5  # (B, M, C)
        scores = scores + _relations_fit(referents, ranker.match(vectors, relations), graph)
        scores = scores + ranker.described.wanted(vectors) @ _told(referents, ranker).transpose(1, 2)
        scores = scores + self.reluctance.unsqueeze(-1)
        scores = scores.masked_fill(~referents.mask.unsqueeze(1), torch.finfo(scores.dtype).min)
        return References(referents, vectors, scores, words)


def _relations_fit(referents: ReferentBatch, match: Tensor, graph: SparseGraph) -> Tensor:
    """Log sum exp of match (B, M, R) over the relations that each referent has: shape (B, M, C)."""
    cell, relation = referents.had(graph)  # (G,), (G,)
    rows, width = referents.mask.shape
    weights = match.clamp(-FIT_LIMIT, FIT_LIMIT).exp()[cell // max(width, 1), :, relation]  # (G, M)
    sums = weights.new_full((rows * width, match.shape[1]), 1e-6).index_add(0, cell, weights)  # (B * C, M)
    return sums.log().view(rows, width, match.shape[1]).transpose(1, 2)


def _told(referents: ReferentBatch, ranker: Ranker) -> Tensor:
    """What the entities of each referent are described as, on average: shape (B, C, TOLD)."""
    told = ranker.described.told_of(referents.entity)  # (G, TOLD)
    rows, width = referents.mask.shape
    counts = torch.bincount(referents.cell, minlength=rows * width).clamp(min=1).unsqueeze(-1)
    sums = told.new_zeros(rows * width, told.shape[1]).index_add(0, referents.cell, told)
    return (sums / counts).view(rows, width, told.shape[1])
