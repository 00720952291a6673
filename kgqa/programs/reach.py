"""The reach of a start: the sets that programs lead to from what a question names, or from a class, the nearest first.

Sets that several programs lead to are walked on from once for each of a few.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kgqa.programs.known import State
from kgqa.programs.machine import CHANGES, Op, Step
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import COMPARED, Space

REMEMBERED = 2_000  # starts

Seen = dict[bytes, int]  # how many programs lead to a set so far


@dataclass(frozen=True)
class Limits:
    """How far to search: changes after a start; how many programs to keep for one set and for one question; how many
    states of one start there may be, how many come to by relations alone, how many pairs of these may meet for two
    starts and for a whole question, and how many states there may be after those that met; and the size of sets that
    are walked on from, and of those whose numbers are added up."""

    changes: int = 3
    each_set: int = 3
    programs: int = 60
    states: int = 1_500
    plain: int = 300
    meeting: int = 6_000
    meetings: int = 200_000
    met: int = 600
    largest: int = 50_000
    added_up: int = 5_000


class Reach:
    """What single starts lead to in a space; `told` are the numbers that the question states."""

    def __init__(self, space: Space, limits: Limits) -> None:
        self.space, self.machine, self.limits = space, space.machine, limits
        self._plain: dict[tuple[tuple[int, ...], int], list[State]] = {}
        self._reached: dict[tuple[tuple[int, ...], tuple[Quantity, ...]], list[State]] = {}

    def each(self, starts: Sequence[Step], told: tuple[Quantity, ...]) -> Iterator[State]:
        """The sets that can be come to from any of these starts."""
        for start in starts:
            yield from self.of(start, told)

    def of(self, start: Step, told: tuple[Quantity, ...]) -> list[State]:
        """The sets that can be come to from a start, the nearest first."""
        key = start.entities, told
        if key not in self._reached:
            if len(self._reached) > REMEMBERED:
                self._reached.clear()
            self._reached[key] = list(self._walked([self._begun(start)], told))
        return [State((start, *program[1:]), entities) for program, entities in self._reached[key]]

    def plain(self, start: Step, far: int = 2) -> list[State]:
        """The sets that can be come to by following relations, so many at most, and perhaps keeping a class, the
        nearest first."""
        key = start.entities, far
        if key not in self._plain:
            if len(self._plain) > REMEMBERED:
                self._plain.clear()
            self._plain[key] = list(self._followed(self._begun(start), far))
        return [State((start, *program[1:]), entities) for program, entities in self._plain[key]]

    def _followed(self, begun: State, far: int) -> Iterator[State]:
        seen: Seen = {}
        level, count = [begun], 1
        for depth in range(far + 1):
            yield from (kept for state in level for kept in (state, *self._after(state, seen, (), ("keep",))))
            found: list[State] = []
            for state in level if depth < far else ():
                if count + len(found) < self.limits.plain:
                    found += self._after(state, seen, (), ("follow",))
            level, count = found, count + len(found)

    def of_classes(self) -> list[State]:
        """The sets that can be come to from classes alone."""
        return [state for begun in self.classes for state in self._walked([begun], ())]

    def stated(self, told: tuple[Quantity, ...]) -> Iterator[State]:
        """The entities of a class that have more or less of something than the question states, or that lies between
        two numbers of it."""
        for begun in self.classes if told else ():
            level = [begun]
            for _ in range(min(len(told), 2)):
                level = [held for state in level for held in self._held(state, told)]
                yield from level

    def after(self, state: State, seen: Seen, told: tuple[Quantity, ...]) -> list[State]:
        """What one more step leads to, where it changes something and few enough programs lead there."""
        return self._after(state, seen, told, CHANGES)

    def _after(self, state: State, seen: Seen, told: tuple[Quantity, ...], ops: Sequence[Op]) -> list[State]:
        entities = state.entities
        if not 0 < len(entities) <= self.limits.largest:
            return []
        found = []
        for place in np.flatnonzero(self.space.valid((entities,), told)):
            step = self.space.steps[place]
            if step.op not in ops or 1 < step.rank >= len(entities):  # the second of two is the other extreme
                continue
            for real in self._with_numbers(step, told):
                changed = State((*state.program, real), self.machine.step((entities,), real)[0])
                if len(changed.entities) == len(entities) and step.op != "follow":
                    continue
                if self.is_new(changed, seen):
                    found.append(changed)
        return found

    def is_new(self, state: State, seen: Seen) -> bool:
        """Whether few enough programs lead to this set so far."""
        key = state.entities.tobytes()
        seen[key] = seen.get(key, 0) + 1
        return seen[key] <= self.limits.each_set if len(state.entities) else state.program[-1].op != "keep"

    @cached_property
    def classes(self) -> list[State]:
        """Every class, where programs may begin."""
        return [self._begun(step) for step in self.space.steps if step.op == "class"]

    def _begun(self, start: Step) -> State:
        return State((start,), self.machine.step((), start)[0])

    def _walked(self, level: list[State], told: tuple[Quantity, ...]) -> Iterator[State]:
        seen: Seen = {}
        count = len(level)
        yield from level
        for _ in range(self.limits.changes):
            found: list[State] = []
            for state in level:
                if count + len(found) > self.limits.states:
                    break
                found += self.after(state, seen, told)
            yield from found
            level, count = found, count + len(found)

    def _held(self, state: State, told: tuple[Quantity, ...]) -> Iterator[State]:
        entities = state.entities
        for place in np.flatnonzero(self.space.valid((entities,), told)):
            step = self.space.steps[place]
            if step.op in COMPARED:
                for real in self._with_numbers(step, told):
                    found = self.machine.step((entities,), real)[0]
                    if len(found) < len(entities):
                        yield State((*state.program, real), found)

    def _with_numbers(self, step: Step, told: tuple[Quantity, ...]) -> Iterable[Step]:
        if step.op not in COMPARED:
            return (step,)
        return [self.space.with_number(step, quantity) for quantity in told]
