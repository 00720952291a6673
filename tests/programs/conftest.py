"""A land of states, cities and rivers, with numbers."""

from pathlib import Path

import pytest

from kgqa.graph.numbers import Numbers
from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.programs.machine import Machine
from kgqa.programs.space import Space

TURTLE = """
@prefix : <urn:x:> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:state rdfs:label "state" . :city rdfs:label "city" . :river rdfs:label "river" .
:in rdfs:label "in state" . :borders rdfs:label "borders" . :flows rdfs:label "flows through" .
:population rdfs:label "population" . :capital rdfs:label "capital" .
:ada a :state ; rdfs:label "Ada" ; :borders :bor, :cyr ; :capital :alm ; :population 900 .
:bor a :state ; rdfs:label "Bor" ; :borders :ada ; :capital :bex ; :population 400 .
:cyr a :state ; rdfs:label "Cyr" ; :borders :ada ; :population 400 .
:alm a :city ; rdfs:label "Alm" ; :in :ada ; :population 300 .
:ash a :city ; rdfs:label "Ash" ; :in :ada ; :population 250, 310 .
:bex a :city ; rdfs:label "Bex" ; :in :bor ; :population 120 .
:bay a :city ; rdfs:label "Bay" ; :in :bor .
:cob a :city ; rdfs:label "Cob" ; :in :cyr ; :population 90 .
:ouse a :river ; rdfs:label "Ouse" ; :flows :ada, :bor .
:adda a :river ; rdfs:label "Ada" ; :flows :cyr .
"""


@pytest.fixture(scope="session")
def land(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    path = tmp_path_factory.mktemp("land") / "land.ttl"
    path.write_text(TURTLE)
    return build_graph([path])[0]


@pytest.fixture(scope="session")
def land_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("land") / "land.ttl"
    path.write_text(TURTLE)
    return path


@pytest.fixture(scope="session")
def numbers(land: KnowledgeGraph) -> Numbers:
    return Numbers.of_graph(land)


@pytest.fixture(scope="session")
def machine(numbers: Numbers) -> Machine:
    return Machine(numbers)


@pytest.fixture(scope="session")
def space(machine: Machine) -> Space:
    return Space(machine)
