"""The search: programs that lead to the answers of a question, the shortest first.

It sees the question only for what its words may name: which of the programs says what was meant is for the model to
learn. Sets that two programs lead to are walked on from once for each of a few of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.numbers import Entities
from kgqa.programs.machine import Denotation, Machine, Program, Step

TOLERANCE = 0.005  # of a number


@dataclass(frozen=True)
class Limits:
    """How far to search: changes after a start, those of each of two sets that meet, those after that, and how many
    programs to keep for one set and for one question."""

    changes: int = 3
    before_meeting: int = 2
    after_meeting: int = 1
    each_set: int = 3
    programs: int = 30
    largest: int = 50_000  # sets that are walked on from


@dataclass(frozen=True)
class _State:
    program: Program
    entities: Entities


def same(found: Denotation, wanted: Sequence[int] | Sequence[float], values: NDArray[np.float64]) -> bool:
    """Whether a denotation is what was wanted: equal sets, numbers within TOLERANCE.

    Args:
        values: the number of every entity, NaN for those that are none, shape (E,).
    """
    numeric = any(isinstance(each, float) for each in wanted)
    if isinstance(found, float):
        return numeric and len(wanted) == 1 and _near(found, wanted[0])
    if not numeric:
        return found == tuple(wanted)
    numbers = sorted(values[list(found)].tolist())
    asked = sorted(map(float, wanted))
    return len(numbers) == len(asked) and all(map(_near, numbers, asked))


def _near(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= TOLERANCE * abs(wanted)


class Search:
    """Finds programs with a machine; what can be come to from a start alone is remembered."""

    def __init__(self, machine: Machine, limits: Limits | None = None) -> None:
        self.machine = machine
        self.limits = limits or Limits()
        self.values = machine.numbers.catalog.values
        self._reached: dict[tuple[int, tuple[int, ...]], list[_State]] = {}

    def programs(self, starts: Sequence[Step], wanted: Sequence[int] | Sequence[float]) -> list[Program]:
        """Programs from these starts to these answers, the shortest first; those of one set alone before others.

        Args:
            starts: what is named, and classes.
            wanted: entities, rising, or numbers.
        """
        return self._right(self._alone(starts), wanted) or self._right(self._met(starts), wanted)

    def _alone(self, starts: Sequence[Step]) -> Iterator[_State]:
        """The sets that can be come to from one start."""
        for start in starts:
            yield from self._from(start)

    def _right(self, states: Iterable[_State], wanted: Sequence[int] | Sequence[float]) -> list[Program]:
        found = [
            (*state.program, end)
            for state in states
            for end, denotation in self.machine.ends(state.entities)
            if same(denotation, wanted, self.values)
        ]
        return sorted(found, key=len)[: self.limits.programs]

    def _from(self, start: Step) -> list[_State]:
        """The sets that can be come to from a start, the nearest first."""
        key = start.class_, start.entities
        if key not in self._reached:
            self._reached[key] = list(self._walked([_State((start,), self.machine.step((), start)[0])]))
        return [replace(state, program=(start, *state.program[1:])) for state in self._reached[key]]

    def _walked(self, level: list[_State]) -> Iterator[_State]:
        seen: dict[bytes, int] = {}
        yield from level
        for _ in range(self.limits.changes):
            level = [after for state in level for after in self._after(state, seen)]
            yield from level

    def _met(self, starts: Sequence[Step]) -> Iterator[_State]:
        """What something named has in common with something else or has beyond it, and what can be done with that."""
        seen: dict[bytes, int] = {}
        met = []
        for one, other in permutations(starts, 2):
            if "named" in (one.op, other.op):
                met += [state for state in self._pairs(self._near(one), self._near(other)) if self._is_new(state, seen)]
        yield from met
        for _ in range(self.limits.after_meeting):
            met = [after for state in met for after in self._after(state, seen)]
            yield from met

    def _near(self, start: Step) -> list[_State]:
        return [state for state in self._from(start) if len(state.program) <= 1 + self.limits.before_meeting]

    def _pairs(self, left: Sequence[_State], right: Sequence[_State]) -> Iterator[_State]:
        for one, other in product(left, right):
            for step, entities in self.machine.joins(one.entities, other.entities):
                yield _State((*one.program, *other.program, step), entities)

    def _after(self, state: _State, seen: dict[bytes, int]) -> Iterator[_State]:
        if len(state.entities) > self.limits.largest:
            return
        for step, entities in self.machine.changes(state.entities):
            after = _State((*state.program, step), entities)
            if self._is_new(after, seen):
                yield after

    def _is_new(self, state: _State, seen: dict[bytes, int]) -> bool:
        """Whether few enough programs lead to this set so far."""
        key = state.entities.tobytes()
        seen[key] = seen.get(key, 0) + 1
        return seen[key] <= self.limits.each_set
