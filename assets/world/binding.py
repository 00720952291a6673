"""Binding: the programs of operations as steps of the machine over a graph, each class and relation found in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assets.world.operations import Word
from assets.world.schema import CLASSES, RELATIONS, SPLIT, variant
from assets.world.world import RELATION_PREFIX
from kgqa.graph.numbers import Attribute, Numbers
from kgqa.programs.machine import Step

Kinds = frozenset[str]


@dataclass(frozen=True)
class Bound:
    """A step; `slot` is the letter of what it still lacks, an entity of `kinds` or a number."""

    step: Step
    slot: str = ""
    kinds: tuple[str, ...] = ()


class Binding:
    """Follows the classes that each step may leave, so that a relation is the one that these classes have."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self._ends: dict[tuple[Kinds, int], Kinds] = {}

    def bind(self, words: tuple[Word, ...]) -> tuple[Bound, ...]:
        """The steps of a program.

        Raises:
            ValueError: if the graph has nothing that a word could mean where it stands.
        """
        stack: list[Kinds] = []
        bound: list[Bound] = []
        for word in words:
            bound += self._bound(word, stack)
        return tuple(bound)

    def _bound(self, word: Word, stack: list[Kinds]) -> list[Bound]:
        if word.op in ("named", "class"):
            stack.append(frozenset(word.kinds))
            number = self.class_number(word.kinds[0]) if word.op == "class" else -1
            return [Bound(Step(word.op, class_=number), word.slot, word.kinds)]
        if word.op == "keep":
            return [self._kept(word.kinds[0], stack)]
        if word.op == "follow":
            return self._followed(word, stack)
        attribute = self.attribute(word, stack[-1]) if word.relation else None
        if word.op in ("meet", "without", "either", "above", "below", "difference"):
            self._join(word, stack)
        return [Bound(Step(word.op, attribute=attribute, rank=word.rank), word.slot)]

    def _join(self, word: Word, stack: list[Kinds]) -> None:
        other = stack.pop()
        if word.relation:
            self.attribute(word, stack[-1])
        if word.op == "meet" and not stack[-1] & other:
            raise ValueError(f"nothing is both {sorted(stack[-1])} and {sorted(other)}")
        if word.op in ("meet", "either"):
            stack[-1] = stack[-1] & other if word.op == "meet" else stack[-1] | other

    def _kept(self, kind: str, stack: list[Kinds]) -> Bound:
        stack[-1] = frozenset({kind})
        return Bound(Step("keep", class_=self.class_number(kind)))

    def _followed(self, word: Word, stack: list[Kinds]) -> list[Bound]:
        relation = self.relation(word, stack[-1])
        stack[-1] = self.ends(stack[-1], relation)
        followed = [Bound(Step("follow", relation=relation))]
        if word.kinds and stack[-1] - set(word.kinds):
            followed.append(self._kept(word.kinds[0], stack))
        return followed

    def attribute(self, word: Word, kinds: Kinds) -> Attribute:
        """What a word measures of entities of these classes."""
        relation = self.relation(word, kinds)
        if not word.counted:
            if not RELATIONS[word.relation].is_value:
                raise ValueError(f"{word.relation} is no number")
            return Attribute(relation)
        everyone = self.ends(self._every_kind, relation)
        narrows = word.kinds and everyone != set(word.kinds)
        return Attribute(relation, True, self.class_number(word.kinds[0]) if narrows else -1)

    def relation(self, word: Word, kinds: Kinds) -> int:
        """The number of the relation that a word means after entities of these classes."""
        if word.inverse and word.relation in SPLIT and not word.kinds:
            raise ValueError(f"several classes have {word.relation}: say which, as in ~{word.relation}.City")
        owners = set(word.kinds) if word.inverse and word.kinds else self._every_kind if word.inverse else kinds
        named = {variant(word.relation, kind) for kind in owners} & self._relations.keys()
        numbers = {self._relations[name] * 2 + word.inverse for name in named}
        found = sorted(number for number in numbers if self.ends(kinds, number, values=True))
        if len(found) != 1:
            some = f"{len(found)} relations" if found else "nothing"
            raise ValueError(f"{word.relation} is {some} of {'|'.join(sorted(kinds)) or 'a number'}")
        return found[0]

    def ends(self, kinds: Kinds, relation: int, values: bool = False) -> Kinds:
        """The classes that a relation leads to from these classes; with `values`, numbers are a class too."""
        key = kinds, relation
        if key not in self._ends:
            starts, ends = self.numbers.edges(relation)
            own = [self.class_number(kind) for kind in kinds]
            reached = ends[np.any(self.numbers.in_class[starts][:, own], 1)]
            classes = self.numbers.in_class[reached]
            named = {kind for kind in CLASSES if classes[:, self.class_number(kind)].any()}
            self._ends[key] = frozenset(named | ({""} if self.numbers.catalog.is_value[reached].any() else set()))
        return self._ends[key] if values else self._ends[key] - {""}

    def class_number(self, kind: str) -> int:
        return self.numbers.classes.index(CLASSES[kind])

    @cached_property
    def _relations(self) -> dict[str, int]:
        ids = self.numbers.catalog.relation_ids
        return {name.removeprefix(RELATION_PREFIX): number for number, name in enumerate(ids)}

    @cached_property
    def _every_kind(self) -> Kinds:
        return frozenset(CLASSES)
