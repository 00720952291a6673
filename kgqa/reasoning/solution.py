"""A solution: what walking the graph gave for one question, before it is put into words."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kgqa.graph.frontier import Frontier
from kgqa.reasoning.beam import Written
from kgqa.reasoning.context import Referent
from kgqa.reasoning.model import Thought
from kgqa.reasoning.offers import said_at

LEANS = 0.75  # probability of going the way of the question before, from which on a question leans on it


@dataclass(frozen=True)
class Solution:
    """What walking the graph gave: the answer set (best first), each slot's weights and its seeds."""

    thought: Thought
    seeds: tuple[Frontier, ...]
    slots: tuple[Frontier, ...]
    entities: Tensor  # (A,)
    weights: Tensor  # (A,)
    evidence: Tensor  # (EVIDENCE,) what the confidence is read from
    written: tuple[Written, ...] | None = None  # what programs come to, the likeliest first; None where a walk answers

    @property
    def used(self) -> int:
        """How many slots the question needs."""
        return int(self.thought.counts[0].argmax()) + 1

    @property
    def program(self) -> Written | None:
        """The program that answers, with what it comes to."""
        return self.written[0] if self.written else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not len(self.entities) if self.written is None else not self.written

    @property
    def leans(self) -> bool:
        """Whether what was said before has a part in it: as where a path starts, or as the way that it goes."""
        if self.program is not None:
            return any(said_at(step) is not None for step in self.program.program)
        again = self.thought.plan.again
        repeats = again is not None and bool((again[0, : self.used] > LEANS).any())
        return repeats or any(self.together(slot) is not None for slot in range(self.used))

    def together(self, slot: int) -> Referent | None:
        """What was said before, if that is what a slot starts from rather than a name in the question."""
        thought = self.thought
        referred, named = thought.referred[0, slot].exp(), thought.cells[0, slot, :-1].exp()  # (C,), (N * K,)
        if float(referred.sum()) <= float(named.sum()):
            return None
        return thought.references.referents.rows[0][int(referred.argmax())]

    def rank(self, entities: Sequence[int]) -> int | None:
        """The place, from 1, of the worst placed of these entities, each in the slot that likes it best.

        None where one of them is no candidate at all.
        """
        candidates = self.thought.candidates.entities[0].flatten()  # (N * K,)
        slots = self.thought.cells[0, : self.used, :-1].exp()  # (M, N * K)
        distinct, place = torch.unique(candidates, return_inverse=True)
        weights = slots.new_zeros(len(slots), len(distinct)).index_add(1, place, slots)  # (M, U)
        ranks = []
        for entity in entities:
            own = (distinct == entity).nonzero().view(-1)
            if not len(own):
                return None
            ranks.append(1 + int((weights > weights[:, own]).sum(1).min()))
        return max(ranks, default=None)
