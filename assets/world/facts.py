"""Facts: the hand-written tables in facts/, their keys resolved to entities, and the checks that they must pass."""

from __future__ import annotations

import re
from pathlib import Path

from assets.world.names import label_of, normalise
from assets.world.places import TABLES, Places
from assets.world.schema import CLASSES, DECIMAL, INTEGER, RELATIONS, YEAR
from assets.world.tables import Row, TableError, read_header, read_rows
from assets.world.world import Entity, Value, World

FACTS = Path(__file__).parent / "facts"
# The class of a table's rows, unless it has a column `class`.
TABLE_CLASSES = {
    "airports": "Airport",
    "albums": "Album",
    "art_awards": "Award",
    "art_people": "Person",
    "awards": "Award",
    "bands": "Band",
    "books": "Book",
    "buildings": "Landmark",
    "characters": "Character",
    "deities": "Deity",
    "deserts": "Desert",
    "discoveries": "Discovery",
    "film_series": "FilmSeries",
    "films": "Film",
    "inventions": "Invention",
    "islands": "Island",
    "lakes": "Lake",
    "landmarks": "Landmark",
    "moons": "Moon",
    "mountains": "Mountain",
    "museums": "Museum",
    "music": "MusicalWork",
    "musical_works": "MusicalWork",
    "paintings": "Painting",
    "people": "Person",
    "planets": "Planet",
    "rivers": "River",
    "sculptures": "Sculpture",
    "seas": "Sea",
    "series": "FilmSeries",
    "stars": "Star",
    "universities": "University",
}
NAME_COLUMNS = frozenset({"aliases", "description", "class"})
YEAR_TEXT = re.compile(r"-?\d{1,4}")
NUMBER_TEXT = {INTEGER: re.compile(r"-?\d+"), DECIMAL: re.compile(r"-?\d+\.\d+")}


class Facts:
    """Reads every table twice: first the entities its rows name, then what the rows say about them."""

    def __init__(self, world: World, places: Places) -> None:
        self.world = world
        self.places = places
        self.former_countries = {row["name"] for row in read_rows(TABLES / "former_countries.tsv")}

    def read(self, directory: Path = FACTS) -> None:
        tables = sorted(directory.glob("*.tsv"))
        rows = [row for table in tables for row in self._checked_rows(table)]
        self._merge_books(rows)
        for row in rows:
            self._add_entity(row)
        for row in rows:
            self._add_facts(row)

    def _checked_rows(self, table: Path) -> list[Row]:
        header = read_header(table)
        allowed = set(RELATIONS) | NAME_COLUMNS | {"cast"}
        for column in header[1:]:
            if column not in allowed:
                raise TableError(f"{table.name}:1: unknown column {column!r}")
        if table_class(table) is None and "class" not in header:
            raise TableError(f"{table.name}:1: no class is known for this table, and it has no column 'class'")
        return list(read_rows(table))

    def _add_entity(self, row: Row) -> None:
        entity = self._row_entity(row)
        entity.aliases.extend(row.values("aliases"))
        entity.description = entity.description or row.cells.get("description", "")

    def _merge_books(self, rows: list[Row]) -> None:
        """One title by one author is one book, though two tables have different keys for it."""
        keys: dict[tuple[str, str], str] = {}
        for row in rows:
            key = next(iter(row.cells.values()))
            if row_class(row) == "Book" and row.values("author"):
                first = keys.setdefault((normalise(label_of(key)), row.values("author")[0]), key)
                if first != key:
                    self.world.merge("Book", key, first)
                    self.world.problem(f"one book, two keys: {first}, {key} ({row.path.name})")

    def _row_entity(self, row: Row) -> Entity:
        kind = row_class(row)
        if kind not in CLASSES:
            raise row.error(f"unknown class {kind!r}")
        return self.world.entity(kind, next(iter(row.cells.values())))

    def _add_facts(self, row: Row) -> None:
        subject = self._row_entity(row)
        for column in list(row.cells)[1:]:
            if column == "cast":
                self._add_cast(subject, row)
            elif column not in NAME_COLUMNS:
                for text in row.values(column):
                    self.world.add(subject, column, self._target(subject, column, text, row))

    def _add_cast(self, film: Entity, row: Row) -> None:
        """`Actor=Character`, or the actor alone; one actor's several characters are separated by `/`."""
        for entry in row.values("cast"):
            actor, _, characters = entry.partition("=")
            person = self.world.entity("Person", actor.strip())
            self.world.add(film, "starring", person)
            for name in filter(None, (part.strip() for part in characters.split("/"))):
                character = self.world.get("Deity", name) or self.world.entity("Character", name)
                self.world.add(film, "has_character", character)
                self.world.add(character, "portrayed_by", person)

    def _target(self, subject: Entity, column: str, text: str, row: Row) -> Entity | Value:
        relation = RELATIONS[column]
        if relation.is_value:
            return self._value(column, text, row)
        if column in ("parent", "spouse") and subject.kind == "Deity":
            return self.world.entity("Deity", text)
        if relation.range == ("Place",):
            return self._place(text, row)
        if relation.range == ("City",):
            return self._city(text, row)
        if "Country" in relation.range:
            return self._country(text, row)
        known = (self.world.get(kind, text) for kind in relation.range)
        return next((entity for entity in known if entity), None) or self._new(relation.range[0], text)

    def _new(self, kind: str, key: str) -> Entity:
        """Genres, occupations, languages and the like come into being by being named."""
        lower = key[:1].lower() + key[1:]
        return self.world.get(kind, lower) or self.world.entity(kind, key)

    def _value(self, column: str, text: str, row: Row) -> Value:
        kinds = RELATIONS[column].range
        if kinds == (YEAR,):
            if not YEAR_TEXT.fullmatch(text):
                raise row.error(f"{column}: not a year: {text!r}")
            sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
            return Value(sign + digits.zfill(4), YEAR)
        kind = INTEGER if NUMBER_TEXT[INTEGER].fullmatch(text) else DECIMAL
        if kind == DECIMAL and not NUMBER_TEXT[DECIMAL].fullmatch(text):
            raise row.error(f"{column}: not a number: {text!r}")
        return Value(text, kind)

    def _city(self, text: str, row: Row) -> Entity:
        city = self.places.city(text)
        if city is None:
            raise row.error(f"no city of the form 'Name, CC': {text!r}")
        return city

    def _country(self, text: str, row: Row) -> Entity:
        found = self.places.country(text) or self.places.state(text)
        if found is None:
            if text not in self.former_countries:
                self.world.problem(f"{row.path.name}: not a country of ours: {text!r}")
            return self.world.entity("Country", text)
        return found

    def _place(self, text: str, row: Row) -> Entity:
        """A country, a state, a city `Name, CC`, any other place that is known by this key, or a new one."""
        found = self.places.country(text) or (self.places.city(text) if ", " in text else None)
        kinds = ("River", "Mountain", "Island", "Lake", "Landmark", "Place", "Continent", "MountainRange", "Desert")
        known = (self.world.get(kind, text) for kind in kinds)
        found = found or self.places.state(text) or next((entity for entity in known if entity), None)
        return found or self.world.entity("Place", text)


