"""Walking a plan, against plain Python over a handful of triples."""

from itertools import product

import numpy as np
import pytest
import torch

from kgqa.graph.frontier import Frontier
from kgqa.graph.kinds import Kinds
from kgqa.graph.schema import Schema
from kgqa.graph.sparse import SparseGraph
from kgqa.reasoning.hops import LEAST_THERE, Plan, Planner, Repeat, walk, way_there

TRIPLES = [(0, 0, 1), (1, 0, 2), (1, 1, 3), (2, 1, 0), (3, 0, 4), (4, 1, 1), (2, 0, 4)]
ENTITIES, RELATIONS = 5, 4
THERE = torch.ones(1, 1, 2)


@pytest.fixture
def graph() -> SparseGraph:
    subjects, relations, objects = (np.array(column) for column in zip(*TRIPLES, strict=True))
    return SparseGraph.from_triples(subjects, relations, objects, ENTITIES, RELATIONS // 2)


def random_plan(rows: int, hops: int, seed: int) -> Plan:
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    attention, stop = draw(rows, 1, hops, RELATIONS).softmax(-1), draw(rows, 1, hops).softmax(-1)
    return Plan(attention, stop, draw(rows, 1, hops), draw(rows, 1, hops))


def plain_walk(seeds: list[float], plan: Plan, row: int) -> list[float]:
    """The formula, edge by edge."""
    relations, stop, gates = plan.relations[row, 0], plan.stop[row, 0], plan.leave_out[row, 0]
    before, current, total = [0.0] * ENTITIES, seeds, [0.0] * ENTITIES
    edges = [(s, 2 * r, o) for s, r, o in TRIPLES] + [(o, 2 * r + 1, s) for s, r, o in TRIPLES]
    for hop in range(len(stop)):
        step = [0.0] * ENTITIES
        for s, r, o in edges:
            step[o] += current[s] * float(relations[hop, r])
        step = [min(value, 1.0) for value in step]
        if hop > 0:
            step = [max(value - float(gates[hop]) * old, 0.0) for value, old in zip(step, before, strict=True)]
        before, current = current, step
        total = [value + float(stop[hop]) * new for value, new in zip(total, current, strict=True)]
    return total


@pytest.mark.parametrize(("hops", "seed"), list(product((1, 2, 3), (0, 1))))
def test_walk_equals_plain_python(graph: SparseGraph, hops: int, seed: int) -> None:
    plan = random_plan(3, hops, seed)
    seeds = torch.rand(3, ENTITIES, generator=torch.Generator().manual_seed(seed + 10))
    walked = walk(graph, seeds, plan)
    for row in range(3):
        assert walked[row].tolist() == pytest.approx(plain_walk(seeds[row].tolist(), plan, row), abs=1e-5)


def test_walk_on_a_frontier_equals_walk_on_dense_weights(graph: SparseGraph) -> None:
    plan = random_plan(2, 3, 5)
    seeds = torch.tensor([[0.5, 0.0, 0.0, 0.5, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]])
    sparse = walk(graph, Frontier.from_dense(seeds), plan)
    assert torch.allclose(sparse.to_dense(), walk(graph, seeds, plan), atol=1e-6)


def test_an_open_gate_does_not_go_back(graph: SparseGraph) -> None:
    attention = torch.zeros(1, 1, 2, RELATIONS)
    attention[0, 0, 0, 0] = attention[0, 0, 1, 1] = 1.0  # along relation 0, then back along it
    stop = torch.tensor([[[0.0, 1.0]]])
    seeds = torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0]])
    back = walk(graph, seeds, Plan(attention, stop, torch.tensor([[[0.0, 0.0]]]), THERE))
    out = walk(graph, seeds, Plan(attention, stop, torch.tensor([[[0.0, 1.0]]]), THERE))
    assert back[0, 0] == 1.0
    assert out[0, 0] == 0.0


def test_an_open_gate_leaves_out_what_many_paths_lead_back_to() -> None:
    triples = [(0, 0, actor) for actor in (1, 2, 3)] + [(4, 0, actor) for actor in (1, 2, 3)]
    columns = (np.array(column) for column in zip(*triples, strict=True))
    graph = SparseGraph.from_triples(*columns, 5, 1)
    attention = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])  # to the actors of a film, and to their films
    plan = Plan(attention, torch.tensor([[[0.0, 1.0]]]), torch.tensor([[[0.0, 1.0]]]), THERE)
    assert walk(graph, torch.eye(5)[:1], plan).tolist() == [[0.0, 0.0, 0.0, 0.0, 1.0]]


def test_gradient_reaches_seeds_relations_stop_and_gate(graph: SparseGraph) -> None:
    plan = random_plan(2, 2, 3)
    leaves = [tensor.double().requires_grad_() for tensor in (plan.relations, plan.stop, plan.leave_out)]
    seeds = (0.1 * torch.rand(2, ENTITIES, dtype=torch.double)).requires_grad_()
    assert torch.autograd.gradcheck(lambda s, *parts: walk(graph, s, Plan(*parts, plan.there)), (seeds, *leaves))


def planner_of(graph: SparseGraph, slots: int, hops: int) -> Planner:
    torch.manual_seed(0)
    return Planner(8, 6, slots, hops, Schema.of_graph(graph, Kinds.of_graph(graph)))


