"""Naming: what sets of entities are called, by their classes, by the label that leads to them, or by what they are."""

from dataclasses import dataclass, field
from functools import cached_property
from random import Random

import numpy as np
import torch

from kgqa.graph.numbers import Entities, Numbers
from kgqa.graph.sparse import inverse
from kgqa.training.links import Link, Noun, noun

SAMPLE, FEW = 24, 4  # members that say what all of them are called, and that they are people
AGREEING = 0.9  # of a sample
BIRTH = ["date of birth", "year of birth", "place of birth", "birth date", "birthplace"]
PERSONAL = frozenset([*BIRTH, "gender", "nationality", "profession"])  # labels of what only people have
PERSON, VAGUE = noun("person"), (noun("thing"), noun("one"))


@dataclass
class Naming:
    """Says what entities of a graph are called; `links` are the words for its relations."""

    numbers: Numbers
    links: list[Link]
    random: Random
    _things: dict[int, Noun] = field(default_factory=dict)

    def class_(self, class_: int) -> Noun:
        """What a class is called."""
        return noun(self.numbers.classes[class_].lower())

    def common_class(self, entities: Entities) -> int | None:
        """The smallest class that all of them are of."""
        common = np.flatnonzero(self.numbers.in_class[entities].all(0)).tolist()
        return min(common, key=lambda class_: len(self.numbers.members[class_]), default=None)

    def led_to(self, entities: Entities, relation: int) -> Noun:
        """What entities are called that a relation leads to: as its label has it, else by a class or their roles."""
        link = self.links[relation]
        if link.own:
            return link.noun
        class_ = self.common_class(entities)
        return link.noun or self._by_role(entities) if class_ is None else self.class_(class_)

    def things(self, relation: int, class_: int = -1) -> Noun:
        """What a relation leads to, all of it or those of a class; nothing where nobody can tell."""
        if class_ >= 0:
            return self.class_(class_)
        if relation not in self._things:
            found = self.led_to(np.unique(self.numbers.edges(relation)[1]), relation)
            self._things[relation] = Noun() if found in VAGUE else found
        return self._things[relation]

    def are_people(self, entities: Entities) -> bool:
        """Whether they are people, by what the first of them have."""
        return self._by_role(entities[:FEW]) == PERSON

    def _by_role(self, entities: Entities) -> Noun:
        """What most of them are to others: "film", where most are the film of somebody."""
        sample = entities[:: max(1, len(entities) // SAMPLE)][:SAMPLE]
        _, relations = self.numbers.sparse.relations_of(torch.from_numpy(sample))
        found, counts = np.unique(relations.numpy(), return_counts=True)
        own = found[counts >= AGREEING * len(sample)].tolist()
        labels = self.numbers.catalog.relation_labels
        if any(labels[relation // 2].lower() in PERSONAL for relation in own if relation % 2 == 0):
            return PERSON
        roles = [self._roles[inverse(relation)] for relation in own if inverse(relation) in self._roles]
        return max(roles, default=(0, self.random.choice(VAGUE)), key=lambda role: role[0])[1]

    @cached_property
    def _roles(self) -> dict[int, tuple[int, Noun]]:
        """Relations whose label is a plain noun for what they lead to, with the number of their facts."""
        found = {}
        for relation, link in enumerate(self.links):
            words = link.noun.one.split()
            if link.heading == ("noun", "forward") and link.own and len(words) < 3 and "of" not in words:
                found[relation] = (len(self.numbers.edges(relation)[0]), link.noun)
        return found
