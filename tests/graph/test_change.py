"""A changed graph is the graph that would have been built, with the numbers that it had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import InputError, UnknownEntityError
from kgqa.graph.builder import GraphBuilder
from kgqa.graph.change import GraphChange
from kgqa.graph.formats import Statement
from kgqa.graph.store import KnowledgeGraph

FACTS = [("Jaws", "directed by", "Ana Sol"), ("Jaws", "release year", "1975"), ("Heat", "directed by", "Ana Sol")]


def graph_of(facts: list[tuple[str, str, str]]) -> KnowledgeGraph:
    builder = GraphBuilder()
    for fact in facts:
        builder.add(Statement(*fact, True))
    return KnowledgeGraph(*builder.build("test"))


def stated(graph: KnowledgeGraph) -> set[tuple[str, str, str]]:
    ids, relations = graph.catalog.entity_ids, graph.catalog.relation_ids
    columns = (column.tolist() for column in graph.sparse.triples())
    return {(ids[s], relations[r], ids[o]) for s, r, o in zip(*columns, strict=True)}


def changed(graph: KnowledgeGraph, *facts: tuple[str, str, str], take: bool = False) -> KnowledgeGraph:
    change = GraphChange(graph)
    for fact in facts:
        (change.remove if take else change.add)(Statement(*fact, True))
    return change.apply().graph


name = st.sampled_from(["a", "b", "c", "d", "1990", "12.5"])
fact = st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["likes", "knows"]), name)


@given(st.lists(fact, min_size=1, max_size=6), st.lists(fact, max_size=6))
def test_adding_and_taking_back(first: list[tuple[str, str, str]], more: list[tuple[str, str, str]]) -> None:
    graph = graph_of(first)
    larger = changed(graph, *more)
    assert stated(larger) == stated(graph_of([*first, *more]))
    assert list(larger.catalog.entity_ids)[: len(graph.catalog)] == list(graph.catalog.entity_ids)
    assert [larger.catalog.entity(id_) for id_ in larger.catalog.entity_ids] == list(range(len(larger.catalog)))
    extra = stated(larger) - stated(graph)
    smaller = changed(larger, *[one for one in dict.fromkeys(more) if as_ids(one) in extra], take=True)
    assert stated(smaller) == stated(graph)


def as_ids(one: tuple[str, str, str]) -> tuple[str, str, str]:
    kinds = {"1975": "integer", "1990": "integer", "12.5": "decimal"}
    value = f'"{one[2]}"^^<http://www.w3.org/2001/XMLSchema#{kinds[one[2]]}>' if one[2] in kinds else one[2]
    return one[0], one[1], value


def test_new_entities_and_relations_come_last_and_have_names() -> None:
    graph = changed(graph_of(FACTS), ("Dune", "scored_by", "Bo Lind"), ("Dune", "release year", "2021"))
    catalog = graph.catalog
    assert [catalog.labels[entity] for entity in range(4, 7)] == ["Dune", "Bo Lind", "2021"]
    assert catalog.values[6] == 2021
    assert list(catalog.relation_labels) == ["directed by", "release year", "scored by"]


def test_an_entity_is_found_by_a_name_that_it_alone_has() -> None:
    graph = changed(graph_of(FACTS), ("Ana Sol", "skos:altLabel", "Ana"), ("Ana", "born in", "Lund"))
    assert ("Ana Sol", "born in", "Lund") in stated(graph)
    assert graph.catalog.aliases(graph.catalog.entity("Ana Sol")) == ["Ana"]
    twins = changed(graph, ("urn:x", "rdfs:label", "Jaws"), ("urn:x", "directed by", "Bo Lind"))
    with pytest.raises(InputError, match=r"'Ana' is the name of 2 entities; give the id of one \(urn:y, Ana Sol\)"):
        changed(changed(twins, ("urn:y", "rdfs:label", "Ana")), ("Ana", "born in", "Oslo"))


def test_a_new_label_keeps_the_old_one_as_an_alias() -> None:
    catalog = changed(graph_of(FACTS), ("Jaws", "rdfs:label", "Jaws (1975)")).catalog
    entity = catalog.entity("Jaws")
    assert (catalog.labels[entity], catalog.aliases(entity)) == ("Jaws (1975)", ["Jaws"])


def test_a_removed_entity_keeps_its_number_and_nothing_else() -> None:
    change = GraphChange(graph_of(FACTS))
    change.remove_entity("Ana Sol")
    done = change.apply()
    entity = done.graph.catalog.entity("Ana Sol")
    assert stated(done.graph) == {as_ids(("Jaws", "release year", "1975"))}
    assert done.graph.catalog.labels[entity] == ""
    assert done.lost == ((entity, "Ana Sol"),)
    assert done.removed == 3


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        (("Jaws", "directed by", "Heat"), "does not state 'Jaws' 'directed by' 'Heat'"),
        (("Jaws", "likes", "Heat"), "no relation 'likes'"),
        (("Kong", "directed by", "Ana Sol"), "no entity 'Kong'"),
        (("Jaws", "skos:altLabel", "Shark"), "'Jaws' has no alias 'Shark'"),
        (("Jaws", "rdfs:label", "Jaws"), "cannot be taken away"),
    ],
)
def test_what_is_not_there_cannot_be_taken(taken: tuple[str, str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        changed(graph_of(FACTS), taken, take=True)


def test_unknown_entities_are_told_apart_from_bad_input() -> None:
    with pytest.raises(UnknownEntityError):
        GraphChange(graph_of(FACTS)).remove_entity("Kong")
