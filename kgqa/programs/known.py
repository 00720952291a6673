"""Known states: sets that programs lead to, looked up by what they come to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.numbers import Entities
from kgqa.programs.machine import Machine, Program, Step

TOLERANCE = 0.005  # of a number

Wanted = tuple[int, ...] | tuple[float, ...] | bool  # entities, rising; numbers; or whether it is so


class State(NamedTuple):
    """The beginning of a program, and the set that it leads to."""

    program: Program
    entities: Entities

    @property
    def is_one(self) -> bool:
        """Whether this is a single entity, or may be one of those that a name may mean."""
        return len(self.entities) == 1 or len(self.program) == 1


class Known:
    """States, and what each comes to, to be looked up by it."""

    def __init__(self, states: Sequence[State], machine: Machine, added_up: int) -> None:
        self.states = states
        self._machine = machine
        self._by_set: dict[tuple[int, int], list[int]] = {}
        numbers: list[float] = []
        self._ends: list[tuple[int, Step]] = []
        for place, state in enumerate(states):
            self._by_set.setdefault(_fingerprint(state.entities), []).append(place)
            for number, end in self._numbers_of(state.entities, added_up):
                numbers.append(number)
                self._ends.append((place, end))
        self._order = np.argsort(np.array(numbers))
        self._numbers = np.array(numbers)[self._order]

    def _numbers_of(self, entities: Entities, added_up: int) -> Iterator[tuple[float, Step]]:
        numbers = self._machine.numbers
        yield float(len(entities)), Step("count")
        if len(entities) == 1 and not np.isnan(value := float(numbers.catalog.values[entities[0]])):
            yield value, Step("set")
        if 1 < len(entities) <= added_up:
            there, sums = totals(numbers.table[entities])
            for place in np.flatnonzero(there > 1):
                yield float(sums[place]), Step("sum", attribute=numbers.values[place])
                yield float(sums[place] / there[place]), Step("mean", attribute=numbers.values[place])

    def programs(self, wanted: tuple[int, ...] | tuple[float, ...]) -> Iterator[Program]:
        """The programs of states that come to what is wanted."""
        if not wanted:
            return
        if not isinstance(wanted[0], float):
            own = np.array(wanted, dtype=np.int64)
            for place in self._by_set.get(_fingerprint(own), ()):
                if np.array_equal(self.states[place].entities, own):
                    yield (*self.states[place].program, Step("set"))
        elif len(wanted) == 1:
            near = TOLERANCE * abs(wanted[0])
            first, last = self._numbers.searchsorted([wanted[0] - near, wanted[0] + near])
            last += int(near == 0)
            for number in self._order[first:last]:
                place, end = self._ends[number]
                if end.op != "count" or len(self.states[place].entities) == wanted[0]:
                    yield (*self.states[place].program, end)


def totals(found: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many numbers there are in each column (N, V), and their sum: shape (V,) each."""
    there = ~np.isnan(found)
    return there.sum(0), np.where(there, found, 0.0).sum(0)


def _fingerprint(entities: Entities) -> tuple[int, int]:
    return len(entities), hash(entities.tobytes())