def test_planner_gives_distributions(graph: SparseGraph) -> None:
    planner = planner_of(graph, 2, 3)
    states, mask = torch.randn(4, 5, 8), torch.ones(4, 5, dtype=torch.long)
    had = torch.rand(4, 2, RELATIONS)
    plan = planner(states, mask, states.mean(1), torch.randn(4, 2, 6), had, torch.randn(RELATIONS, 6))
    assert plan.relations.shape == (4, 2, 3, RELATIONS)
    assert torch.allclose(plan.relations.sum(-1), torch.ones(4, 2, 3))
    assert torch.allclose(plan.stop.sum(-1), torch.ones(4, 2))
    assert ((plan.leave_out > 0) & (plan.leave_out < 1)).all()
    assert ((plan.there >= 0) & (plan.there <= 1)).all()


def test_a_plan_is_bound_to_relations_that_are_there(graph: SparseGraph) -> None:
    planner = planner_of(graph, 1, 2)
    states, mask = torch.randn(1, 5, 8), torch.ones(1, 5, dtype=torch.long)
    mention, relations = torch.randn(1, 1, 6), torch.randn(RELATIONS, 6)
    with torch.no_grad():
        free, only = (
            planner(states, mask, states.mean(1), mention, torch.tensor([[had]]), relations)
            for had in ([1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0])
        )
    odds = lambda plan: plan.relations[0, 0, 0, 2] / plan.relations[0, 0, 0, 0]  # noqa: E731
    assert float(odds(only) / odds(free)) == pytest.approx(1 / LEAST_THERE, rel=1e-3)
    assert float(only.there[0, 0, 0]) == pytest.approx(float(free.relations[0, 0, 0, 2]), abs=1e-6)
    assert float(way_there(only)) < float(way_there(free)) <= 1


def test_padding_changes_nothing(graph: SparseGraph) -> None:
    planner = planner_of(graph, 1, 2)
    states, mentions, relations = torch.randn(1, 5, 8), torch.randn(1, 1, 6), torch.randn(RELATIONS, 6)
    pooled, had = states.mean(1), torch.rand(1, 1, RELATIONS)
    short = planner(states, torch.ones(1, 5, dtype=torch.long), pooled, mentions, had, relations)
    padded = torch.cat([states, torch.randn(1, 3, 8)], 1)
    mask = torch.tensor([[1, 1, 1, 1, 1, 0, 0, 0]])
    long = planner(padded, mask, pooled, mentions, had, relations)
    assert torch.allclose(short.relations, long.relations, atol=1e-6)


def test_the_way_before_speaks_for_its_relations_and_its_end(graph: SparseGraph) -> None:
    planner = planner_of(graph, slots=2, hops=3)
    torch.nn.init.constant_(planner.again.bias, 20.0)
    states, mask, pooled = torch.randn(2, 5, 8), torch.ones(2, 5), torch.randn(2, 8)
    rest = (torch.randn(2, 2, 6), torch.ones(2, 2, RELATIONS), torch.randn(RELATIONS, 6))
    before = torch.tensor([[2, 1, -1], [-1, -1, -1]])
    repeated, fresh = planner(states, mask, pooled, *rest, before=before), planner(states, mask, pooled, *rest)
    assert repeated.relations[0, :, :2].argmax(-1).tolist() == [[2, 1], [2, 1]]
    assert repeated.stop[0].argmax(-1).tolist() == [1, 1]
    torch.testing.assert_close(repeated.relations[1], fresh.relations[1])
    torch.testing.assert_close(repeated.stop[1], fresh.stop[1])


def test_half_a_repeat_is_half_of_each_and_after_its_end_the_question_goes_its_own_way() -> None:
    own, ends = torch.tensor([[[0.0, 0.5, 0.5, 0.0]]]), torch.tensor([[[0.25, 0.75]]])  # (1, 1, R), (1, 1, H)
    repeat = Repeat.of(torch.full((1, 1, 1), 0.5), torch.tensor([[3, -1]]), RELATIONS)
    assert repeat.relation(own, 0).tolist() == [[[0.0, 0.25, 0.25, 0.5]]]
    assert repeat.relation(own, 1).tolist() == own.tolist()
    assert repeat.end(ends).tolist() == [[[0.625, 0.375]]]
    assert Repeat.of(torch.full((1, 1, 1), 0.5), None, RELATIONS).end(ends) is ends


def test_a_path_takes_every_hop_that_a_person_gave_it_though_the_way_before_was_shorter(graph: SparseGraph) -> None:
    planner = planner_of(graph, slots=1, hops=3)
    torch.nn.init.constant_(planner.again.bias, 20.0)
    states, mask, pooled = torch.randn(1, 5, 8), torch.ones(1, 5), torch.randn(1, 8)
    rest = (torch.randn(1, 1, 6), torch.ones(1, 1, RELATIONS), torch.randn(RELATIONS, 6))
    before, given = torch.tensor([[2, -1, -1]]), torch.tensor([[[-1, 3, -1]]])
    plan = planner(states, mask, pooled, *rest, given=given, before=before)
    assert plan.stop[0, 0, 0].item() == 0.0
    assert plan.relations[0, 0, 1].tolist() == [0.0, 0.0, 0.0, 1.0]
