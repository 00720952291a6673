"""A world of a dozen names: three cities called San Jose, one of them with an alias, people, a value and a year."""

from pathlib import Path

import numpy as np
import pytest
import torch

from kgqa.graph.catalog import Catalog
from kgqa.graph.store import build_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex

LABELS = {
    "sj1": "San Jose",
    "sj2": "San José",
    "sj3": "San Jose",
    "us": "United States",
    "cr": "Costa Rica",
    "tom": "Tom Hanks",
    "colin": "Colin Hanks",
    "leo": "Leonardo DiCaprio",
    "matrix": "The Matrix",
    "list": "Schindler's List",
    "band": "!!!",
    "kismet1": "Kismet",
    "kismet2": "kismet",
    "twin": "Twin Peaks",
}
ALIASES = {"us": ["USA", "America"], "sj2": ["Chepe"], "tom": ["Thomas Jeffrey Hanks"]}
FACTS = [
    ("sj1", "in", "us"),
    ("sj2", "in", "cr"),
    ("sj2", "capital", "cr"),
    ("tom", "child", "colin"),
    ("tom", "citizen", "us"),
    ("leo", "citizen", "us"),
    ("matrix", "country", "us"),
    ("list", "country", "us"),
    ("band", "country", "us"),
    ("sj3", "in", "us"),
    ("kismet1", "country", "us"),
    ("kismet2", "same", "kismet1"),
    ("twin", "country", "us"),
]
NUMBERS = [("tom", "born", 1956), ("sj1", "population", 1013240)]


def _lines() -> list[str]:
    label, alias = "<http://www.w3.org/2000/01/rdf-schema#label>", "<http://www.w3.org/2004/02/skos/core#altLabel>"
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    return [
        *(f'<urn:t:{key}> {label} "{text}" .' for key, text in LABELS.items()),
        *(f'<urn:t:{key}> {alias} "{text}" .' for key, texts in ALIASES.items() for text in texts),
        *(f"<urn:t:{s}> <urn:t:r:{r}> <urn:t:{o}> ." for s, r, o in FACTS),
        *(f'<urn:t:{s}> <urn:t:r:{r}> "{number}"^^{integer} .' for s, r, number in NUMBERS),
    ]


class World:
    """A catalog with the degrees of its entities, and entities by their short name."""

    def __init__(self, path: Path) -> None:
        path.write_text("\n".join(_lines()) + "\n", encoding="utf-8")
        graph = build_graph([path])[0]
        self.catalog: Catalog = graph.catalog
        self.degrees: np.ndarray = graph.sparse.degree(torch.arange(len(graph.catalog))).numpy()

    def __getitem__(self, key: str) -> int:
        return self.catalog.entity(f"urn:t:{key}")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world") / "world.nt")


@pytest.fixture(scope="session")
def encoder() -> NameEncoder:
    return NameEncoder.from_pretrained()


@pytest.fixture(scope="session")
def unchanged_index(world: World) -> EntityIndex:
    return EntityIndex.build(world.catalog, world.degrees, None)


@pytest.fixture
def index(world: World) -> EntityIndex:
    return EntityIndex.build(world.catalog, world.degrees, None)


@pytest.fixture
def encoded_index(world: World, encoder: NameEncoder) -> EntityIndex:
    return EntityIndex.build(world.catalog, world.degrees, encoder)
