"""The lookout: finds for training questions what exact programs lead to their answers, where walks do not.

Nobody says which question needs a program. Of few questions all are searched; of many those whose answers no plain walk
from what they name leads to. Questions that differ in names and numbers alone are searched together.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
import torch
from tqdm import tqdm

from kgqa.errors import UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Attribute
from kgqa.linking.index import EntityIndex
from kgqa.programs.known import Wanted
from kgqa.programs.machine import Program
from kgqa.programs.quantities import quantities_of
from kgqa.programs.reach import Limits
from kgqa.programs.search import Search
from kgqa.programs.space import Space
from kgqa.programs.thresholds import Interval, intervals_of, learned
from kgqa.reasoning.context import Context, referents
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.offers import said
from kgqa.training.alignment import aligned
from kgqa.training.conversations import contexts_of
from kgqa.training.forms import Alike, Worded, with_words
from kgqa.training.prior import prior_of
from kgqa.training.questions import Question
from kgqa.training.reader import Reader, Words
from kgqa.training.renaming import Explained
from kgqa.training.walks import Walks

FEW = 5_000  # questions up to which programs are looked for also where a walk would do
WALK = {"named", "follow", "meet", "set"}  # steps that a walk takes too
SAMPLED = 300  # questions that tell whether any of many need programs
NEEDED = 0.05  # of these
SMALL = 20_000  # entities of a graph up to which a search goes as far as it can
# Of searches in larger ones:
SHORT = Limits(programs=300, states=500, plain=200, meeting=1_500, meetings=30_000, met=250)
TOGETHER = 64  # questions from which on several processes look
DOUBTED, MOST_DOUBTED = 1e-4, 24  # of the likeliest program's probability, and programs, that a model is asked about
HALF = 0.5  # of questions that are worded alike, which what answers one that a walk answers, too, has to answer

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A question, and what was said before it."""

    question: Question
    context: Context = ()


@dataclass(frozen=True)
class Read:
    """A question that was read, what its answers are as programs give them, and whether a walk leads to them."""

    asked: Asked
    wanted: Wanted
    walked: bool
    worded: Worded


