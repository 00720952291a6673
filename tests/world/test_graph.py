"""Facts anyone can check, walked in the graph that is shipped."""

import gzip
from pathlib import Path

import pytest

from assets.world.graph import Graph, answer, goes_back
from assets.world.names import normalise
from assets.world.templates import TEMPLATES, parse_line


def ask(graph: Graph, program: str, *names: str) -> set[str]:
    """Labels of the answers; each name stands for its best known bearer of the class that the program wants."""
    template = parse_line(f"{program}\t{' '.join(['{a}', '{b}'][: len(names)])}", "test")
    reached = []
    for name, branch in zip(names, template.branches, strict=True):
        bearers = [node for node in graph.named[normalise(name)] if graph.kinds.get(node) == branch.kind]
        reached.append(graph.walk(max(bearers, key=graph.prominence), branch.path))
    return {graph.label(node) for node in set.intersection(*reached)}


@pytest.mark.parametrize(
    ("program", "names", "answers"),
    [
        ("Painting:housed_in", ["Mona Lisa"], {"Louvre"}),
        ("Painting:housed_in/located_in_city", ["Mona Lisa"], {"Paris"}),
        ("Person:~portrayed_by & FilmSeries:has_character", ["Natalie Portman", "Star Wars"], {"Padmé Amidala"}),
        ("Country:capital", ["France"], {"Paris"}),
        ("Country:capital", ["the US"], {"Washington, D.C."}),
        ("Country:capital", ["UK"], {"London"}),
        ("Country:capital", ["Georgia"], {"Tbilisi"}),
        ("State:capital", ["Georgia"], {"Atlanta"}),
        ("Country:capital", ["South Africa"], {"Pretoria", "Cape Town", "Bloemfontein"}),
        ("Country:borders", ["Portugal"], {"Spain"}),
        ("Country:borders", ["the United States"], {"Canada", "Mexico"}),
        ("Country:borders & Country:borders", ["France", "Austria"], {"Germany", "Italy", "Switzerland"}),
        ("City:located_in_country", ["NYC"], {"United States"}),
        ("City:located_in_country/currency", ["Tokyo"], {"Japanese Yen"}),
        ("Airport:serves_city", ["ORD"], {"Chicago"}),
        ("Element:discovered_by", ["Polonium"], {"Marie Curie", "Pierre Curie"}),
        ("ElementSymbol:~symbol", ["Au"], {"Gold"}),
        ("Element:atomic_number", ["Iron"], {"26"}),
        ("Planet:orbits", ["Mercury"], {"Sun"}),
        ("Person:~starring & Person:~starring", ["Tom Hanks", "Meg Ryan"], {"Sleepless in Seattle", "You've Got Mail"}),
    ],
)
def test_facts(graph: Graph, program: str, names: list[str], answers: set[str]) -> None:
    assert ask(graph, program, *names) == answers


def test_writers_of_films_with_tom_hanks(graph: Graph) -> None:
    assert {"Eric Roth", "Nora Ephron"} <= ask(graph, "Person:~starring/written_by", "Tom Hanks")


@pytest.mark.parametrize("name", ["Tom Hanks", "Georgia", "Paris", "Springfield", "Mercury", "Washington", "Cambridge"])
def test_names_that_mean_several_things(graph: Graph, name: str) -> None:
    bearers = [node for node in graph.named[normalise(name)] if node in graph.kinds]
    assert len(bearers) > 1
    assert len({graph.descriptions[node] for node in bearers}) > 1


def test_museums_and_universities_of_a_city_are_told_apart(graph: Graph) -> None:
    museums = ask(graph, "City:~located_in_city.Museum", "Paris")
    assert "Louvre" in museums
    assert not museums & ask(graph, "City:~located_in_city.University", "Paris")


def test_borders_and_marriages_hold_both_ways(graph: Graph) -> None:
    for relation in ("borders", "spouse"):
        pairs = {(one, two) for one, others in graph.forward[relation].items() for two in others}
        assert pairs
        assert {(two, one) for one, two in pairs} == pairs
        assert not [one for one, two in pairs if one == two]


def test_every_entity_has_label_class_and_description(graph: Graph) -> None:
    assert set(graph.labels) == set(graph.kinds) == set(graph.descriptions)
    assert all(graph.labels.values())


def test_the_files_are_small_enough_for_the_repository() -> None:
    for name in ("graph.nt.gz", "train.jsonl.gz", "dev.jsonl"):
        assert (TEMPLATES.parent / name).stat().st_size < 10_000_000


def test_a_walk_back_leaves_the_start_out(tmp_path: Path) -> None:
    lines = [
        f"<urn:world:Film/{film}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:world:c:Film> .\n"
        + f"<urn:world:Film/{film}> <urn:world:r:directed_by> <urn:world:Person/X> .\n"
        for film in "AB"
    ]
    file = tmp_path / "tiny.nt.gz"
    file.write_bytes(gzip.compress("".join(lines).encode()))
    graph = Graph.read(file)
    back = (("directed_by", False), ("directed_by", True))
    assert graph.walk("urn:world:Film/A", back) == {"urn:world:Film/B"}
    assert goes_back(("borders", False), ("borders", False))
    assert not goes_back(("located_in_country", False), ("capital", False))


def test_values_become_numbers() -> None:
    assert answer('"1994"^^<http://www.w3.org/2001/XMLSchema#gYear>') == 1994
    assert answer('"-0044"^^<http://www.w3.org/2001/XMLSchema#gYear>') == -44
    assert answer('"55.845"^^<http://www.w3.org/2001/XMLSchema#decimal>') == 55.845
    assert answer("urn:world:Film/Fargo") == "urn:world:Film/Fargo"
