"""Groups: sets of entities that a question can speak of, each with the steps that lead to it and words for it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

import numpy as np

from kgqa.graph.numbers import Entities, Numbers
from kgqa.graph.sparse import inverse
from kgqa.programs.machine import Machine, Program, Step
from kgqa.programs.space import FEWEST
from kgqa.training.links import Noun
from kgqa.training.naming import VAGUE, Naming
from kgqa.training.patterns import ONE, SEVERAL, formed
from kgqa.training.sampling import FactSampler, ImpossibleError

BOTH, AND = ("both {a} and {b}", "{a} and {b}", "both {a} and also {b}"), ("and", "and", "and also")
VAGUE_SHARE = 0.2  # of groups that nobody can name, those that are kept
CLASS_SHARE, NESTED_SHARE = 0.4, 0.15


@dataclass(frozen=True)
class Group:
    """Entities, the program that leads to them, and their names: a noun and what follows it.

    `mod` follows the noun and has a slot {a} for the entity `named`, if one is; `[one|several]` in it agrees.
    """

    program: Program
    entities: Entities
    noun: Noun
    mod: str = ""
    named: tuple[int, ...] = ()
    personal: bool = False  # somebody, each of them

    @property
    def one(self) -> str:
        """One of them: "river that flows through {a}"."""
        return f"{self.noun.one} {formed(self.mod, ONE)}".strip()

    @property
    def many(self) -> str:
        """Several of them: "rivers that flow through {a}"."""
        return f"{self.noun.many} {formed(self.mod, SEVERAL)}".strip()

    def parts(self) -> dict[str, str]:
        """The words for it: one of it, several, all of it, and its noun alone."""
        many = self.many
        return {
            "one": self.one,
            "many": many,
            "all": f"the {many}" if self.mod else f"all {many}",
            "head": self.noun.one,
            "heads": self.noun.many,
            "mods": formed(self.mod, SEVERAL),
            "who": "who" if self.personal else "",
        }

    def names(self) -> dict[str, int]:
        """The letters of the slots in its words, and who is named there."""
        return dict(zip("ab", self.named, strict=False))

    def __len__(self) -> int:
        return len(self.entities)


@dataclass
class Groups:
    """Draws groups from a graph."""

    numbers: Numbers
    machine: Machine
    naming: Naming
    facts: FactSampler
    random: Random
    _classes: dict[int, Group] = field(default_factory=dict)
    _drawn: int = 0
    _vague: int = 0

    def around(self, entity: int) -> Group:
        """A group that the entity is in: its class, or what some fact leads to from another entity."""
        draw = self.random.random()
        classes = np.flatnonzero(self.numbers.in_class[entity]).tolist()
        if classes and draw < CLASS_SHARE:
            return self.of_class(self.random.choice(classes))
        relation, start = self._edge_to(entity)
        if draw > 1 - NESTED_SHARE:
            return self.nested(start, relation)
        return self.led_to(start, relation)

    def of_class(self, class_: int) -> Group:
        """All of a class."""
        if class_ not in self._classes:
            members, name = self.numbers.members[class_], self.naming.class_(class_)
            if not name or len(members) < FEWEST:
                raise ImpossibleError
            program = (Step("class", class_=class_),)
            self._classes[class_] = Group(program, members, name, personal=name.personal)
        return self._classes[class_]

    def led_to(self, start: int, relation: int) -> Group:
        """Where a relation leads from a named entity."""
        if self.facts.catalog.is_value[start] or not self._is_clear(start, relation):
            raise ImpossibleError
        program = (Step("named", entities=(start,)), Step("follow", relation=relation))
        found = self.machine.follow(np.array([start]), relation)
        return self._kept(Group(program, found, Noun(), self._mod(relation), (start,)), relation)

    def nested(self, middle: int, relation: int) -> Group:
        """Where a relation leads from all that another one leads to."""
        first, start = self._edge_to(middle)
        if first == inverse(relation):
            raise ImpossibleError
        between = self.led_to(start, first)
        if between.noun in VAGUE:
            raise ImpossibleError
        found = self.machine.follow(between.entities, relation)
        if start in found or len(found) == len(self.machine.follow(np.array([middle]), relation)):
            raise ImpossibleError
        mod = self._mod(relation)
        if mod.startswith("with the ") or not mod.endswith("{a}"):
            raise ImpossibleError  # "with the genre the genres of …", "that the states that … borders"
        mod = mod.replace("{a}", f"the {between.many}")
        program = (*between.program, Step("follow", relation=relation))
        return self._kept(Group(program, found, Noun(), mod, (start,)), relation)

    def shared(self, entity: int) -> Group:
        """What two named entities both lead to, the entity among it."""
        one, other = self.beside(entity), self.beside(entity)
        found = np.intersect1d(one.entities, other.entities)
        if one.named == other.named or one.noun != other.noun or len(found) in (len(one), len(other)):
            raise ImpossibleError
        if one.mod == other.mod:
            mod = one.mod.replace("{a}", self.random.choice(BOTH))
        else:
            mod = f"{one.mod} {self.random.choice(AND)} {other.mod.replace('{a}', '{b}')}"
        program = (*one.program, *other.program, Step("meet"))
        return Group(program, found, one.noun, mod, one.named + other.named, one.personal)

    def beside(self, entity: int) -> Group:
        """What some entity leads to, this one among it."""
        relation, start = self._edge_to(entity)
        return self.led_to(start, relation)

    def other(self, entity: int, group: Group, same: bool) -> Group:
        """What another named entity leads to, by the `same` relation or another, this entity among it."""
        relation, start = self._edge_to(entity)
        if same:
            relation = group.program[1].relation
            start = self.random.choice(self.facts.sparse.objects_of(entity, inverse(relation)).tolist())
        if start in group.named or not self.facts.is_named(start):
            raise ImpossibleError
        return self.led_to(start, relation)

    def _edge_to(self, entity: int) -> tuple[int, int]:
        """A relation that leads to the entity, and from where."""
        back = self.facts.relation_of(entity)
        start = self.random.choice(self.facts.sparse.objects_of(entity, back).tolist())
        if self.facts.catalog.is_value[start] or not self.facts.is_named(start) or start == entity:
            raise ImpossibleError
        return inverse(back), start

    def _mod(self, relation: int) -> str:
        mods = self.naming.links[relation].mods()
        if not mods:
            raise ImpossibleError
        return self.random.choice(mods)

    def _kept(self, group: Group, relation: int) -> Group:
        """The group with a noun; with one that says nothing seldom, unless the graph has little else."""
        if not len(group) or self.facts.catalog.is_value[group.entities].any():
            raise ImpossibleError
        found = self._called(group, relation)
        is_vague = found.noun in VAGUE
        self._drawn, self._vague = self._drawn + 1, self._vague + is_vague
        if not found.noun or (is_vague and self.random.random() > max(VAGUE_SHARE, self._vague / self._drawn)):
            raise ImpossibleError
        return replace(found, personal=found.noun.personal or self.naming.are_people(found.entities))

    def _called(self, group: Group, relation: int) -> Group:
        """The group with a noun; where that is a class and there are several, those of one."""
        own = self.numbers.in_class[group.entities]
        some = np.flatnonzero(own.any(0)).tolist()
        if not some or own.all(0).any() or self.naming.links[relation].own:
            return replace(group, noun=self.naming.led_to(group.entities, relation))
        class_ = self.random.choice(some)
        program, found = (*group.program, Step("keep", class_=class_)), group.entities[own[:, class_]]
        return replace(group, program=program, entities=found, noun=self.naming.class_(class_))

    def _is_clear(self, start: int, relation: int) -> bool:
        """Whether no other entity of that name, and no other relation of that label, leads elsewhere."""
        relations = any(self.facts.has(start, other) for other in self._namesakes(relation))
        return not relations and not any(self.facts.has(other, relation) for other in self.facts.namesakes(start))

    def _namesakes(self, relation: int) -> list[int]:
        label = self.facts.catalog.relation_labels[relation // 2]
        return [2 * other + relation % 2 for other in self._by_label[label] if other != relation // 2]

    @cached_property
    def _by_label(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for relation, label in enumerate(self.facts.catalog.relation_labels):
            found.setdefault(label, []).append(relation)
        return found
