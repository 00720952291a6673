"""Schema: which relations follow which, against counting fact by fact."""

import pytest
import torch
from hypothesis import given

from kgqa.graph.kinds import Kinds
from kgqa.graph.schema import Schema
from tests.graph.small import Drawn, drawn, sparse, with_inverses


@given(drawn())
def test_shares_are_those_of_the_facts(case: Drawn) -> None:
    schema = Schema.of_graph(case.graph, Kinds.of_graph(case.graph))
    facts = with_inverses(case.triples)
    size = case.graph.num_relations
    had = {entity: {r for s, r, _ in facts if s == entity} for entity in range(case.num_entities)}
    after = schema.after(torch.eye(size))
    for first in range(size):
        ends = [o for _, r, o in facts if r == first]
        for second in range(size):
            share = sum(second in had[end] for end in ends) / max(len(ends), 1)
            assert float(after[first, second]) == pytest.approx(share, abs=1e-6)


def test_the_gradient_reaches_the_relations() -> None:
    graph = sparse([(0, 0, 1), (1, 1, 2), (3, 0, 4)], 5, 2)
    relations = torch.tensor([[0.5, 0.0, 0.5, 0.0]], requires_grad=True)
    after = Schema.of_graph(graph, Kinds.of_graph(graph)).after(relations)
    assert after.tolist() == [[0.0, 0.5, 0.25, 0.5]]
    after.sum().backward()
    assert relations.grad is not None
    assert relations.grad.tolist() == [[1.5, 1.0, 1.0, 2.0]]
