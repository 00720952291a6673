"""Renaming: the questions that programs answer, asked of other entities of the same kinds.

Every program that answers a question is taken along: which of them says what was meant is told by no name. So few
questions teach wording, and not names.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from kgqa.linking.index import EntityIndex
from kgqa.programs.machine import Program, Step, restarted
from kgqa.programs.quantities import quantities_of
from kgqa.programs.space import Space
from kgqa.training.derivations import Node, derived

FEWEST = 8  # names of a kind among which another one is drawn
TRIES = 3

Kind = tuple[str, ...]  # the classes of all that a name may mean
Name = tuple[str, tuple[int, ...]]  # with all that it may mean


@dataclass(frozen=True)
class Explained:
    """A question with the programs that answer it, and whether a walk would do."""

    question: str
    programs: tuple[Program, ...]
    walked: bool = False

    def tree(self, space: Space) -> Node | None:
        """What the programs have in common, and where they part."""
        return derived(space, self.programs, quantities_of(self.question))


class Renamer:
    """Draws other names, the same ones for the same generator."""

    def __init__(self, space: Space, index: EntityIndex) -> None:
        self.space, self.index = space, index
        self.catalog = space.numbers.catalog
        self._names = self._by_kind()

    def _by_kind(self) -> dict[Kind, list[Name]]:
        found: dict[Kind, list[Name]] = defaultdict(list)
        seen = set[str]()
        for entity in range(len(self.catalog)):
            if not self.catalog.is_value[entity]:
                for name in (self.catalog.labels[entity], *self.catalog.alias_table[entity]):
                    if name.casefold() not in seen:
                        seen.add(name.casefold())
                        meant = tuple(sorted(self.index.exact([name])[0]))
                        found[self._kind(meant)].append((name, meant))
        return found

    def _kind(self, entities: Sequence[int]) -> Kind:
        return tuple(sorted({class_ for entity in entities for class_ in self.catalog.class_table[entity]}))

    def renamed(self, row: Explained, random: Random) -> Explained:
        """The same question of others, or as it is where it names nothing or no others give an answer."""
        steps = (step for program in row.programs for step in program)
        named = {(step.start, step.end): step for step in steps if step.op == "named" and step.start >= 0}
        starts = [named[place] for place in sorted(named)]
        apart = all(one.end <= other.start for one, other in pairwise(starts))
        if not starts or not apart or quantities_of(row.question):
            return row
        for _ in range(TRIES):
            text, others = self._written(row.question, starts, random)
            at = {(step.start, step.end): other for step, other in others.items()}
            programs = [program for each in row.programs if self._runs(program := restarted(each, at))]
            if programs:
                return Explained(text, tuple(programs), row.walked)
        return row

    def _written(self, question: str, starts: Sequence[Step], random: Random) -> tuple[str, dict[Step, Step]]:
        text, end, others = "", 0, dict[Step, Step]()
        for step in starts:
            name, meant = question[step.start : step.end], step.entities
            kind = self._names.get(self._kind(meant), [])
            if len(kind) >= FEWEST:
                other, meant = random.choice(kind)
                name = other.lower() if name.islower() else other
            text += question[end : step.start]
            others[step] = replace(step, start=len(text), end=len(text) + len(name), entities=meant)
            text, end = text + name, step.end
        return text + question[end:], others

    def _runs(self, program: Program) -> bool:
        """Whether it comes to something."""
        found = self.space.machine.run(program)
        return found != () and found == found
