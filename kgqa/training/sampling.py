"""Sampling: entities and facts drawn from a graph to ask about."""

from collections import defaultdict
from functools import cached_property
from random import Random

import numpy as np

from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.vectors import normalise

MOST_ANSWERS = 300


class ImpossibleError(Exception):
    """What was drawn leads to no question; draw again."""


class FactSampler:
    """Draws relations about evenly, however many facts they have, and the facts of each.

    Entities and relations are numbers; relation 2k + 1 is the inverse of 2k. What cannot be drawn raises
    `ImpossibleError`.
    """

    def __init__(self, graph: KnowledgeGraph, random: Random) -> None:
        self.sparse, self.catalog, self.random = graph.sparse, graph.catalog, random
        subjects, relations, objects = (tensor.numpy() for tensor in graph.sparse.triples())
        order = np.argsort(relations, kind="stable")
        self._ends = (subjects[order], objects[order])
        self._starts = np.searchsorted(relations[order], np.arange(len(self.catalog.relation_labels) + 1))
        self._weights = np.repeat(np.sqrt(np.diff(self._starts)), 2).tolist()  # a relation and its inverse

    def relation(self) -> int:
        """A relation, in one of its two directions."""
        return self.random.choices(range(len(self._weights)), self._weights)[0]

    def edge(self, relation: int) -> tuple[int, int]:
        """A fact of this relation, from where it starts to where it leads; both have names."""
        low, high = self._starts[relation // 2], self._starts[relation // 2 + 1]
        if low == high:
            raise ImpossibleError
        place = self.random.randrange(int(low), int(high))
        subject, object_ = (int(ends[place]) for ends in self._ends)
        start, end = (subject, object_) if relation % 2 == 0 else (object_, subject)
        if not self.is_named(start):
            raise ImpossibleError
        return start, end

    def is_named(self, entity: int) -> bool:
        """Whether a question can name it: by its label, or as a number of up to four digits."""
        label = self.catalog.labels[entity]
        return bool(label) and (not self.catalog.is_value[entity] or (len(label) <= 4 and label.isdecimal()))

    def relation_of(self, entity: int) -> int:
        """Some relation that leaves the entity."""
        first, last = self.sparse.entity_pointers[entity : entity + 2].tolist()
        if first == last:
            raise ImpossibleError
        return int(self.sparse.group_relations[self.random.randrange(first, last)])

    def has(self, entity: int, relation: int) -> bool:
        """Whether the relation leads anywhere from the entity."""
        return len(self.sparse.objects_of(entity, relation)) > 0

    def walk(self, entities: set[int], relation: int) -> set[int]:
        """Where the relation leads from them; raises `ImpossibleError` if nowhere or to too many."""
        if len(entities) > MOST_ANSWERS:
            raise ImpossibleError
        found: set[int] = set()
        for entity in sorted(entities):
            found.update(self.sparse.objects_of(entity, relation).tolist())
        if not 0 < len(found) <= MOST_ANSWERS:
            raise ImpossibleError
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for entity, label in enumerate(self.catalog.labels):
            for name in {normalise(text) for text in (label, *self.catalog.aliases(entity)) if text}:
                found[name].append(entity)
        return dict(found)

    @cached_property
    def named(self) -> frozenset[str]:
        """Every name in its normal form."""
        return frozenset(self._by_name)

    @cached_property
    def shared_names(self) -> list[list[int]]:
        """Entities that go by one label."""
        by_label = [
            [entity for entity in entities if normalise(self.catalog.labels[entity]) == name]
            for name, entities in self._by_name.items()
        ]
        return [group for group in by_label if len(group) > 1]

    def namesakes(self, entity: int) -> list[int]:
        """Other entities that go by its label."""
        return [other for other in self._by_name.get(normalise(self.catalog.labels[entity]), ()) if other != entity]


def invented_name(one: str, two: str, random: Random) -> str:
    """The beginning of one name with the end of another: of words where there are some, else of letters."""
    first, second = one.split(), two.split()
    if len(first) > 1 and len(second) > 1:
        return " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
    if len(one) < 4 or len(two) < 4 or not (one + two).isalpha():
        return ""
    return one[: random.randint(2, len(one) - 1)] + two[-random.randint(2, 4) :].lower()
