"""A graph of a dozen triples, the plain Python that the tensor code must equal, and strategies to draw graphs."""

from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from kgqa.graph.sparse import SparseGraph

Triple = tuple[int, int, int]


class Drawn(NamedTuple):
    """A small graph as plain triples, with weights (B, E) and (B, R) to follow it with."""

    triples: list[Triple]
    num_entities: int
    num_relations: int
    entities: Tensor
    relations: Tensor

    @property
    def graph(self) -> SparseGraph:
        return sparse(self.triples, self.num_entities, self.num_relations)


def sparse(triples: list[Triple], num_entities: int, num_relations: int) -> SparseGraph:
    rows = np.array(triples, dtype=np.int64).reshape(-1, 3)
    return SparseGraph.from_triples(rows[:, 0], rows[:, 1], rows[:, 2], num_entities, num_relations)


def with_inverses(triples: list[Triple]) -> set[Triple]:
    return {(s, 2 * r, o) for s, r, o in triples} | {(o, 2 * r + 1, s) for s, r, o in triples}


def plain_follow(triples: list[Triple], entities: Tensor, relations: Tensor) -> Tensor:
    """Every triple of every question, one by one."""
    zero = (entities.sum() + relations.sum()) * 0
    rows = [[zero for _ in range(entities.shape[1])] for _ in range(len(entities))]
    for b in range(len(entities)):
        for s, r, o in with_inverses(triples):
            rows[b][o] = rows[b][o] + entities[b, s] * relations[b, r]
    return torch.stack([torch.stack(row) for row in rows])


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    num_entities, num_relations, batch = draw(st.integers(1, 7)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    entity = st.integers(0, num_entities - 1)
    triples = draw(st.lists(st.tuples(entity, st.integers(0, num_relations - 1), entity), max_size=12))
    entities = draw(weights(batch, num_entities))
    return Drawn(triples, num_entities, num_relations, entities, draw(weights(batch, 2 * num_relations)))


def weights(rows: int, columns: int) -> st.SearchStrategy[Tensor]:
    """Doubles, many of them zero."""
    weight = st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 3.0])
    row = st.lists(weight, min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows).map(lambda table: torch.tensor(table, dtype=torch.float64))
