"""Asking: from a program and a way to say it to a question, with names where its slots are, and its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random

import numpy as np

from kgqa.graph.catalog import Catalog
from kgqa.graph.literals import XSD
from kgqa.programs.machine import Machine, Program, Step
from kgqa.programs.quantities import Quantity, quantities_of
from kgqa.programs.space import COMPARED
from kgqa.training.amounts import as_answer
from kgqa.training.groups import Groups
from kgqa.training.patterns import ONE, Parts, Patterns, formed
from kgqa.training.questions import AnswerValue, Question
from kgqa.training.sampling import FactSampler, ImpossibleError
from kgqa.training.surveys import Surveys
from kgqa.training.synthesis import Synthesiser

PATTERNS = Patterns(Path(__file__).with_name("operations.toml"))
MOST_ANSWERS = 200
DATES = tuple(f"<{XSD}{name}>" for name in ("date", "dateTime", "gYearMonth"))
Names = dict[str, int]  # letters of slots, to what is named there


@dataclass(frozen=True)
class Made:
    """A question with the program that it was made from, which says where the question has its names and numbers."""

    question: Question
    program: Program


@dataclass(frozen=True)
class Asker:
    """What questions are drawn with: groups and surveys of a graph, a machine, and a synthesiser for the names."""

    maker: Synthesiser
    groups: Groups
    surveys: Surveys

    @property
    def random(self) -> Random:
        return self.maker.random

    @property
    def facts(self) -> FactSampler:
        return self.maker.facts

    @property
    def catalog(self) -> Catalog:
        return self.maker.catalog

    @cached_property
    def machine(self) -> Machine:
        return self.groups.machine

    def asked(self, heading: tuple[str, ...], parts: Parts, names: Names, program: Program) -> Made:
        """A question in one of the ways under a heading."""
        fitting = PATTERNS.fitting(heading, parts)
        if not fitting:
            raise ImpossibleError
        return self.finished(self.random.choice(fitting).filled(parts), names, program)

    def finished(self, text: str, names: Names, program: Program) -> Made:
        """The question of this text, with its names put in, and what its program comes to."""
        text, entities = formed(text, ONE), set(names.values())
        if any(text.count(f"{{{letter}}}") != 1 for letter in names) or not all(map(self.is_nameable, entities)):
            raise ImpossibleError
        if len(entities) < len(names):
            raise ImpossibleError
        answers = self.answers(program)
        for number, letter in enumerate(names):
            text = text.replace(f"{{{letter}}}", f"{{{number}}}")
        asked = self.maker.finished(
            text, list(names.values()), set(), "unanswerable"
        )  # the answers need be no entities
        places = {self.catalog.entity(name): (start, end) for start, end, name in asked.mentions}
        quantities = quantities_of(asked.question)
        return Made(replace(asked, answers=answers), tuple(_placed(step, places, quantities) for step in program))

    def answers(self, program: Program) -> tuple[AnswerValue, ...]:
        """What a program comes to: ids, one number, or whether it is so; never nothing."""
        found = self.machine.run(program)
        if isinstance(found, bool):
            return (found,)
        if isinstance(found, float):
            if not np.isfinite(found):
                raise ImpossibleError
            return (as_answer(found),)
        if not 0 < len(found) <= MOST_ANSWERS:
            raise ImpossibleError
        ids = tuple(self.catalog.entity_ids[entity] for entity in found)
        value = float(self.catalog.values[found[0]])
        is_number = len(found) == 1 and np.isfinite(value) and not ids[0].endswith(DATES)
        return (as_answer(value),) if is_number else ids

    def few(self, program: Program, most: int) -> int:
        """The first of the few entities that a program leads to."""
        found = self.machine.run((*program, Step("set")))
        if not isinstance(found, tuple) or not 0 < len(found) <= most:
            raise ImpossibleError
        return found[0]

    def is_nameable(self, entity: int) -> bool:
        """Whether the entity has a name, and is no value."""
        return not self.catalog.is_value[entity] and self.facts.is_named(entity)


def named(entity: int) -> Step:
    """A step that starts from an entity."""
    return Step("named", entities=(entity,))


def _placed(step: Step, places: dict[int, tuple[int, int]], quantities: Sequence[Quantity]) -> Step:
    """A step with the characters of the question that say what it starts from, or its number."""
    if step.op == "named":
        start, end = places[step.entities[0]]
        return replace(step, start=start, end=end)
    if step.op not in COMPARED:
        return step
    told = [quantity for quantity in quantities if quantity.number == step.number]
    if len(told) != 1:
        raise ImpossibleError  # a name may have a number in it
    return replace(step, start=told[0].start, end=told[0].end)
