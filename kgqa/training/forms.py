"""Forms: what programs do, whatever names and numbers stand in their questions.

Questions that differ in nothing but these mean the same, so what answers one of them by chance fails the others.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kgqa.programs.known import Wanted
from kgqa.programs.machine import ENDS, Machine, Program, Stack, Step, needed, placed
from kgqa.programs.quantities import Quantity
from kgqa.programs.search import same
from kgqa.programs.space import COMPARED

NEARLY = 0.75  # of as many questions as any form answers
SEVERAL = 3  # questions that are worded alike
FIXED = 2  # times as often as it varies a word is the same

OF_ONE = ("above", "below", "difference")

_WORD = re.compile(r"\w+")

Form = tuple[Step, ...]  # a program with numbers of places for what its question names and states


@dataclass(frozen=True)
class Worded:
    """A question, with what is named in it or was said before, its numbers, and single meanings of its names."""

    question: str
    named: tuple[Step, ...]
    told: tuple[Quantity, ...]
    meanings: tuple[Step, ...] = ()

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Where names and numbers stand, in the order of the question."""
        names = {(step.start, step.end) for step in self.named if step.start >= 0}
        return tuple(sorted(names | {(each.start, each.end) for each in self.told}))

    @cached_property
    def wording(self) -> tuple[str, ...]:
        """The words outside names and numbers, which are "_"."""
        text = list(self.question)
        for start, end in self.places:
            text[start:end] = ["\0"] * (end - start)
        said = (f"said {step.start}" for step in self.named if step.start < 0)
        return (*_WORD.findall(re.sub("\0+", " _ ", "".join(text)).casefold()), str(len(self.places)), *said)

    def texts(self) -> list[str]:
        """What stands at each place."""
        return [self.question[start:end].casefold() for start, end in self.places]

    def without(self, places: Collection[tuple[int, int]]) -> "Worded":
        """The same with what stands at some places taken for words."""
        named, meanings = (
            tuple(step for step in steps if (step.start, step.end) not in places)
            for steps in (self.named, self.meanings)
        )
        return replace(self, named=named, meanings=meanings)

    def form(self, program: Program) -> Form:
        """A program of this question as one of all that are worded like it."""
        return tuple(map(self._open, program))

    def _open(self, step: Step) -> Step:
        if step.op == "named" or step.op in COMPARED:
            start = self.places.index((step.start, step.end)) if step.start >= 0 else step.start
            return replace(step, number=0.0, start=start, end=0, entities=())
        return replace(step, entities=()) if step.op == "without" else step

    def steps(self, step: Step, before: Program) -> list[Step]:
        """What a step of a form may be in this question, after these."""
        if step.op == "named":
            return self._named.get(step.start, [])
        if step.op in COMPARED:
            start, end = self.places[step.start]
            numbers = {each.number for each in self.told if (each.start, each.end) == (start, end)}
            return [replace(step, number=number, start=start, end=end) for number in numbers]
        return [placed(before, step)]

    @cached_property
    def _named(self) -> dict[int, list[Step]]:
        """What may be named at each place: all that it may mean, or one of its meanings."""
        found: dict[int, list[Step]] = {}
        for step in (*self.named, *self.meanings):
            place = self.places.index((step.start, step.end)) if step.start >= 0 else step.start
            found.setdefault(place, []).append(step)
        return found


def with_words(questions: Sequence[Worded]) -> list[Worded]:
    """Many questions without the names that are part of their wording: those that stay the same where others vary."""
    alike: dict[tuple[str, ...], list[Worded]] = defaultdict(list)
    for worded in questions:
        alike[worded.wording].append(worded)
    fixed = {wording: _fixed(group) for wording, group in alike.items()}
    times = Counter(text for texts in fixed.values() for text in texts)
    varied = Counter(
        text for wording, group in alike.items() if len(group) > 1 for text in _texts(group) - fixed[wording]
    )
    words = {text for text, count in times.items() if count > FIXED * varied[text]}
    return [_without(worded, words | fixed[worded.wording]) for worded in questions]


def _fixed(group: Sequence[Worded]) -> set[str]:
    """The names that are the same in several questions that are worded alike, if others vary."""
    places = list(map(set, zip(*(worded.texts() for worded in group), strict=True)))
    fixed = {text for texts in places if len(texts) == 1 for text in texts}
    return fixed if len(group) >= SEVERAL and len(fixed) < len(places) else set()


