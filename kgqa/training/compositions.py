"""Compositions: questions that do one thing after another, such as the capital of the largest of the states."""

import re
from dataclasses import dataclass

from kgqa.programs.machine import Program, Step
from kgqa.training.asking import PATTERNS, Asker, Made, Names
from kgqa.training.sampling import ImpossibleError
from kgqa.training.surveys import Survey

COUNTED_SHARE = 0.2
SMALL = "of|in|by|for|from|to|with|at|on|is|are|was|were|has|have|do|does|did"
TAKES_MUCH = re.compile(rf"\b({SMALL}) \{{a\}}(?!')|^\{{a\}} ({SMALL})\b")  # beside a noun it would run into it
TIED = 3  # that may share the first place


@dataclass(frozen=True)
class Compositions:
    """Draws such questions."""

    asker: Asker

    def drawn(self) -> Made:
        """One question, of some kind."""
        return self.asker.random.choice((self._how_many, self._shared, self._value, self._led_to))()

    def _how_many(self) -> Made:
        """How many have more than a number."""
        survey = self.asker.surveys.drawn(counted=COUNTED_SHARE)
        program, parts = survey.limited()
        self.asker.few(program, len(survey.group))
        return self.asker.asked(("composed", "count"), parts, survey.group.names(), (*program, Step("count")))

    def _shared(self) -> Made:
        """The extreme of what two lead to."""
        survey, large = self._survey(shared=True)
        program = survey.extreme(large)
        self.asker.few(program, TIED)
        parts = survey.told("extreme", survey.parts(large))
        return self.asker.asked(("superlative", "ask"), parts, survey.group.names(), (*program, Step("set")))

    def _value(self) -> Made:
        """A number of an extreme."""
        it, found, names, program = self._extreme()
        measure = self.asker.surveys.measure_of(found)
        parts = {**measure.parts(self.asker.random), "it": it}
        steps = (Step("follow", relation=measure.attribute.relation), Step("set"))
        return self.asker.asked(("value", "of", "ask"), parts, names, (*program, *steps))

    def _led_to(self) -> Made:
        """Where a relation leads from an extreme."""
        it, found, names, program = self._extreme()
        relation = self.asker.facts.relation_of(found)
        answers = self.asker.facts.walk({found}, relation)
        text = self.asker.maker.phraser.question(relation, answers)
        label = self.asker.catalog.relation_labels[relation // 2]
        if not TAKES_MUCH.search(text) or label.endswith(")") or answers & set(names.values()):
            raise ImpossibleError
        if self.asker.catalog.is_value[list(answers)].any():
            raise ImpossibleError
        steps = (Step("follow", relation=relation), Step("set"))
        return self.asker.finished(text.replace("{a}", it), names, (*program, *steps))

    def _extreme(self) -> tuple[str, int, Names, Program]:
        """The one extreme of a group: words for it, itself, who is named in them, and the program that leads there."""
        survey, large = self._survey()
        program = survey.extreme(large)
        found = self.asker.few(program, 1)
        ways = PATTERNS.filled(("composed", "it"), survey.told("extreme", survey.parts(large)))
        if not ways:
            raise ImpossibleError
        return self.asker.random.choice(ways), found, survey.group.names(), program

    def _survey(self, shared: bool = False) -> tuple[Survey, bool]:
        survey = self.asker.surveys.drawn(counted=COUNTED_SHARE, shared=shared)
        return survey, survey.counted or self.asker.random.random() < 0.6