class Lookout:
    """Looks for programs in a space; the index says what names stand for."""

    def __init__(self, space: Space, index: EntityIndex) -> None:
        self.space = space
        self.limits = Limits() if len(space.numbers.catalog) <= SMALL else SHORT
        self.search = Search(space, self.limits)
        self.catalog: Catalog = space.numbers.catalog
        self.reader, self.walks = Reader(index, self.catalog), Walks(space)

    @classmethod
    def of(cls, model: JointModel) -> "Lookout | None":
        """The one in a model's space; none where it writes no programs."""
        return cls(model.decoder.space, model.index) if model.decoder is not None else None

    def explain(
        self, questions: Sequence[Question], contexts: Sequence[Context] | None = None, model: JointModel | None = None
    ) -> list[Explained | None]:
        """Each question with the programs that answer it, after what was said before it, and that its words speak for;
        none where a walk does, if there are many questions. A `model` that was trained before has a say in which
        programs these are."""
        rows = [Asked(row, context) for row, context in zip(questions, contexts or [()] * len(questions), strict=True)]
        distinct = list(dict.fromkeys(rows))
        few = len(distinct) <= FEW
        self.reader.words, self.reader.dropped = Words() if few else Words.of(questions), frozenset()
        if few:
            self._learn_thresholds([asked.question for asked in distinct])
        reads = list(self._side_by_side(_read, distinct, few, "reading", "question"))
        groups = self._alike(self._read_again(reads) if few else reads, few)
        found = dict[Asked, Explained | None]()
        for group, own in zip(
            groups, self._side_by_side(_explained, groups, few, "looking for programs", "wording"), strict=True
        ):
            found |= zip((each.asked for each in group), own, strict=True)
        known = dict(zip(found, self._aligned(found, few, model), strict=True))
        return [None if not few and _is_to_walk(known[asked]) else known[asked] for asked in rows]

    def _aligned(
        self, found: Mapping[Asked, Explained | None], few: bool, model: JointModel | None
    ) -> list[Explained | None]:
        """The questions with the programs that their words speak for, and perhaps a model; of many it is asked of those
        programs alone that the words leave in doubt."""
        rows = list(found.values())
        if model is None:
            return aligned(rows)
        if not few:
            rows = aligned(rows, likely=DOUBTED, most=MOST_DOUBTED)
        model.know(self.space.thresholds)
        contexts = [asked.context for asked, own in found.items() if own is not None]
        return aligned(rows, partial(prior_of, model, contexts=contexts))

    def _read_again(self, reads: Sequence[Read]) -> list[Read]:
        """Few questions where shorter names are read in a longer one if a walk told so in some of them, and in none
        that it is the longer one."""
        dropped, kept = set[str](), set[str]()
        for each in reads:
            for step in self.reader.named(each.asked.question.question) if each.walked else ():
                name = each.worded.question[step.start : step.end].casefold()
                (kept if step in each.worded.named else dropped).add(name)
        self.reader.dropped = frozenset(dropped - kept)
        return [self.read(each.asked, few=True) if self._has_dropped(each) else each for each in reads]

    def _has_dropped(self, read: Read) -> bool:
        return any(name in read.worded.question.casefold() for name in self.reader.dropped)

    def _alike(self, reads: Sequence[Read], few: bool) -> list[list[Read]]:
        """Questions that are worded alike together."""
        if not few:
            questions = with_words([each.worded for each in reads])
            reads = [replace(each, worded=worded) for each, worded in zip(reads, questions, strict=True)]
        alike: dict[tuple[str, ...], list[Read]] = defaultdict(list)
        for each in reads:
            alike[each.worded.wording].append(each)
        return list(alike.values())

    def _side_by_side(
        self, look: Callable[..., T], tasks: Sequence[Any], few: bool, what: str, unit: str
    ) -> Iterator[T]:
        """Each one looked at, by a process for each core where processes can be forked."""
        bar = partial(tqdm, total=len(tasks), desc=what, unit=unit, leave=False)
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        _LOOKOUT.append(self)
        try:
            if workers == 1 or len(tasks) < TOGETHER:
                yield from bar(map(partial(look, few=few), tasks))
                return
            self.search.prepare()
            with get_context("fork").Pool(workers, _with_one_thread) as pool:
                yield from bar(pool.imap(partial(look, few=few), tasks, chunksize=8))
        finally:
            _LOOKOUT.pop()

    def _learn_thresholds(self, questions: Sequence[Question]) -> None:
        """What counts as much, of questions that no program answers without knowing it."""
        spoken = self._side_by_side(_spoken, questions, True, "learning what counts as much", "question")
        if thresholds := learned(spoken):
            self.space = Space(self.space.machine, thresholds)
            self.search = Search(self.space, self.limits)

    def spoken(self, row: Question) -> Mapping[Attribute, Interval]:
        """Between which numbers what counts as much must lie for one question; nothing where a walk or a program does
        without."""
        wanted, named = wanted_of(row, self.catalog), self.reader.named(row.question)
        if isinstance(wanted, bool) or len(wanted) < 2 or isinstance(wanted[0], float) or row.context:
            return {}
        if self.walks.lead(named, wanted) or self.programs(row.question, wanted):
            return {}
        return intervals_of(self.space.numbers, self.search.sets(named), wanted)

    def is_needed(self, model: JointModel, questions: Sequence[Question]) -> bool:
        """Whether programs explain enough of a sample of the questions that walks do not."""
        sample = [questions[place] for place in np.random.default_rng(0).permutation(len(questions))[:SAMPLED]]
        rows = [Asked(row, context) for row, context in zip(sample, contexts_of(model, sample), strict=True)]
        return sum(map(self._takes_a_program, rows)) >= NEEDED * len(rows)

    def _takes_a_program(self, asked: Asked) -> bool:
        """Whether programs explain a question that no walk does, however long."""
        read = self.read(asked, few=False)
        if read.wanted == () or self.walks.lead(read.worded.named, read.wanted, also_far=True):
            return False
        (explained,) = self.explained_alike([read], few=False)
        return explained is not None and not any(map(_is_walk, explained.programs))

    def read(self, asked: "Asked", few: bool) -> "Read":
        """What a question names, and whether a walk leads to its answers."""
        question, wanted = asked.question.question, wanted_of(asked.question, self.catalog)
        named = [
            *self.reader.named(question),
            *(said(each.entities, c) for c, each in enumerate(referents(asked.context))),
        ]
        walked = wanted != () and self.walks.lead(named, wanted)
        if not walked and wanted != ():
            other = self.reader.shorter(question, named) if few else [*named, *self.reader.misspelt(question, named)]
            walked = self.walks.lead(other, wanted)
            named = other if walked or not few else named
        told, meanings = quantities_of(question), self.search.meanings(named)
        return Read(asked, wanted, walked, Worded(question, tuple(named), tuple(told), tuple(meanings)))

    def explained_alike(self, group: Sequence["Read"], few: bool) -> list[Explained | None]:
        """Questions that are worded alike, each with the programs that answer it and, in other names, most of the rest;
        of many questions those that a walk answers only with such as answer half of all."""
        looked = [each for each in group if each.wanted != () and (few or not each.walked)]
        if not looked:
            return [None] * len(group)
        alike = Alike(self.space.machine)
        unsearched = []
        for place, each in enumerate(looked):
            if alike.add(each.worded, each.wanted):
                unsearched.append(place)
            else:
                alike.learn(self._searched(each))
        if few and not alike.is_sound:
            for place in unsearched:
                alike.learn(self._searched(looked[place]), place)
        walked = [each for each in group if each.wanted != () and not few and each.walked]
        for each in walked:
            alike.add(each.worded, each.wanted)
        of_all = alike.programs(len(looked), HALF * len(group), spared=1 if few else 0)
        programs = dict(zip([*looked, *walked], of_all, strict=True))
        return [self._as_explained(each, programs.get(each, [])) for each in group]

    def _searched(self, read: "Read") -> list[Program]:
        return self.search.programs(read.worded.named, read.wanted, read.worded.told)

    def _as_explained(self, read: "Read", programs: Sequence[Program]) -> Explained | None:
        kept = tuple(programs[: self.limits.programs])
        return Explained(read.asked.question.question, kept, read.walked) if kept else None

    def programs(self, question: str, wanted: Wanted) -> list[Program]:
        """Programs that lead from what a question names, or from classes, to what is wanted."""
        return self.search.programs(self.reader.named(question), wanted, quantities_of(question))


