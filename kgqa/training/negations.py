"""Negations: questions for what one leads to and another doesn't, or what is of no class."""

from dataclasses import dataclass

import numpy as np

from kgqa.programs.machine import Program, Step, placed
from kgqa.training.asking import Asker, Made
from kgqa.training.groups import Group
from kgqa.training.patterns import SEVERAL, formed
from kgqa.training.sampling import ImpossibleError

OUTSIDE_SHARE, CLASS_SHARE, SAME_SHARE = 0.3, 0.1, 0.3
LEFT_OUT = 2  # of a class, at least


@dataclass(frozen=True)
class Negations:
    """Draws such questions."""

    asker: Asker

    def drawn(self) -> Made:
        """One question, about a fact that is left out."""
        draw = self.asker.random.random()
        relation = self.asker.facts.relation()
        start, entity = self.asker.facts.edge(relation)
        if draw < OUTSIDE_SHARE:
            return self._outside(entity)
        group = self.asker.groups.led_to(start, relation)
        if draw < OUTSIDE_SHARE + CLASS_SHARE:
            return self._of_no_class(group)
        return self._but(entity, group, draw < OUTSIDE_SHARE + CLASS_SHARE + SAME_SHARE)

    def _but(self, entity: int, group: Group, same: bool) -> Made:
        """What one leads to, but not another, by the same relation or by another one."""
        other = self.asker.groups.other(entity, group, same)
        if not 0 < len(np.intersect1d(group.entities, other.entities)) < len(group):
            raise ImpossibleError
        alike = group.program[1:] == other.program[1:] and group.mod.endswith("{a}")
        heading = self.asker.random.choice(("but", "but", "except") if alike else ("without", "without", "except"))
        return self._asked(heading, group, other)

    def _outside(self, entity: int) -> Made:
        """All of a class but what something leads to."""
        classes = np.flatnonzero(self.asker.groups.numbers.in_class[entity]).tolist()
        if not classes:
            raise ImpossibleError
        group = self.asker.groups.of_class(self.asker.random.choice(classes))
        other = self.asker.groups.beside(entity)
        if len(np.intersect1d(group.entities, other.entities)) < LEFT_OUT:
            raise ImpossibleError
        return self._asked(self.asker.random.choice(("without", "without", "except")), group, other)

    def _of_no_class(self, group: Group) -> Made:
        """What something leads to that is not of a class."""
        own = np.flatnonzero(self.asker.groups.numbers.in_class[group.entities].any(0)).tolist()
        if not own:
            raise ImpossibleError
        class_ = self.asker.groups.of_class(self.asker.random.choice(own))
        parts = {**group.parts(), "nots": f"that are not {class_.noun.many}"}
        return self.asker.asked(("negation", "without"), parts, group.names(), _without(group, class_))

    def _asked(self, heading: str, group: Group, other: Group) -> Made:
        ways = self.asker.groups.naming.links[other.program[1].relation].nots()
        nots = self.asker.random.choice(ways) if ways else ""
        slots = {"mods": other.mod, "nots": nots}
        said = {name: formed(text, SEVERAL).replace("{a}", "{b}") for name, text in slots.items()}
        names = {**group.names(), "b": other.named[0]}
        return self.asker.asked(("negation", heading), {**group.parts(), **said}, names, _without(group, other))


def _without(group: Group, other: Group) -> Program:
    return (*group.program, *other.program, placed(other.program, Step("without")), Step("set"))
