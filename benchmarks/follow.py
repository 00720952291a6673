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
from typing import Any, NamedTuple, TypeVar

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
MATRIX_SECONDS = 20.0

Result = TypeVar("Result")


class Query(NamedTuple):
    """B entities (B,) and for each hop one relation each, one-hot: HOPS tensors of shape (B, R)."""

    entities: Tensor
    relations: list[Tensor]

    def to(self, device: str) -> "Query":
        """The same query on another device."""
        return Query(self.entities.to(device), [hop.to(device) for hop in self.relations])


class Trial(NamedTuple):
    """A graph of a size, and queries for each batch size."""

    triples: int
    graph: SparseGraph
    queries: dict[int, list[Query]]

    def to(self, device: str) -> "Trial":
        """The same trial on another device."""
        queries = {size: [query.to(device) for query in rows] for size, rows in self.queries.items()}
        return Trial(self.triples, self.graph.to(device), queries)


class Reified(NamedTuple):
    """The three matrices, laid out for a product from the left: (T, E), (T, R) and (E, T)."""

    subjects: Tensor
    relations: Tensor
    objects: Tensor


def run(triples: Sequence[int], seed: int = 0, device: str = "cpu") -> list[dict[str, Any]]:
    """Time 2-hop follow at each graph size, on a device: one row for each number of triples and batch size.

    Returns:
        rows of {"triples", "batch", "frontier_ms", "coo_ms", "csr_ms"}, medians.
    Raises:
        AssertionError: if the three ways disagree on any query that was timed by all.
    """
    with torch.inference_mode():
        trials = [_trial(size, seed).to(device) for size in triples]
        frontier = [_frontier_ms(trials, batch) for batch in BATCHES]
        return [
            row for trial, times in zip(trials, zip(*frontier, strict=True), strict=True) for row in _rows(trial, times)
        ]


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
    rows = torch.arange(graph.num_triples, device=graph.device)
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
    reached: Tensor = torch.sparse.mm(matrices.objects, weight)  # (E, B)
    return reached.T


def assert_equal(expected: Tensor, found: Tensor, way: str) -> None:
    """Raise AssertionError, naming the way, unless both results (B, E) are the same."""
    torch.testing.assert_close(found, expected, msg=lambda message: f"{way} disagrees with the frontier: {message}")


def _trial(triples: int, seed: int) -> Trial:
    graph = power_law_graph(triples, seed)
    random = np.random.default_rng(seed)
    count = WARM_UPS + FRONTIER_REPEATS
    return Trial(triples, graph, {size: [_query(graph, size, random) for _ in range(count)] for size in BATCHES})


def _rows(trial: Trial, frontier: Sequence[float]) -> list[dict[str, Any]]:
    """Time both kinds of matrices, one kind in memory at a time, beside the frontier's medians."""
    coo, csr = (_matrices_ms(trial, way) for way in ("coo", "csr"))
    columns = zip(BATCHES, frontier, coo, csr, strict=True)
    names = ("triples", "batch", "frontier_ms", "coo_ms", "csr_ms")
    return [dict(zip(names, (trial.triples, *column), strict=True)) for column in columns]


def _matrices_ms(trial: Trial, way: str) -> list[float]:
    """A median for each batch size."""
    matrices = reified(trial.graph, csr=way == "csr")
    return [_matrix_ms(trial, batch, matrices, way) for batch in BATCHES]


def _frontier_ms(trials: Sequence[Trial], batch: int) -> list[float]:
    """A median for each trial; they take turns, so that a busy moment of the machine falls on all alike."""
    times: list[list[float]] = [[] for _ in trials]
    for number in range(WARM_UPS + FRONTIER_REPEATS):
        for trial, taken in zip(trials, times, strict=True):
            query = trial.queries[batch][number]
            start = Frontier.one_hot(query.entities, trial.graph.num_entities)
            taken.append(_milliseconds(_frontier_hops, trial.graph, start, query)[0])
    return [median(taken[WARM_UPS:]) for taken in times]


def _matrix_ms(trial: Trial, batch: int, matrices: Reified, way: str) -> float:
    """The first query warms up, unless it alone takes all the time there is; each is checked."""
    taken: list[float] = []
    for query in trial.queries[batch][: MATRIX_REPEATS + 1]:
        start = Frontier.one_hot(query.entities, trial.graph.num_entities)
        milliseconds, found = _milliseconds(_matrix_hops, matrices, start.to_dense(), query)
        assert_equal(_frontier_hops(trial.graph, start, query).to_dense(), found, way)
        taken.append(milliseconds)
        if sum(taken) > MATRIX_SECONDS * 1000:
            break
    return median(taken[1:] or taken)


def _frontier_hops(graph: SparseGraph, frontier: Frontier, query: Query) -> Frontier:
    for relations in query.relations:
        frontier = graph.follow_frontier(frontier, relations)
    return frontier


def _matrix_hops(matrices: Reified, entities: Tensor, query: Query) -> Tensor:
    for relations in query.relations:
        entities = reified_follow(matrices, entities, relations)
    return entities


def _milliseconds(work: Callable[..., Result], *arguments: Any) -> tuple[float, Result]:
    start = perf_counter()
    result = work(*arguments)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
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
    places, ones = torch.stack([rows, columns]), torch.ones(rows.shape[0], device=rows.device)
    matrix = torch.sparse_coo_tensor(places, ones, shape, check_invariants=True).coalesce()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse (CSR tensor support is in beta|invariant checks)")
        return matrix.to_sparse_csr() if csr else matrix
