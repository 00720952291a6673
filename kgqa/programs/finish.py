"""The finish: last steps that lead from a set to what is wanted, found from the answer and not by trying all."""

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from kgqa.graph.numbers import Attribute, Entities, Floats, Mask
from kgqa.programs.known import TOLERANCE, State, Wanted
from kgqa.programs.machine import Program, Step, holds
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import COMPARED, RANKS, Space


class Finish:
    """Finds, for sets of a space of up to `largest` entities, extremes and comparisons that end in an answer."""

    def __init__(self, space: Space, largest: int) -> None:
        self.space, self.numbers, self.largest = space, space.numbers, largest

    def programs(self, state: State, wanted: Wanted, told: Sequence[Quantity]) -> Iterator[Program]:
        """The program of a state with the steps that make it right: each one needs the whole set.

        Args:
            told: the numbers that the question states.
        """
        entities = state.entities
        if isinstance(wanted, bool) or not wanted or not 1 < len(entities) <= self.largest:
            return
        if not isinstance(wanted[0], float):
            yield from self._chosen(state, np.array(wanted, dtype=np.int64), told)
        elif len(wanted) == 1:
            yield from self._valued(state, float(wanted[0]))
            yield from self._counted(state, float(wanted[0]), told)
            yield from self._added_up(state, float(wanted[0]))

    def _chosen(self, state: State, wanted: Entities, told: Sequence[Quantity]) -> Iterator[Program]:
        """Those that are wanted are the extreme of something, or beyond a number that the question states."""
        entities = state.entities
        if len(wanted) >= len(entities):
            return
        places = entities.searchsorted(wanted)
        if places[-1] >= len(entities) or not np.array_equal(entities[places], wanted):
            return
        attributes, table = self.measured(entities)  # (A,), (N, A)
        own = table[places]
        alike = (own == own[0]).all(0) & ((table == own[0]).sum(0) == len(wanted))
        for column in np.flatnonzero(alike):
            for step in self.extremes(table[:, column], own[0, column], attributes[column]):
                yield (*state.program, step, Step("set"))
        for steps, kept in self._held(table, attributes, told):
            if not kept[places].all():
                continue
            if len(wanted) == kept.sum():
                yield (*state.program, *steps, Step("set"))
            elif len(wanted) == 1:
                for step in self._first(table[kept], own[0], attributes):
                    yield (*state.program, *steps, step, Step("set"))

    def _first(self, table: Floats, own: Floats, attributes: Sequence[Attribute]) -> Iterator[Step]:
        """The extremes that the one row (N, A) is that has these numbers (A,)."""
        lone = (table == own).sum(0) == 1
        for op, best in (("largest", np.fmax.reduce(table)), ("smallest", np.fmin.reduce(table))):
            for column in np.flatnonzero(lone & (own == best)).tolist():
                yield Step(op, attribute=attributes[column])  # type: ignore[arg-type]

    def _valued(self, state: State, wanted: float) -> Iterator[Program]:
        """What is wanted is the value of an extreme, which has no other one."""
        table = self.numbers.table[state.entities]  # (N, V)
        for row, column in zip(*np.nonzero(np.abs(table - wanted) <= TOLERANCE * abs(wanted)), strict=True):
            attribute, value = self.numbers.values[column], table[row, column]
            alone = len(self.space.machine.follow(state.entities[[row]], attribute.relation)) == 1
            if alone and (table[:, column] == value).sum() == 1:
                for step in self.extremes(table[:, column], value, attribute):
                    yield (*state.program, step, Step("follow", relation=attribute.relation), Step("set"))

    def _counted(self, state: State, wanted: float, told: Sequence[Quantity]) -> Iterator[Program]:
        """As many as are wanted are beyond a number that the question states."""
        attributes, table = self.measured(state.entities) if told else ([], np.empty((0, 0)))
        for steps, kept in self._held(table, attributes, told):
            if kept.sum() == wanted:
                yield (*state.program, *steps, Step("count"))

    def _added_up(self, state: State, wanted: float) -> Iterator[Program]:
        """What is wanted is the sum, or the mean, of how many others each one of the set is related to."""
        look = self.space.look(state.entities)
        for place in range(len(self.numbers.values), len(look.known)):
            if look.known[place]:
                attribute = self.numbers.attributes[place]
                counts = self.numbers.of(state.entities, attribute)
                for op, found in (("sum", counts.sum()), ("mean", counts.mean())):
                    if abs(found - wanted) <= TOLERANCE * abs(wanted):
                        yield (*state.program, Step(op, attribute=attribute))  # type: ignore[arg-type]

    def apart(self, one: State, other: State, wanted: float) -> Iterator[Program]:
        """What is wanted is the difference of what two single entities have, or the only one of a name that does."""
        if not (one.is_one and other.is_one):
            return
        both = self.space.look(one.entities).of_one & self.space.look(other.entities).of_one
        for place in np.flatnonzero(both):
            attribute = self.numbers.attributes[place]
            left, right = (np.nanmax(self.numbers.of(each.entities, attribute)) for each in (one, other))
            if abs(abs(left - right) - wanted) <= TOLERANCE * abs(wanted):
                yield (*one.program, *other.program, Step("difference", attribute=attribute))

    def measured(self, entities: Entities) -> tuple[list[Attribute], Floats]:
        """What is known of some of these entities, and the numbers: shape (N, A)."""
        known = np.flatnonzero(self.space.look(entities).known)
        attributes = [self.numbers.attributes[place] for place in known]
        columns = [self.numbers.of(entities, attribute) for attribute in attributes]
        return attributes, np.stack(columns, 1) if columns else np.empty((len(entities), 0))

    def extremes(self, values: Floats, value: float, attribute: Attribute) -> Iterator[Step]:
        """The extremes, of whatever rank can be asked for, that this value is among these; the last is no n-th."""
        known = (~np.isnan(values)).sum()
        for op, beyond in (("largest", values > value), ("smallest", values < value)):
            rank = 1 + len(np.unique(values[beyond]))
            if rank <= (1 if attribute.counted else RANKS) and rank < known:
                yield Step(op, attribute=attribute, rank=rank)  # type: ignore[arg-type]

    def _held(
        self, table: Floats, attributes: Sequence[Attribute], told: Sequence[Quantity]
    ) -> Iterator[tuple[tuple[Step, ...], Mask]]:
        """Each comparison with one number that the question states or with two, and which rows it keeps: (N,)."""
        for column, attribute in enumerate(attributes):
            values = table[:, column]
            single = [
                (self.space.with_number(Step(op, attribute=attribute), quantity), holds(op, values, quantity.number))
                for quantity in told
                for op in COMPARED
            ]
            yield from (((step,), kept) for step, kept in single)
            for (one, kept), (other, left) in permutations(single, 2):
                if one.op == "over" and other.op == "under" and one.number < other.number:
                    yield (one, other), kept & left
