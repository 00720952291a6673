"""Elements: numbers from mendeleev, discoverers and years from our own table."""

from __future__ import annotations

import warnings
from typing import Any

from mendeleev import get_all_elements

from assets.world.places import TABLES
from assets.world.schema import DECIMAL, INTEGER, YEAR
from assets.world.tables import read_rows
from assets.world.world import Value, World

CATEGORIES = {
    "Nonmetals": "nonmetal",
    "Noble gases": "noble gas",
    "Alkali metals": "alkali metal",
    "Alkaline earth metals": "alkaline earth metal",
    "Metalloids": "metalloid",
    "Halogens": "halogen",
    "Transition metals": "transition metal",
    "Poor metals": "post-transition metal",
    "Lanthanides": "lanthanide",
    "Actinides": "actinide",
}
OTHER_NAMES = {
    "Aluminum": ["Aluminium"],
    "Cesium": ["Caesium"],
    "Sulfur": ["Sulphur"],
    "Mercury": ["Quicksilver"],
    "Tungsten": ["Wolfram"],
}
PLURALS = {"noble gas": "noble gases"}


def add_elements(world: World) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mendeleev warns of every element with allotropes
        for data in get_all_elements():
            add_element(world, data)
    by_symbol = {world.labels(e, "symbol")[0]: e for (kind, _), e in world.entities.items() if kind == "Element"}
    for row in read_rows(TABLES / "element_discoverers.tsv"):
        element = by_symbol[row["symbol"]]
        for person in row.values("discovered_by"):
            world.add(element, "discovered_by", world.entity("Person", person))
        for year in row.values("discovery_year"):
            world.add(element, "discovery_year", Value(year, YEAR))


def add_element(world: World, data: Any) -> None:
    name, symbol = data.name, data.symbol
    element = world.entity("Element", name, aliases=[symbol, *OTHER_NAMES.get(name, [])])
    category = CATEGORIES[data.series]
    plural = PLURALS.get(category, category + "s")
    world.add(element, "symbol", world.entity("ElementSymbol", symbol))
    world.add(element, "atomic_number", Value(str(data.atomic_number), INTEGER))
    world.add(element, "atomic_weight", number(data.atomic_weight))
    if data.melting_point is not None:
        world.add(element, "melting_point_k", number(data.melting_point))
    known = world.get("ElementCategory", category)
    world.add(element, "element_category", known or world.entity("ElementCategory", category, aliases=[plural]))


def number(value: float) -> Value:
    return Value(str(round(value, 3)), DECIMAL)
