"""The machine: runs programs, exactly and on whole sets of entities.

A program is a list of steps over a stack of sets. STARTS put a set there: what a mention may mean, or a class.
CHANGES put another set in the place of the last one; JOINS make one of the last two. The last step says what is
asked for: the set itself, how many they are, whether there are any, or a number made of those that they have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import InputError
from kgqa.graph.numbers import Attribute, Entities, Floats, Mask, Numbers

Start = Literal["named", "class"]
Change = Literal["follow", "keep", "largest", "smallest", "over", "under", "exactly", "notable"]
Join = Literal["meet", "without", "either", "above", "below"]
End = Literal["set", "count", "any", "sum", "mean", "difference"]
Op = Start | Change | Join | End
STARTS: tuple[Start, ...] = get_args(Start)
CHANGES: tuple[Change, ...] = get_args(Change)
JOINS: tuple[Join, ...] = get_args(Join)
ENDS: tuple[End, ...] = get_args(End)
OPS: tuple[Op, ...] = (*STARTS, *CHANGES, *JOINS, *ENDS)

Denotation = tuple[int, ...] | float | bool  # entities, rising; a number; or whether it is so


@dataclass(frozen=True)
class Step:
    """One step; which of the arguments it has depends on the operation.

    `named` starts from `entities`, which the characters `start` to `end` of the question may mean; `follow` takes a
    `relation`, inverses counted; `largest` and `smallest` take the extreme of an `attribute` or, of rank 2, what comes
    next. `over`, `under` and `exactly` hold an attribute against a `number` of the question, `above` and `below`
    against what the other set has, `notable` against the `number` that counts as much. `without` leaves out `entities`
    beside the other set: what borders Germany but not France is not France. `difference` is of two sets.
    """

    op: Op
    relation: int = -1
    class_: int = -1
    attribute: Attribute | None = None
    rank: int = 1
    number: float = 0.0
    start: int = 0
    end: int = 0
    entities: tuple[int, ...] = ()


Program = tuple[Step, ...]
Stack = tuple[Entities, ...]


class Machine:
    """Runs steps over a graph, with its numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self._edges: dict[int, tuple[Entities, Entities]] = {}

    def run(self, program: Program) -> Denotation:
        """What a program comes to.

        Raises:
            InputError: if it is no program: it has no end, or a step that needs more sets than there are.
        """
        stack: Stack = ()
        for step in program[:-1]:
            stack = self.step(stack, step)
        if not program or program[-1].op not in ENDS or len(stack) != needed(program[-1]):
            raise InputError("a program starts from something, leaves one set, and ends by saying what is asked for")
        return self.end(stack, program[-1])

    def step(self, stack: Stack, step: Step) -> Stack:
        """The stack after one step that is no end; raises `InputError` if there are too few sets for it."""
        if step.op == "named":
            return (*stack, np.array(sorted(step.entities), dtype=np.int64))
        if step.op == "class":
            return (*stack, self.numbers.members[step.class_])
        taken = needed(step)
        if len(stack) < taken:
            raise InputError(f"{step.op} needs {taken} sets and finds {len(stack)}")
        below, last = stack[:-taken], stack[-1]
        return (*below, self._changed(last, step) if taken == 1 else self._joined(stack[-2], last, step))

    def _joined(self, one: Entities, other: Entities, step: Step) -> Entities:
        if step.op == "meet":
            return _shared(one, other)
        if step.op == "without":
            return one[~_in(one, np.union1d(other, np.array(step.entities, dtype=np.int64)))]
        if step.op == "either":
            return np.union1d(one, other)
        own, measured = self._measured(one, step), self._measured(other, step)
        if np.isnan(measured).all():
            return one[:0]
        kept: Mask = own > np.nanmax(measured) if step.op == "above" else own < np.nanmin(measured)
        return one[kept]

    def _measured(self, entities: Entities, step: Step) -> Floats:
        if step.attribute is None:
            raise InputError(f"{step.op} does not say what is measured")
        return self.numbers.of(entities, step.attribute)

    def _changed(self, last: Entities, step: Step) -> Entities:
        if step.op == "follow":
            return self.follow(last, step.relation)
        if step.op == "keep":
            own: Mask = self.numbers.in_class[last, step.class_]
            return last[own]
        found = self._measured(last, step)
        if step.op in ("largest", "smallest"):
            return last[_extreme(found, step)]
        return last[holds(step.op, found, step.number)]

    def end(self, stack: Stack, step: Step) -> Denotation:
        """What is asked for of the last set, or of the last two."""
        last = stack[-1]
        if step.op == "set":
            return tuple(last.tolist())
        if step.op == "count":
            return float(len(last))
        if step.op == "any":
            return len(last) > 0
        numbers = [found[~np.isnan(found)] for found in (self._measured(each, step) for each in stack)]
        if step.op == "difference":
            lone = all(len(found) == 1 for found in numbers)
            return abs(float(numbers[0][0] - numbers[1][0])) if lone else float("nan")
        found = numbers[-1]
        if not len(found):
            return float("nan")
        return float(found.sum() if step.op == "sum" else found.mean())

    def follow(self, entities: Entities, relation: int) -> Entities:
        """Where one relation leads from any of these entities."""
        starts, ends = self.edges(relation)
        first, last = (starts.searchsorted(entities, side=side) for side in ("left", "right"))
        if len(entities) == 1:
            return np.unique(ends[int(first[0]) : int(last[0])])
        sizes = last - first
        places = np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        return np.unique(ends[places])

    def edges(self, relation: int) -> tuple[Entities, Entities]:
        """The facts of a relation, from where to where, rising by where from: shapes (N,)."""
        if relation not in self._edges:
            self._edges[relation] = self.numbers.edges(relation)
        return self._edges[relation]


