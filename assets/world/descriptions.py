"""Descriptions: a few words that tell an entity from its namesakes, made from its class and its facts."""

from __future__ import annotations

from collections.abc import Callable

from assets.world.schema import CLASSES
from assets.world.world import Entity, World

# Where the adjective isn't the one below, `from COUNTRY` is said instead.
ADJECTIVES = {
    "Argentina": "Argentine",
    "Australia": "Australian",
    "Austria": "Austrian",
    "Belgium": "Belgian",
    "Brazil": "Brazilian",
    "Canada": "Canadian",
    "Chile": "Chilean",
    "China": "Chinese",
    "Colombia": "Colombian",
    "Croatia": "Croatian",
    "Cuba": "Cuban",
    "Czechia": "Czech",
    "Denmark": "Danish",
    "Egypt": "Egyptian",
    "Finland": "Finnish",
    "France": "French",
    "Germany": "German",
    "Greece": "Greek",
    "Hungary": "Hungarian",
    "Iceland": "Icelandic",
    "India": "Indian",
    "Iran": "Iranian",
    "Ireland": "Irish",
    "Israel": "Israeli",
    "Italy": "Italian",
    "Jamaica": "Jamaican",
    "Japan": "Japanese",
    "Kenya": "Kenyan",
    "Mexico": "Mexican",
    "Netherlands": "Dutch",
    "New Zealand": "New Zealand",
    "Nigeria": "Nigerian",
    "Norway": "Norwegian",
    "Pakistan": "Pakistani",
    "Peru": "Peruvian",
    "Poland": "Polish",
    "Portugal": "Portuguese",
    "Romania": "Romanian",
    "Russia": "Russian",
    "Serbia": "Serbian",
    "South Africa": "South African",
    "South Korea": "South Korean",
    "Soviet Union": "Soviet",
    "Spain": "Spanish",
    "Sweden": "Swedish",
    "Switzerland": "Swiss",
    "Taiwan": "Taiwanese",
    "Turkey": "Turkish",
    "Ukraine": "Ukrainian",
    "United Kingdom": "British",
    "United States": "American",
}


def describe_all(world: World) -> None:
    for entity in world.entities.values():
        if entity.kind in DESCRIBERS:
            entity.description = entity.description or DESCRIBERS[entity.kind](world, entity)
        entity.description = entity.description or CLASSES[entity.kind]


def first(world: World, entity: Entity, relation: str) -> str:
    return next(iter(world.labels(entity, relation)), "")


def joined(world: World, entity: Entity, relation: str, most: int = 2) -> str:
    return " and ".join(world.labels(entity, relation)[:most])


def city(world: World, entity: Entity) -> str:
    noun = "city" if world.objects(entity, "population") else "place"
    if entity.iri in objects_of(world, "capital"):
        noun = f"capital {noun}" if noun == "city" else "capital"
    state, country = first(world, entity, "located_in_state"), first(world, entity, "located_in_country")
    return f"{noun} in {', '.join(filter(None, [state, country]))}"


def country(world: World, entity: Entity) -> str:
    continent = first(world, entity, "continent")
    return f"country in {continent}" if continent else "former country"


def person(world: World, entity: Entity) -> str:
    """`American actor and director (born 1956)`, as far as it is known."""
    nationality = ADJECTIVES.get(first(world, entity, "citizenship"), "")
    trade = joined(world, entity, "occupation") or trade_of_works(world, entity)
    born, died = first(world, entity, "birth_year"), first(world, entity, "death_year")
    years = f"({year(born)}–{year(died)})" if born and died else f"(born {year(born)})" if born else ""
    return " ".join(filter(None, [nationality, trade or "person", years]))


