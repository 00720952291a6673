"""The ranker: one softmax over all (span, candidate) cells of a question, for every slot."""

import numpy as np
import torch
from torch import Tensor, nn

from kgqa.graph.sparse import SparseGraph
from kgqa.linking.descriptions import Descriptions
from kgqa.linking.index import CANDIDATE_FEATURES
from kgqa.linking.reading import SPAN_FEATURES, ReadingBatch
from kgqa.linking.shortlist import Candidates

FIT_LIMIT = 20.0
MOST_TAKEN = 1 - 1e-6
TOLD = 64  # dimensions in which questions and descriptions are compared
NAME_PRIOR = (6.0, 2.0, 4.0, 0.1, 2.0)  # weights of the candidate features before any training
NIL_PRIOR = 5.0  # between a name that is alike and one that is not


class SpanScorer(nn.Module):
    """Scores every span of a question as the mention of each slot."""

    def __init__(self, dimension: int, width: int, slots: int) -> None:
        super().__init__()
        self.first = nn.Linear(dimension, width)
        self.last = nn.Linear(dimension, width)
        self.question = nn.Linear(dimension, width)
        self.surface = nn.Linear(SPAN_FEATURES, width)
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, slots)

    def forward(self, batch: ReadingBatch, states: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Token states (B, L, D) to span vectors (B, S, W) and span scores (B, S, M)."""
        rows = torch.arange(len(states), device=states.device).unsqueeze(1)  # (B, 1)
        joined = self.first(states)[rows, batch.first] + self.last(states)[rows, batch.last]  # (B, S, W)
        joined = joined + self.surface(batch.span_features) + self.question(pooled).unsqueeze(1)
        vectors = torch.nn.functional.gelu(self.norm(joined))
        return vectors, self.score(vectors)  # (B, S, W), (B, S, M)


class Ranker(nn.Module):
    """Scores cells by span, similarity of the name, and how well the candidate fits the question.

    score[m, s, k] = span[s, m] + alike(features[s, k]) + fit(s, k) + log(1 - taken[m, s]), and a NIL cell
    per slot. A span is taken as far as earlier slots hold spans that overlap it, so that two slots
    don't read the same mention. Before any training a name that is alike counts for its entity.
    A candidate fits when it has a relation that the question asks for, and is described as what the question is
    about: fit is the log-sum-exp, over the relations it takes part in, of their match with the span in its question,
    and the match of that with its description.
    """

    def __init__(self, dimension: int, width: int, slots: int, descriptions: Descriptions | None) -> None:
        super().__init__()
        self.described = DescriptionFit(dimension, width, descriptions)
        self.similarity = nn.Parameter(torch.tensor(NAME_PRIOR))
        self.surface = nn.Sequential(nn.Linear(CANDIDATE_FEATURES, 32), nn.GELU(), nn.Linear(32, 1))
        self.asked = nn.Linear(width, width)
        self.nil = nn.Linear(dimension, slots)
        nn.init.constant_(self.nil.bias, NIL_PRIOR)

    def forward(
        self,
        batch: ReadingBatch,
        candidates: Candidates,
        span_vectors: Tensor,
        span_scores: Tensor,
        pooled: Tensor,
        relations: Tensor,
        had: tuple[Tensor, Tensor],
        referred: Tensor,
    ) -> Tensor:
        """Log-probabilities over cells, what was said before, and NIL.

        Args:
            span_vectors: shape (B, S, W).
            span_scores: shape (B, S, M).
            pooled: question vectors, shape (B, D).
            relations: relation vectors, shape (R, W).
            had: which of them each candidate has, as `relations_had` finds it.
            referred: scores of C referents, shape (B, M, C).
        Returns:
            shape (B, M, N * K + C + 1); the last column is NIL.
        """
        rows = torch.arange(len(pooled), device=pooled.device).unsqueeze(1)  # (B, 1)
        vectors = span_vectors[rows, candidates.span]  # (B, N, W)
        match = self.match(vectors, relations)  # (B, N, R)
        scaled = candidates.features * candidates.features.new_tensor([1.0, 1.0, 1.0, 0.2, 1.0])
        alike = candidates.features @ self.similarity + self.surface(scaled).squeeze(-1)  # (B, N, K)
        cells = alike + relation_fit(candidates, match, had) + self.described(candidates, vectors)  # (B, N, K)
        usable = candidates.mask & candidates.span_mask.unsqueeze(-1)  # (B, N, K)
        overlap = span_overlap(batch, candidates.span)  # (B, N, N)
        taken = cells.new_zeros(cells.shape[:2])  # (B, N) how far earlier slots have taken a span
        slots = []
        for slot, nil in enumerate(self.nil(pooled).unbind(-1)):
            free = torch.log1p(-taken.clamp(max=MOST_TAKEN))  # (B, N)
            spans = span_scores[rows, candidates.span, slot] + free  # (B, N)
            scores = (spans.unsqueeze(-1) + cells).masked_fill(~usable, torch.finfo(cells.dtype).min)  # (B, N, K)
            flat = [scores.flatten(1), referred[:, slot], nil.unsqueeze(-1)]
            joint = torch.cat(flat, dim=-1).log_softmax(-1)  # (B, N * K + C + 1)
            slots.append(joint)
            held = joint[:, : flat[0].shape[1]].exp().view(cells.shape).sum(-1)  # (B, N)
            taken = taken + (overlap @ held.unsqueeze(-1)).squeeze(-1)
        return torch.stack(slots, 1)  # (B, M, N * K + C + 1)

    def match(self, vectors: Tensor, relations: Tensor) -> Tensor:
        """How well each relation (R, W) matches vectors of what is asked about (B, N, W): shape (B, N, R)."""
        matched: Tensor = self.asked(vectors) @ relations.T / relations.shape[-1] ** 0.5
        return matched


class DescriptionFit(nn.Module):
    """How well what a candidate is described as fits the span in its question; 0 where nothing describes it.

    fit[s, k] = wanted(span[s]) . told(description[k]), nothing before any training.
    """

    vectors: Tensor
    of: Tensor

    def __init__(self, dimension: int, width: int, descriptions: Descriptions | None) -> None:
        super().__init__()
        if descriptions is None or not len(descriptions.vectors):
            descriptions = Descriptions(np.full(1, -1, dtype=np.int32), np.zeros((1, dimension), dtype=np.int8), 1.0)
        vectors, of = torch.from_numpy(descriptions.vectors), torch.from_numpy(descriptions.of).long()
        self.scale = descriptions.scale
        self.register_buffer("vectors", vectors, persistent=False)  # (U, D) int8
        self.register_buffer("of", of, persistent=False)  # (E,)
        self.told = nn.Linear(dimension, TOLD, bias=False)
        self.wanted = nn.Linear(width, TOLD, bias=False)
        nn.init.zeros_(self.wanted.weight)

    def forward(self, candidates: Candidates, spans: Tensor) -> Tensor:
        """Candidates and the vectors of their spans (B, N, W) to fits (B, N, K)."""
        return torch.einsum("bnt,bnkt->bnk", self.wanted(spans), self.told_of(candidates.entities))  # (B, N, K)

    def told_of(self, entities: Tensor) -> Tensor:
        """What entities (...) are described as, 0 where nothing describes one or it is -1: shape (..., TOLD)."""
        own = self.of[entities.clamp(0, len(self.of) - 1)]  # (...)
        own = torch.where(entities < 0, -1, own)
        distinct, place = torch.unique(own.clamp(min=0), return_inverse=True)  # (U,), (...)
        told: Tensor = self.told(self.vectors[distinct].to(self.wanted.weight.dtype) * self.scale)  # (U, TOLD)
        return told[place].masked_fill((own < 0).unsqueeze(-1), 0.0)


def span_overlap(batch: ReadingBatch, span: Tensor) -> Tensor:
    """Which of the chosen spans (B, N) share a token: shape (B, N, N), 0 or 1."""
    first, last = batch.first.gather(1, span), batch.last.gather(1, span)  # (B, N)
    apart = (first.unsqueeze(1) > last.unsqueeze(2)) | (first.unsqueeze(2) > last.unsqueeze(1))
    return (~apart).float()


def relations_had(candidates: Candidates, graph: SparseGraph) -> tuple[Tensor, Tensor]:
    """Every relation that a candidate takes part in: flat cells of (B, N, K), and relations, both of shape (G,)."""
    flat = candidates.entities.flatten()  # (B * N * K,)
    live = torch.nonzero(flat >= 0).squeeze(-1)  # (C,)
    row, relation = graph.relations_of(flat[live])  # (G,), (G,)
    return live[row], relation


def relation_fit(candidates: Candidates, match: Tensor, had: tuple[Tensor, Tensor]) -> Tensor:
    """How well the relations of each candidate match: log sum exp over them of match (B, N, R).

    Args:
        had: what `relations_had` found.
    Returns:
        shape (B, N, K); zero where there is no candidate.
    """
    cell, relation = had
    span = cell // candidates.entities.shape[-1]  # (G,)
    weights = match.flatten(0, 1).clamp(-FIT_LIMIT, FIT_LIMIT).exp()[span, relation]  # (G,)
    sums = weights.new_full((candidates.entities.numel(),), 1e-6).index_add(0, cell, weights)
    return sums.log().view(candidates.entities.shape).masked_fill(~candidates.mask, 0.0)  # (B, N, K)


def relation_signature(cells: Tensor, had: tuple[Tensor, Tensor], num_relations: int) -> tuple[Tensor, Tensor]:
    """Which relations the entities of each slot have, as the cells expect it: by entity, and in all.

    A painting and a museum are asked alike what city they are in; that one takes two hops and the other
    one shows in nothing but the relations they have.

    Args:
        cells: probabilities of the cells without NIL, shape (B, M, N * K).
        had: what `relations_had` found.
    Returns:
        the probability that a slot's entity has a relation, and the same with every entity's relations sharing in its
        probability alike; both of shape (B, M, R).
    """
    batch, slots, size = cells.shape
    cell, relation = had
    place = cell // size * num_relations + relation  # (G,)
    weights = cells.transpose(0, 1).flatten(1)[:, cell]  # (M, G)
    share = 1 / torch.bincount(cell)[cell]  # (G,)
    has, shared = (
        each.new_zeros(slots, batch * num_relations).index_add(1, place, each) for each in (weights, weights * share)
    )
    shape = (slots, batch, num_relations)
    return has.view(shape).transpose(0, 1), shared.view(shape).transpose(0, 1)  # (B, M, R), (B, M, R)
