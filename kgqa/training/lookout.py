"""The lookout: finds for training questions what exact programs lead to their answers, where walks do not.

Nobody says which question needs a program. Of few questions all are searched; of many those whose answers no plain walk
from what they name leads to.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations
from multiprocessing import get_context

import numpy as np
from tqdm import tqdm

from kgqa.errors import UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Entities
from kgqa.linking.index import BY_SPELLING, EntityIndex
from kgqa.linking.spans import Span, spans_of
from kgqa.programs.known import Wanted
from kgqa.programs.machine import Program, Step
from kgqa.programs.quantities import quantities_of
from kgqa.programs.reach import Limits
from kgqa.programs.search import Search
from kgqa.programs.space import Space
from kgqa.programs.thresholds import intervals_of, learned
from kgqa.reasoning.context import Context, referents
from kgqa.reasoning.offers import said
from kgqa.training.alignment import aligned
from kgqa.training.questions import Question
from kgqa.training.renaming import Explained

FEW = 5_000  # questions up to which programs are looked for also where a walk would do
WALK = {"named", "follow", "meet", "set"}  # steps that a walk takes too
SAMPLED = 300  # questions that tell whether any of many need programs
NEEDED = 0.03  # of these
SEVERAL = 3  # answers that nothing leads to by chance
WALKED = 2_000  # entities of a set that is walked on from
WALKS = 200  # sets that are
NAMESAKES = 12  # entities of one name that are tried
SMALL = 20_000  # entities of a graph up to which a search goes as far as it can
# Of searches in larger ones:
SHORT = Limits(programs=200, states=500, plain=200, meeting=1_500, meetings=30_000, met=250)
TOGETHER = 64  # questions from which on several processes look
LONGEST, SHORTEST = 5, 5  # words and characters of a name that may be misspelt
ALIKE = 0.5  # of its spelling: one error
LONGER = 0.1  # of it: what a further word of a name is worth
MISSPELT = 2  # names of a question
COMMON = 0.002  # share of the questions from which on a word in small letters is none but a word
OFTEN = 0.02  # share from which on it is also where something is called so
USUAL = 4  # questions that have a word from which on it is not misspelt
SMALL_LETTERS = 0.8  # of the places where it stands inside a question
MEETING = 60  # sets of an entity that may have something in common with those of another


@dataclass(frozen=True)
class Asked:
    """A question, and what was said before it."""

    question: Question
    context: Context = ()


class Lookout:
    """Looks for programs in a space; the index says what names stand for."""

    def __init__(self, space: Space, index: EntityIndex) -> None:
        self.space, self.index = space, index
        self.limits = Limits() if len(space.numbers.catalog) <= SMALL else SHORT
        self.search = Search(space, self.limits)
        self.catalog: Catalog = space.numbers.catalog
        self.words = Words()

    def explain(
        self, questions: Sequence[Question], contexts: Sequence[Context] | None = None
    ) -> list[Explained | None]:
        """Each question with the programs that answer it, after what was said before it, and that its words speak for;
        none where a walk does, if there are many questions."""
        rows = [Asked(row, context) for row, context in zip(questions, contexts or [()] * len(questions), strict=True)]
        distinct = list(dict.fromkeys(rows))
        few = len(distinct) <= FEW
        self.words = Words() if few else Words.of(questions)
        if few:
            self._learn_thresholds([asked.question for asked in distinct])
        bar = tqdm(total=len(distinct), unit="question", desc="looking for programs", leave=False)
        found = []
        for each in self._side_by_side(distinct, few):
            found.append(each)
            bar.update()
        bar.close()
        known = dict(zip(distinct, aligned(found), strict=True))
        return [None if not few and _is_walk(known[asked]) else known[asked] for asked in rows]

    def _side_by_side(self, questions: Sequence["Asked"], few: bool) -> Iterator[Explained | None]:
        """Each one explained, by a process for each core where processes can be forked."""
        look = partial(_explained, few=few)
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        _LOOKOUT.append(self)
        try:
            if workers == 1 or len(questions) < TOGETHER:
                yield from map(look, questions)
                return
            self.search.prepare()
            with get_context("fork").Pool(workers) as pool:
                yield from pool.imap(look, questions, chunksize=8)
        finally:
            _LOOKOUT.pop()

    def _learn_thresholds(self, questions: Sequence[Question]) -> None:
        """What counts as much, of questions that no program answers without knowing it."""
        spoken = []
        for row in tqdm(questions, unit="question", desc="learning what counts as much", leave=False):
            wanted = wanted_of(row, self.catalog)
            if isinstance(wanted, bool) or not wanted or isinstance(wanted[0], float) or row.context:
                continue
            if len(wanted) > 1 and not self.programs(row.question, wanted):
                sets = self.search.sets(self.named(row.question))
                spoken.append(intervals_of(self.space.numbers, sets, wanted))
        if thresholds := learned(spoken):
            self.space = Space(self.space.machine, thresholds)
            self.search = Search(self.space, self.limits)

    def is_needed(self, questions: Sequence[Question]) -> bool:
        """Whether programs explain enough of a sample of the questions that walks do not."""
        sample = [questions[place] for place in np.random.default_rng(0).permutation(len(questions))[:SAMPLED]]
        return sum(map(self._takes_a_program, sample)) >= NEEDED * len(sample)

    def _takes_a_program(self, row: Question) -> bool:
        """Whether programs explain a question that no walk does, however long."""
        wanted, named = wanted_of(row, self.catalog), self.named(row.question)
        if wanted == () or self._is_walked(named, wanted, also_far=True):
            return False
        return self.explained(Asked(row), few=False) is not None

    def explained(self, asked: "Asked", few: bool) -> Explained | None:
        """A question with the programs that answer it, if there are any; of many also none where a walk does."""
        row = asked.question
        wanted = wanted_of(row, self.catalog)
        if wanted == ():
            return None
        named = [
            *self.named(row.question),
            *(said(each.entities, c) for c, each in enumerate(referents(asked.context))),
        ]
        walked = self._is_walked(named, wanted)
        if not walked and not few:
            named = [*named, *self._misspelt(row.question, named)]
            walked = self._is_walked(named, wanted)
        if walked and not few:
            return None
        programs = self.search.programs(named, wanted, quantities_of(row.question))
        return Explained(row.question, tuple(programs), walked) if programs else None

    def programs(self, question: str, wanted: Wanted) -> list[Program]:
        """Programs that lead from what a question names, or from classes, to what is wanted."""
        return self.search.programs(self.named(question), wanted, quantities_of(question))

    def named(self, question: str) -> list[Step]:
        """Each longest name in a question, with all that it may mean."""
        spans = [span for span in spans_of(question) if self._names_something(span)]
        longest = [span for span in spans if not any(_within(span, other) for other in spans)]
        found = [(span, tuple(sorted(self.index.exact([span.text])[0]))) for span in longest]
        return [Step("named", start=span.start, end=span.end, entities=entities) for span, entities in found]

    def _names_something(self, span: Span) -> bool:
        """Whether a name stands here; common words in small letters are none unless something is called just so."""
        meant, words, common = self.index.exact([span.text])[0], _words(span), self.words.common
        if not meant or not all(word in common for word in words):
            return bool(meant)
        return span.text in self._called(meant) and not all(common[word] >= OFTEN for word in words)

    def _called(self, entities: Iterable[int]) -> Iterator[str]:
        return (name for each in entities for name in (self.catalog.labels[each], *self.catalog.alias_table[each]))

    def _misspelt(self, question: str, named: Sequence[Step]) -> list[Step]:
        """The names that runs of words are most like, where they are like one and no name themselves."""
        taken = [(step.start, step.end) for step in named]
        spans = [
            span
            for span in spans_of(question, LONGEST)
            if len(span.text) >= SHORTEST and all(span.end <= start or end <= span.start for start, end in taken)
        ]
        spans = [span for span in spans if not self.words.usual.issuperset(span.text.lower().split())]
        if not spans:
            return []
        found = [self.index.search([span.text], k=1) for span in spans]  # one by one FAISS needs no threads
        alike = np.array([float(each.features[0, :1, BY_SPELLING].sum()) for each in found])
        steps: list[Step] = []
        for place in np.argsort(-alike - LONGER * np.array([span.text.count(" ") for span in spans]), kind="stable"):
            span = spans[place]
            if len(steps) == MISSPELT or alike[place] < ALIKE:
                break
            if all(span.end <= step.start or step.end <= span.start for step in steps):
                steps.append(
                    Step("named", start=span.start, end=span.end, entities=(int(found[place].entities[0, 0]),))
                )
        return steps

    def _is_walked(self, named: Sequence[Step], wanted: Wanted, also_far: bool = False) -> bool:
        """Whether some entity that is named leads to just what is wanted over one relation; or, if SEVERAL are wanted
        or ways that lead far count too, over two or three, or what two lead to over one has just that in common.

        Ways that lead far to one entity or two there are by chance, and sets that meet after two.
        """
        if isinstance(wanted, bool):
            return False
        seeds = [entity for step in named for entity in step.entities[:NAMESAKES] if wanted != (entity,)]
        reached = [self._walks(entity) for entity in seeds]
        for entity, (firsts, seconds) in zip(seeds, reached, strict=True):
            near = firsts if len(wanted) < SEVERAL and not also_far else chain(firsts, seconds)
            if any(self._is(found, wanted) or self._is(_but(found, entity), wanted) for found in near):
                return True
        if len(wanted) < SEVERAL and not also_far:
            return False
        if any(self._is(found, wanted) for _, seconds in reached for found in self._further(seconds)):
            return True
        sets = [[each for each in firsts if len(each) >= len(wanted)][:MEETING] for firsts, _ in reached]
        pairs = ((one, other) for own, others in combinations(sets, 2) for one in own for other in others)
        return any(self._is(np.intersect1d(one, other, assume_unique=True), wanted) for one, other in pairs)

    def _walks(self, entity: int) -> tuple[list[Entities], list[Entities]]:
        """Where an entity leads over one relation and over two."""
        start = np.array([entity])
        firsts = [self.space.machine.follow(start, relation) for relation in self._relations(start)]
        return firsts, list(self._further(firsts))

    def _further(self, level: Sequence[Entities]) -> Iterator[Entities]:
        for found in level[:WALKS]:
            if len(found) <= WALKED:
                for relation in self._relations(found):
                    yield self.space.machine.follow(found, relation)

    def _relations(self, entities: Entities) -> list[int]:
        found: list[int] = np.flatnonzero(np.logical_or.reduce(self.space.has[entities])).tolist()
        return found

    def _is(self, entities: Entities, wanted: Wanted) -> bool:
        if isinstance(wanted, bool) or len(entities) != len(wanted):
            return False
        if isinstance(wanted[0], float):
            found = np.sort(self.catalog.values[entities])
            return bool(np.isclose(found, np.sort(np.array(wanted)), rtol=1e-9, atol=0.0).all())
        return tuple(entities.tolist()) == wanted


@dataclass(frozen=True)
class Words:
    """The words of many questions in small letters: `common` are those that hardly name anything, with the share of the
    questions that they stand in ("than" is a town, too), `usual` those that several questions have, so that they are
    not misspelt.

    What stands first in a question may be any word, and begin with a capital.
    """

    common: Mapping[str, float] = field(default_factory=dict)
    usual: frozenset[str] = frozenset()

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Words":
        small, whole = Counter[str](), Counter[str]()
        for row in questions:
            words = [span.text for span in spans_of(row.question, max_words=1)]
            whole.update({word.lower() for word in words})
            small.update({word for word in words[1:] if word.islower()})
        least = COMMON * len(questions)
        common = {
            word: count / len(questions)
            for word, count in small.items()
            if count >= max(least, SMALL_LETTERS * whole[word])
        }
        return cls(common, frozenset(word for word, count in whole.items() if count >= USUAL))


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


def _explained(asked: Asked, few: bool) -> Explained | None:
    return _LOOKOUT[-1].explained(asked, few)


def _is_walk(explained: Explained | None) -> bool:
    """Whether what was most likely meant is a walk, or what several have in common."""
    return explained is not None and {step.op for step in explained.programs[0]} <= WALK


def _words(span: Span) -> list[str]:
    """Its words, the first one of a question in small letters."""
    first, *rest = span.text.split()
    return [first if span.start else first.lower(), *rest]


def _but(entities: Entities, entity: int) -> Entities:
    rest: Entities = entities[entities != entity]
    return rest


def _within(span: Span, other: Span) -> bool:
    return span != other and other.start <= span.start and span.end <= other.end