def trade_of_works(world: World, entity: Entity) -> str:
    """What someone did, by the relation that mentions them, for people without a row of their own."""
    for relation, trade in (
        ("starring", "actor"),
        ("directed_by", "film director"),
        ("author", "writer"),
        ("written_by", "screenwriter"),
        ("music_by", "composer"),
        ("composed_by", "composer"),
        ("band_member", "musician"),
        ("performed_by", "musician"),
        ("architect", "architect"),
        ("created_by", "artist"),
        ("invented_by", "inventor"),
        ("discovered_by", "scientist"),
        ("first_climbed_by", "mountaineer"),
    ):
        if entity.iri in objects_of(world, relation):
            return trade
    return ""


def objects_of(world: World, relation: str) -> set[str]:
    cache: dict[str, set[str]] = world.__dict__.setdefault("_objects_of", {})
    if relation not in cache:
        cache[relation] = {str(target) for targets in world.facts[relation].values() for target in targets}
    return cache[relation]


def year(text: str) -> str:
    return f"{text[1:].lstrip('0')} BC" if text.startswith("-") else text.lstrip("0")


def work(noun: str, maker: str, made: str) -> Callable[[World, Entity], str]:
    """`film by Steven Spielberg (1993)`."""

    def describe(world: World, entity: Entity) -> str:
        name, when = joined(world, entity, maker), first(world, entity, made)
        return " ".join(filter(None, [noun, f"by {name}" if name else "", f"({year(when)})" if when else ""]))

    return describe


def placed(noun: str, *relations: str) -> Callable[[World, Entity], str]:
    """`museum in Paris`."""

    def describe(world: World, entity: Entity) -> str:
        where = next(filter(None, (joined(world, entity, relation) for relation in relations)), "")
        return f"{noun} in {where}" if where else noun

    return describe


def character(world: World, entity: Entity) -> str:
    works = works_by_character(world).get(entity.iri, [])
    return f"character in {works[0]}" if works else "fictional character"


def works_by_character(world: World) -> dict[str, list[str]]:
    """Series before films, so that the wider work is named."""
    cache: dict[str, list[str]] = world.__dict__.setdefault("_works_by_character", {})
    if not cache:
        works = sorted(world.facts["has_character"].items(), key=lambda item: world[item[0]].kind != "FilmSeries")
        for iri, characters in works:
            for one in characters:
                cache.setdefault(str(one), []).append(world[iri].label)
    return cache


def airport(world: World, entity: Entity) -> str:
    where = [first(world, entity, "serves_city"), first(world, entity, "located_in_country")]
    return f"airport in {', '.join(filter(None, where))}"


def element(world: World, entity: Entity) -> str:
    return f"chemical element with atomic number {first(world, entity, 'atomic_number')}"


def deity(world: World, entity: Entity) -> str:
    mythology = first(world, entity, "mythology")
    domain = joined(world, entity, "deity_of")
    noun = f"deity in {mythology}" if "mythology" in mythology.lower() else f"{mythology} deity".strip()
    return f"{noun} of {domain}" if domain else noun


def satellite(world: World, entity: Entity) -> str:
    body = first(world, entity, "orbits")
    return f"moon of {body}" if body else "moon"


DESCRIBERS: dict[str, Callable[[World, Entity], str]] = {
    "Airport": airport,
    "Album": work("album", "performed_by", "release_year"),
    "Band": placed("band", "formed_in_city"),
    "Book": work("book", "author", "publication_year"),
    "Character": character,
    "City": city,
    "Country": country,
    "Deity": deity,
    "Element": element,
    "Film": work("film", "directed_by", "release_year"),
    "Invention": work("invention", "invented_by", "invention_year"),
    "Island": placed("island", "located_in_country"),
    "Lake": placed("lake", "located_in_country"),
    "Landmark": placed("landmark", "located_in_city", "located_in_country"),
    "Moon": satellite,
    "Mountain": placed("mountain", "located_in_country"),
    "Museum": placed("museum", "located_in_city"),
    "MusicalWork": work("musical work", "composed_by", "premiere_year"),
    "Painting": work("painting", "created_by", "created_in_year"),
    "Person": person,
    "River": placed("river", "flows_through"),
    "Sculpture": work("sculpture", "created_by", "created_in_year"),
    "University": placed("university", "located_in_city"),
}
