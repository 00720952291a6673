"""Walks: whether relations alone lead from what a question names to its answers."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from kgqa.graph.numbers import Entities
from kgqa.programs.known import Wanted
from kgqa.programs.machine import Step
from kgqa.programs.space import Space

SEVERAL = 3  # answers that nothing leads to by chance
WALKED = 2_000  # entities of a set that is walked on from
WALKS = 200  # sets that are
NAMESAKES = 12  # entities of one name that are tried
MEETING = 60  # sets of an entity that may have something in common with those of another


class Walks:
    """All walks of a graph."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def lead(self, named: Sequence[Step], wanted: Wanted, also_far: bool = False) -> bool:
        """Whether some entity that is named leads to just what is wanted over one relation; or, if SEVERAL are wanted
        or ways that lead far count too, over two or three, or what two lead to over one has just that in common.

        Ways that lead far to one entity or two there are by chance, and sets that meet after two.
        """
        if isinstance(wanted, bool):
            return False
        seeds = [entity for step in named for entity in step.entities[:NAMESAKES] if wanted != (entity,)]
        firsts = [list(self._further([np.array([entity])])) for entity in seeds]
        if self._any_is(seeds, firsts, wanted):
            return True
        if len(wanted) < SEVERAL and not also_far:
            return False
        seconds = [list(self._further(own)) for own in firsts]
        if self._any_is(seeds, seconds, wanted):
            return True
        if any(self._is(found, wanted) for own in seconds for found in self._further(own)):
            return True
        sets = [[each for each in own if len(each) >= len(wanted)][:MEETING] for own in firsts]
        pairs = ((one, other) for own, others in combinations(sets, 2) for one in own for other in others)
        return any(self._is(np.intersect1d(one, other, assume_unique=True), wanted) for one, other in pairs)

    def _any_is(self, seeds: Sequence[int], reached: Sequence[Sequence[Entities]], wanted: Wanted) -> bool:
        """Whether anything that one of these entities leads to is what is wanted, perhaps without itself."""
        return any(
            self._is(found, wanted) or self._is(_but(found, entity), wanted)
            for entity, own in zip(seeds, reached, strict=True)
            for found in own
        )

    def _further(self, level: Sequence[Entities]) -> Iterator[Entities]:
        for found in level[:WALKS]:
            if len(found) <= WALKED:
                for relation in self._relations(found):
                    yield self.space.machine.follow(found, relation)

    def _relations(self, entities: Entities) -> list[int]:
        found: list[int] = np.flatnonzero(np.logical_or.reduce(self.space.has[entities])).tolist()
        return found

    def _is(self, entities: Entities, wanted: Wanted) -> bool:
        if isinstance(wanted, bool) or len(entities) != len(wanted):
            return False
        if isinstance(wanted[0], float):
            found = np.sort(self.space.numbers.catalog.values[entities])
            return bool(np.isclose(found, np.sort(np.array(wanted)), rtol=1e-9, atol=0.0).all())
        return tuple(entities.tolist()) == wanted


def _but(entities: Entities, entity: int) -> Entities:
    rest: Entities = entities[entities != entity]
    return rest