def wanted_of(question: Question, catalog: Catalog) -> Wanted:
    """The answers as a program gives them: entities, rising, numbers, yes or no; nothing where the graph lacks one."""
    first = question.answers[0] if question.answers else None
    if isinstance(first, bool):
        return first
    if question.answers and all(isinstance(answer, int | float) for answer in question.answers):
        return tuple(map(float, question.answers))
    try:
        return tuple(sorted({catalog.entity(str(answer)) for answer in question.answers}))
    except UnknownEntityError:
        return ()


_LOOKOUT: list[Lookout] = []  # the one that looks, for the processes that it is forked into


def _with_one_thread() -> None:
    """A forked process waits for ever for the threads of the one that it was forked from."""
    torch.set_num_threads(1)


def _read(asked: Asked, few: bool) -> Read:
    return _LOOKOUT[-1].read(asked, few)


def _spoken(row: Question, few: bool) -> Mapping[Attribute, Interval]:
    assert few
    return _LOOKOUT[-1].spoken(row)


def _explained(group: Sequence[Read], few: bool) -> list[Explained | None]:
    return _LOOKOUT[-1].explained_alike(group, few)


def _is_walk(program: Program) -> bool:
    """Whether it follows relations, or is what several ways have in common."""
    return {step.op for step in program} <= WALK


def _is_to_walk(explained: Explained | None) -> bool:
    """Whether what was most likely meant is a walk."""
    return explained is not None and _is_walk(explained.programs[0])
