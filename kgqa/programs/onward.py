"""Onward: answers that a relation leads to from an extreme, found from the answer and not by trying all."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache, cached_property

import numpy as np

from kgqa.graph.numbers import Entities, Mask
from kgqa.programs.finish import Finish
from kgqa.programs.known import TOLERANCE, State, Wanted, totals
from kgqa.programs.machine import Program, Step
from kgqa.programs.space import Space

LED = 200  # entities that it may lead to, if one of them is wanted


class Onward:
    """Finds, for sets of a space, which extreme a relation leads from to one answer."""

    def __init__(self, space: Space, finish: Finish, wanted: Wanted) -> None:
        self.space, self.machine, self.finish, self.wanted = space, space.machine, finish, wanted
        self._ways = cache(lambda source: list(self._leading(source)))
        self._totals = cache(lambda entity: list(self._adding_up(entity)))

    def programs(self, states: Sequence[State]) -> Iterator[Program]:
        """The programs of states with an extreme, a relation and what ends in the answer."""
        if isinstance(self.wanted, bool) or not self.wanted:
            return
        for state in states:
            if 1 < len(state.entities) <= self.finish.largest:
                found = self._counted if isinstance(self.wanted[0], float) else self._led
                yield from found(state)

    def _led(self, state: State) -> Iterator[Program]:
        """What is wanted is all that a relation leads to from the extreme, or the extreme of that."""
        own = state.entities[np.isin(state.entities, self._sources, assume_unique=True)]
        if not len(own) or len(own) > LED:
            return
        ways = {entity: found for entity in own.tolist() if (found := self._ways(entity))}
        for step, entity in self._extremes(state.entities, ways):
            for relation, end in ways[entity]:
                if not end or _is_plain(step):
                    yield (*state.program, step, Step("follow", relation=relation), *end, Step("set"))

    def _extremes(self, entities: Entities, among: Collection[int] | None = None) -> Iterator[tuple[Step, int]]:
        """The extremes of a set that are one entity, of these or, of all, those that are the first or the last."""
        attributes, table = self.finish.measured(entities)
        if among is None:
            own = ((table == np.fmax.reduce(table)) | (table == np.fmin.reduce(table))).any(1)
        else:
            own = np.isin(entities, list(among))
        for row in np.flatnonzero(own).tolist():
            for column in np.flatnonzero((table == table[row]).sum(0) == 1).tolist():
                for step in self.finish.extremes(table[:, column], table[row, column], attributes[column]):
                    yield step, int(entities[row])

    @cached_property
    def _sources(self) -> Entities:
        """From where relations lead to the first of what is wanted."""
        wanted = np.array(self.wanted[:1], dtype=np.int64)  # type: ignore[index]
        inverses = np.flatnonzero(self.space.has[wanted[0]]).tolist()
        return np.unique(np.concatenate([self.machine.follow(wanted, inverse) for inverse in inverses] or [wanted[:0]]))

    def _leading(self, source: int) -> Iterator[tuple[int, tuple[Step, ...]]]:
        """The relations that lead from an entity to what is wanted, each with the step that leaves it alone."""
        wanted = np.array(self.wanted, dtype=np.int64)
        back = self.space.has[wanted[0]].reshape(-1, 2)[:, ::-1].ravel()  # which relations lead there
        for relation in np.flatnonzero(self._leads(source) & back).tolist():
            led = self.machine.follow(np.array([source]), relation)
            if np.array_equal(led, wanted):
                yield relation, ()
            elif len(wanted) == 1 and 1 < len(led) <= LED and wanted[0] in led:
                firsts = (step for step, _ in self._extremes(led, wanted.tolist()))
                yield from ((relation, (step,)) for step in firsts if _is_plain(step))

    def _leads(self, entity: int) -> Mask:
        """The relations that lead on from an entity, of two that are the same back and forth the one: shape (R,)."""
        leads: Mask = self.space.has[entity] & ~self.machine.numbers.repeated
        return leads

    def _counted(self, state: State) -> Iterator[Program]:
        """A relation leads from the first or the last to as many as are wanted, or to what comes to that together."""
        assert not isinstance(self.wanted, bool)
        if len(self.wanted) > 1 or len(state.entities) > LED:
            return
        for step, entity in self._extremes(state.entities):
            if _is_plain(step):
                for relation, end in self._totals(entity):
                    yield (*state.program, step, Step("follow", relation=relation), end)

    def _adding_up(self, entity: int) -> Iterator[tuple[int, Step]]:
        """Relations that lead from an entity to as many as are wanted, or to what comes to this together."""
        wanted = float(self.wanted[0])  # type: ignore[index]
        numbers = self.machine.numbers
        for relation in np.flatnonzero(self._leads(entity)).tolist():
            led = self.machine.follow(np.array([entity]), relation)
            if len(led) == wanted and numbers.are_counted(led):
                yield relation, Step("count")
            if 1 < len(led) <= LED:
                there, sums = totals(numbers.table[led])
                for place in np.flatnonzero((there > 1) & (np.abs(sums - wanted) <= TOLERANCE * abs(wanted))):
                    yield relation, Step("sum", attribute=numbers.values[place])


def _is_plain(step: Step) -> bool:
    """Whether an extreme is the first of what is measured, not counted."""
    return step.rank == 1 and step.attribute is not None and not step.attribute.counted
