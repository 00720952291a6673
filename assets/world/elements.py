"""Elements: numbers from mendeleev, discoverers and years from our own table."""

from __future__ import annotations

from math import isclose
from typing import Any

from mendeleev.fetch import fetch_table

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
    categories = fetch_table("series").set_index("id")["name"]
    melting_points = fetch_table("phasetransitions").groupby("atomic_number")["melting_point"].apply(list)
    for data in fetch_table("elements").itertuples():
        add_element(world, data, CATEGORIES[categories[data.series_id]], melting_points.get(data.atomic_number, []))
    by_symbol = {world.labels(e, "symbol")[0]: e for (kind, _), e in world.entities.items() if kind == "Element"}
    for row in read_rows(TABLES / "element_discoverers.tsv"):
        element = by_symbol[row["symbol"]]
        for person in row.values("discovered_by"):
            world.add(element, "discovered_by", world.entity("Person", person))
        for year in row.values("discovery_year"):
            world.add(element, "discovery_year", Value(year, YEAR))


def add_element(world: World, data: Any, category: str, melting_points: list[float]) -> None:
    """One row of mendeleev's table; an element whose allotropes melt at different heats has no one melting point."""
    element = world.entity("Element", data.name, aliases=[data.symbol, *OTHER_NAMES.get(data.name, [])])
    plural = PLURALS.get(category, category + "s")
    world.add(element, "symbol", world.entity("ElementSymbol", data.symbol))
    world.add(element, "atomic_number", Value(str(data.atomic_number), INTEGER))
    world.add(element, "atomic_weight", number(data.atomic_weight))
    if melting_points and isclose(min(melting_points), max(melting_points), rel_tol=0.01):
        world.add(element, "melting_point_k", number(melting_points[0]))
    known = world.get("ElementCategory", category)
    world.add(element, "element_category", known or world.entity("ElementCategory", category, aliases=[plural]))


def number(value: float) -> Value:
    return Value(str(round(value, 3)), DECIMAL)
