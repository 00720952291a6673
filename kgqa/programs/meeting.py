"""The meeting of two sets: what both have, what one has without the other or beyond it, and what they are together."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import permutations, product

import numpy as np

from kgqa.graph.numbers import Entities
from kgqa.programs.known import State
from kgqa.programs.machine import Step, placed
from kgqa.programs.quantities import Quantity
from kgqa.programs.reach import Reach, Seen
from kgqa.programs.space import Look

REMEMBERED = 5_000  # sets


class Meeting:
    """Joins what two starts lead to by relations alone."""

    def __init__(self, reach: Reach) -> None:
        self.reach, self.machine, self.limits = reach, reach.machine, reach.limits
        self._looked: dict[bytes, Look] = {}

    def met(self, near: Mapping[Step, Sequence[State]]) -> Iterator[State]:
        """What something named has in common with something else or has beyond it, from what each leads to."""
        apart = [pair for pair in permutations(near, 2) if _are_apart(*pair)]
        most = min(self.limits.meeting, self.limits.meetings // max(1, len(apart)))
        for one, other in apart:
            yield from self._pairs(near[one], near[other], most)
        for states in near.values():
            yield from self._beyond(states)

    def after(self, met: Sequence[State], told: tuple[Quantity, ...]) -> Iterator[State]:
        """What one more step leads to from sets that met, shorter programs first."""
        seen: Seen = {}
        count = 0
        for state in sorted(met, key=lambda state: len(state.program)):
            if count < self.limits.met and self.reach.is_new(state, seen):
                found = self.reach.after(state, seen, told)
                count += len(found)
                yield from found

    def _pairs(self, one: Sequence[State], other: Sequence[State], most: int) -> Iterator[State]:
        for left, state in nsmallest(most, product(one, other), key=_steps):
            for step, entities in self._joins(left, state):
                yield State((*left.program, *state.program, step), entities)
        if one[0].program[0].start < other[0].program[0].start:
            for left, state in alike(one, other):
                joined = self.machine.step((left.entities, state.entities), Step("either"))[0]
                if len(joined) > max(len(left.entities), len(state.entities)):
                    yield State((*left.program, *state.program, Step("either")), joined)

    def _joins(self, left: State, right: State) -> Iterator[tuple[Step, Entities]]:
        """Every step that leaves some but not all of one set because of another, with what it leaves."""
        one, other = left.entities, right.entities
        if not len(one) or not len(other):
            return
        if len(left.program) > 1 or len(right.program) > 1:  # of two that are named nothing is the same
            yield from self._shared(left, right)
        if right.is_one:
            yield from self._compared(one, right, asked=left.is_one)

    def _shared(self, left: State, right: State) -> Iterator[tuple[Step, Entities]]:
        """What two sets have in common, and what one has beyond the other."""
        one, other = left.entities, right.entities
        met = self.machine.step((one, other), Step("meet"))[0]
        first = left.program[0].start < right.program[0].start
        if first and (len(met) < max(len(one), len(other)) or len(met) == 1):
            yield Step("meet"), met
        if 0 < len(met) < len(one):
            step = placed(right.program, Step("without"))
            if len(rest := self.machine.step((one, other), step)[0]):
                yield step, rest

    def _compared(self, one: Entities, right: State, asked: bool) -> Iterator[tuple[Step, Entities]]:
        """What of a set has more or less than a single entity has, perhaps the only one of a name that has a number;
        what is counted is so of what is named alone."""
        numbers, known = self.machine.numbers, self._look(one).known & self._look(right.entities).of_one
        if len(right.program) > 1:
            known = known[: len(numbers.values)]
        for place in np.flatnonzero(known):
            attribute = numbers.attributes[place]
            own, measured = numbers.of(one, attribute), np.nanmax(numbers.of(right.entities, attribute))
            higher, lower = own > measured, own < measured
            if higher.any() or asked:
                yield Step("above", attribute=attribute), one[higher]
            if lower.any() or asked:
                yield Step("below", attribute=attribute), one[lower]

    def _look(self, entities: Entities) -> Look:
        key = entities.tobytes()
        if key not in self._looked:
            if len(self._looked) > REMEMBERED:
                self._looked.clear()
            self._looked[key] = self.reach.space.look(entities)
        return self._looked[key]

    def _beyond(self, states: Sequence[State]) -> Iterator[State]:
        """What of a class has more or less than something named, or is not what a relation leads to from there."""
        near = [state for state in states if len(state.program) <= 2 and len(state.entities)]
        for begun in self.reach.classes:
            members = begun.entities
            for state in near:
                if state.is_one:
                    for step, entities in self._compared(members, state, asked=False):
                        yield State((*begun.program, *state.program, step), entities)
                if len(state.entities) > 1 and len(members) <= self.limits.added_up:
                    step = placed(state.program, Step("without"))
                    rest = self.machine.step((members, state.entities), step)[0]
                    if len(rest) < len(members):
                        yield State((*begun.program, *state.program, step), rest)


def alike(one: Sequence[State], other: Sequence[State]) -> Iterator[tuple[State, State]]:
    """What two starts lead to by the same steps, of what each leads to."""
    right = {state.program[1:]: state for state in other}
    for state in one:
        if state.program[1:] in right:
            yield state, right[state.program[1:]]


def _are_apart(one: Step, other: Step) -> bool:
    """Whether two starts share no character."""
    return one.end <= other.start or other.end <= one.start


def _steps(pair: tuple[State, State]) -> int:
    return sum(len(state.program) for state in pair)
