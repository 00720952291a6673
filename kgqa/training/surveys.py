"""Surveys: groups with a number for each of their entities, drawn from a graph, and the words for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

import numpy as np

from kgqa.graph.numbers import Attribute, Entities, Floats, Mask
from kgqa.programs.machine import Op, Program, Step
from kgqa.training.amounts import written
from kgqa.training.groups import Group, Groups
from kgqa.training.limits import Limits, rising
from kgqa.training.measures import HAVE, Measure, measure_of_count, said
from kgqa.training.patterns import ONE, SEVERAL, formed
from kgqa.training.sampling import ImpossibleError

CLAUSE = re.compile(r"(that|which|who|whose)\b")
LEAST = 3  # entities that an extreme is one of
KNOWN = 0.25  # share of a group that has to have the number
WELL_KNOWN = 0.8  # of one whose numbers are added up, or of whom few are asked for by what they have
LIKE_NUMBERS = 0.35  # the power of how many numbers there are of a measure, by which it is drawn
BETWEEN_SHARE, EXACT_SHARE, LARGE_SHARE = 0.2, 0.2, 0.6


@dataclass(frozen=True)
class Survey:
    """A group, what is measured of it, and the numbers (N,) of its entities, NaN for those that have none."""

    group: Group
    measure: Measure
    numbers: Floats
    random: Random

    @property
    def counted(self) -> bool:
        """Whether the numbers are of what a relation leads to."""
        return self.measure.attribute.counted

    @cached_property
    def there(self) -> Mask:
        """Which entities have the number; of what is counted, those that have any."""
        known: Mask = self.numbers > 0 if self.counted else ~np.isnan(self.numbers)
        return known

    @property
    def known(self) -> float:
        """The share of the group that has the number."""
        return float(self.there.mean()) if len(self.there) else 0.0

    @cached_property
    def rising(self) -> Floats:
        """The numbers that there are, rising."""
        return rising(self.numbers)

    # Steps

    def extreme(self, large: bool, rank: int = 1) -> Program:
        """The group, and those of it with the largest number or the smallest, or what comes next."""
        return (*self.group.program, Step(_extreme(large), attribute=self.measure.attribute, rank=rank))

    def beyond(self, large: bool) -> tuple[Step, dict[str, str]]:
        """A step that keeps what has more than a round number, or less; and the words for it."""
        limit = self._limits().beyond(large)
        step = Step("over" if large else "under", attribute=self.measure.attribute, number=limit)
        return step, {**self.parts(large), "n": self._written(limit)}

    def limited(self) -> tuple[Program, dict[str, str]]:
        """The group, and those of it with more or less than a stated number, or just that; and ways to say so."""
        draw, large = self.random.random(), self.random.random() < LARGE_SHARE
        if draw < BETWEEN_SHARE and not self.counted:
            return self._between()
        exact = self.counted and draw < EXACT_SHARE
        if self.counted and self.known < WELL_KNOWN and (exact or not large):
            raise ImpossibleError
        step, parts = self.beyond(large)
        if exact:
            step = Step("exactly", attribute=step.attribute, number=step.number)
        return (*self.group.program, step), self.told("exactly" if exact else "over", parts)

    def _between(self) -> tuple[Program, dict[str, str]]:
        low, high = self._limits().between()
        attribute = self.measure.attribute
        steps = (Step("over", attribute=attribute, number=low), Step("under", attribute=attribute, number=high))
        parts = {**self.parts(), "n": self._written(low), "m": self._written(high)}
        return (*self.group.program, *steps), self.told("between", parts)

    def _limits(self) -> Limits:
        return Limits(self.rising, self.random, self.measure.dated, self.counted)

    def _written(self, number: float) -> str:
        return str(int(number)) if self.measure.dated else written(number, self.random, words=self.counted)

    def pair(self) -> tuple[int, int]:
        """Two of the group with different numbers."""
        places = np.flatnonzero(self.there)
        if len(places) < 2:
            raise ImpossibleError
        one, other = self.random.sample(range(len(places)), 2)
        if self.numbers[places[one]] == self.numbers[places[other]]:
            raise ImpossibleError
        return int(self.group.entities[places[one]]), int(self.group.entities[places[other]])

    # Words

    def parts(self, large: bool = True) -> dict[str, str]:
        """Words for the group, and for its large numbers or its small ones."""
        return {**self.group.parts(), **self.measure.parts(self.random, large, self.group.personal)}

    def told(self, heading: str, parts: dict[str, str]) -> dict[str, str]:
        """The parts, with ways to say that one or several are extreme, beyond a number …"""
        pre, post, pred = (self._way(heading, manner, parts) for manner in ("pre", "post", "pred"))
        found = {**parts, "pre": pre, "pred": formed(pred, ONE), "preds": formed(pred, SEVERAL)}
        if post:
            found |= {"onepost": self._followed(post, ONE), "manypost": self._followed(post, SEVERAL)}
        return found

    def _way(self, heading: str, manner: str, parts: dict[str, str]) -> str:
        ways = said(heading, manner, parts)
        return self.random.choice(ways) if ways else ""

    def _followed(self, post: str, form: int) -> str:
        """One or several of the group with what follows the noun; what is short, first."""
        noun, mod = self.group.noun.form(form), self.group.mod
        order = (post, mod) if CLAUSE.match(mod) and not CLAUSE.match(post) else (mod, post)
        return " ".join([noun, *(formed(each, form) for each in order if each)])


def _extreme(large: bool) -> Op:
    return "largest" if large else "smallest"


@dataclass
class Surveys:
    """Draws surveys from a graph: measures about evenly, however many numbers there are of each."""

    groups: Groups
    measures: Sequence[Measure]
    random: Random
    _holders: dict[Attribute, Entities] = field(default_factory=dict)
    _counts: dict[Attribute, Measure | None] = field(default_factory=dict)

    def drawn(self, least: int = LEAST, counted: float = 0.0, shared: bool = False, needed: str = "compared") -> Survey:
        """A survey of a group with so many numbers, two of them different; a share of them of what is counted."""
        measure, entity = self.measured(counted, needed)
        group = self.groups.shared(entity) if shared else self.groups.around(entity)
        survey = Survey(group, measure, self._numbers(group.entities, measure), self.random)
        rare = not measure.dated and survey.known < KNOWN
        if rare or len(survey.rising) < least or survey.rising[0] == survey.rising[-1]:
            raise ImpossibleError
        return survey

    def measured(self, counted: float = 0.0, needed: str = "") -> tuple[Measure, int]:
        """A measure, a share of them of what is counted, and an entity that has the number.

        `needed` is what has to be possible with its numbers: that they are "compared" …
        """
        if counted and not self.measures:
            counted = 1.0  # there is nothing else
        measure = self._count() if self.random.random() < counted else self._value()
        holders = self._holders_of(measure.attribute)
        if not len(holders) or (needed and not measure.is_(needed)):
            raise ImpossibleError
        return measure, int(holders[self.random.randrange(len(holders))])

    def measure_of(self, entity: int) -> Measure:
        """What can be measured of an entity."""
        row = np.array([entity])
        known = [one for one in self.measures if not np.isnan(self._numbers(row, one)[0])]
        if not known:
            raise ImpossibleError
        return self.random.choice(known)

    def _numbers(self, entities: Entities, measure: Measure) -> Floats:
        return self.groups.numbers.of(entities, measure.attribute)

    def _value(self) -> Measure:
        if not self.measures:
            raise ImpossibleError
        return self.random.choices(self.measures, self._weights)[0]

    @cached_property
    def _weights(self) -> list[float]:
        return [float(len(self._holders_of(measure.attribute)) ** LIKE_NUMBERS) for measure in self.measures]

    def _holders_of(self, attribute: Attribute) -> Entities:
        """The named entities that have a value, or that a relation leads to several others."""
        if attribute not in self._holders:
            catalog = self.groups.numbers.catalog
            found = self.groups.numbers.of(np.arange(len(catalog)), attribute)
            there = found > 1 if attribute.counted else ~np.isnan(found)
            self._holders[attribute] = np.flatnonzero(there & ~catalog.is_value)
        return self._holders[attribute]

    def _count(self) -> Measure:
        """A measure of how many a relation leads to."""
        counts = self.groups.numbers.counts
        if not counts:
            raise ImpossibleError
        attribute = self.random.choices(counts, cum_weights=self._count_weights)[0]
        if attribute not in self._counts:
            self._counts[attribute] = self._count_of(attribute)
        measure = self._counts[attribute]
        if measure is None:
            raise ImpossibleError
        return measure

    @cached_property
    def _count_weights(self) -> list[float]:
        sizes = [len(self.groups.machine.edges(attribute.relation)[0]) for attribute in self.groups.numbers.counts]
        found: list[float] = np.cumsum(np.array(sizes, dtype=float) ** LIKE_NUMBERS).tolist()
        return found

    def _count_of(self, attribute: Attribute) -> Measure | None:
        link, things = (
            self.groups.naming.links[attribute.relation],
            self.groups.naming.things(attribute.relation, attribute.class_),
        )
        preds = link.preds()
        if attribute.class_ >= 0 and link.own:  # deities as spouses, and not only deities
            preds = [f"{pred} as {link.noun.many}" for pred in preds if pred == f"{HAVE} {{y}}"] or preds
        return measure_of_count(attribute, things, preds) if things and preds else None
