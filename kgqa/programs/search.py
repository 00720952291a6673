"""The search: programs that lead to the answers of a question, the shortest first.

It sees the question only for what its words may name and the numbers that it states: which of the programs says what
was meant is for the model to learn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, permutations

import numpy as np
import torch
from numpy.typing import NDArray

from kgqa.graph.numbers import Entities
from kgqa.programs.finish import Finish
from kgqa.programs.known import TOLERANCE, Known, State, Wanted, totals
from kgqa.programs.machine import Denotation, Machine, Program, Step, values_of
from kgqa.programs.meeting import Meeting, alike
from kgqa.programs.onward import Onward
from kgqa.programs.quantities import Quantity
from kgqa.programs.reach import Limits, Reach
from kgqa.programs.space import COMPARED, EXTREMES, Space

UNREAD = 3
MEANINGS = 4  # of a name, each taken for itself
NEAR = 1  # relations that are followed from one of them

Place = tuple[int, int]  # characters of a question, from and to


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
        self._reach = Reach(space, self.limits)
        self._meeting = Meeting(self._reach)
        self._finish = Finish(space, self.limits.added_up)

    def programs(self, named: Sequence[Step], wanted: Wanted, quantities: Sequence[Quantity] = ()) -> list[Program]:
        """Programs from what is named, and from classes, to these answers: the shortest, and those that read all
        names, first.

        Args:
            wanted: entities, rising, numbers, or whether it is so.
        """
        told = tuple(quantities)
        near = {start: self._reach.plain(start) for start in named}
        near |= {start: self._reach.plain(start, NEAR) for start in self.meanings(named)}
        met = list(self._meeting.met(near))
        walked = [*chain.from_iterable(near.values()), *met]
        found = [*self._right(self._reach.each(named, told), wanted), *self._right(walked, wanted)]
        if not isinstance(wanted, bool):
            found += self._right(self._meeting.after(met, told), wanted)
        found += (program for state in walked for program in self._finish.programs(state, wanted, told))
        short = [state for state in walked if _is_short(state.program)]
        found += Onward(self.space, self._finish, wanted).programs([*self._reach.classes, *short])
        found += self._apart(near, wanted)
        found += self._of_classes.programs(wanted) if not isinstance(wanted, bool) else self._kept(named, wanted)
        found += self._right(self._reach.stated(told), wanted)
        entities = not isinstance(wanted, bool) and not any(isinstance(each, float) for each in wanted)
        own = [step for step in named if step.start >= 0]
        is_named = entities and any(set(wanted) <= set(step.entities) for step in own)  # type: ignore[arg-type]
        places = {(step.start, step.end) for step in own}
        places |= {(each.start, each.end) for each in told if not each.is_word}
        said = {(step.start, step.end) for step in named if step.start < 0}
        best = self._best(dict.fromkeys(found), places, said, isinstance(wanted, bool) or is_named)
        return _needless_left_out(best) if entities else best

    def _best(self, found: Iterable[Program], places: set[Place], said: set[Place], strict: bool) -> list[Program]:
        """The shortest, where a name or number that is left unread counts as UNREAD steps, and all that was `said`
        before as one name; of yes or no, to which half of all programs come, and of what is named itself only those
        that read as many names as any does."""
        missed = {program: _missed(program, places, said) for program in found if not is_idle(program)}
        least = min(missed.values(), default=0)
        kept = [program for program, count in missed.items() if not strict or count == least]
        return sorted(kept, key=lambda program: len(program) + UNREAD * missed[program])[: self.limits.programs]

    def meanings(self, named: Sequence[Step]) -> Iterator[Step]:
        """The best known of what each name may mean, where that is several."""
        for step in named:
            if len(step.entities) > 1 and step.start >= 0:
                known = sorted(step.entities, key=lambda entity: -self._degree[entity])
                yield from (replace(step, entities=(entity,)) for entity in known[:MEANINGS])

    def sets(self, named: Sequence[Step]) -> Iterator[Entities]:
        """What can be come to in a few steps, the nearest first."""
        states = [*self._reach.each(named, ()), *self._of_classes.states]
        for state in sorted(states, key=lambda state: len(state.program)):
            yield state.entities

    def prepare(self) -> None:
        """Work out now what can be come to from classes."""
        assert self._of_classes

    @cached_property
    def _degree(self) -> NDArray[np.int64]:
        """How many facts each entity is in: shape (E,)."""
        sparse = self.machine.numbers.sparse
        degree: NDArray[np.int64] = sparse.degree(torch.arange(sparse.num_entities)).numpy()
        return degree

    @cached_property
    def _of_classes(self) -> Known:
        """What can be come to from classes alone."""
        return Known(self._reach.of_classes(), self.machine, self.limits.added_up)

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
            if len(entities) == lone and self.machine.numbers.are_counted(entities):
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

    def _kept(self, named: Sequence[Step], wanted: bool) -> Iterator[Program]:
        """Whether what is named is of a class."""
        in_class = self.machine.numbers.in_class
        for start in named:
            for class_ in np.flatnonzero(in_class[list(start.entities)].any(0) == wanted):
                yield (start, Step("keep", class_=int(class_)), Step("any"))

    def _apart(self, near: Mapping[Step, Sequence[State]], wanted: Wanted) -> Iterator[Program]:
        """Programs whose answer is the difference of what two named things have, or what they lead to alike."""
        if isinstance(wanted, bool) or len(wanted) != 1 or not isinstance(wanted[0], float):
            return
        for one, other in permutations(near, 2):
            if one.start < other.start:
                for left, right in alike(near[one], near[other]):
                    yield from self._finish.apart(left, right, wanted[0])


def _missed(program: Program, places: set[Place], said: set[Place]) -> int:
    """How many names and numbers a program leaves unread, where one of all that was said before does."""
    read = read_by(program)
    return len(places - read) + int(bool(said) and said.isdisjoint(read))


def _needless_left_out(programs: Sequence[Program]) -> list[Program]:
    """Programs without those that only do more than another one of them: steps that change nothing in the end."""
    kept: list[Program] = []
    for program in programs:
        if not any(_is_part(shorter, program) for shorter in kept):
            kept.append(program)
    return kept


def is_idle(program: Program) -> bool:
    """Whether a program decides nothing: it asks whether there are any of what there are in any case, or says again
    what the question names."""
    *steps, end = program
    if end.op == "any":
        return steps[-1].op in ("without", *EXTREMES) or any(step.op == "either" for step in steps)
    if any(step.op == "named" and step.start < 0 for step in steps):  # what was said before: "how many are there?"
        return end.op == "count" and len(steps) == 1 and len(steps[0].entities) == 1
    if end.op not in ("set", "count"):
        return False
    return {step.op for step in steps} <= {"named", "keep", "either", "above", "below"} or not _leads_on(steps)


def _leads_on(steps: Sequence[Step]) -> bool:
    """Whether what is left in the end is more than the one thing that is named, or that or nothing."""
    leads: list[bool] = []
    for step in steps:
        if step.op in ("named", "class"):
            leads.append(step.op == "class")
        elif step.op in ("meet", "either", "without", "above", "below"):
            other = leads.pop()
            leads[-1] = step.op == "either" or (leads[-1] and (other or step.op != "meet"))
        elif step.op == "follow":
            leads[-1] = True
    return leads[0]


def _is_part(shorter: Program, program: Program) -> bool:
    """Whether a program has all steps of another one, in the same order, and reads no more names of the question."""
    rest = iter(program)
    return (
        len(shorter) < len(program)
        and _read_in_question(shorter) == _read_in_question(program)
        and all(step in rest for step in shorter)
    )


def _is_short(program: Program) -> bool:
    """Whether relations are followed on from the extremes of what this leads to: a step from a name, or two names."""
    return len(program) <= 2 or (len(program) == 3 and program[-1].op == "either")


def _read_in_question(program: Program) -> set[Place]:
    return {place for place in read_by(program) if place[0] >= 0}


def read_by(program: Program) -> set[Place]:
    """Where a program reads names and numbers in its question."""
    return {(step.start, step.end) for step in program if step.op == "named" or step.op in COMPARED}