def row_class(row: Row) -> str:
    return row.cells.get("class") or table_class(row.path) or ""


def table_class(table: Path) -> str | None:
    """`films.tsv` and `films_more.tsv` both hold films."""
    stem = table.stem
    prefixes = (kind for prefix, kind in TABLE_CLASSES.items() if stem.startswith(prefix))
    return TABLE_CLASSES.get(stem) or next(prefixes, None)


def add_series_characters(world: World) -> None:
    """A series has the characters of its films."""
    for film, series in list(world.facts["part_of_series"].items()):
        for whole in series:
            for character in list(world.facts["has_character"].get(film, ())):
                world.add(world[str(whole)], "has_character", world[str(character)])


def check(world: World) -> None:
    """Report what cannot be true, and what may be two entities under one key."""
    for person, births in world.facts["birth_year"].items():
        deaths = world.facts["death_year"].get(person, {})
        if len(births) > 1 or len(deaths) > 1:
            world.problem(f"several years of birth or death: {world[person].key}")
        if any(int(d.text) < int(b.text) for b in births for d in deaths):  # type: ignore[union-attr]
            world.problem(f"death before birth: {world[person].key}")
    for film, years in world.facts["release_year"].items():
        if world[film].kind == "Film" and any(not 1890 <= int(y.text) <= 2026 for y in years):  # type: ignore[union-attr]
            world.problem(f"release year outside 1890 to 2026: {world[film].key}")
    check_single(world)
    check_shared_characters(world)


def check_single(world: World) -> None:
    single = ("birth_year", "death_year", "place_of_birth", "place_of_death", "release_year", "housed_in")
    for relation in single:
        for subject, targets in world.facts[relation].items():
            if len(targets) > 1:
                found = world.labels(world[subject], relation)
                world.problem(f"several values of {relation}: {world[subject].key}: {found}")


def check_shared_characters(world: World) -> None:
    """One word, several actors and no common series: probably two characters that only share a name."""
    films: dict[str, list[str]] = {}
    for work, characters in world.facts["has_character"].items():
        if world[work].kind == "Film":
            for character in characters:
                films.setdefault(str(character), []).append(work)
    for character, works in films.items():
        series = {tuple(world.facts["part_of_series"].get(work, ())) or (work,) for work in works}
        actors = world.facts["portrayed_by"].get(character, {})
        if len(series) > 1 and len(actors) > 1:
            names = ", ".join(world[work].key for work in works)
            world.problem(f"one character or several? {world[character].key}: {names}")


def report_clashes(world: World) -> None:
    """Equal keys in several of the hand-written classes: allowed, but two tables may have meant one entity."""
    kinds: dict[str, list[str]] = {}
    for kind, key in world.entities:
        if kind not in ("City", "State", "Airport", "TimeZone", "ElementSymbol", "Place"):
            kinds.setdefault(normalise(key), []).append(kind)
    for key, found in sorted(kinds.items()):
        if len(found) > 1:
            world.problem(f"same key, several classes: {key}: {', '.join(sorted(found))}")
