"""Filling: entities and numbers for the slots of an operation, drawn so that something is left to ask for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from assets.world.amounts import Scale, beyond, threshold
from assets.world.binding import Binding, Bound
from assets.world.graph import Graph, value_parts
from assets.world.operations import Operation, Word
from assets.world.seeds import Seeds
from assets.world.world import RELATION_PREFIX
from kgqa.graph.numbers import Attribute, Entities, Floats, Mask, Numbers
from kgqa.programs.machine import Denotation, Machine, Program, Step, placed

JOINED = ("meet", "without", "above", "below")
MOST_LEFT = 60  # of a threshold
KNOWN_SHARE = 0.55  # of those of which the largest is asked for: at least so many have the number
ALL_KNOWN = ("area_km2", "length_km")  # what lacks these is often the smallest, which is asked for only where none does
LONE_FIELD_SHARE = 0.02  # of the extremes of fewer than two, those that are asked for
TIED_SHARE = 0.1  # of the extremes that several share
MOST_TIED = 3
FREE_SHARE = 0.06  # of what is counted in places, without looking whether there is any
PLACES = frozenset({"City", "Country", "Planet", "State"})
OWN_SHARE = 0.75  # of what others are compared with, that which is one of them
NEAR_SHARE = 0.5  # of those about whom the answer is no, those like somebody about whom it is yes
STRANGERS = frozenset({"Element", "Moon", "Planet"})  # in place of something of another class
PEOPLE = frozenset({"Person"})  # in place of a place
ARTICLED = frozenset({"Desert", "MountainRange", "River", "Sea"})  # strangers whose names have an article
HEAVENLY = ("urn:world:Moon/Moon", "urn:world:Star/Sun")  # those of their classes that do
HEAVENLY_SHARE = 0.4  # of strangers with an article
PEERS = {  # by what others are like an entity of a class
    "City": "located_in_country", "Country": "borders", "Film": "genre", "Person": "occupation", "State": "borders",
}  # fmt: skip
FEWEST = 2  # of what `more than` is said of
FAR_SHARE = 0.3  # of second entities of dev that training may begin with
SMALL_COUNTRY_KM2 = 40_000  # without a lake or a mountain of note, one may believe


@dataclass(frozen=True)
class Wish:
    """What an answer should be: nobody at all, perhaps since a `stranger` is named, of whom nothing of the kind is
    known, and whose name has an article ("the Moon") where it is `articled`; or `truth` where a yes or a no is asked
    for."""

    empty: bool = False
    truth: bool = True
    stranger: bool = False
    articled: bool = False


@dataclass
class Filled:
    """What the slots were filled with, the program that this makes, and what it comes to."""

    operation: Operation
    nodes: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, tuple[float, Scale]] = field(default_factory=dict)
    program: Program = ()
    denotation: Denotation = ()
    stack: tuple[Entities, ...] = ()  # before the end


class UnfitError(Exception):
    """What was drawn makes no good question."""


class Filling:
    """Fills operations for one split."""

    def __init__(self, graph: Graph, numbers: Numbers, seeds: Seeds, random: Random) -> None:
        self.graph, self.numbers, self.seeds, self.random = graph, numbers, seeds, random
        self.machine, self.binding = Machine(numbers), Binding(numbers)
        self.ids = list(numbers.catalog.entity_ids)
        self.number = {node: number for number, node in enumerate(self.ids)}
        named = [(number, node) for number, node in enumerate(self.ids) if node in graph.kinds]
        self.allowed: Mask = np.zeros(len(self.ids), dtype=bool)
        self.allowed[[number for number, node in named if seeds.allows(node)]] = True
        self.weights: Floats = np.zeros(len(self.ids))
        self.weights[[number for number, _ in named]] = [seeds.weight(node) for _, node in named]
        self._bound: dict[str, tuple[Bound, ...]] = {}
        self._scales: dict[Attribute, Scale] = {}

    def bound(self, operation: Operation) -> tuple[Bound, ...]:
        """The steps of an operation, with what they lack."""
        if operation.program not in self._bound:
            self._bound[operation.program] = self.binding.bind(operation.words)
        return self._bound[operation.program]

    def fill(self, operation: Operation, wish: Wish) -> Filled:
        """One way to fill the slots; raises `UnfitError` where the draw leads to nothing worth asking."""
        filled, bound = Filled(operation), self.bound(operation)
        for place, one in enumerate(bound[:-1]):
            step = one.step
            if step.op == "named":
                step = self._named(filled, bound, place, wish)
            elif one.slot:
                step = self._held(filled, bound, place, wish)
            step = placed(filled.program, step)
            after = self.machine.step(filled.stack, step)
            if not wish.empty:
                self._check(filled.stack, step, after[-1])
            filled.stack, filled.program = after, (*filled.program, step)
        filled.program = (*filled.program, bound[-1].step)
        filled.denotation = self.machine.end(filled.stack, bound[-1].step)
        return filled

    def _named(self, filled: Filled, bound: tuple[Bound, ...], place: int, wish: Wish) -> Step:
        one, alone = bound[place], not any(other.kinds and other.slot == "b" for other in bound)
        free = wish.empty or (alone and self._is_free(one.kinds, bound[-1].step.op, wish))
        starts = self._strangers(bound, wish) if wish.stranger else self._starts(bound, place, free)
        candidates = self._allowed(starts, one.slot, filled)
        joined = self._joined(bound, place) if filled.stack else ""
        if joined in ("above", "below"):
            own = np.intersect1d(candidates, filled.stack[-1])
            candidates = own if len(own) and self.random.random() < OWN_SHARE else candidates
        elif joined:
            is_no = joined == "any" and not wish.truth
            goals = self._others(filled, bound, place) if is_no else self._somebody(filled.stack[-1])
            candidates = np.intersect1d(candidates, self._back(bound, place, goals))
        numbers = candidates.tolist()
        if wish.empty and not wish.stranger:
            numbers = [number for number in numbers if self._is_small(self.ids[number])]
        if not numbers:
            raise UnfitError
        chosen = self.random.choices(numbers, self.weights[numbers].tolist())[0]
        filled.nodes[one.slot] = self.ids[chosen]
        return replace(one.step, entities=(chosen,))

    def _is_free(self, kinds: tuple[str, ...], end: str, wish: Wish) -> bool:
        if end == "count":
            return PLACES.issuperset(kinds) and self.random.random() < FREE_SHARE
        return end == "any" and not wish.truth

    def _allowed(self, entities: Entities, slot: str, filled: Filled) -> Entities:
        """Those that may stand in the slot; second ones of dev now and then may be any."""
        far = slot != "a" and self.seeds.dev and self.random.random() < FAR_SHARE
        entities = entities if far else entities[self.allowed[entities]]
        return entities[~np.isin(entities, [self.number[node] for node in filled.nodes.values()])]

    def _is_small(self, node: str) -> bool:
        areas = self.graph.forward["area_km2"].get(node, [])
        return any(float(value_parts(area)[0]) < SMALL_COUNTRY_KM2 for area in areas)

    def _members(self, kinds: tuple[str, ...]) -> Entities:
        members = [self.numbers.members[self.binding.class_number(kind)] for kind in kinds]
        return np.unique(np.concatenate(members))

    def _starts(self, bound: tuple[Bound, ...], place: int, free: bool) -> Entities:
        """Those of the classes that have what the steps after ask of them."""
        everyone, after = self._members(bound[place].kinds), bound[place + 1].step
        if free:
            return everyone
        if after.op == "follow":
            return np.intersect1d(everyone, self.machine.edges(after.relation)[0])
        measured = next(one.step for one in bound[place + 1 :] if one.step.op not in ("named", "either"))
        if measured.attribute is None:
            return everyone
        found = self.numbers.of(everyone, measured.attribute)
        return everyone[found > 0 if measured.attribute.counted else ~np.isnan(found)]

    def _strangers(self, bound: tuple[Bound, ...], wish: Wish) -> Entities:
        """Those of which the program asks nothing: of no class that it begins with, and nothing that it leads to."""
        known = set(bound[0].kinds)
        others = ARTICLED if wish.articled else STRANGERS | PEOPLE if known <= PLACES else STRANGERS
        everyone = self._members(tuple(sorted(others - known)))
        if wish.articled and self.random.random() < HEAVENLY_SHARE:
            everyone = np.array(sorted(self.number[node] for node in HEAVENLY))
        led = self.machine.follow(self._members(bound[0].kinds), bound[1].step.relation)
        return np.setdiff1d(everyone, np.union1d(led, self.machine.edges(bound[1].step.relation)[0]))

    def _joined(self, bound: tuple[Bound, ...], place: int) -> str:
        """How what begins here meets the set below it; `any` if whether it does is all that is asked."""
        rest = [one.step.op for one in bound[place + 1 :] if one.step.op not in ("follow", "keep")]
        return "any" if rest[:2] == ["meet", "any"] else rest[0] if rest[0] in JOINED else ""

    def _somebody(self, entities: Entities) -> Entities:
        if not len(entities):
            raise UnfitError
        return np.array([self.random.choice(entities.tolist())], dtype=np.int64)

    def _others(self, filled: Filled, bound: tuple[Bound, ...], place: int) -> Entities:
        """Whom the steps before do not lead to, but could from others of their class; often such as are alike."""
        stack: tuple[Entities, ...] = ()
        for one in bound[:place]:
            members = self._members(one.kinds).tolist() if one.step.op == "named" else ()
            stack = self.machine.step(stack, replace(one.step, entities=tuple(members)))
        others = np.setdiff1d(stack[-1], filled.stack[-1])
        near = np.intersect1d(others, self._peers(filled.stack[-1]))
        return near if len(near) and self.random.random() < NEAR_SHARE else others

    def _peers(self, entities: Entities) -> Entities:
        """Entities that share a neighbour, a country, a genre or an occupation with one of these."""
        kinds = {self.graph.kinds.get(self.ids[number], "") for number in entities.tolist()}
        found = [entities[:0]]
        for kind in sorted(kinds & PEERS.keys()):
            relation = self.binding.relation(Word("follow", relation=PEERS[kind]), frozenset({kind}))
            found.append(self.machine.follow(self.machine.follow(entities, relation), relation ^ 1))
        return np.unique(np.concatenate(found))

    def _back(self, bound: tuple[Bound, ...], place: int, goals: Entities) -> Entities:
        """From where the steps that begin here lead to one of the goals."""
        walked: list[Step] = []
        for one in bound[place + 1 :]:
            if one.step.op not in ("follow", "keep"):
                break
            walked.append(one.step)
        for step in reversed(walked):
            goals = self.machine.follow(goals, step.relation ^ 1) if step.op == "follow" else goals
        return goals

    def _held(self, filled: Filled, bound: tuple[Bound, ...], place: int, wish: Wish) -> Step:
        step, is_first = bound[place].step, bool(bound[place + 1].slot)
        assert step.attribute is not None
        values, scale = self.known(filled.stack[-1], step.attribute).tolist(), self.scale(step.attribute)
        if not values and wish.stranger:
            values = self.known(np.arange(len(self.ids)), step.attribute).tolist()
        if not values:
            raise UnfitError
        most = len(values) * 3 // 4 if is_first else MOST_LEFT
        if step.op == "exactly":
            number: float | None = self.random.choice(values)
        elif wish.empty and not wish.stranger and not is_first:
            number = beyond(values, step.op == "over", scale, self.random)
        else:
            number = threshold(values, step.op == "over", most, scale, self.random)
        if number is None or number < (FEWEST if scale.is_count else 0):
            raise UnfitError
        filled.amounts[bound[place].slot] = number, scale
        return replace(step, number=number)

    def _check(self, before: tuple[Entities, ...], step: Step, after: Entities) -> None:
        """Raise unless a step that chooses has something to choose from, and chooses."""
        if step.op == "without" and not 0 < len(after) < len(before[-2]):
            raise UnfitError
        if step.op not in ("largest", "smallest"):
            return
        assert step.attribute is not None
        known = self.known(before[-1], step.attribute)
        share = 1.0 if step.op == "smallest" and self._name(step.attribute) in ALL_KNOWN else KNOWN_SHARE
        if len(known) < max(1, share * len(before[-1])) or not len(after):
            raise UnfitError
        known = known[known > 0] if step.attribute.counted else known
        if len(known) < step.rank + 1 and self.random.random() > LONE_FIELD_SHARE:
            raise UnfitError
        if step.attribute.counted and not self.numbers.of(after, step.attribute).min() > 0:
            raise UnfitError
        if len(after) > 1 and (len(after) > MOST_TIED or self.random.random() > TIED_SHARE):
            raise UnfitError

    def known(self, entities: Entities, attribute: Attribute) -> Floats:
        """The numbers of those entities that have one."""
        found = self.numbers.of(entities, attribute)
        return found[~np.isnan(found)]

    def scale(self, attribute: Attribute) -> Scale:
        """What kind of number an attribute is."""
        if attribute not in self._scales:
            known = self.known(np.arange(len(self.ids)), attribute)
            is_whole = bool((known == np.floor(known)).all())
            is_year = self._name(attribute).endswith("_year") and not attribute.counted
            self._scales[attribute] = Scale(is_year, attribute.counted, is_whole)
        return self._scales[attribute]

    def _name(self, attribute: Attribute) -> str:
        return self.numbers.catalog.relation_ids[attribute.relation // 2].removeprefix(RELATION_PREFIX)
