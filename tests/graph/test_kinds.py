"""Kinds: entities are of one kind just when they have the same relations."""

import torch
from hypothesis import given

from kgqa.graph.kinds import Kinds
from tests.graph.small import Drawn, drawn, sparse, with_inverses


def relations_of(kinds: Kinds, kind: int) -> list[int]:
    return kinds.relations[kinds.pointers[kind] : kinds.pointers[kind + 1]].tolist()


@given(drawn())
def test_a_kind_is_a_set_of_relations(case: Drawn) -> None:
    kinds = Kinds.of_graph(case.graph)
    own = [{r for s, r, _ in with_inverses(case.triples) if s == entity} for entity in range(case.num_entities)]
    for entity, kind in enumerate(kinds.of.tolist()):
        assert relations_of(kinds, kind) == sorted(own[entity])
        assert [other for other in range(case.num_entities) if kinds.of[other] == kind] == [
            other for other in range(case.num_entities) if own[other] == own[entity]
        ]


def test_an_entity_without_relations_is_of_a_kind_too() -> None:
    kinds = Kinds.of_graph(sparse([(0, 0, 1)], 4, 1))
    assert kinds.of[2] == kinds.of[3]
    assert relations_of(kinds, int(kinds.of[2])) == []
    assert len(torch.unique(kinds.of)) == len(kinds.pointers) - 1 == 3
