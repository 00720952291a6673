"""`follow` and its arrays equal plain loops over triples, in values and gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import InputError, ShapeError
from kgqa.graph import sparse as sparse_module
from kgqa.graph.sparse import Frontier, SparseGraph, inverse
from tests.graph.small import Drawn, drawn, plain_follow, sparse, with_inverses

# 0 Alien, 1 Ridley Scott, 2 Sigourney Weaver, 3 Avatar, 4 James Cameron, 5 Titanic, 6 science fiction
# relations: 0 directed by, 1 starring, 2 genre
FILMS = [(0, 0, 1), (0, 1, 2), (0, 2, 6), (3, 0, 4), (3, 1, 2), (3, 2, 6), (5, 0, 4)]
GRAPH = sparse(FILMS, 7, 3)


def one_hot(place: int, size: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor([place]), size).double()


@given(drawn())
def test_follow_equals_the_plain_loop(case: Drawn) -> None:
    expected = plain_follow(case.triples, case.entities, case.relations)
    torch.testing.assert_close(case.graph.follow(case.entities, case.relations), expected)


@given(drawn())
def test_gradients_of_live_weights_equal_the_plain_loop(case: Drawn) -> None:
    inputs = (case.entities.requires_grad_(), case.relations.requires_grad_())
    slope = torch.arange(1.0, case.num_entities + 1, dtype=torch.float64)
    expected = torch.autograd.grad((plain_follow(case.triples, *inputs) * slope).sum(), inputs)
    found = torch.autograd.grad((case.graph.follow(*inputs) * slope).sum(), inputs)
    for weight, plain, fast in zip(inputs, expected, found, strict=True):
        torch.testing.assert_close(fast * (weight > 0), plain * (weight > 0))


@given(drawn(), st.sampled_from([0.0, 0.25]))
def test_collecting_and_spreading_are_the_same_in_values_and_gradients(case: Drawn, threshold: float) -> None:
    inputs = (case.entities.requires_grad_(), case.relations.requires_grad_())
    results, gradients = [], []
    for crowded in (-1.0, 2.0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sparse_module, "CROWDED", crowded)
            results.append(case.graph.follow(*inputs, threshold=threshold))
        gradients.append(torch.autograd.grad(results[-1].square().sum(), inputs))
    torch.testing.assert_close(*results)
    torch.testing.assert_close(*gradients)


@given(drawn())
def test_the_frontier_equals_the_dense_path_over_two_hops(case: Drawn) -> None:
    graph, frontier, dense = case.graph, Frontier.from_dense(case.entities), case.entities
    for _ in range(2):
        frontier, dense = graph.follow_frontier(frontier, case.relations), graph.follow(dense, case.relations)
        torch.testing.assert_close(frontier.to_dense(), dense)
    assert frontier.cells.tolist() == sorted(set(frontier.cells.tolist()))


@given(drawn())
def test_gradients_of_the_frontier_equal_the_dense_path(case: Drawn) -> None:
    inputs = (case.entities.requires_grad_(), case.relations.requires_grad_())
    dense = torch.autograd.grad(case.graph.follow(*inputs).square().sum(), inputs)
    reached = case.graph.follow_frontier(Frontier.from_dense(inputs[0]), inputs[1])
    sparse_ = torch.autograd.grad(reached.to_dense().square().sum(), inputs)
    torch.testing.assert_close(sparse_, dense)


@pytest.mark.parametrize("crowded", [-1.0, 2.0])
def test_gradcheck_of_every_path(crowded: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_module, "CROWDED", crowded)
    generator = torch.Generator().manual_seed(3)
    entities = torch.rand(2, 7, generator=generator, dtype=torch.float64).add(0.1).requires_grad_()
    relations = torch.rand(2, 6, generator=generator, dtype=torch.float64).add(0.1).requires_grad_()
    assert torch.autograd.gradcheck(GRAPH.follow, (entities, relations))
    assert torch.autograd.gradcheck(
        lambda x, r: GRAPH.follow_frontier(Frontier.from_dense(x), r).to_dense(), (entities, relations)
    )


@given(drawn(), st.data())
def test_follow_of_one_hot_is_the_neighbour_set(case: Drawn, data: st.DataObject) -> None:
    s = data.draw(st.integers(0, case.num_entities - 1))
    r = data.draw(st.integers(0, 2 * case.num_relations - 1))
    reached = case.graph.follow(one_hot(s, case.num_entities), one_hot(r, 2 * case.num_relations))
    expected = sorted(o for subject, relation, o in with_inverses(case.triples) if (subject, relation) == (s, r))
    assert reached[0].nonzero().view(-1).tolist() == expected
    assert reached.max() <= 1
    assert case.graph.objects_of(s, r).tolist() == expected


@given(drawn())
def test_the_inverse_leads_back(case: Drawn) -> None:
    graph = case.graph
    for s, r, o in with_inverses(case.triples):
        assert graph.contains(s, r, o)
        assert graph.contains(o, inverse(r), s)
        assert inverse(inverse(r)) == r


@given(drawn())
def test_relations_degrees_and_triples_equal_the_plain_set(case: Drawn) -> None:
    graph, edges = case.graph, with_inverses(case.triples)
    every = torch.arange(case.num_entities)
    row, relation = graph.relations_of(every)
    assert sorted(zip(row.tolist(), relation.tolist(), strict=True)) == sorted({(s, r) for s, r, _ in edges})
    assert graph.degree(every).tolist() == [sum(s == e for s, _, _ in edges) for e in range(case.num_entities)]
    stated = set(zip(*(column.tolist() for column in graph.triples()), strict=True))
    assert stated == set(case.triples)
    assert graph.num_triples == len(set(case.triples))
    absent = {(s, 0, o) for s in range(case.num_entities) for o in range(case.num_entities)} - edges
    assert not any(graph.contains(*triple) for triple in absent)


def test_relations_at_the_threshold_are_left_out() -> None:
    entities, relations = one_hot(0, 7), torch.tensor([[0.9, 0.0, 0.1, 0.0, 0.05, 0.0]], dtype=torch.float64)
    assert GRAPH.follow(entities, relations)[0].nonzero().view(-1).tolist() == [1, 2, 6]
    assert GRAPH.follow(entities, relations, threshold=0.05)[0].nonzero().view(-1).tolist() == [1, 2]
    frontier = GRAPH.follow_frontier(Frontier.from_dense(entities), relations, threshold=0.1)
    assert frontier.entity.tolist() == [1]


def test_weights_that_meet_add_up() -> None:
    entities = torch.zeros(1, 7)
    entities[0, [0, 3, 5]] = torch.tensor([1.0, 2.0, 4.0])
    relations = torch.tensor([[1.0, 0, 0.5, 0, 0, 0]])
    assert GRAPH.follow(entities, relations).tolist() == [[0, 1, 1.5, 0, 6, 0, 0]]


def test_nothing_followed_reaches_nothing() -> None:
    nothing, relations = torch.zeros(2, 7), torch.ones(2, 6)
    assert not GRAPH.follow(nothing, relations).any()
    assert len(GRAPH.follow_frontier(Frontier.from_dense(nothing), relations)) == 0


def test_a_triple_given_twice_counts_once() -> None:
    doubled = sparse(FILMS * 2, 7, 3)
    assert doubled.num_triples == len(FILMS)
    assert all(torch.equal(array, GRAPH.arrays()[name]) for name, array in doubled.arrays().items())


def test_ids_too_large_for_one_sort_key_sort_the_same() -> None:
    huge = sparse(FILMS, 7, 2**60)
    assert torch.equal(huge.objects, GRAPH.objects)
    assert torch.equal(huge.group_relations, GRAPH.group_relations)


def test_the_arrays_are_int32_and_outside_autograd() -> None:
    for array in GRAPH.arrays().values():
        assert array.dtype == torch.int32
        assert not array.requires_grad


def test_ids_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="entity ids run from 7 to 7, but must be from 0 to 6"):
        sparse([(0, 0, 7)], 7, 1)
    with pytest.raises(InputError, match="relation ids run from -1 to -1"):
        sparse([(0, -1, 1)], 7, 1)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 5\).*\(B, 7\)"):
        GRAPH.follow(torch.ones(2, 5), torch.ones(2, 6))
    with pytest.raises(ShapeError, match=r"\(3, 6\).*\(2, 6\)"):
        GRAPH.follow(torch.ones(2, 7), torch.ones(3, 6))
    with pytest.raises(ShapeError, match=r"\(1, 4\).*\(1, 6\)"):
        GRAPH.follow_frontier(Frontier.one_hot([0], 7), torch.ones(1, 4))


def test_an_empty_graph_has_nowhere_to_go() -> None:
    none = np.zeros(0, dtype=np.int64)
    graph = SparseGraph.from_triples(none, none, none, 3, 1)
    assert not graph.follow(torch.ones(1, 3), torch.ones(1, 2)).any()
    assert graph.num_triples == 0
    assert graph.objects_of(2, 1).tolist() == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_equals_the_cpu() -> None:
    entities, relations = torch.rand(3, 7), torch.rand(3, 6)
    graph = GRAPH.to("cuda")
    expected = GRAPH.follow(entities, relations)
    torch.testing.assert_close(graph.follow(entities.cuda(), relations.cuda()).cpu(), expected)
    few = torch.eye(7)[:3]
    torch.testing.assert_close(graph.follow(few.cuda(), relations.cuda()).cpu(), GRAPH.follow(few, relations))
    frontier = graph.follow_frontier(Frontier.from_dense(entities).to("cuda"), relations.cuda())
    torch.testing.assert_close(frontier.to_dense().cpu(), expected)
    assert graph.objects_of(0, 0).tolist() == [1]
