"""The ranker: one distribution over cells, slots that don't share a mention, and the fit of relations."""

import math

import numpy as np
import pytest
import torch

from kgqa.graph.sparse import SparseGraph
from kgqa.linking.descriptions import Descriptions
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.linking.ranker import (
    DescriptionFit,
    Ranker,
    SpanScorer,
    relation_fit,
    relation_signature,
    relations_had,
    span_overlap,
)
from kgqa.linking.reading import Reader, ReadingBatch
from kgqa.linking.shortlist import Candidates, Shortlister
from tests.graph.small import sparse
from tests.linking.conftest import World

QUESTION = "was Tom Hanks in The Matrix"


@pytest.fixture
def batch(unchanged_index: EntityIndex, encoder: NameEncoder) -> ReadingBatch:
    return Reader(encoder.tokenizer, unchanged_index, 12).batch([QUESTION])


@pytest.fixture
def candidates(batch: ReadingBatch, unchanged_index: EntityIndex, encoder: NameEncoder) -> Candidates:
    shortlister = Shortlister(unchanged_index, encoder, exact_spans=4, fuzzy_spans=1, k=4)
    return shortlister.shortlist(batch, torch.zeros(batch.span_mask.shape))


@pytest.fixture
def graph(world: World) -> SparseGraph:
    return sparse([(world["tom"], 0, world["us"]), (world["matrix"], 1, world["us"])], len(world.catalog), 2)


NOTHING_SAID = torch.zeros(1, 2, 0)


def rank(
    batch: ReadingBatch, candidates: Candidates, graph: SparseGraph, referred: torch.Tensor = NOTHING_SAID
) -> torch.Tensor:
    torch.manual_seed(0)
    ranker, scorer = Ranker(8, 6, 2, None), SpanScorer(8, 6, 2)
    states = torch.randn(1, batch.input_ids.shape[1], 8)
    vectors, scores = scorer(batch, states, states.mean(1))
    had = relations_had(candidates, graph)
    relations = torch.randn(4, 6)
    cells: torch.Tensor = ranker(batch, candidates, vectors, scores, states.mean(1), relations, had, referred)
    return cells


def test_cells_and_nil_are_one_distribution(batch: ReadingBatch, candidates: Candidates, graph: SparseGraph) -> None:
    probabilities = rank(batch, candidates, graph).exp()
    assert probabilities.shape == (1, 2, candidates.entities[0].numel() + 1)
    assert probabilities.sum(-1).tolist()[0] == pytest.approx([1.0, 1.0], abs=1e-5)
    empty = ~candidates.mask.flatten(1)[0]
    assert probabilities[0, :, :-1][:, empty].sum() == 0


def test_what_was_said_before_is_in_the_same_distribution(
    batch: ReadingBatch, candidates: Candidates, graph: SparseGraph
) -> None:
    referred = torch.tensor([[[50.0, -50.0], [-50.0, -50.0]]])
    probabilities, alone = (rank(batch, candidates, graph, each).exp() for each in (referred, NOTHING_SAID))
    assert probabilities.shape[-1] == alone.shape[-1] + 2
    assert probabilities.sum(-1).tolist()[0] == pytest.approx([1.0, 1.0], abs=1e-5)
    assert float(probabilities[0, 0, -3].detach()) > 0.99
    assert float(probabilities[0, 1, -3:-1].detach().sum()) < 1e-6


def test_untrained_slots_take_the_two_names(
    batch: ReadingBatch, candidates: Candidates, graph: SparseGraph, world: World
) -> None:
    probabilities = rank(batch, candidates, graph)[0, :, :-1].exp()  # (M, N * K)
    entities = candidates.entities.flatten()
    of_each = torch.stack([probabilities[:, entities == world[name]].sum(-1) for name in ("tom", "matrix")])
    assert (of_each > 0.1).all()
    assert (of_each.sum(0) > 0.95).all()


def test_overlap_is_sharing_a_token(batch: ReadingBatch) -> None:
    texts = [span.text for span in batch.readings[0].spans]
    span = torch.tensor([[texts.index("Tom Hanks"), texts.index("Hanks in"), texts.index("The Matrix")]])
    assert span_overlap(batch, span)[0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_fit_is_log_sum_exp_over_the_candidates_relations(candidates: Candidates, graph: SparseGraph) -> None:
    match = torch.randn(1, candidates.span.shape[1], 4, requires_grad=True)
    fit = relation_fit(candidates, match, relations_had(candidates, graph))
    for row, column in candidates.mask[0].nonzero().tolist():
        entity = candidates.entities[0, row, column]
        _, relations = graph.relations_of(entity.unsqueeze(0))
        expected = math.log(1e-6 + float(match[0, row, relations].detach().exp().sum()))
        assert float(fit[0, row, column].detach()) == pytest.approx(expected, abs=1e-4)
    fit.sum().backward()
    assert match.grad is not None
    assert match.grad.abs().sum() > 0


def test_signature_is_the_expected_share_of_each_relation(candidates: Candidates, graph: SparseGraph) -> None:
    cells = torch.rand(1, 2, candidates.entities[0].numel()).softmax(-1)
    has, signature = relation_signature(cells, relations_had(candidates, graph), graph.num_relations)
    expected, having = torch.zeros(2, 1, 2, graph.num_relations)
    for cell, entity in enumerate(candidates.entities.flatten().tolist()):
        if entity >= 0:
            _, relations = graph.relations_of(torch.tensor([entity]))
            for relation in relations.tolist():
                expected[0, :, relation] += cells[0, :, cell] / len(relations)
                having[0, :, relation] += cells[0, :, cell]
    assert expected.sum() > 0
    assert torch.allclose(signature, expected, atol=1e-6)
    assert torch.allclose(has, having, atol=1e-6)


def test_what_describes_a_candidate_counts_once_it_is_learned(candidates: Candidates, world: World) -> None:
    torch.manual_seed(0)
    of = np.resize(np.array([0, 1, -1], dtype=np.int32), len(world.catalog))
    vectors = np.random.default_rng(0).integers(-127, 127, (2, 8)).astype(np.int8)
    fit = DescriptionFit(8, 6, Descriptions(of, vectors, 0.01))
    spans = torch.randn(1, candidates.span.shape[1], 6)
    assert not fit(candidates, spans).any()
    torch.nn.init.normal_(fit.wanted.weight)
    fits = fit(candidates, spans)
    for row, column in candidates.mask[0].nonzero().tolist():
        own = int(of[int(candidates.entities[0, row, column])])
        told = fit.told(torch.from_numpy(vectors[own]).float() * 0.01)
        expected = 0.0 if own < 0 else float((fit.wanted(spans[0, row]) @ told).detach())
        assert float(fits[0, row, column].detach()) == pytest.approx(expected, abs=1e-5)
    assert not fits.masked_fill(candidates.mask, 0.0).any()
