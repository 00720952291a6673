"""The machine: runs programs, exactly and on whole sets of entities.

A program is a list of steps over a stack of sets. Its first step puts a set there: what a mention may mean, or a class.
Most steps put another set in the place of the last one; JOINS make one of the last two. The last step says what is
asked for: the set itself, how many they are, or the sum or the mean of a number that they have.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from kgqa.errors import InputError
from kgqa.graph.numbers import Attribute, Entities, Numbers

Op = Literal[
    "named", "class", "follow", "keep", "largest", "smallest", "meet", "without", "above", "below",
    "set", "count", "sum", "mean",
]  # fmt: skip
OPS: tuple[Op, ...] = get_args(Op)
JOINS: tuple[Op, ...] = ("meet", "without", "above", "below")
ENDS: tuple[Op, ...] = ("set", "count", "sum", "mean")

Denotation = tuple[int, ...] | float  # entities, rising, or a number


@dataclass(frozen=True)
class Step:
    """One step; which of the arguments it has depends on the operation.

    `named` starts from all that the characters `start` to `end` of the question may mean; `relation` counts inverses.
    `above` and `below` keep what has more, or less, of an attribute than any of the other set.
    """

    op: Op
    relation: int = -1
    class_: int = -1
    attribute: Attribute | None = None
    start: int = 0
    end: int = 0
    entities: tuple[int, ...] = field(default=(), compare=False)


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
        if not program or program[-1].op not in ENDS or len(stack) != 1:
            raise InputError("a program starts from something, leaves one set, and ends by saying what is asked for")
        return self.end(stack[0], program[-1])

    def step(self, stack: Stack, step: Step) -> Stack:
        """The stack after one step that is no end; raises `InputError` if there are too few sets for it."""
        if step.op == "named":
            return (*stack, np.array(sorted(step.entities), dtype=np.int64))
        if step.op == "class":
            return (*stack, self.numbers.members[step.class_])
        taken = 2 if step.op in JOINS else 1
        if len(stack) < taken:
            raise InputError(f"{step.op} needs {taken} sets and finds {len(stack)}")
        below, last = stack[:-taken], stack[-1]
        return (*below, self._changed(last, step) if taken == 1 else self._joined(stack[-2], last, step))

    def _joined(self, one: Entities, other: Entities, step: Step) -> Entities:
        joined: Entities
        if step.op == "meet":
            joined = np.intersect1d(one, other, assume_unique=True)
        elif step.op == "without":
            joined = np.setdiff1d(one, other, assume_unique=True)
        else:
            own, measured = self._measured(one, step), self._measured(other, step)
            if np.isnan(measured).all():
                return one[:0]
            joined = one[own > np.nanmax(measured) if step.op == "above" else own < np.nanmin(measured)]
        return joined

    def _measured(self, entities: Entities, step: Step) -> NDArray[np.float64]:
        if step.attribute is None:
            raise InputError(f"{step.op} does not say what is measured")
        return self.numbers.of(entities, step.attribute)

    def _changed(self, last: Entities, step: Step) -> Entities:
        if step.op == "follow":
            return self.follow(last, step.relation)
        if step.op == "keep":
            kept: Entities = np.intersect1d(last, self.numbers.members[step.class_], assume_unique=True)
            return kept
        found = self._measured(last, step)
        if np.isnan(found).all():
            return last[:0]
        best = np.nanmax(found) if step.op == "largest" else np.nanmin(found)
        extreme: Entities = last[found == best]
        return extreme

    def end(self, last: Entities, step: Step) -> Denotation:
        """What is asked for of the last set."""
        if step.op == "set":
            return tuple(last.tolist())
        if step.op == "count":
            return float(len(last))
        found = self._measured(last, step)
        found = found[~np.isnan(found)]
        return float(found.sum()) if step.op == "sum" else float(found.mean()) if len(found) else float("nan")

    def follow(self, entities: Entities, relation: int) -> Entities:
        """Where one relation leads from any of these entities."""
        starts, ends = self._edges_of(relation)
        first, last = (np.searchsorted(starts, entities, side=side) for side in ("left", "right"))
        sizes = last - first
        places = np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        reached: Entities = np.unique(ends[places])
        return reached

    def _edges_of(self, relation: int) -> tuple[Entities, Entities]:
        if relation not in self._edges:
            self._edges[relation] = self.numbers.edges(relation)
        return self._edges[relation]

    # What can be done with a set

    def relations(self, entities: Entities) -> list[int]:
        """The relations that any of these entities has."""
        _, found = self.numbers.sparse.relations_of(torch.from_numpy(entities))
        relations: list[int] = found.unique().tolist()
        return relations

    def changes(self, entities: Entities) -> Iterator[tuple[Step, Entities]]:
        """Every step that makes another set of this one alone, neither empty nor the same, with that set."""
        for relation in self.relations(entities):
            yield Step("follow", relation), self.follow(entities, relation)
        if len(entities) > 1:
            for step in self._narrowing(entities):
                found = self._changed(entities, step)
                if 0 < len(found) < len(entities):
                    yield step, found

    def _narrowing(self, entities: Entities) -> Iterator[Step]:
        for class_ in range(len(self.numbers.classes)):
            yield Step("keep", class_=class_)
        for attribute in (*self.numbers.values, *self.numbers.counts):
            if self._tells_apart(self.numbers.of(entities, attribute)):
                yield Step("largest", attribute=attribute)
                yield Step("smallest", attribute=attribute)

    @staticmethod
    def _tells_apart(found: NDArray[np.float64]) -> bool:
        there = found[~np.isnan(found)]
        return bool(len(there)) and bool(len(there) < len(found) or there.min() < there.max())

    def joins(self, one: Entities, other: Entities) -> Iterator[tuple[Step, Entities]]:
        """Every step that leaves some but not all of one set because of another, with what it leaves."""
        for step in self._joining(one, other):
            found = self._joined(one, other, step)
            if 0 < len(found) < len(one):
                yield step, found

    def _joining(self, one: Entities, other: Entities) -> Iterator[Step]:
        yield Step("meet")
        yield Step("without")
        for attribute in self.numbers.values if len(other) == 1 else ():
            if not np.isnan(self.numbers.of(other, attribute)).all():
                yield Step("above", attribute=attribute)
                yield Step("below", attribute=attribute)

    def ends(self, entities: Entities) -> Iterator[tuple[Step, Denotation]]:
        """Every way to end with this set."""
        yield Step("set"), self.end(entities, Step("set"))
        yield Step("count"), self.end(entities, Step("count"))
        for attribute in self.numbers.values if len(entities) > 1 else ():
            if (~np.isnan(self.numbers.of(entities, attribute))).sum() > 1:
                for op in ("sum", "mean"):
                    step = Step(op, attribute=attribute)
                    yield step, self.end(entities, step)
