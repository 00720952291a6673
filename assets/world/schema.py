"""Schema: the classes and relations of the world, with the words people use for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

YEAR = "year"
INTEGER = "integer"
DECIMAL = "decimal"
VALUES = frozenset({YEAR, INTEGER, DECIMAL})
SYMMETRIC = frozenset({"borders", "spouse"})
# Relations that several classes have, where walking back must tell which (`museums in Paris`, `airports in Kenya`).
# The class given here has the relation under its plain name, each other class under a name of its own.
SPLIT = {
    "art_movement": "Painting",
    "capital": "Country",
    "created_by": "Painting",
    "created_in_year": "Painting",
    "discovered_by": "Discovery",
    "discovery_year": "Discovery",
    "founded_in_year": "University",
    "has_character": "Film",
    "housed_in": "Painting",
    "located_in_city": "Museum",
    "located_in_country": "City",
    "release_year": "Film",
}


@dataclass(frozen=True)
class Relation:
    """`range` is a kind of value, or the classes an object may have: the first is made when none is known."""

    label: str
    range: tuple[str, ...]
    description: str = ""

    @property
    def is_value(self) -> bool:
        return self.range[0] in VALUES


CLASSES: dict[str, str] = {
    "Airport": "airport",
    "Album": "album",
    "ArtMovement": "art movement",
    "Award": "award",
    "Band": "band",
    "Book": "book",
    "CallingCode": "calling code",
    "Character": "fictional character",
    "City": "city",
    "Continent": "continent",
    "Country": "country",
    "Currency": "currency",
    "Deity": "deity",
    "Desert": "desert",
    "Discovery": "discovery",
    "Domain": "domain",
    "Element": "chemical element",
    "ElementCategory": "category of elements",
    "ElementSymbol": "chemical symbol",
    "Field": "field of work",
    "Film": "film",
    "FilmSeries": "film series",
    "Form": "musical form",
    "Genre": "genre",
    "Invention": "invention",
    "Island": "island",
    "Lake": "lake",
    "Landmark": "landmark",
    "Language": "language",
    "Moon": "moon",
    "Mountain": "mountain",
    "MountainRange": "mountain range",
    "Museum": "museum",
    "MusicalWork": "musical work",
    "Mythology": "mythology",
    "Occupation": "occupation",
    "Organization": "organization",
    "Painting": "painting",
    "Person": "person",
    "Place": "place",
    "Planet": "planet",
    "River": "river",
    "Sculpture": "sculpture",
    "Sea": "sea",
    "Star": "star",
    "State": "state or province",
    "TimeZone": "time zone",
    "TopLevelDomain": "top-level domain",
    "University": "university",
}

RELATIONS: dict[str, Relation] = {
    # people
    "birth_year": Relation("year of birth", (YEAR,), "the year in which a person was born"),
    "death_year": Relation("year of death", (YEAR,), "the year in which a person died"),
    "place_of_birth": Relation("place of birth", ("City",), "the city or town where a person was born"),
    "place_of_death": Relation("place of death", ("City",), "the city or town where a person died"),
    "citizenship": Relation("country of citizenship", ("Country",), "the nationality of a person"),
    "occupation": Relation("occupation", ("Occupation",), "what a person does for a living; profession"),
    "field_of_work": Relation("field of work", ("Field",), "the science or art a person worked in"),
    "educated_at": Relation("educated at", ("University",), "the university a person studied at"),
    "award_received": Relation("award received", ("Award",), "a prize that a person won"),
    "spouse": Relation("spouse", ("Person",), "husband or wife"),
    "parent": Relation("parent", ("Person", "Deity"), "father or mother"),
    "influenced_by": Relation("influenced by", ("Person",)),
    "student_of": Relation("student of", ("Person",), "the teacher of a person"),
    # films
    "directed_by": Relation("directed by", ("Person",), "the director of a film"),
    "written_by": Relation("written by", ("Person",), "the screenwriter of a film"),
    "starring": Relation("starring", ("Person",), "an actor of a film"),
    "release_year": Relation("release year", (YEAR,), "the year in which a film or an album came out"),
    "genre": Relation("genre", ("Genre",)),
    "has_character": Relation("has character", ("Character", "Deity"), "a character that appears in a work"),
    "portrayed_by": Relation("portrayed by", ("Person",), "the actor who played a character"),
    "music_by": Relation("music by", ("Person",), "the composer of a film's score"),
    "country_of_origin": Relation("country of origin", ("Country",)),
    "part_of_series": Relation("part of series", ("FilmSeries",), "the series a film belongs to"),
    "based_on": Relation("based on", ("Book",), "the book a film was made from"),
    # arts
    "created_by": Relation("created by", ("Person",), "the painter or sculptor of a work of art"),
    "created_in_year": Relation("created in year", (YEAR,)),
    "housed_in": Relation("housed in", ("Museum", "Landmark"), "the museum where a work of art hangs or stands"),
    "art_movement": Relation("art movement", ("ArtMovement",)),
    "located_in_city": Relation("located in city", ("City",), "the city where a building or an institution is"),
    "founded_in_year": Relation("founded in year", (YEAR,)),
    "author": Relation("author", ("Person",), "the writer of a book"),
    "publication_year": Relation("publication year", (YEAR,), "the year in which a book came out"),
    "original_language": Relation("original language", ("Language",), "the language a book was written in"),
    "set_in": Relation("set in", ("Place",), "the place where the story of a book happens"),
    "composed_by": Relation("composed by", ("Person",), "the composer of a musical work"),
    "premiere_year": Relation("premiere year", (YEAR,), "the year of the first performance"),
    "musical_form": Relation("musical form", ("Form",), "opera, symphony, ballet and the like"),
    "architect": Relation("architect", ("Person",), "who designed a building"),
    "completed_in_year": Relation("completed in year", (YEAR,)),
    "band_member": Relation("band member", ("Person",), "a musician who plays or played in a band"),
    "formed_in_year": Relation("formed in year", (YEAR,)),
    "formed_in_city": Relation("formed in city", ("City",), "the city a band comes from"),
    "performed_by": Relation("performed by", ("Person", "Band"), "who made an album"),
    # science
    "invented_by": Relation("invented by", ("Person", "Organization"), "the inventor"),
    "invention_year": Relation("invention year", (YEAR,)),
    "discovered_by": Relation("discovered by", ("Person",), "the discoverer"),
    "discovery_year": Relation("discovery year", (YEAR,)),
    "first_awarded_year": Relation("first awarded in year", (YEAR,)),
    "conferred_in_country": Relation("conferred in country", ("Country",), "the country an award comes from"),
    # nature
    "length_km": Relation("length in kilometres", (INTEGER, DECIMAL)),
    "flows_through": Relation("flows through", ("Country",), "a country a river crosses"),
    "flows_into": Relation("flows into", ("Sea", "River", "Lake"), "where a river ends"),
    "river_city": Relation("passes through city", ("City",), "a city on a river"),
    "mountain_range": Relation("mountain range", ("MountainRange",)),
    "first_ascent_year": Relation("year of first ascent", (YEAR,)),
    "first_climbed_by": Relation("first climbed by", ("Person",)),
    "orbits": Relation("orbits", ("Star", "Planet"), "the body that a planet or moon goes around"),
    "diameter_km": Relation("diameter in kilometres", (INTEGER, DECIMAL)),
    "mythology": Relation("mythology", ("Mythology",), "the people whose god or goddess it is"),
    "deity_of": Relation("deity of", ("Domain",), "what a god or goddess rules over"),
    "roman_equivalent": Relation("Roman equivalent", ("Deity",), "the Roman name of a Greek god"),
    # geography
    "capital": Relation("capital", ("City",), "the capital city of a country or state"),
    "continent": Relation("continent", ("Continent",)),
    "borders": Relation("borders", ("Country", "State"), "a neighbouring country or state"),
    "official_language": Relation("official language", ("Language",)),
    "currency": Relation("currency", ("Currency",), "the money used in a country"),
    "area_km2": Relation("area in square kilometres", (INTEGER, DECIMAL)),
    "population": Relation("population", (INTEGER,), "the number of people who live in a place"),
    "located_in_country": Relation("located in country", ("Country",)),
    "located_in_state": Relation("located in state", ("State",), "the state, province or region a city is in"),
    "calling_code": Relation("calling code", ("CallingCode",), "the international telephone prefix"),
    "top_level_domain": Relation("top-level domain", ("TopLevelDomain",), "the Internet country code"),
    "time_zone": Relation("time zone", ("TimeZone",)),
    "serves_city": Relation("serves city", ("City",), "the city an airport is for"),
    "elevation_m": Relation("elevation in metres", (INTEGER, DECIMAL), "height above sea level"),
    # elements
    "atomic_number": Relation("atomic number", (INTEGER,), "the number of protons"),
    "atomic_weight": Relation("atomic weight", (DECIMAL,)),
    "melting_point_k": Relation("melting point in kelvin", (DECIMAL,)),
    "symbol": Relation("chemical symbol", ("ElementSymbol",)),
    "element_category": Relation("category of element", ("ElementCategory",)),
}


def variant(relation: str, kind: str) -> str:
    """The name under which a class has a relation: `located_in_country`, `airport_located_in_country`."""
    if relation not in SPLIT or SPLIT[relation] == kind:
        return relation
    return f"{re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()}_{relation}"


VARIANTS = {variant(relation, kind): (relation, kind) for relation in SPLIT for kind in CLASSES}
