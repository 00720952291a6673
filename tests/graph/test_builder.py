"""Which ids become entities and what they are called."""

import math
from collections.abc import Sequence

import pytest

from kgqa.errors import GraphFormatError
from kgqa.graph.builder import Built, GraphBuilder
from kgqa.graph.formats import Statement
from kgqa.graph.literals import XSD, Literal

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALIAS = "http://www.w3.org/2004/02/skos/core#altLabel"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DESCRIPTION = "http://schema.org/description"
PARIS, FRANCE, CAPITAL, CITY = "urn:x:Paris", "urn:x:France", "urn:x:capitalOf", "urn:x:BigCity"


def built(rows: Sequence[tuple[str, str, str | Literal]], named: bool = True) -> Built:
    """The graph of rows of a table or, with `named` off, of RDF."""
    builder = GraphBuilder()
    for subject, relation, object_ in rows:
        builder.add(Statement(subject, relation, object_, named))
    return builder.build("test")


def rdf(*rows: tuple[str, str, str | Literal]) -> Built:
    return built([(PARIS, LABEL, Literal("Paris", language="en")), (PARIS, CAPITAL, FRANCE), *rows], named=False)


def test_everything_said_about_an_entity_is_kept() -> None:
    catalog = rdf(
        (PARIS, ALIAS, Literal("City of Light", language="en")),
        (PARIS, ALIAS, Literal("Paname")),
        (PARIS, DESCRIPTION, Literal("capital of France")),
        (PARIS, TYPE, CITY),
        (PARIS, TYPE, "urn:x:c2"),
        ("urn:x:c2", LABEL, Literal("seat of government")),
        (PARIS, "urn:x:population", Literal("2161000", XSD + "integer")),
    ).catalog
    paris = catalog.entity(PARIS)
    assert catalog.labels[paris] == "Paris"
    assert catalog.aliases(paris) == ["City of Light", "Paname"]
    assert catalog.descriptions[paris] == "capital of France"
    assert catalog.classes(paris) == ["big city", "seat of government"]
    number = catalog.entity(f'"2161000"^^<{XSD}integer>')
    assert (catalog.labels[number], catalog.values[number], catalog.is_value[number]) == ("2,161,000", 2161000, True)
    assert math.isnan(catalog.values[paris])


def test_classes_and_relations_are_no_entities_and_types_no_edges() -> None:
    graph = rdf(
        (PARIS, TYPE, CITY),
        (CITY, LABEL, Literal("city")),
        (CAPITAL, LABEL, Literal("is the capital of")),
        (CAPITAL, ALIAS, Literal("heads")),
        (CAPITAL, DESCRIPTION, Literal("from city to country")),
        ("urn:x:unused", TYPE, "http://www.w3.org/2002/07/owl#ObjectProperty"),
    )
    assert list(graph.catalog.entity_ids) == [PARIS, FRANCE]
    assert graph.sparse.num_triples == 1
    assert list(graph.catalog.relation_labels) == ["is the capital of"]
    assert list(graph.catalog.relation_descriptions) == ["from city to country"]
    assert graph.catalog.relation_aliases(0) == ["heads"]


def test_an_entity_with_a_name_and_no_triple_is_kept() -> None:
    catalog = rdf(("urn:x:Rome", LABEL, Literal("Rome"))).catalog
    assert catalog.labels[catalog.entity("urn:x:Rome")] == "Rome"


def test_english_comes_first_and_the_other_names_are_aliases() -> None:
    catalog = rdf(
        (FRANCE, LABEL, Literal("Frankreich", language="de")),
        (FRANCE, LABEL, Literal("République française")),
        (FRANCE, LABEL, Literal("France", language="en-GB")),
        (FRANCE, LABEL, Literal("France", language="fr")),
        (FRANCE, LABEL, Literal("  ")),
    ).catalog
    france = catalog.entity(FRANCE)
    assert catalog.labels[france] == "France"
    assert catalog.aliases(france) == ["République française", "Frankreich"]


@pytest.mark.parametrize(
    ("id_", "label"),
    [
        ("http://x.org/wiki/New_York_City", "New York City"),
        ("http://x.org/things#YouTube", "YouTube"),
        ("urn:x:Saint%20Petersburg/", "Saint Petersburg"),
        ("_:b0", "(unnamed)"),
    ],
)
def test_an_entity_without_a_label_is_called_by_the_end_of_its_id(id_: str, label: str) -> None:
    catalog = rdf((PARIS, "urn:x:r", id_)).catalog
    assert catalog.labels[catalog.entity(id_)] == label