def holds(op: Op, found: Floats, number: float) -> Mask:
    """Which numbers are over, under or exactly another one."""
    kept: Mask = found == number if op == "exactly" else found < number if op == "under" else found > number
    return kept


def placed(program: Program, step: Step) -> Step:
    """A step as it is after the beginning of a program: `without` leaves out also what the other set starts from."""
    if step.op != "without":
        return step
    start = next(each for each in reversed(program) if each.op in STARTS)
    return replace(step, entities=start.entities)


def restarted(program: Program, starts: Mapping[tuple[int, int], Step]) -> Program:
    """A program that starts from something else wherever it names what stands at these characters."""
    found: Program = ()
    for step in program:
        other = starts.get((step.start, step.end), step) if step.op == "named" else placed(found, step)
        found += (other,)
    return found


def needed(step: Step) -> int:
    """How many sets a step takes from the stack."""
    if step.op in STARTS:
        return 0
    return 2 if step.op in JOINS or step.op == "difference" else 1


def _extreme(found: Floats, step: Step) -> Mask:
    """Which numbers are the largest or smallest, or of the rank after it; ties are all of it."""
    there = found[~np.isnan(found)]
    if step.rank == 1:
        best = (there.max() if step.op == "largest" else there.min()) if len(there) else np.nan
        extreme: Mask = found == best
        return extreme
    ranked = np.unique(there)[:: -1 if step.op == "largest" else 1]
    next_: Mask = found == (ranked[step.rank - 1] if len(ranked) >= step.rank else np.nan)
    return next_


def _in(one: Entities, other: Entities) -> Mask:
    """Which of one rising set are in another."""
    if not len(other):
        return np.zeros(len(one), dtype=bool)
    places = other.searchsorted(one)
    places[places == len(other)] = 0
    found: Mask = other[places] == one
    return found


def _shared(one: Entities, other: Entities) -> Entities:
    """What two rising sets have in common."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return small[_in(small, large)]


def values_of(entities: Sequence[int], values: NDArray[np.float64]) -> list[float]:
    """The numbers that some entities are, rising; none unless all of them are numbers."""
    found: list[float] = np.sort(values[list(entities)]).tolist()
    return found if all(number == number for number in found) else []
