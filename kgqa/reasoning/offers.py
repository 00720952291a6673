"""Offers: what a question gives a program to start from, beside the steps that every question may take."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from kgqa.linking.reading import Reading, ReadingBatch
from kgqa.linking.shortlist import Candidates
from kgqa.linking.spans import Span
from kgqa.programs.machine import Step
from kgqa.programs.quantities import Quantity
from kgqa.reasoning.context import Referent

LEAST_NAMED = 1e-3  # probability under the ranker from which on a single candidate is worth a start of its own
MOST_NAMED = 24
FEWEST_SHORTLISTED = 8  # of the entities of a name, if it has so many

Table = NDArray[np.generic]
Referents = tuple[Referent, ...]
Place = tuple[int, int]  # characters from and to


@dataclass(frozen=True)
class Offers:
    """What B questions offer beside the steps of the space: what they name, and the numbers that they state.

    `named` are steps of each question, padded to N in the tensors; `quantities` likewise to Q. `places` are where each
    question has its longest names and its numbers, padded to O, and `worth` how much is missed if one is left unread.
    """

    named: tuple[tuple[Step, ...], ...]
    quantities: tuple[tuple[Quantity, ...], ...]
    prior: Tensor  # (B, N) the logarithm of what the ranker gives it; very low where there is none
    vectors: Tensor  # (B, N, W)
    numbers: Tensor  # (B, Q, W)
    places: tuple[tuple[Place, ...], ...]
    worth: Tensor  # (B, O)

    @property
    def widths(self) -> tuple[int, int]:
        """N and Q."""
        return self.vectors.shape[1], self.numbers.shape[1]

    def weight(self, row: int, step: Step) -> float:
        """What the ranker gives to something that a question names, at most 1."""
        return min(1.0, float(self.prior[row, self.named[row].index(step)].exp()))

    def unread(self, row: int, read: Collection[Place]) -> list[bool]:
        """Which of its places (O,) a question has that none of those which were read touches."""
        return [all(end <= first or last <= start for first, last in read) for start, end in self.places[row]]

    def missed(self, row: int, read: Collection[Place]) -> float:
        """What these places leave unread of a question, by its worth."""
        left = self.unread(row, read)
        return float(self.worth[row, : len(left)] @ self.worth.new_tensor(left, dtype=self.worth.dtype))


@dataclass(frozen=True)
class Offer:
    """Something to start from: its step, the position of its span, and its cells among (N * K + C,)."""

    step: Step
    span: int
    cells: tuple[int, ...]


def offered(
    batch: ReadingBatch, candidates: Candidates, likely: Tensor, context: Sequence[Referents]
) -> list[list[Offer]]:
    """For each question all that an exact name may mean, together, the likeliest single candidates, and what was said
    before.

    Args:
        likely: what the ranker gives to each candidate and, after these, to each referent, shape (B, N * K + C).
    """
    size = candidates.entities[0].numel()
    weights = likely[:, :size].detach().cpu().numpy().reshape(candidates.entities.shape)
    entities, spans, there = (
        each.cpu().numpy() for each in (candidates.entities, candidates.span, candidates.span_mask)
    )
    last = batch.first.shape[1]
    return [
        _offered(reading, entities[row], spans[row], there[row], weights[row])
        + [Offer(said(referent.entities, c), last, (size + c,)) for c, referent in enumerate(context[row])]
        for row, reading in enumerate(batch.readings)
    ]


def said(entities: Sequence[int], place: int) -> Step:
    """The start from what was said before: the referent at this place. It stands before the question's characters."""
    return Step("named", start=-2 * place - 2, end=-2 * place - 1, entities=tuple(sorted(entities)))


def said_at(step: Step) -> int | None:
    """The place of the referent that a program starts from, None where a step is no such start."""
    return -step.start // 2 - 1 if step.op == "named" and step.start < 0 else None


def _offered(reading: Reading, entities: Table, spans: Table, there: Table, weights: Table) -> list[Offer]:
    found: dict[Step, tuple[float, Offer]] = {}
    width = entities.shape[1]
    for n, span in enumerate(spans.tolist() if reading.spans else ()):
        if not there[n]:
            continue
        where, exact = reading.spans[span], reading.exact[span]
        present = entities[n][entities[n] >= 0]
        if len(present) < FEWEST_SHORTLISTED and not set(exact) <= set(present.tolist()):  # what it means was given
            exact = tuple(entity for entity in exact if entity in present)
        sets = [(exact, np.flatnonzero(np.isin(entities[n], exact)))] if exact else []
        if len(exact) != 1:
            likely = np.flatnonzero((weights[n] > LEAST_NAMED) & (entities[n] >= 0))
            sets += [((int(entities[n, k]),), np.array([k])) for k in likely]
        for meant, places in sets:
            step = Step("named", start=where.start, end=where.end, entities=tuple(sorted(meant)))
            offer = Offer(step, span, tuple((n * width + places).tolist()))
            found.setdefault(step, (float(weights[n, places].sum()), offer))
    best = sorted(found.values(), key=lambda each: -each[0])[:MOST_NAMED]
    return [offer for _, offer in best]


def longest(reading: Reading, spans: Sequence[int]) -> tuple[list[Span], list[int]]:
    """Names that stand in a question as they are and are part of no longer one, with the positions of their spans."""
    exact = [place for place in dict.fromkeys(spans if reading.spans else ()) if reading.exact[place]]
    own = [reading.spans[place] for place in exact]
    kept = [
        (span, place)
        for span, place in zip(own, exact, strict=True)
        if not any(span != other and other.start <= span.start and span.end <= other.end for other in own)
    ]
    return [span for span, _ in kept], [place for _, place in kept]
