"""`follow` over the frontier against the reified formula of Cohen et al. (2020), timed in one run.

The formula keeps three sparse matrices with a row for each triple, M_subj (T, E), M_rel (T, R) and M_obj (T, E), and
steps by (x M_subj^T * r M_rel^T) M_obj, as COO matrices in its open implementations, and here also as CSR. It is given
the base triples only, though the frontier's graph also holds their inverses; and its matrices are coalesced beforehand.

The graph has power-law degrees (density exponent 2.5, at most 1,000 times the smallest weight) and always the same
mean degree, so that a random entity's neighbourhood is as large in expectation whatever the number of triples.
"""

import warnings
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kgqa.graph.sparse import Frontier, SparseGraph

TRIPLES_PER_ENTITY = 10
RELATIONS = 20
EXPONENT = 2.5
LARGEST_WEIGHT = 1000.0
HOPS = 2
BATCHES = (1, 32)
WARM_UPS = 20
FRONTIER_REPEATS = 300
MATRIX_REPEATS = 10
MATRIX_SECONDS = 6.0


class Query(NamedTuple):
    """B entities (B,) and for each hop one relation each, one-hot: HOPS tensors of shape (B, R)."""

    entities: Tensor
    relations: list[Tensor]


class Reified(NamedTuple):
    """The three matrices, laid out for a product from the left: (T, E), (T, R) and (E, T)."""

    subjects: Tensor
    relations: Tensor
    objects: Tensor


def run(triples: Sequence[int], seed: int = 0) -> list[dict[str, Any]]:
    """Time 2-hop follow at each graph size: one row for each number of triples and batch size.

    Returns:
        rows of {"triples", "batch", "frontier_ms", "coo_ms", "csr_ms"}, medians.
    Raises:
        AssertionError: if the three ways disagree on any query that was timed by all.
    """
    with torch.inference_mode():
        return [row for size in triples for row in _rows(size, seed)]


