"""Operations: questions that count, compare, rank or add up, made from a graph and its labels, and nothing else.

Each is made from a program that the machine runs: the answers are exactly what it comes to.
"""

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import numpy as np

from kgqa.graph.numbers import Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.programs.machine import Machine, Op, Step
from kgqa.training.asking import Asker, Made, named
from kgqa.training.compositions import TIED, Compositions
from kgqa.training.english import Words
from kgqa.training.groups import Group, Groups
from kgqa.training.links import links_of
from kgqa.training.measures import measures_of
from kgqa.training.naming import Naming
from kgqa.training.negations import Negations
from kgqa.training.questions import Question
from kgqa.training.sampling import ImpossibleError
from kgqa.training.surveys import WELL_KNOWN, Surveys
from kgqa.training.synthesis import Synthesiser
from kgqa.training.yes_no import YesNo

PATIENCE = 2000  # draws of a kind that come to nothing, after which the graph is taken to hold no more of it
Maker = Callable[[], Made]
MOST_ADDED = 50
COUNTED_SHARE = 0.25
LONE_SHARE = 0.05  # of counts, those that come to one
PLACES = {
    2: ("second", "2nd", "two"),
    3: ("third", "3rd", "three"),
    4: ("fourth", "4th", "four"),
    5: ("fifth", "5th", "five"),
}
PLACE_SHARES, FIGURE_SHARE = (0.45, 0.3, 0.15, 0.1), 0.1  # the share of ordinals that are written in figures


