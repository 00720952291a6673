"""Descriptions: each distinct one is encoded once, and comes back from disk as it was."""

from pathlib import Path

import numpy as np
import pytest

from kgqa.errors import ModelFormatError
from kgqa.graph.builder import GraphBuilder
from kgqa.graph.catalog import Catalog
from kgqa.graph.formats import Statement
from kgqa.linking.descriptions import Descriptions, described

DESCRIPTION, LABEL = "http://schema.org/description", "http://www.w3.org/2000/01/rdf-schema#label"


@pytest.fixture
def catalog() -> Catalog:
    builder = GraphBuilder()
    for statement in (
        *(Statement(f"urn:{name}", LABEL, name, False) for name in "abcd"),
        Statement("urn:a", DESCRIPTION, "actor", False),
        Statement("urn:b", DESCRIPTION, "actor", False),
        Statement("urn:c", DESCRIPTION, "seismologist", False),
        Statement("urn:a", "urn:knows", "urn:d", False),
        Statement("urn:b", "urn:knows", "urn:c", False),
    ):
        builder.add(statement)
    return builder.build("test")[0]


def encode(texts: list[str]) -> np.ndarray:
    rows = np.array([[len(text), text.count("s"), 1.0] for text in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_distinct_description_is_encoded_once(catalog: Catalog) -> None:
    made = Descriptions.build(catalog, encode)
    a, b, c, d = (int(made.of[catalog.entity(f"urn:{name}")]) for name in "abcd")
    assert a == b != c
    assert d == -1
    assert described(catalog, catalog.entity("urn:c")) == "seismologist"
    np.testing.assert_allclose(made.vectors[a] * made.scale, encode(["actor"])[0], atol=made.scale)


def test_they_come_back_from_disk_and_follow_a_graph_that_grows(catalog: Catalog, tmp_path: Path) -> None:
    made = Descriptions.build(catalog, encode)
    made.save(tmp_path)
    found = Descriptions.load(tmp_path, len(catalog))
    assert found is not None
    assert found.of.tolist() == made.of.tolist()
    assert (found.vectors == made.vectors).all()
    found.follow_graph(len(catalog) + 2)
    assert found.of.tolist() == [*made.of.tolist(), -1, -1]


def test_what_a_relation_leads_to_is_the_mean_of_how_its_ends_are_described() -> None:
    builder = GraphBuilder()
    described_as = {"a": "actor", "b": "actor", "c": "seismologist", "d": ""}
    for name, text in described_as.items():
        builder.add(Statement(f"urn:{name}", LABEL, name, False))
        if text:
            builder.add(Statement(f"urn:{name}", DESCRIPTION, text, False))
    for one, relation, other in (("a", "knows", "b"), ("a", "knows", "c"), ("b", "likes", "d")):
        builder.add(Statement(f"urn:{one}", f"urn:{relation}", f"urn:{other}", False))
    catalog, graph = builder.build("test")[:2]
    knows, likes = (2 * catalog.relation_ids.index(f"urn:{name}") for name in ("knows", "likes"))
    ends = Descriptions.build(catalog, encode).at_ends(graph)
    expected = encode(["actor"])[0] + encode(["seismologist"])[0]
    np.testing.assert_allclose(ends[knows], expected / np.linalg.norm(expected), atol=0.02)
    np.testing.assert_allclose(ends[knows + 1], encode(["actor"])[0], atol=0.02)
    assert not ends[likes].any()  # nothing says what "d" is
    np.testing.assert_allclose(ends[likes + 1], encode(["actor"])[0], atol=0.02)


def test_those_of_another_graph_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    assert Descriptions.load(tmp_path, 3) is None
    Descriptions.build(catalog, encode).save(tmp_path)
    with pytest.raises(ModelFormatError, match="build the model again"):
        Descriptions.load(tmp_path, len(catalog) + 1)
    np.save(tmp_path / "description_of.npy", np.full(len(catalog), 9, dtype=np.int32))
    with pytest.raises(ModelFormatError, match="points outside"):
        Descriptions.load(tmp_path, len(catalog))
