"""The meeting of two sets: what both have, what one has without the other or beyond it, and what they are together."""

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from kgqa.graph.numbers import Entities
from kgqa.programs.known import State
from kgqa.programs.machine import Program, Step, placed
from kgqa.programs.quantities import Quantity
from kgqa.programs.reach import Reach, Seen

BARE = 3  # steps: two names and how the one is held against the other, which "yes" and "no" are told from alone


class Meeting:
    """Joins what two starts lead to; `told` are the numbers that the question states."""

    def __init__(self, reach: Reach) -> None:
        self.reach, self.machine, self.limits = reach, reach.machine, reach.limits

    def met(self, named: Sequence[Step], told: tuple[Quantity, ...]) -> Iterator[State]:
        """What something named has in common with something else or has beyond it, and what can be done with that."""
        seen: Seen = {}
        level: list[State] = []
        for one, other in permutations(named, 2):
            level += self._pairs(one, other, seen, told)
        for other in named:
            level += self._beyond(other, told)
        yield from level
        count = 0
        for state in sorted(level, key=lambda state: len(state.program)):
            if count < self.limits.met:
                found = self.reach.after(state, seen, told)
                count += len(found)
                yield from found

    def alike(self, one: Step, other: Step, told: tuple[Quantity, ...]) -> Iterator[tuple[State, State]]:
        """What two starts lead to by the same steps."""
        right = {state.program[1:]: state for state in self._near(other, told)}
        for state in self._near(one, told):
            if state.program[1:] in right:
                yield state, right[state.program[1:]]

    def _near(self, start: Step, told: tuple[Quantity, ...]) -> list[State]:
        """What is come to by following at most two relations, and perhaps keeping a class: as many as may meet."""
        near = [state for state in self.reach.of(start, told) if _is_plain(state.program)]
        return sorted(near, key=lambda state: len(state.program))[: self.limits.meeting]

    def _pairs(self, one: Step, other: Step, seen: Seen, told: tuple[Quantity, ...]) -> Iterator[State]:
        if not (one.end <= other.start or other.end <= one.start):
            return
        right = self._near(other, told)
        for left in self._near(one, told):
            for state in right:
                for step, entities in self._joins(left, state):
                    found = State((*left.program, *state.program, step), entities)
                    if len(found.program) == BARE or self.reach.is_new(found, seen):
                        yield found
        if one.start < other.start:
            for left, state in self.alike(one, other, told):
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
        if len(other) == 1:
            yield from self._compared(one, other, asked=len(one) == 1)

    def _shared(self, left: State, right: State) -> Iterator[tuple[Step, Entities]]:
        """What two sets have in common, and what one has beyond the other."""
        one, other = left.entities, right.entities
        met = self.machine.step((one, other), Step("meet"))[0]
        first = left.program[0].start < right.program[0].start
        if len(met) < max(len(one), len(other)) and first:
            yield Step("meet"), met
        if 0 < len(met) < len(one):
            step = placed(right.program, Step("without"))
            if len(rest := self.machine.step((one, other), step)[0]):
                yield step, rest

    def _compared(self, one: Entities, other: Entities, asked: bool) -> Iterator[tuple[Step, Entities]]:
        numbers = self.machine.numbers
        measured, table = numbers.table[other[0]], numbers.table[one]  # (V,), (N, V)
        for place in np.flatnonzero(~np.isnan(measured)):
            own = table[:, place]
            known = asked and not np.isnan(own[0])
            higher, lower = own > measured[place], own < measured[place]
            if higher.any() or known:
                yield Step("above", attribute=numbers.values[place]), one[higher]
            if lower.any() or known:
                yield Step("below", attribute=numbers.values[place]), one[lower]

    def _beyond(self, other: Step, told: tuple[Quantity, ...]) -> Iterator[State]:
        """What of a class has more or less than something named, or is not what a relation leads to from there."""
        near = [state for state in self._near(other, told) if len(state.program) <= 2 and len(state.entities)]
        for class_, members in enumerate(self.machine.numbers.members):
            start = Step("class", class_=class_)
            for state in near:
                if len(state.entities) == 1:
                    for step, entities in self._compared(members, state.entities, asked=False):
                        yield State((start, *state.program, step), entities)
                elif len(members) <= self.limits.added_up:
                    step = placed(state.program, Step("without"))
                    rest = self.machine.step((members, state.entities), step)[0]
                    if len(rest) < len(members):
                        yield State((start, *state.program, step), rest)


def _is_plain(program: Program) -> bool:
    """Whether it only follows relations, at most two, and keeps at most one class, last."""
    changes = [step.op for step in program[1:]]
    return changes in ([], ["follow"], ["follow", "follow"], ["keep"], ["follow", "keep"])
