"""Write graph.nt.gz: the world, from libraries that carry facts and from the tables in facts/.

Run from the root of the repository: python -m assets.world.make_graph
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from assets.world.descriptions import describe_all
from assets.world.elements import add_elements
from assets.world.facts import FACTS, Facts, add_series_characters, check, report_clashes
from assets.world.names import distinct
from assets.world.places import add_places
from assets.world.world import World

GRAPH = Path(__file__).parent / "graph.nt.gz"


def make_world(facts: Path = FACTS, *, airports: bool = True, smallest_city: int = 15000) -> World:
    world = World()
    places = add_places(world, airports=airports, smallest_city=smallest_city)
    add_elements(world)
    Facts(world, places).read(facts)
    add_series_characters(world)
    check(world)
    report_clashes(world)
    for key in sorted(places.settlements):
        world.problem(f"made a settlement: {key}")
    describe_all(world)
    return world


def print_report(world: World, triples: int) -> None:
    kinds = Counter(entity.kind for entity in world.entities.values())
    names = sum(1 + len(distinct(entity.label, entity.aliases)) for entity in world.entities.values())
    facts = sum(len(targets) for subjects in world.facts.values() for targets in subjects.values())
    for problem, times in sorted(world.report.items()):
        print(f"{problem} ({times} times)" if times > 1 else problem)
    print(", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common()))
    print(f"{len(world.entities):,} entities, {names:,} names, {facts:,} facts, {triples:,} triples")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=GRAPH)
    arguments = parser.parse_args()
    world = make_world()
    print_report(world, world.write(arguments.out))


if __name__ == "__main__":
    main()
