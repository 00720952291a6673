"""The way back from answers to seed, hops and facts."""

import numpy as np
import pytest
import torch

from kgqa.graph.frontier import Frontier
from kgqa.graph.sparse import SparseGraph
from kgqa.reasoning.trace import trace

ACTOR, FILM, OTHER_FILM, WRITER, OTHER_WRITER, NAMESAKE = range(6)
STARRING, WRITTEN_BY = 0, 1
TRIPLES = [(FILM, STARRING, ACTOR), (OTHER_FILM, STARRING, ACTOR), (FILM, WRITTEN_BY, WRITER),
           (OTHER_FILM, WRITTEN_BY, OTHER_WRITER)]  # fmt: skip


@pytest.fixture
def graph() -> SparseGraph:
    subjects, relations, objects = (np.array(column) for column in zip(*TRIPLES, strict=True))
    return SparseGraph.from_triples(subjects, relations, objects, 6, 2)


def attention(*relations: int) -> torch.Tensor:
    rows = torch.full((3, 4), 0.01)
    for hop, relation in enumerate(relations):
        rows[hop, relation] = 0.97
    return rows


def seeds(**weights: float) -> Frontier:
    dense = torch.zeros(1, 6)
    for name, weight in weights.items():
        dense[0, {"actor": ACTOR, "namesake": NAMESAKE, "film": FILM}[name]] = weight
    return Frontier.from_dense(dense)


def test_two_hops_back_to_the_seed_that_reaches_the_answer(graph: SparseGraph) -> None:
    stop = torch.tensor([0.02, 0.97, 0.01])
    hops = attention(2 * STARRING + 1, 2 * WRITTEN_BY, 0)
    route = trace(graph, seeds(actor=0.4, namesake=0.6), hops, stop, [WRITER, OTHER_WRITER])
    assert route is not None
    assert route.seed == ACTOR
    assert [step.relation for step in route.steps] == [2 * STARRING + 1, 2 * WRITTEN_BY]
    assert set(route.facts) == set(TRIPLES)
    assert set(route.steps[0].entities) == {FILM, OTHER_FILM}


def test_only_the_facts_behind_the_asked_answers(graph: SparseGraph) -> None:
    stop = torch.tensor([0.0, 1.0, 0.0])
    route = trace(graph, seeds(actor=1.0), attention(2 * STARRING + 1, 2 * WRITTEN_BY, 0), stop, [WRITER])
    assert route is not None
    assert set(route.facts) == {(FILM, STARRING, ACTOR), (FILM, WRITTEN_BY, WRITER)}


def test_the_length_that_explains_best_wins(graph: SparseGraph) -> None:
    stop = torch.tensor([0.6, 0.4, 0.0])
    route = trace(graph, seeds(film=1.0), attention(2 * WRITTEN_BY, 0, 0), stop, [WRITER])
    assert route is not None
    assert len(route.steps) == 1


def test_nothing_leads_there(graph: SparseGraph) -> None:
    stop = torch.tensor([1.0, 0.0, 0.0])
    assert trace(graph, seeds(namesake=1.0), attention(0, 0, 0), stop, [WRITER]) is None


def test_what_was_said_before_may_itself_be_the_answer(graph: SparseGraph) -> None:
    stop = torch.tensor([0.6, 0.4, 0.0])
    route = trace(graph, seeds(film=0.9, actor=0.1), attention(2 * WRITTEN_BY, 0, 0), stop, [FILM], stay=0.95)
    assert route is not None
    assert (route.seed, route.steps, route.facts) == (FILM, (), ())


def test_several_are_started_from_as_one(graph: SparseGraph) -> None:
    stop = torch.tensor([1.0, 0.0, 0.0])
    both = Frontier.from_cells(torch.tensor([FILM, OTHER_FILM]), torch.ones(2), 1, 6)
    hops = attention(2 * WRITTEN_BY, 0, 0)
    alone = trace(graph, both, hops, stop, [WRITER, OTHER_WRITER])
    together = trace(graph, both, hops, stop, [WRITER, OTHER_WRITER], together=(FILM, OTHER_FILM))
    assert alone is not None
    assert together is not None
    assert len(alone.facts) == 1
    assert set(together.facts) == {(FILM, WRITTEN_BY, WRITER), (OTHER_FILM, WRITTEN_BY, OTHER_WRITER)}