@pytest.mark.parametrize(
    ("iri", "label"),
    [
        ("urn:x:directed_by", "directed by"),
        ("http://x.org/directedBy", "directed by"),
        ("http://x.org#placeOfBirth", "place of birth"),
        ("urn:x:hasISBN", "has ISBN"),
        ("urn:x:parseXMLFile", "parse XML file"),
    ],
)
def test_a_relation_without_a_label_is_called_by_the_words_of_its_id(iri: str, label: str) -> None:
    assert label in rdf((PARIS, iri, FRANCE)).catalog.relation_labels


def test_in_a_table_ids_are_names_and_numbers_are_values() -> None:
    catalog = built([("Kismet", "release_year", "1955"), ("nan", "in_language", "nan"), ("AC/DC", "is", "007")]).catalog
    assert list(catalog.labels) == ["Kismet", "nan", "AC/DC", "007", "1955"]
    assert catalog.is_value.tolist() == [False, False, False, False, True]
    assert catalog.entity_ids[4] == f'"1955"^^<{XSD}integer>'
    assert list(catalog.relation_labels) == ["release year", "in language", "is"]


def test_numbers_that_are_subjects_too_are_entities() -> None:
    catalog = built([("1", "knows", "2"), ("2", "knows", "3")]).catalog
    assert list(catalog.entity_ids) == ["1", "2", f'"3"^^<{XSD}integer>']


def test_a_number_of_a_table_is_the_same_number_of_rdf() -> None:
    builder = GraphBuilder()
    builder.add(Statement("urn:x:a", "urn:x:year", Literal("1955", XSD + "integer"), False))
    builder.add(Statement("Kismet", "release_year", "1955", True))
    assert builder.build("test").catalog.is_value.sum() == 1


def test_short_forms_name_things_in_a_table() -> None:
    rows = [("q1", "rdfs:label", "Kismet"), ("q1", "skos:altLabel", "Fate"), ("q1", "rdf:type", "film")]
    catalog = built([*rows, ("q1", "schema:description", "a film"), ("q1", "directed_by", "q2")]).catalog
    assert (catalog.labels[0], catalog.aliases(0), catalog.classes(0)) == ("Kismet", ["Fate"], ["film"])
    assert catalog.descriptions[0] == "a film"


@pytest.mark.parametrize(
    "label", ["<img src=x onerror=alert(1)>", "![](http://x)", "a\nb\x00c", "\u202eevil", "💥 'or 1=1"]
)
def test_hostile_labels_are_kept_as_they_are(label: str) -> None:
    catalog = rdf((FRANCE, LABEL, Literal(label))).catalog
    assert catalog.labels[catalog.entity(FRANCE)] == label


def test_blank_nodes_of_different_files_are_different() -> None:
    builder = GraphBuilder()
    builder.add(Statement(PARIS, LABEL, Literal("Paris"), False))
    for file in (0, 1):
        builder.add(Statement("_:b", "urn:x:r", PARIS, False), file)
        builder.add(Statement(PARIS, "urn:x:s", "_:b", False), file)
    assert list(builder.build("test").catalog.entity_ids) == ["_:b", PARIS, "_:1.b"]


def test_a_graph_without_triples_is_refused() -> None:
    with pytest.raises(GraphFormatError, match=r"^test: no triples"):
        built([(PARIS, LABEL, Literal("Paris"))], named=False)


def test_a_graph_without_labels_is_refused() -> None:
    blank = (PARIS, LABEL, Literal(" "))
    with pytest.raises(GraphFormatError, match=r"^test: no entity has a label; add rdfs:label"):
        built([(PARIS, CAPITAL, FRANCE)], named=False)
    with pytest.raises(GraphFormatError, match=r"^test: no entity has a label; add rdfs:label"):
        built([(PARIS, CAPITAL, FRANCE), blank], named=False)
    with pytest.raises(GraphFormatError, match="no entity has a label"):
        built([(PARIS, CAPITAL, FRANCE), (CAPITAL, LABEL, Literal("capital of"))], named=False)
