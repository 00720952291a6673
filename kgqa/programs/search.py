"""The search: programs that lead to the answers of a question, the shortest first.

It sees the question only for what its words may name and the numbers that it states: which of the programs says what
was meant is for the model to learn. Sets that several programs lead to are walked on from once for each of a few.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.numbers import Entities
from kgqa.programs.known import TOLERANCE, Known, State, totals
from kgqa.programs.machine import Denotation, Machine, Program, Step, placed, values_of
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import COMPARED, Space

REMEMBERED = 2_000  # starts
UNREAD = 2

Wanted = tuple[int, ...] | tuple[float, ...] | bool  # entities, rising; numbers; or whether it is so


@dataclass(frozen=True)
class Limits:
    """How far to search: changes after a start; how many programs to keep for one set and for one question; how many
    states of one start there may be, of each of two sets that meet, and after those that met; and the size of sets that
    are walked on from, and of those whose numbers are added up."""

    changes: int = 3
    each_set: int = 3
    programs: int = 60
    states: int = 1_500
    meeting: int = 80
    met: int = 600
    largest: int = 50_000
    added_up: int = 5_000


def same(found: Denotation, wanted: Wanted, values: NDArray[np.float64]) -> bool:
    """Whether a denotation is what was wanted: equal sets, numbers within TOLERANCE.

    Args:
        values: the number of every entity, NaN for those that are none, shape (E,).
    """
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    numeric = any(isinstance(each, float) for each in wanted)
    if isinstance(found, float):
        return numeric and len(wanted) == 1 and _near(found, wanted[0])
    if not numeric:
        return found == tuple(wanted)
    numbers, asked = values_of(found, values), sorted(map(float, wanted))
    return len(numbers) == len(asked) and all(map(_near, numbers, asked))


def _near(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= TOLERANCE * abs(wanted)


class Search:
    """Finds programs in a space. What can be come to from classes is worked out once for all questions."""

    def __init__(self, space: Space, limits: Limits | None = None) -> None:
        self.space = space
        self.machine: Machine = space.machine
        self.limits = limits or Limits()
        self.values = self.machine.numbers.catalog.values
        self._reached: dict[tuple[tuple[int, ...], tuple[Quantity, ...]], list[State]] = {}

    def programs(self, named: Sequence[Step], wanted: Wanted, quantities: Sequence[Quantity] = ()) -> list[Program]:
        """Programs from what is named, and from classes, to these answers: the shortest, and those that read all
        names, first.

        Args:
            wanted: entities, rising, numbers, or whether it is so.
        """
        told = tuple(quantities)
        found = [*self._right(self._alone(named, told), wanted), *self._right(self._met(named, told), wanted)]
        found += self._apart(named, wanted, told)
        if not isinstance(wanted, bool):
            found += self._of_classes.programs(wanted)
        found += self._right(self._stated(told), wanted)
        best = self._best(dict.fromkeys(found), named, isinstance(wanted, bool))
        entities = not isinstance(wanted, bool) and not any(isinstance(each, float) for each in wanted)
        return _needless_left_out(best) if entities else best

    def _best(self, found: Iterable[Program], named: Sequence[Step], strict: bool) -> list[Program]:
        """The shortest, where a name that is left unread counts as UNREAD steps; of yes or no, to which half of all
        programs come, only those that read as many names as any does."""
        places = {(step.start, step.end) for step in named}
        missed = {program: len(places - _read(program)) for program in found}
        least = min(missed.values(), default=0)
        kept = [program for program, count in missed.items() if not strict or count == least]
        return sorted(kept, key=lambda program: len(program) + UNREAD * missed[program])[: self.limits.programs]

    def sets(self, named: Sequence[Step]) -> Iterator[Entities]:
        """What can be come to in a few steps, the nearest first."""
        states = [*self._alone(named, ()), *self._of_classes.states]
        for state in sorted(states, key=lambda state: len(state.program)):
            yield state.entities

    def prepare(self) -> None:
        """Work out now what can be come to from classes."""
        assert self._of_classes

    # What is right

    def _right(self, states: Iterable[State], wanted: Wanted) -> Iterator[Program]:
        if isinstance(wanted, bool):
            ends = self._boolean(states, wanted)
        elif wanted and isinstance(wanted[0], float):
            ends = self._numeric(states, np.sort(np.array(wanted)))
        else:
            own = np.array(wanted, dtype=np.int64)
            ends = ((state, Step("set")) for state in states if np.array_equal(state.entities, own))
        for state, end in ends:
            yield (*state.program, end)

    def _boolean(self, states: Iterable[State], wanted: bool) -> Iterator[tuple[State, Step]]:
        for state in states:
            if (len(state.entities) > 0) is wanted and len(state.program) > 1:
                yield state, Step("any")

    def _numeric(self, states: Iterable[State], wanted: NDArray[np.float64]) -> Iterator[tuple[State, Step]]:
        lone = float(wanted[0]) if len(wanted) == 1 else None
        for state in states:
            entities = state.entities
            if len(entities) >= len(wanted) and self._are(entities, wanted):
                yield state, Step("set")
            if lone is None:
                continue
            if len(entities) == lone:
                yield state, Step("count")
            if 1 < len(entities) <= self.limits.added_up:
                yield from ((state, end) for end in self._totals(entities, lone))

    def _are(self, entities: Entities, wanted: NDArray[np.float64]) -> bool:
        found = self.values[entities]
        if len(found) != len(wanted) or np.isnan(found).any():
            return False
        return bool((np.abs(np.sort(found) - wanted) <= TOLERANCE * np.abs(wanted)).all())

    def _totals(self, entities: Entities, wanted: float) -> Iterator[Step]:
        values, near = self.machine.numbers.values, TOLERANCE * abs(wanted)
        there, sums = totals(self.machine.numbers.table[entities])
        for place in np.flatnonzero((there > 1) & (np.abs(sums - wanted) <= near)):
            yield Step("sum", attribute=values[place])
        for place in np.flatnonzero((there > 1) & (np.abs(sums / np.maximum(there, 1) - wanted) <= near)):
            yield Step("mean", attribute=values[place])

    def _apart(self, named: Sequence[Step], wanted: Wanted, told: tuple[Quantity, ...]) -> Iterator[Program]:
        """Programs whose answer is the difference of what two named things have, or what they lead to alike."""
        if isinstance(wanted, bool) or len(wanted) != 1 or not isinstance(wanted[0], float):
            return
        numbers = self.machine.numbers
        for one, other in permutations(named, 2):
            if one.start > other.start:
                continue
            for left, right in self._alike(one, other, told):
                if len(left.entities) == len(right.entities) == 1:
                    gap = np.abs(numbers.table[left.entities[0]] - numbers.table[right.entities[0]])
                    for place in np.flatnonzero(np.abs(gap - wanted[0]) <= TOLERANCE * abs(wanted[0])):
                        yield (*left.program, *right.program, Step("difference", attribute=numbers.values[place]))

    # What can be come to

    @cached_property
    def _of_classes(self) -> Known:
        """What can be come to from classes alone."""
        states: list[State] = []
        for class_ in range(len(self.machine.numbers.classes)):
            start = Step("class", class_=class_)
            states += self._walked([State((start,), self.machine.step((), start)[0])], ())
        return Known(states, self.machine, self.limits.added_up)

    def _stated(self, told: tuple[Quantity, ...]) -> Iterator[State]:
        """The entities of a class that have more or less of something than the question states, or that lies between
        two numbers of it."""
        for class_ in range(len(self.machine.numbers.classes)) if told else ():
            start = Step("class", class_=class_)
            level = [State((start,), self.machine.step((), start)[0])]
            for _ in range(min(len(told), 2)):
                level = [held for state in level for held in self._held(state, told)]
                yield from level

    def _held(self, state: State, told: tuple[Quantity, ...]) -> Iterator[State]:
        entities = state.entities
        for place in np.flatnonzero(self.space.valid((entities,), told)):
            step = self.space.steps[place]
            if step.op in COMPARED:
                for real in self._with_numbers(step, told):
                    found = self.machine.step((entities,), real)[0]
                    if len(found) < len(entities):
                        yield State((*state.program, real), found)

    def _alone(self, starts: Sequence[Step], told: tuple[Quantity, ...]) -> Iterator[State]:
        """The sets that can be come to from one start."""
        for start in starts:
            yield from self._from(start, told)

    def _from(self, start: Step, told: tuple[Quantity, ...]) -> list[State]:
        """The sets that can be come to from a start, the nearest first."""
        key = start.entities, told
        if key not in self._reached:
            if len(self._reached) > REMEMBERED:
                self._reached.clear()
            state = State((start,), self.machine.step((), start)[0])
            self._reached[key] = list(self._walked([state], told))
        return [State((start, *program[1:]), entities) for program, entities in self._reached[key]]

    def _walked(self, level: list[State], told: tuple[Quantity, ...]) -> Iterator[State]:
        seen: dict[bytes, int] = {}
        count = len(level)
        yield from level
        for _ in range(self.limits.changes):
            found: list[State] = []
            for state in level:
                if count + len(found) > self.limits.states:
                    break
                found += self._after(state, seen, told)
            yield from found
            level, count = found, count + len(found)

    def _near(self, start: Step, told: tuple[Quantity, ...]) -> list[State]:
        """What is come to by following at most two relations, and perhaps keeping a class: as many as may meet."""
        near = [state for state in self._from(start, told) if _is_plain(state.program)]
        return sorted(near, key=lambda state: len(state.program))[: self.limits.meeting]

    def _alike(self, one: Step, other: Step, told: tuple[Quantity, ...]) -> Iterator[tuple[State, State]]:
        """What two starts lead to by the same steps."""
        right = {state.program[1:]: state for state in self._near(other, told)}
        for state in self._near(one, told):
            if state.program[1:] in right:
                yield state, right[state.program[1:]]

    def _met(self, named: Sequence[Step], told: tuple[Quantity, ...]) -> Iterator[State]:
        """What something named has in common with something else or has beyond it, and what can be done with that."""
        seen: dict[bytes, int] = {}
        level: list[State] = []
        for one, other in permutations(named, 2):
            level += self._pairs(one, other, seen, told)
        for other in named:
            level += self._beyond(other, told)
        yield from level
        count = 0
        for state in sorted(level, key=lambda state: len(state.program)):
            if count < self.limits.met:
                found = self._after(state, seen, told)
                count += len(found)
                yield from found

    def _pairs(self, one: Step, other: Step, seen: dict[bytes, int], told: tuple[Quantity, ...]) -> Iterator[State]:
        if not (one.end <= other.start or other.end <= one.start):
            return
        right = self._near(other, told)
        for left in self._near(one, told):
            for state in right:
                for step, entities in self._joins(left, state):
                    found = State((*left.program, *state.program, step), entities)
                    if self._is_new(found, seen):
                        yield found
        if one.start < other.start:
            for left, state in self._alike(one, other, told):
                joined = self.machine.step((left.entities, state.entities), Step("either"))[0]
                if len(joined) > max(len(left.entities), len(state.entities)):
                    yield State((*left.program, *state.program, Step("either")), joined)

    def _joins(self, left: State, right: State) -> Iterator[tuple[Step, Entities]]:
        """Every step that leaves some but not all of one set because of another, with what it leaves."""
        one, other = left.entities, right.entities
        if not len(one) or not len(other):
            return
        met = self.machine.step((one, other), Step("meet"))[0]
        first = left.program[0].start < right.program[0].start
        if len(met) < max(len(one), len(other)) and first:
            yield Step("meet"), met
        if 0 < len(met) < len(one):
            step = placed(right.program, Step("without"))
            if len(rest := self.machine.step((one, other), step)[0]):
                yield step, rest
        if len(other) == 1:
            yield from self._compared(one, other, asked=len(one) == 1)

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

    def _after(self, state: State, seen: dict[bytes, int], told: tuple[Quantity, ...]) -> list[State]:
        entities = state.entities
        if not 0 < len(entities) <= self.limits.largest:
            return []
        found = []
        for place in np.flatnonzero(self.space.valid((entities,), told)):
            step = self.space.steps[place]
            if step.op in _ELSEWHERE:
                continue
            for real in self._with_numbers(step, told):
                changed = State((*state.program, real), self.machine.step((entities,), real)[0])
                if len(changed.entities) == len(entities) and step.op != "follow":
                    continue
                if self._is_new(changed, seen):
                    found.append(changed)
        return found

    def _with_numbers(self, step: Step, told: tuple[Quantity, ...]) -> Iterable[Step]:
        if step.op not in COMPARED:
            return (step,)
        return [self.space.with_number(step, quantity) for quantity in told]

    def _is_new(self, state: State, seen: dict[bytes, int]) -> bool:
        """Whether few enough programs lead to this set so far."""
        key = state.entities.tobytes()
        seen[key] = seen.get(key, 0) + 1
        return seen[key] <= self.limits.each_set if len(state.entities) else state.program[-1].op != "keep"


def _needless_left_out(programs: Sequence[Program]) -> list[Program]:
    """Programs without those that only do more than another one of them: steps that change nothing in the end."""
    kept: list[Program] = []
    for program in programs:
        if not any(_is_part(shorter, program) for shorter in kept):
            kept.append(program)
    return kept


def _is_part(shorter: Program, program: Program) -> bool:
    """Whether a program has all steps of another one, in the same order, and reads no more names."""
    rest = iter(program)
    return len(shorter) < len(program) and _read(shorter) == _read(program) and all(step in rest for step in shorter)


def _read(program: Program) -> set[tuple[int, int]]:
    """Where a program reads names in its question."""
    return {(step.start, step.end) for step in program if step.op == "named"}


def _is_plain(program: Program) -> bool:
    """Whether it only follows relations, at most two, and keeps at most one class, last."""
    changes = [step.op for step in program[1:]]
    return changes in ([], ["follow"], ["follow", "follow"], ["keep"], ["follow", "keep"])


_ELSEWHERE = frozenset({"class", "set", "count", "any", "sum", "mean", "difference"})