def _texts(group: Sequence[Worded]) -> set[str]:
    return {text for worded in group for text in worded.texts()}


def _without(worded: Worded, words: Collection[str]) -> Worded:
    places = zip(worded.places, worded.texts(), strict=True)
    dropped = {(start, end) for (start, end), text in places if text in words and worded.question[start].islower()}
    return worded.without(dropped) if dropped else worded


@dataclass
class Forms:
    """Forms that begin alike, together: what comes after each step."""

    after: dict[Step, "Forms"] = field(default_factory=dict)

    def add(self, form: Form) -> bool:
        """Whether it is new."""
        node, new = self, False
        for step in form:
            new = new or step not in node.after
            node = node.after.setdefault(step, Forms())
        return new

    def answering(self, worded: Worded, wanted: Wanted, machine: Machine) -> Iterator[tuple[Form, Program]]:
        """The forms that answer a question of their wording, with the programs that they are there."""
        return _Run(worded, wanted, machine).run(self, (), (), ())


@dataclass(frozen=True)
class _Run:
    """Runs forms as programs of one question."""

    worded: Worded
    wanted: Wanted
    machine: Machine

    def run(self, forms: Forms, form: Form, program: Program, stack: Stack) -> Iterator[tuple[Form, Program]]:
        for step, after in forms.after.items():
            if 1 < step.rank >= len(stack[-1]):  # the second of two is the other extreme
                continue
            if step.op in OF_ONE and step.attribute and not self.machine.numbers.is_of_one(stack[-1], step.attribute):
                continue  # as whoever writes programs may not compare with several
            for here in self.worded.steps(step, program):
                if step.op in ENDS:
                    if self._answers(stack, here):
                        yield (*form, step), (*program, here)
                else:
                    yield from self.run(after, (*form, step), (*program, here), self.machine.step(stack, here))

    def _answers(self, stack: Stack, end: Step) -> bool:
        values = self.machine.numbers.catalog.values
        return len(stack) == needed(end) and same(self.machine.end(stack, end), self.wanted, values)


class Alike:
    """Questions that are worded alike, with the programs of the same forms that answer each."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._forms = Forms()
        self._asked: list[tuple[Worded, Wanted]] = []
        self._count = Counter[Form]()  # how many questions each form answers
        self._found: list[dict[Form, Program]] = []

    def add(self, worded: Worded, wanted: Wanted) -> bool:
        """Take a question in; whether some of the forms that answer most of those before answer it, too."""
        soundest = self._soundest()
        self._asked.append((worded, wanted))
        self._found.append(self._answering(self._forms, -1))
        self._count.update(self._found[-1].keys())
        return not soundest.isdisjoint(self._found[-1])

    @property
    def is_sound(self) -> bool:
        """Whether some form answers all questions; where none does, an answer that is given may be wrong."""
        return max(self._count.values(), default=0) == len(self._asked)

    def learn(self, programs: Sequence[Program], place: int = -1) -> None:
        """Take in what answers the question at a place, the last one."""
        asked, new = self._asked[place][0], Forms()
        for program in programs:
            form = asked.form(program)
            if self._forms.add(form):
                new.add(form)
        for each, found in enumerate(self._found):
            answering = self._answering(new, each)
            self._count.update(answering.keys())
            self._found[each] = found | answering

    def programs(self, first: int, least: float, spared: int = 0) -> list[list[Program]]:
        """The programs of each question whose forms answer nearly as many questions as any of its forms does, those
        that answer most first; from the `first` on only those that answer `least`.

        Args:
            spared: how many questions fewer a form may answer in any case, if none answers all.
        """
        count, found = self._count, []
        spared = 0 if self.is_sound else spared
        for place, own in enumerate(self._found):
            most = max((count[form] for form in own), default=0)
            bound = max(min(NEARLY * most, most - spared), least if place >= first else 0)
            kept = sorted((form for form in own if count[form] >= bound), key=lambda form: -count[form])
            found.append([own[form] for form in kept])
        return found

    def _answering(self, forms: Forms, place: int) -> dict[Form, Program]:
        found = dict[Form, Program]()
        for form, program in forms.answering(*self._asked[place], self.machine):
            found.setdefault(form, program)
        return found

    def _soundest(self) -> set[Form]:
        """The forms that answer most questions."""
        most = max(self._count.values(), default=0)
        return {form for form, number in self._count.items() if number == most}
