"""Alignment: which of the programs that answer a question says what its words say, learned from all questions at once.

Many programs come to an answer by chance, and other ones for each question; what is meant comes to the answers of all
questions that are worded alike. So every word is taken to be said by one part of the program, its operations,
relations and classes, or by none: the first model of Brown et al. (1993), with the program unknown too, and
a prior over the shapes and the parts of programs, all estimated by expectation maximisation.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.numbers import Floats
from kgqa.programs.machine import Program, Step
from kgqa.programs.search import read_by
from kgqa.training.renaming import Explained

ROUNDS = 8
LEAST = 3  # questions that a word stands in
OF_NONE = 0.3  # share of the words that no part says
SHARPNESS = 0.6  # of the evidence of one word, since words lean on each other
UNREAD = 0.4  # of the rarity of a name or number: logarithm by which not to read it makes a program less likely
FURTHER = 0.25  # logarithm by which each further part makes a program less likely
UNSEEN = 0.05  # how often a shape or part that was never taken counts as taken
USUAL = 0.25  # in the logarithms, of how often a part is taken: what is meant may be rare
RESERVE = 200.0  # words of any question that each part counts as having said, so that rare ones do not say all
LIKELY, MOST = 0.01, 12  # of the likeliest program's probability, and programs that are kept

_WORD = re.compile(r"\w+|[^\w\s]")

Prior = Callable[[Sequence[Explained]], list[Floats]]  # logarithms of how likely each program is, shape (C,) each


class Relation(NamedTuple):
    """A relation that a program follows, either way, or that values or counts are of: its words are the same."""

    number: int


class Class(NamedTuple):
    """A class that a program names."""

    number: int


@dataclass(frozen=True)
class _Case:
    """A question: its words (N,), the parts of its C programs (K,), how much of each program is which (C, K), 1 in each
    row with what no part says first, how often each is there (C, K), the shape of each (C,), and the worth of the
    names and numbers that each leaves unread and another one reads (C,)."""

    words: NDArray[np.int64]
    parts: NDArray[np.int64]
    share: Floats
    count: Floats
    shapes: NDArray[np.int64]
    unread: Floats


def aligned(
    rows: Sequence[Explained | None], prior: Prior | None = None, likely: float = LIKELY, most: int = MOST
) -> list[Explained | None]:
    """The same questions with the programs that their words speak for, the likeliest first: so many at most, and none
    that is less likely than the likeliest by this factor."""
    known = [row for row in rows if row is not None]
    weights = probabilities(known, prior(known) if prior else None)
    chosen = iter(_chosen(row, own, likely, most) for row, own in zip(known, weights, strict=True))
    return [None if row is None else next(chosen) for row in rows]


def probabilities(rows: Sequence[Explained], before: Sequence[Floats] | None = None) -> list[Floats]:
    """How likely each program of each question is what was meant: shape (C,) each.

    Args:
        before: the logarithms of how likely they were before any word was heard, shape (C,) each; all alike if not
            given.
    """
    if not rows:
        return []
    reader = _Reader(rows)
    cases, kinds = reader.cases, reader.kinds()
    likely: Sequence[Floats | float] = [0.0] * len(cases) if before is None else before
    words = 1.0 + np.bincount(np.concatenate([case.words for case in cases]), minlength=len(reader.words))
    any_ = np.tile(words / words.sum(), (len(kinds), 1))
    said = any_
    of_shapes, of_parts = np.zeros(len(reader.shapes)), np.zeros(len(kinds))
    found: list[Floats] = []
    for _ in range(ROUNDS):
        prior = _logs(of_shapes, np.zeros(len(of_shapes), dtype=np.int64)), USUAL * _logs(of_parts, kinds) * (kinds > 0)
        heard, of_shapes, of_parts = RESERVE * any_, np.zeros_like(of_shapes), np.zeros_like(of_parts)
        found = [
            _weigh(case, own, said, prior, heard, of_shapes, of_parts) for case, own in zip(cases, likely, strict=True)
        ]
        said = heard / heard.sum(1, keepdims=True)
    return found


def _weigh(
    case: _Case,
    before: Floats | float,
    said: Floats,
    prior: tuple[Floats, Floats],
    heard: Floats,
    of_shapes: Floats,
    of_parts: Floats,
) -> Floats:
    """The probability of each program; adds what is expected of the question to the counts of the next round."""
    own = said[np.ix_(case.parts, case.words)]  # (K, N)
    mixed = case.share @ own  # (C, N)
    logs = SHARPNESS * np.log(mixed).sum(1) + prior[0][case.shapes] + case.count @ prior[1][case.parts]
    logs = logs + before - UNREAD * case.unread - FURTHER * case.count.sum(1)
    weights: Floats = np.exp(logs - logs.max())
    weights /= weights.sum()
    np.add.at(heard, np.ix_(case.parts, case.words), own * (case.share.T @ (weights[:, None] / mixed)))
    np.add.at(of_shapes, case.shapes, weights)
    np.add.at(of_parts, case.parts, weights @ case.count)
    return weights


def _logs(counts: Floats, kinds: NDArray[np.int64]) -> Floats:
    """The logarithms of the shares (K,) of how often each was taken among those of its kind (K,); before the first
    round all are alike."""
    of_kinds = np.bincount(kinds, weights=counts + UNSEEN)
    logs: Floats = np.log((counts + UNSEEN) / of_kinds[kinds]) if counts.any() else np.zeros(len(counts))
    return logs


def _chosen(row: Explained, weights: Floats, likely: float, most: int) -> Explained:
    order = [place for place in np.argsort(-weights, kind="stable")[:most] if weights[place] >= likely * weights.max()]
    return replace(row, programs=tuple(row.programs[place] for place in order))


class _Reader:
    """Numbers the words of questions, and the parts and the shapes of their programs."""

    def __init__(self, rows: Sequence[Explained]) -> None:
        texts = [_words(row) for row in rows]
        often = Counter(word for words in texts for word in set(words))
        self.words = {word: number for number, word in enumerate(w for w, count in often.items() if count >= LEAST)}
        self.total = len(rows)
        self.names = Counter(name for row in rows for name in {_name(row, place) for place in _places(row)})
        self.parts: dict[object, int] = {None: 0}
        self.shapes: dict[object, int] = {}
        self.cases = [self._case(row, words) for row, words in zip(rows, texts, strict=True)]

    def _case(self, row: Explained, words: Sequence[str]) -> _Case:
        of_programs = [
            [self.parts.setdefault(part, len(self.parts)) for step in program for part in _parts_of(step)]
            for program in row.programs
        ]
        parts = np.unique(np.array([0, *(part for own in of_programs for part in own)]))
        count = np.zeros((len(row.programs), len(parts)))
        for place, own in enumerate(of_programs):
            np.add.at(count[place], parts.searchsorted(own), 1.0)
        share = (1 - OF_NONE) * count / np.maximum(count.sum(1, keepdims=True), 1)
        share[:, 0] = 1 - share.sum(1)
        shapes = [self.shapes.setdefault(_shape(program), len(self.shapes)) for program in row.programs]
        known = [self.words[word] for word in words if word in self.words]
        return _Case(np.array(known, dtype=np.int64), parts, share, count, np.array(shapes), self._unread(row))

    def kinds(self) -> NDArray[np.int64]:
        """Which parts are relations or classes; those that are operations, of which shapes tell, are 0."""
        numbered: dict[type, int] = {Relation: 1, Class: 2}
        return np.array([numbered.get(type(part), 0) for part in self.parts])

    def _unread(self, row: Explained) -> Floats:
        """The worth of what each program reads, below that of the one that reads most: shape (C,)."""
        worth = {place: np.log(self.total / self.names[_name(row, place)]) for place in _places(row)}
        read = np.array([sum(worth.get(place, 0.0) for place in read_by(program)) for program in row.programs])
        unread: Floats = read.max() - read
        return unread


def _places(row: Explained) -> set[tuple[int, int]]:
    """Where any program reads a name or a number in the question."""
    return {place for program in row.programs for place in read_by(program) if place[0] >= 0}


def _name(row: Explained, place: tuple[int, int]) -> str:
    return row.question[slice(*place)].casefold()


def _words(row: Explained) -> list[str]:
    """The words of a question outside the names and numbers that any program reads, and every two that follow."""
    text = list(row.question)
    for program in row.programs:
        for step in program:
            text[max(step.start, 0) : max(step.end, 0)] = ["\0"] * (max(step.end, 0) - max(step.start, 0))
    words = _WORD.findall(re.sub("\0+", " _ ", "".join(text)).casefold())
    return [*words, *(f"{one} {other}" for one, other in zip(["", *words], [*words, ""], strict=True))]


def _parts_of(step: Step) -> Iterator[object]:
    """What a step says beside that something is named."""
    if step.op != "named":
        counted = step.attribute is not None and step.attribute.counted
        yield step.op, step.rank, counted, step.relation >= 0 and step.relation % 2
    if step.relation >= 0:
        yield Relation(step.relation // 2)
    if step.class_ >= 0:
        yield Class(step.class_)
    if step.attribute is not None:
        yield Relation(step.attribute.relation // 2)
        if step.attribute.class_ >= 0:
            yield Class(step.attribute.class_)


def _shape(program: Program) -> tuple[object, ...]:
    """The operations of a program, and whether it reads its names in the order of the question."""
    starts = [step.start for step in program if step.op == "named"]
    ops = ((step.op, step.rank, step.attribute is not None and step.attribute.counted) for step in program)
    return (*ops, starts == sorted(starts))
