"""The decoder: scores the steps of programs, one after another, against what the question says.

Every step is scored by what it is called, as relations are: p(program | question) = product over its steps of a softmax
over the steps that may come next. What a question names is scored with the ranker's probabilities, so a program's
likelihood teaches the spans, the ranker and the encoder too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kgqa.linking.reading import ReadingBatch
from kgqa.linking.shortlist import Candidates
from kgqa.linking.spans import Span
from kgqa.programs.machine import ENDS, OPS, Program, Stack, Step
from kgqa.programs.quantities import Quantity, quantities_of
from kgqa.programs.space import COMPARED, MOST_SETS, RANKS, Space
from kgqa.reasoning.encoder import attend
from kgqa.reasoning.offers import Offers, Place, Referents, longest, offered
from kgqa.reasoning.referrer import References

READS = 2  # places of the question that are looked at for one step
MOST_STARTS = 3
FLOOR = 1e-6
NEVER = -1e4
WORTH = 1.8  # of a name that is left unread, before any training (softplus of it is 2)


@dataclass(frozen=True)
class Draft:
    """What programs for B questions are written from: token states (B, L, D) and their mask, the first memory (B, W),
    the vectors of the steps (V, W), what the questions offer, and the logit that one is needed rather than a walk (B,).
    """

    states: Tensor
    mask: Tensor
    memory: Tensor
    steps: Tensor
    offers: Offers
    needed: Tensor


@dataclass(frozen=True)
class Beginning:
    """The beginning of a program: which steps of the space may follow (V bits, packed), whether another start may,
    where in the question the starts so far are named, and all that was read of names and numbers."""

    valid: NDArray[np.uint8]
    open: bool
    used: tuple[Place, ...] = ()
    read: tuple[Place, ...] = ()

    @classmethod
    def of(cls, space: Space, program: Program, stack: Stack, quantities: Sequence[Quantity]) -> "Beginning":
        """After these steps, which left this stack."""
        used = tuple((step.start, step.end) for step in program if step.op == "named")
        read = tuple((step.start, step.end) for step in program if step.op in COMPARED)
        valid, is_open = np.packbits(space.valid(stack, quantities)), len(stack) < MOST_SETS and len(used) < MOST_STARTS
        return cls(valid, is_open, used, used + read)

    def leaves(self, step: Step) -> bool:
        """Whether what a start is named by was not read yet."""
        return all(step.end <= start or end <= step.start for start, end in self.used)


class Decoder(nn.Module):
    """Scores the next step of each of P beginnings of programs."""

    classes: Tensor
    op_of: Tensor
    rank_of: Tensor
    relation_of: Tensor
    class_of: Tensor
    attribute_of: Tensor
    counted_of: Tensor
    compared: Tensor
    place_of: Tensor
    ends: Tensor

    def __init__(self, dimension: int, width: int, space: Space, classes: Tensor) -> None:
        super().__init__()
        self.register_buffer("classes", classes, persistent=False)  # (C, D) what they are called
        self.know(space)
        self.operation = nn.Embedding(len(OPS), width)
        self.rank = nn.Embedding(RANKS + 1, width)
        self.relation = nn.Linear(width, width, bias=False)
        self.attribute = nn.Linear(width, width, bias=False)
        self.class_ = nn.Linear(dimension, width, bias=False)
        self.span = nn.Linear(width, width, bias=False)
        self.number = nn.Linear(dimension, width, bias=False)
        self.counted = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width)
        self.begin = nn.Linear(dimension, width)
        self.query = nn.Linear(width, READS * dimension)
        self.read = nn.Sequential(
            nn.Linear(width + READS * dimension, width), nn.GELU(), nn.Dropout(0.1), nn.Linear(width, width)
        )
        self.history = nn.GRUCell(width + READS * dimension, width)
        self.several = nn.Parameter(torch.zeros(()))
        self.trust = nn.Parameter(torch.ones(()))
        self.worth = nn.Linear(width, 1)
        nn.init.zeros_(self.worth.weight)
        nn.init.constant_(self.worth.bias, WORTH)
        self.chosen = nn.Linear(dimension, 1)
        nn.init.zeros_(self.chosen.weight)
        nn.init.constant_(self.chosen.bias, -1.0)

    def know(self, space: Space) -> None:
        """Write the steps of this space from now on; what was learned stays."""
        self.space = space
        for name, table in _arguments(space).items():
            self.register_buffer(name, table.to(self.classes.device), persistent=False)

    def draft(
        self,
        batch: ReadingBatch,
        candidates: Candidates,
        cells: Tensor,
        spans: Tensor,
        states: Tensor,
        pooled: Tensor,
        relations: Tensor,
        references: References,
        referred: Tensor,
    ) -> Draft:
        """What programs are written from, of what the rest of the model made of the questions."""
        likely = torch.cat([cells[..., :-1], referred], -1).exp().sum(1)  # (B, N * K + C)
        both = torch.cat([spans, references.vectors[:, :1]], 1)  # (B, S + 1, W)
        offers = self.offers(batch, candidates, likely, both, states, references.referents.rows)
        needed = self.chosen(torch.nn.functional.layer_norm(pooled, pooled.shape[-1:])).squeeze(-1)
        return Draft(states, batch.attention_mask, self.start(pooled), self.steps(relations), offers, needed)

    def next(
        self, draft: Draft, memory: Tensor, beginnings: Sequence[Beginning], rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities of what may follow P beginnings (P, V + N + A * Q), and what was read for it."""
        seen = self.look(memory, draft.states[rows], draft.mask[rows])
        scores = self.score(memory, seen, draft.steps, draft.offers, rows)
        scores[:, self.ends] = scores[:, self.ends] - self._unread(draft.offers, beginnings, rows).unsqueeze(1)
        allowed = self.allowed(beginnings, draft.offers, rows.tolist())
        logs = scores.masked_fill(~allowed, NEVER).log_softmax(-1)
        return logs.masked_fill(~allowed, NEVER), seen  # also where nothing is allowed

    def _unread(self, offers: Offers, beginnings: Sequence[Beginning], rows: Tensor) -> Tensor:
        """What a program that ended here would leave unread of its question, by its worth: shape (P,)."""
        width = offers.worth.shape[1]
        left = np.zeros((len(beginnings), width), dtype=np.float32)
        for number, (beginning, row) in enumerate(zip(beginnings, rows.tolist(), strict=True)):
            for at, place in enumerate(offers.places[row]):
                left[number, at] = all(place[1] <= start or end <= place[0] for start, end in beginning.read)
        return (offers.worth[rows] * torch.from_numpy(left).to(offers.worth)).sum(1)

    def after(self, draft: Draft, memory: Tensor, seen: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
        """The memory (P, W) after the steps at these columns (P,)."""
        taken = self.taken(columns, draft.steps, draft.offers, rows)
        return self.remember(memory, seen, taken)

    def steps(self, relations: Tensor) -> Tensor:
        """A vector for each step of the space, from relation vectors (R, W): shape (V, W)."""
        classes = torch.cat([self.class_(self.classes), self.classes.new_zeros(1, relations.shape[1])])  # (C + 1, W)
        zero = relations.new_zeros(1, relations.shape[1])
        along = torch.cat([self.relation(relations), zero])  # (R + 1, W)
        measured = torch.cat([self.attribute(relations), zero])
        found = self.operation(self.op_of) + self.rank(self.rank_of) + classes[self.class_of]
        found = found + along[self.relation_of] + measured[self.attribute_of]
        found = found + self.counted_of.unsqueeze(1) * self.counted
        vectors: Tensor = self.norm(found)
        return vectors

    def offers(
        self,
        batch: ReadingBatch,
        candidates: Candidates,
        likely: Tensor,
        spans: Tensor,
        states: Tensor,
        context: Sequence[Referents],
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
        owner = [row * width + n for row, own in enumerate(found) for n, offer in enumerate(own) for _ in offer.cells]
        held = [row * likely.shape[1] + cell for row, own in enumerate(found) for offer in own for cell in offer.cells]
        place = torch.tensor(owner, device=likely.device, dtype=torch.long)
        weights = likely.flatten()[torch.tensor(held, device=likely.device, dtype=torch.long)]
        sums = likely.new_zeros(len(found) * width).index_add(0, place, weights).view(len(found), width)  # (B, N)
        table = [[offer.span for offer in own] + [0] * (width - len(own)) for own in found]
        several = [
            [float(len(offer.step.entities) > 1) for offer in own] + [-1.0] * (width - len(own)) for own in found
        ]
        joint = likely.new_tensor(several).view(len(found), width)  # (B, N), -1 where nothing is named
        prior = self.trust * sums.clamp(FLOOR, 1).log() + self.several * joint
        prior = prior.masked_fill(joint < 0, NEVER)
        rows = torch.arange(len(found), device=likely.device).unsqueeze(1)
        own_spans = spans[
            rows, torch.tensor(table, device=likely.device, dtype=torch.long).view(len(found), width)
        ]  # (B, N, W)
        vectors = self.norm(self.span(own_spans) + self.operation.weight[OPS.index("named")])
        told = tuple(tuple(quantities_of(reading.question)) for reading in batch.readings)
        named = tuple(tuple(offer.step for offer in own) for own in found)
        numbers = self._numbers(batch, told, states)
        names = [longest(batch.readings[row], candidates.span[row].tolist()) for row in range(len(found))]
        places = tuple(
            (*((name.start, name.end) for name in own), *((each.start, each.end) for each in stated))
            for (own, _), stated in zip(names, told, strict=True)
        )
        return Offers(named, told, prior, vectors, numbers, places, self._worth(spans, numbers, names, told))

    def _worth(
        self,
        spans: Tensor,
        numbers: Tensor,
        names: Sequence[tuple[list[Span], list[int]]],
        told: Sequence[Sequence[Quantity]],
    ) -> Tensor:
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

    def start(self, pooled: Tensor) -> Tensor:
        """What is remembered before the first step, from question vectors (B, D): shape (B, W)."""
        return torch.tanh(self.begin(pooled))

    def look(self, memory: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """What a next step reads of its question: memory (P, W) and the states (P, L, D) to (P, READS * D)."""
        queries = self.query(memory).view(len(memory), READS, states.shape[-1])
        return attend(queries, states, mask).flatten(1)

    def score(self, memory: Tensor, seen: Tensor, steps: Tensor, offers: Offers, rows: Tensor) -> Tensor:
        """Scores of all that could come next, valid or not.

        Args:
            memory: shape (P, W), and what was read of the question, `seen` (P, READS * D).
            steps: shape (V, W).
            rows: which question each of P beginnings is of.
        Returns:
            shape (P, V + N + A * Q): the steps of the space, what is named, and every number with each step that is
            held against a number.
        """
        read = self.read(torch.cat([memory, seen], -1))  # (P, W)
        scale = read.shape[-1] ** 0.5
        known = read @ steps.T / scale  # (P, V)
        named = torch.einsum("pw,pnw->pn", read, offers.vectors[rows]) / scale + offers.prior[rows]  # (P, N)
        parts = [known, named]
        if offers.widths[1]:
            stated = torch.einsum("pw,pqw->pq", read, offers.numbers[rows]) / scale  # (P, Q)
            held = known[:, self.compared]  # (P, A)
            parts.append((held.unsqueeze(-1) + stated.unsqueeze(1)).flatten(1))
        return torch.cat(parts, -1)

    def allowed(self, beginnings: Sequence["Beginning"], offers: Offers, rows: Sequence[int]) -> Tensor:
        """Which columns of `score` may come next: shape (P, V + N + A * Q), bool."""
        named, told = offers.widths
        packed = np.stack([beginning.valid for beginning in beginnings])
        known = np.unpackbits(packed, axis=1, count=len(self.space.steps)).astype(bool)  # (P, V)
        held: NDArray[np.int64] = self.compared.cpu().numpy()
        compared = known[:, held]  # (P, A)
        known[:, held] = False
        starts = np.zeros((len(rows), named), dtype=bool)
        stated = np.zeros((len(rows), compared.shape[1], told), dtype=bool)
        for place, (beginning, row) in enumerate(zip(beginnings, rows, strict=True)):
            if beginning.open:
                starts[place, : len(offers.named[row])] = [beginning.leaves(step) for step in offers.named[row]]
            stated[place, :, : len(offers.quantities[row])] = compared[place, :, None]
        found = np.concatenate([known, starts, stated.reshape(len(rows), -1)], 1)
        return torch.from_numpy(found).to(self.compared.device)

    def remember(self, memory: Tensor, seen: Tensor, taken: Tensor) -> Tensor:
        """The memory (P, W) after a step whose vector is `taken` (P, W)."""
        after: Tensor = self.history(torch.cat([taken, seen], -1), memory)
        return after

    def taken(self, columns: Tensor, steps: Tensor, offers: Offers, rows: Tensor) -> Tensor:
        """The vectors of the steps at these columns (P,) of `score`: shape (P, W)."""
        table, (named, told) = len(steps), offers.widths
        found = steps[columns.clamp(max=table - 1)]
        if named:
            place = (columns - table).clamp(0, named - 1)
            is_named = (columns >= table) & (columns < table + named)
            found = torch.where(is_named.unsqueeze(1), offers.vectors[rows, place], found)
        if told:
            place = (columns - table - named).clamp(min=0)
            held = steps[self.compared[place // told]] + offers.numbers[rows, place % told]
            found = torch.where((columns >= table + named).unsqueeze(1), held, found)
        return found

    # Columns of `score` and the steps that they are

    def column(self, step: Step, offers: Offers, row: int) -> int | None:
        """Where a step is scored; None where the question does not offer it."""
        named, told = offers.widths
        if step.op == "named":
            offered = offers.named[row]
            return len(self.space.steps) + offered.index(step) if step in offered else None
        if step.op not in COMPARED:
            return self.space.places[step]
        quantity = Quantity(step.number, step.start, step.end)
        if quantity not in offers.quantities[row]:
            return None
        place = int(self.place_of[self.space.places[self.space.bare(step)]])
        return len(self.space.steps) + named + place * told + offers.quantities[row].index(quantity)

    def step_at(self, column: int, offers: Offers, row: int) -> Step:
        """The step that is scored at a column."""
        table, (named, told) = len(self.space.steps), offers.widths
        if column < table:
            return self.space.steps[column]
        if column < table + named:
            return offers.named[row][column - table]
        place, quantity = divmod(column - table - named, told)
        return self.space.with_number(self.space.steps[int(self.compared[place])], offers.quantities[row][quantity])


def _arguments(space: Space) -> dict[str, Tensor]:
    """What each of V steps is made of, as places in tables whose last row stands for nothing: shape (V,) each."""
    numbers, steps = space.numbers, space.steps
    relations, classes = numbers.sparse.num_relations, len(numbers.classes)
    measured = [step.attribute for step in steps]
    counted = [each.class_ if each is not None and each.counted else -1 for each in measured]
    kept = [step.class_ if step.class_ >= 0 else counted[place] for place, step in enumerate(steps)]
    compared = [place for place, step in enumerate(steps) if step.op in COMPARED]
    place_of = {place: n for n, place in enumerate(compared)}
    return {
        "op_of": torch.tensor([OPS.index(step.op) for step in steps]),
        "rank_of": torch.tensor([step.rank for step in steps]),
        "relation_of": torch.tensor([step.relation if step.relation >= 0 else relations for step in steps]),
        "class_of": torch.tensor([class_ if class_ >= 0 else classes for class_ in kept]),
        "attribute_of": torch.tensor([relations if each is None else each.relation for each in measured]),
        "counted_of": torch.tensor([float(each is not None and each.counted) for each in measured]),
        "compared": torch.tensor(compared),
        "ends": torch.tensor([place for place, step in enumerate(steps) if step.op in ENDS]),
        "place_of": torch.tensor([place_of.get(place, -1) for place in range(len(steps))]),
    }