def power_law_graph(triples: int, seed: int) -> SparseGraph:
    """A random graph whose degrees follow a power law, and whose relations are as skewed as 1 / rank."""
    random = np.random.default_rng(seed)
    num_entities = max(triples // TRIPLES_PER_ENTITY, 2)
    ends = np.cumsum(_power_law(random, num_entities))
    subjects, objects = (np.searchsorted(ends, random.random(triples) * ends[-1]) for _ in range(2))
    ranks = 1 / np.arange(1, RELATIONS + 1)
    relations = random.choice(RELATIONS, size=triples, p=ranks / ranks.sum())
    return SparseGraph.from_triples(subjects, relations, objects, num_entities, RELATIONS)


def reified(graph: SparseGraph, csr: bool) -> Reified:
    """The graph's base triples as the three matrices."""
    subjects, relations, objects = graph.triples()
    rows = torch.arange(graph.num_triples)
    shape = (graph.num_triples, graph.num_entities)
    return Reified(
        _matrix(rows, subjects, shape, csr),
        _matrix(rows, 2 * relations, (graph.num_triples, graph.num_relations), csr),
        _matrix(objects, rows, (shape[1], shape[0]), csr),
    )


def reified_follow(matrices: Reified, entities: Tensor, relations: Tensor) -> Tensor:
    """One step of the formula; entities (B, E), relations (B, R), returns (B, E)."""
    weight = torch.sparse.mm(matrices.subjects, entities.T)  # (T, B)
    weight *= torch.sparse.mm(matrices.relations, relations.T)  # (T, B)
    return torch.sparse.mm(matrices.objects, weight).T


def assert_equal(expected: Tensor, found: Tensor, way: str) -> None:
    """Raise AssertionError, naming the way, unless both results (B, E) are the same."""
    torch.testing.assert_close(found, expected, msg=lambda message: f"{way} disagrees with the frontier: {message}")


def _rows(triples: int, seed: int) -> list[dict[str, Any]]:
    graph = power_law_graph(triples, seed)
    random = np.random.default_rng(seed)
    queries = {size: [_query(graph, size, random) for _ in range(FRONTIER_REPEATS + WARM_UPS)] for size in BATCHES}
    times: dict[int, dict[str, float]] = {size: {"frontier_ms": _frontier_ms(graph, queries[size])} for size in BATCHES}
    for way in ("coo", "csr"):
        matrices = reified(graph, csr=way == "csr")
        for size in BATCHES:
            times[size][f"{way}_ms"] = _matrix_ms(graph, matrices, queries[size], way)
        del matrices
    return [{"triples": triples, "batch": size, **times[size]} for size in BATCHES]


def _frontier_ms(graph: SparseGraph, queries: list[Query]) -> float:
    starts = [Frontier.one_hot(query.entities, graph.num_entities) for query in queries]
    for start, query in zip(starts[:WARM_UPS], queries[:WARM_UPS], strict=True):
        _frontier_hops(graph, start, query)
    pairs = zip(starts[WARM_UPS:], queries[WARM_UPS:], strict=True)
    return median(_milliseconds(lambda: _frontier_hops(graph, start, query))[0] for start, query in pairs)  # noqa: B023


def _matrix_ms(graph: SparseGraph, matrices: Reified, queries: list[Query], way: str) -> float:
    """The first query warms up; then as many as fit the time, at least two; each is checked."""
    taken: list[float] = []
    for number, query in enumerate(queries[: MATRIX_REPEATS + 1]):
        start = Frontier.one_hot(query.entities, graph.num_entities)
        dense = start.to_dense()
        milliseconds, found = _milliseconds(lambda: _matrix_hops(matrices, dense, query))  # noqa: B023
        assert_equal(_frontier_hops(graph, start, query).to_dense(), found, way)
        taken += [milliseconds] if number else []
        if len(taken) >= 2 and sum(taken) > MATRIX_SECONDS * 1000:
            break
    return median(taken)


def _frontier_hops(graph: SparseGraph, frontier: Frontier, query: Query) -> Frontier:
    for relations in query.relations:
        frontier = graph.follow_frontier(frontier, relations)
    return frontier


def _matrix_hops(matrices: Reified, entities: Tensor, query: Query) -> Tensor:
    for relations in query.relations:
        entities = reified_follow(matrices, entities, relations)
    return entities


def _milliseconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    result = work()
    return (perf_counter() - start) * 1000, result


def _query(graph: SparseGraph, batch: int, random: np.random.Generator) -> Query:
    """Random entities, each with forward relations along which its hops lead somewhere."""
    walks = [_walk(graph, random) for _ in range(batch)]
    one_hot = torch.eye(graph.num_relations)
    relations = [one_hot[[walk[1][hop] for walk in walks]] for hop in range(HOPS)]
    return Query(torch.tensor([walk[0] for walk in walks]), relations)


def _walk(graph: SparseGraph, random: np.random.Generator) -> tuple[int, list[int]]:
    """A random entity from which a random walk of forward relations goes all the way, and its relations."""
    while True:
        start = entity = int(random.integers(graph.num_entities))
        taken: list[int] = []
        while len(taken) < HOPS:
            _, relations = graph.relations_of(torch.tensor([entity]))
            forward = [relation for relation in relations.tolist() if relation % 2 == 0]
            if not forward:
                break
            taken.append(int(random.choice(forward)))
            entity = int(random.choice(graph.objects_of(entity, taken[-1]).numpy()))
        if len(taken) == HOPS:
            return start, taken


def _power_law(random: np.random.Generator, count: int) -> Any:
    """Weights (count,) from 1 up, density falling as weight ** -EXPONENT, cut off at the largest."""
    tail = 1 - EXPONENT
    return (1 - random.random(count) * (1 - LARGEST_WEIGHT**tail)) ** (1 / tail)


def _matrix(rows: Tensor, columns: Tensor, shape: tuple[int, int], csr: bool) -> Tensor:
    places, ones = torch.stack([rows, columns]), torch.ones(rows.shape[0])
    matrix = torch.sparse_coo_tensor(places, ones, shape, check_invariants=True).coalesce()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse (CSR tensor support is in beta|invariant checks)")
        return matrix.to_sparse_csr() if csr else matrix
