"""The reader: what the questions of training name, by names alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kgqa.graph.catalog import Catalog
from kgqa.linking.index import BY_SPELLING, EntityIndex
from kgqa.linking.spans import Span, spans_of
from kgqa.programs.machine import Step
from kgqa.training.questions import Question

LONGEST, SHORTEST = 5, 5  # words and characters of a name that may be misspelt
ALIKE = 0.5  # of its spelling: one error
LONGER = 0.1  # of it: what a further word of a name is worth
MISSPELT = 2  # names of a question
COMMON = 0.002  # share of the questions from which on a word in small letters is none but a word
OFTEN = 0.02  # share from which on it is also where something is called so
USUAL = 4  # questions that have a word from which on it is not misspelt
SMALL_LETTERS = 0.8  # of the places where it stands inside a question


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


class Reader:
    """Reads names of an index; many questions tell which words are none, and `dropped` are names that are none where
    others are in them."""

    def __init__(self, index: EntityIndex, catalog: Catalog) -> None:
        self.index, self.catalog = index, catalog
        self.words = Words()
        self.dropped: frozenset[str] = frozenset()

    def named(self, question: str) -> list[Step]:
        """Each longest name in a question, with all that it may mean."""
        return self._longest(self._names(question))

    def shorter(self, question: str, named: Sequence[Step]) -> list[Step]:
        """The same, but of longest names that have others in them these: the Mississippi of "Mississippi River"."""
        outer = {(step.start, step.end) for step in named}
        inner = self._longest([span for span in self._names(question) if (span.start, span.end) not in outer])
        kept = [step for step in named if not any(step.start <= each.start and each.end <= step.end for each in inner)]
        return sorted((*kept, *inner), key=lambda step: step.start)

    def _names(self, question: str) -> list[Span]:
        spans = [span for span in spans_of(question) if self._names_something(span)]
        return [span for span in spans if span.text.casefold() not in self.dropped]

    def _longest(self, spans: Sequence[Span]) -> list[Step]:
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

    def misspelt(self, question: str, named: Sequence[Step]) -> list[Step]:
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


def _words(span: Span) -> list[str]:
    """Its words, the first one of a question in small letters."""
    first, *rest = span.text.split()
    return [first if span.start else first.lower(), *rest]


def _within(span: Span, other: Span) -> bool:
    return span != other and other.start <= span.start and span.end <= other.end
