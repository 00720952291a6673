"""The space of steps: every step that a graph allows, and which of them may come next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kgqa.graph.numbers import Attribute, Entities, Mask
from kgqa.programs.machine import Machine, Op, Stack, Step
from kgqa.programs.quantities import Quantity

RANKS = 5  # "the fifth largest" is the last that can be asked for
MOST_SETS = 2
FEWEST = 2  # entities of a class that a program may begin with
EXTREMES: tuple[Op, ...] = ("largest", "smallest")
COMPARED: tuple[Op, ...] = ("over", "under", "exactly")
MEASURED: tuple[Op, ...] = ("above", "below", "sum", "mean", "difference")
PLAIN: tuple[Op, ...] = ("meet", "without", "either", "set", "count", "any")
LARGE = 1000  # sets from this size on are remembered


@dataclass(frozen=True)
class Look:
    """What a set offers: which relations lead on from it, the classes that all of it is of, and which attributes its
    entities have."""

    relations: Mask  # (R,)
    all: Mask  # (C,)
    known: Mask  # (A,) at least one entity has the number
    several: Mask  # (A,) at least two have it
    of_one: Mask  # (A,) one has it, the planet of all that Jupiter may mean; how many others are told of a single one


class Space:
    """All steps over a graph but those that start from what a question names.

    A step that holds an attribute against a number has none here: the question states it. `thresholds` say what counts
    as much of an attribute. No program begins with the class of a single entity, among which nothing is to be found:
    whoever means that one names it.
    """

    def __init__(self, machine: Machine, thresholds: Mapping[Attribute, float] | None = None) -> None:
        self.machine = machine
        self.numbers = machine.numbers
        self.thresholds = dict(thresholds or {})
        self.steps = tuple(self._all())
        self.places = {step: place for place, step in enumerate(self.steps)}
        self._looks: dict[bytes, Look] = {}

    def _all(self) -> list[Step]:
        numbers = self.numbers
        classes = range(len(numbers.classes))
        found = [Step("follow", relation=int(relation)) for relation in np.flatnonzero(~numbers.repeated)]
        found += [Step("class", class_=class_) for class_ in classes if len(numbers.members[class_]) >= FEWEST]
        found += [Step("keep", class_=class_) for class_ in classes]
        found += [Step(op, attribute=attribute) for op in EXTREMES for attribute in numbers.attributes]
        found += [
            Step(op, attribute=attribute, rank=rank)
            for op in EXTREMES
            for rank in range(2, RANKS + 1)
            for attribute in numbers.values
        ]
        found += [Step(op, attribute=attribute) for op in COMPARED for attribute in numbers.attributes]
        found += [Step(op, attribute=attribute) for op in MEASURED for attribute in numbers.attributes]
        found += [Step("notable", attribute=attribute, number=limit) for attribute, limit in self.thresholds.items()]
        return found + [Step(op) for op in PLAIN]

    @cached_property
    def _ranges(self) -> dict[tuple[str, bool], slice]:
        """Where the steps of an operation are; those of a rank beyond the first apart."""
        found: dict[tuple[str, bool], list[int]] = {}
        for place, step in enumerate(self.steps):
            found.setdefault((step.op, step.rank > 1), []).append(place)
        return {key: slice(places[0], places[-1] + 1) for key, places in found.items()}

    @cached_property
    def extremes(self) -> Mask:
        """Which steps (N,) are the largest and the smallest."""
        return np.array([step.op in EXTREMES for step in self.steps])

    def valid(self, stack: Stack, quantities: Sequence[Quantity] = ()) -> Mask:
        """Which steps (N,) may follow: those that a graph like this one gives a sense to.

        Nothing but being asked after comes after an empty set, its extremes included: there are none.
        """
        mask = np.zeros(len(self.steps), dtype=bool)
        if len(stack) < MOST_SETS:
            self._allow(mask, ("class",))
        if stack and not len(stack[-1]):
            self._allow(mask, ("set", "count", "any", *EXTREMES) if len(stack) == 1 else ("without",))
        elif stack:
            self._after(mask, stack, bool(quantities))
        return mask

    def _allow(self, mask: Mask, ops: Sequence[str], where: Mask | bool = True, ranked: bool = False) -> None:
        for op in ops:
            if (op, ranked) in self._ranges:
                mask[self._ranges[op, ranked]] = where

    def _after(self, mask: Mask, stack: Stack, counted: bool) -> None:
        last, look = stack[-1], self.look(stack[-1])
        values = len(self.numbers.values)
        self._allow(mask, ("follow",), (look.relations & ~self._from_values)[~self.numbers.repeated])
        self._allow(mask, ("keep",), ~look.all | (len(last) == 1))  # "is the Moon a moon?"
        self._allow(mask, EXTREMES, look.known)  # of one as well: the largest city of a state that has no other
        self._allow(mask, EXTREMES, np.tile(look.several[:values], RANKS - 1), ranked=True)
        if self.thresholds:
            places = [self.numbers.values.index(attribute) for attribute in self.thresholds]
            self._allow(mask, ("notable",), look.known[places])
        if counted:
            self._allow(mask, COMPARED, look.known)
        if len(stack) == 1:
            self._allow(mask, ("set", "any"))
            self._allow(mask, ("count",), self.numbers.are_counted(last))
            self._allow(mask, ("sum", "mean"), look.several)
        else:
            self._join(mask, stack, look)

    def _join(self, mask: Mask, stack: Stack, look: Look) -> None:
        if self._are_values(stack[-1]) == self._are_values(stack[-2]) or not len(stack[-2]):
            self._allow(mask, ("meet", "without", "either"))
        if look.of_one.any():
            other = self.look(stack[-2])
            self._allow(mask, ("above", "below"), look.of_one & other.known)
            self._allow(mask, ("difference",), look.of_one & other.of_one)

    def _are_values(self, entities: Entities) -> bool:
        """Whether some are numbers, which have nothing in common with anything else."""
        return bool(self.numbers.catalog.is_value[entities].any())

    def look(self, entities: Entities) -> Look:
        """What a set offers; remembered for large sets."""
        if len(entities) < LARGE:
            return self._look(entities)
        key = entities.tobytes()
        if key not in self._looks:
            self._looks[key] = self._look(entities)
        return self._looks[key]

    def _look(self, entities: Entities) -> Look:
        numbers = self.numbers
        own: Mask = numbers.in_class[entities]  # (N, C)
        some: Mask = np.logical_or.reduce(own)
        has: Mask = np.logical_or.reduce(self.has[entities])
        there = ~np.isnan(numbers.table[entities])  # (N, V)
        counts = there.sum(0)
        leads = has | np.logical_or.reduce(numbers.class_has[some])
        counted = has[[attribute.relation for attribute in numbers.counts]] if numbers.counts else np.empty(0, bool)
        known, several = np.append(counts > 0, counted), np.append(counts > 1, counted)
        of_one = known if len(entities) == 1 else known & ~several
        return Look(leads, np.logical_and.reduce(own), known, several, of_one)

    @cached_property
    def _from_values(self) -> Mask:
        """The relations that lead back from numbers: shape (R,)."""
        back = np.zeros(self.numbers.sparse.num_relations, dtype=bool)
        back[[attribute.relation ^ 1 for attribute in self.numbers.values]] = True
        return back

    @cached_property
    def has(self) -> Mask:
        """Which relations each entity has: shape (E, R)."""
        table = np.zeros((len(self.numbers.catalog), self.numbers.sparse.num_relations), dtype=bool)
        for relation in range(self.numbers.sparse.num_relations):
            table[self.machine.edges(relation)[0], relation] = True
        return table

    def with_number(self, step: Step, quantity: Quantity) -> Step:
        """A step that holds an attribute against a number, with the number."""
        return replace(step, number=quantity.number, start=quantity.start, end=quantity.end)

    def place(self, step: Step) -> int:
        """Where a step is among the steps; one that takes a number or entities of the question has none there."""
        if step.op in COMPARED or step.op == "without":
            step = replace(step, number=0.0, start=0, end=0, entities=())
        return self.places[step]