class OperationSynthesiser:
    """Draws questions from a graph, the same ones for the same seed."""

    def __init__(self, graph: KnowledgeGraph, words: Words, seed: int = 0) -> None:
        maker = Synthesiser(graph, words, seed)
        self.random, self.facts = maker.random, maker.facts
        self.numbers = Numbers.of_graph(graph)
        naming = Naming(self.numbers, links_of(graph.catalog, words), self.random)
        self.groups = Groups(self.numbers, Machine(self.numbers), naming, self.facts, self.random)
        self.surveys = Surveys(self.groups, measures_of(self.numbers, words), self.random)
        self.asker = Asker(maker, self.groups, self.surveys)
        yes_no = YesNo(self.asker)
        self.makers: dict[str, tuple[Maker, ...]] = {  # in turn
            "value": (self._value,),
            "count": (self._count,),
            "superlative": (self._superlative,),
            "nth": (self._nth,),
            "threshold": (self._threshold,),
            "comparison": (self._comparison,),
            "which-of-two": (self._which_of_two,),
            "sum": (lambda: self._taken_together("sum", "sum", "adds", MOST_ADDED),),
            "average": (lambda: self._taken_together("average", "mean", "means", len(graph.catalog)),),
            "difference": (self._difference,),
            "yes-no": (yes_no.yes, yes_no.no),
            "negation": (Negations(self.asker).drawn,),
            "most": (self._most,),
            "composed": (Compositions(self.asker).drawn,),
        }

    def make(self, count: int, taken: Collection[str] = ()) -> Iterator[Question]:
        """So many questions, none twice and none with a text that is taken; fewer where the graph holds no more.

        They come in turn, one of each kind that the graph allows.
        """
        return (made.question for made in self.with_programs(count, taken))

    def with_programs(self, count: int, taken: Collection[str] = ()) -> Iterator[Made]:
        """The questions of `make`, each with the program that it was made from."""
        open_, seen, number = dict(self.makers), set(map(_bare, taken)), 0
        for turn in itertools.count():
            if not open_:
                return
            for kind, makers in list(open_.items()):
                if number == count:
                    return
                made = self._new(makers[turn % len(makers)], seen)
                if made is None:
                    del open_[kind]
                    continue
                seen.add(_bare(made.question.question))
                number += 1
                yield replace(made, question=replace(made.question, id=f"operation-{number}", slice=kind))

    def _new(self, maker: Maker, seen: set[str]) -> Made | None:
        """A new question, unless PATIENCE draws in a row come to nothing."""
        for _ in range(PATIENCE):
            try:
                made = maker()
            except ImpossibleError:
                continue
            if _bare(made.question.question) not in seen:
                return made
        return None

    def _large(self, share: float = 0.6) -> bool:
        return self.random.random() < share

    # What is asked

    def _value(self) -> Made:
        measure, entity = self.surveys.measured()
        program = (named(entity), Step("follow", relation=measure.attribute.relation), Step("set"))
        return self.asker.asked(("value", "ask"), measure.parts(self.random), {"a": entity}, program)

    def _count(self) -> Made:
        group = self._counted()
        if len(group) < 2 and self.random.random() > LONE_SHARE:
            raise ImpossibleError
        program, names = (*group.program, Step("count")), group.names()
        is_plain = [step.op for step in group.program] == ["named", "follow"]
        ways = self.groups.naming.links[group.program[-1].relation].counts(group.noun.many) if is_plain else []
        if ways and self.random.random() < 0.5:
            return self.asker.finished(self.random.choice(ways), names, program)
        return self.asker.asked(("count", "ask"), group.parts(), names, program)

    def _counted(self) -> Group:
        """A group about a fact: what it leads to, what two lead to, or another one around."""
        draw, relation = self.random.random(), self.facts.relation()
        start, entity = self.facts.edge(relation)
        if draw < 0.15:
            return self.groups.shared(entity)
        return self.groups.led_to(start, relation) if draw < 0.7 else self.groups.around(entity)

    def _superlative(self) -> Made:
        survey, large = self.surveys.drawn(), self._large()
        program = survey.extreme(large)
        self.asker.few(program, TIED)
        parts = survey.told("extreme", survey.parts(large))
        return self.asker.asked(("superlative", "ask"), parts, survey.group.names(), (*program, Step("set")))

    def _most(self) -> Made:
        survey, large = self.surveys.drawn(counted=1.0), self._large(0.75)
        if not large and survey.known < 1:
            raise ImpossibleError
        program = survey.extreme(large)
        self.asker.few(program, TIED)
        parts = survey.told("extreme", survey.parts(large))
        return self.asker.asked(("most", "ask"), parts, survey.group.names(), (*program, Step("set")))

    def _nth(self) -> Made:
        rank = self.random.choices(list(PLACES), PLACE_SHARES)[0]
        survey, large = self.surveys.drawn(rank + 1), self._large()
        ranked = survey.rising[::-1] if large else survey.rising
        if len(np.unique(ranked[: rank + 1])) <= rank:
            raise ImpossibleError  # somebody would count a tie as two places
        word, figure, number = PLACES[rank]
        nth = figure if self.random.random() < FIGURE_SHARE else word
        parts = {**survey.parts(large), "nth": nth}
        if survey.measure.dated and not large:
            parts["placed"] = nth
        if survey.measure.dated != large:  # the first by date is the earliest, the first by length the longest
            parts |= {"ranked": nth, "place": number}
        program = (*survey.extreme(large, rank), Step("set"))
        return self.asker.asked(("nth", "ask"), survey.told("nth", parts), survey.group.names(), program)

    def _threshold(self) -> Made:
        survey = self.surveys.drawn(counted=COUNTED_SHARE)
        program, parts = survey.limited()
        return self.asker.asked(("threshold", "ask"), parts, survey.group.names(), (*program, Step("set")))

    def _comparison(self) -> Made:
        survey, large = self.surveys.drawn(), self._large()
        other, _ = survey.pair()
        if other in survey.group.named:
            raise ImpossibleError
        step = Step("above" if large else "below", attribute=survey.measure.attribute)
        program = (*survey.group.program, named(other), step, Step("set"))
        parts = survey.told("above", survey.parts(large))
        return self.asker.asked(("comparison", "ask"), parts, {**survey.group.names(), "z": other}, program)

    def _which_of_two(self) -> Made:
        survey, large = self.surveys.drawn(2, COUNTED_SHARE), self._large(0.7)
        one, other = survey.pair()
        program = (named(one), named(other), Step("either"), survey.extreme(large)[-1], Step("set"))
        parts = survey.told("more", survey.parts(large))
        return self.asker.asked(("which-of-two", "ask"), parts, {"a": one, "b": other}, program)

    def _taken_together(self, kind: str, end: Op, needed: str, most: int) -> Made:
        """The sum or the mean of the numbers of a group."""
        survey = self.surveys.drawn(2, needed=needed)
        if survey.known < WELL_KNOWN or len(survey.rising) > most:
            raise ImpossibleError
        program = (*survey.group.program, Step(end, attribute=survey.measure.attribute))
        return self.asker.asked((kind, "ask"), survey.parts(), survey.group.names(), program)

    def _difference(self) -> Made:
        survey = self.surveys.drawn(2)
        pair, attribute = survey.pair(), survey.measure.attribute
        one, other = self.numbers.of(np.array(pair), attribute).tolist()
        program = (*map(named, pair), Step("difference", attribute=attribute))
        names = dict(zip("ab", pair, strict=True))
        return self.asker.asked(("difference", "ask"), survey.parts(large=one > other), names, program)


def _bare(text: str) -> str:
    """A text as those are told apart: whatever its letters and its question mark."""
    return text.lower().rstrip("?")
