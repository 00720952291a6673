"""Offering: gives vectors, weights and worth to what a question offers a program to start from."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from kgqa.linking.reading import ReadingBatch
from kgqa.linking.shortlist import Candidates
from kgqa.linking.spans import Span
from kgqa.programs.quantities import Quantity, quantities_of
from kgqa.reasoning.offers import Offer, Offers, Referents, longest, offered
from kgqa.reasoning.step_vectors import StepVectors

FLOOR = 1e-6
NEVER = -1e4
WORTH = 1.8  # of a name that is left unread, before any training (softplus of it is 2)

Names = Sequence[tuple[list[Span], list[int]]]


class Offering(nn.Module):
    """Weighs names by the ranker, and says how much is missed if one is left unread."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        self.number = nn.Linear(dimension, width, bias=False)
        self.several = nn.Parameter(torch.zeros(()))
        self.trust = nn.Parameter(torch.ones(()))
        self.worth = nn.Linear(width, 1)
        nn.init.zeros_(self.worth.weight)
        nn.init.constant_(self.worth.bias, WORTH)

    def forward(
        self,
        batch: ReadingBatch,
        candidates: Candidates,
        likely: Tensor,
        spans: Tensor,
        states: Tensor,
        context: Sequence[Referents],
        steps: StepVectors,
    ) -> Offers:
        """What the questions name and state, and what was said before them.

        Args:
            likely: what the ranker gives to candidates and to what was said before, shape (B, N * K + C).
            spans: span vectors, and as the last one that of what reads what was said before, shape (B, S + 1, W).
            states: token states, shape (B, L, D).
            context: the referents of each question.
        """
        found = offered(batch, candidates, likely, context)
        width = max(map(len, found))
        table = [[offer.span for offer in own] + [0] * (width - len(own)) for own in found]
        at = torch.tensor(table, device=likely.device, dtype=torch.long).view(len(found), width)  # (B, N)
        rows = torch.arange(len(found), device=likely.device).unsqueeze(1)
        told = tuple(tuple(quantities_of(reading.question)) for reading in batch.readings)
        numbers = self._numbers(batch, told, states)
        names = [longest(batch.readings[row], candidates.span[row].tolist()) for row in range(len(found))]
        places = tuple(
            (*((name.start, name.end) for name in own), *((each.start, each.end) for each in stated))
            for (own, _), stated in zip(names, told, strict=True)
        )
        return Offers(
            named=tuple(tuple(offer.step for offer in own) for own in found),
            quantities=told,
            prior=self._prior(found, likely, width),
            vectors=steps.named(spans[rows, at]),
            numbers=numbers,
            places=places,
            worth=self._worth(spans, numbers, names, told),
        )

    def _prior(self, found: Sequence[Sequence[Offer]], likely: Tensor, width: int) -> Tensor:
        """The logarithm of what the ranker gives to each offer, very low where there is none: shape (B, N)."""
        owner = [row * width + n for row, own in enumerate(found) for n, offer in enumerate(own) for _ in offer.cells]
        held = [row * likely.shape[1] + cell for row, own in enumerate(found) for offer in own for cell in offer.cells]
        place = torch.tensor(owner, device=likely.device, dtype=torch.long)
        weights = likely.flatten()[torch.tensor(held, device=likely.device, dtype=torch.long)]
        sums = likely.new_zeros(len(found) * width).index_add(0, place, weights).view(len(found), width)  # (B, N)
        several = [
            [float(len(offer.step.entities) > 1) for offer in own] + [-1.0] * (width - len(own)) for own in found
        ]
        joint = likely.new_tensor(several).view(len(found), width)  # (B, N), -1 where nothing is named
        prior = self.trust * sums.clamp(FLOOR, 1).log() + self.several * joint
        return prior.masked_fill(joint < 0, NEVER)

    def _worth(self, spans: Tensor, numbers: Tensor, names: Names, told: Sequence[Sequence[Quantity]]) -> Tensor:
        """How much is missed if a name or a number is left unread, names first: shape (B, O)."""
        width = max((len(at) + len(stated) for (_, at), stated in zip(names, told, strict=True)), default=0)
        worth = spans.new_zeros(len(names), width)
        of_spans, of_numbers = self.worth(spans).squeeze(-1), self.worth(numbers).squeeze(-1)  # (B, S), (B, Q)
        for row, ((_, at), stated) in enumerate(zip(names, told, strict=True)):
            own = torch.cat([of_spans[row, at], of_numbers[row, : len(stated)]])
            worth[row, : len(own)] = torch.nn.functional.softplus(own)
        return worth

    def _numbers(self, batch: ReadingBatch, told: Sequence[Sequence[Quantity]], states: Tensor) -> Tensor:
        """A vector for each number that a question states, from the token where it begins: shape (B, Q, W)."""
        width = max(map(len, told), default=0)
        vectors = states.new_zeros(len(told), width, states.shape[-1])
        for row, quantities in enumerate(told):
            for place, quantity in enumerate(quantities):
                vectors[row, place] = states[row, batch.readings[row].token_at(quantity.start)]
        found: Tensor = self.number(vectors)
        return found
