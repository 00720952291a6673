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
from kgqa.programs.machine import Program, Stack, Step
from kgqa.programs.quantities import Quantity
from kgqa.programs.search import is_idle
from kgqa.programs.space import COMPARED, MOST_SETS, Space
from kgqa.reasoning.encoder import attend
from kgqa.reasoning.offering import NEVER, Offering
from kgqa.reasoning.offers import Offers, Place
from kgqa.reasoning.referrer import References
from kgqa.reasoning.step_vectors import StepVectors

WHOLE = (Step("set"), Step("count"), Step("any"))  # ends that a program which does little may not have
READS = 2  # places of the question that are looked at for one step
LEADING = ("follow", "keep")  # after these what is left alone may be the largest: no other was there to begin with
MOST_STARTS = 3


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
        valid, is_open = space.valid(stack, quantities), len(stack) < MOST_SETS and len(used) < MOST_STARTS
        if program:
            valid[[space.place(end) for end in WHOLE if is_idle((*program, end))]] = False
        if stack and len(stack[-1]) == 1 and program[-1].op not in LEADING:
            valid[space.extremes] = False
        return cls(np.packbits(valid), is_open, used, used + read)

    def leaves(self, step: Step) -> bool:
        """Whether what a start is named by was not read yet."""
        return all(step.end <= start or end <= step.start for start, end in self.used)


class Decoder(nn.Module):
    """Scores the next step of each of P beginnings of programs."""

    def __init__(self, dimension: int, width: int, space: Space, classes: Tensor) -> None:
        super().__init__()
        self.steps = StepVectors(dimension, width, space, classes)
        self.offering = Offering(dimension, width)
        self.begin = nn.Linear(dimension, width)
        self.query = nn.Linear(width, READS * dimension)
        self.read = nn.Sequential(
            nn.Linear(width + READS * dimension, width), nn.GELU(), nn.Dropout(0.1), nn.Linear(width, width)
        )
        self.history = nn.GRUCell(width + READS * dimension, width)
        last = nn.Linear(width, 1)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, -1.0)
        self.chosen = nn.Sequential(nn.Linear(dimension, width), nn.GELU(), last)

    @property
    def space(self) -> Space:
        """The steps that programs are written of."""
        space: Space = self.steps.space
        return space

    def know(self, space: Space) -> None:
        """Write the steps of this space from now on; what was learned stays."""
        self.steps.know(space)

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
        said = references.referents.rows
        offers = self.offering(batch, candidates, likely, both, states, said, self.steps)
        needed = self.chosen(torch.nn.functional.layer_norm(pooled, pooled.shape[-1:])).squeeze(-1)
        return Draft(states, batch.attention_mask, self.start(pooled), self.steps(relations), offers, needed)

    def next(
        self, draft: Draft, memory: Tensor, beginnings: Sequence[Beginning], rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities of what may follow P beginnings (P, V + N + A * Q), and what was read for it."""
        seen = self.look(memory, draft.states[rows], draft.mask[rows])
        scores = self.score(memory, seen, draft.steps, draft.offers, rows)
        ends, unread = self.steps.ends, self._unread(draft.offers, beginnings, rows)
        scores[:, ends] = scores[:, ends] - unread.unsqueeze(1)
        allowed = self.allowed(beginnings, draft.offers, rows.tolist())
        logs = scores.masked_fill(~allowed, NEVER).log_softmax(-1)
        return logs.masked_fill(~allowed, NEVER), seen  # also where nothing is allowed

    def _unread(self, offers: Offers, beginnings: Sequence[Beginning], rows: Tensor) -> Tensor:
        """What a program that ended here would leave unread of its question, by its worth: shape (P,)."""
        width = offers.worth.shape[1]
        left = np.zeros((len(beginnings), width), dtype=np.float32)
        for number, (beginning, row) in enumerate(zip(beginnings, rows.tolist(), strict=True)):
            left[number, : len(offers.places[row])] = offers.unread(row, beginning.read)
        return (offers.worth[rows] * torch.from_numpy(left).to(offers.worth)).sum(1)

    def after(self, draft: Draft, memory: Tensor, seen: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
        """The memory (P, W) after the steps at these columns (P,)."""
        taken = self.taken(columns, draft.steps, draft.offers, rows)
        return self.remember(memory, seen, taken)

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
            held = known[:, self.steps.compared]  # (P, A)
            parts.append((held.unsqueeze(-1) + stated.unsqueeze(1)).flatten(1))
        return torch.cat(parts, -1)

    def allowed(self, beginnings: Sequence["Beginning"], offers: Offers, rows: Sequence[int]) -> Tensor:
        """Which columns of `score` may come next: shape (P, V + N + A * Q), bool."""
        named, told = offers.widths
        packed = np.stack([beginning.valid for beginning in beginnings])
        known = np.unpackbits(packed, axis=1, count=len(self.space.steps)).astype(bool)  # (P, V)
        held: NDArray[np.int64] = self.steps.compared.cpu().numpy()
        compared = known[:, held]  # (P, A)
        known[:, held] = False
        starts = np.zeros((len(rows), named), dtype=bool)
        stated = np.zeros((len(rows), compared.shape[1], told), dtype=bool)
        for place, (beginning, row) in enumerate(zip(beginnings, rows, strict=True)):
            if beginning.open:
                starts[place, : len(offers.named[row])] = [beginning.leaves(step) for step in offers.named[row]]
            stated[place, :, : len(offers.quantities[row])] = compared[place, :, None]
        found = np.concatenate([known, starts, stated.reshape(len(rows), -1)], 1)
        return torch.from_numpy(found).to(self.steps.compared.device)

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
            held = steps[self.steps.compared[place // told]] + offers.numbers[rows, place % told]
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
            return self.space.place(step)
        quantity = Quantity(step.number, step.start, step.end)
        if quantity not in offers.quantities[row]:
            return None
        place = int(self.steps.place_of[self.space.place(step)])
        return len(self.space.steps) + named + place * told + offers.quantities[row].index(quantity)

    def step_at(self, column: int, offers: Offers, row: int) -> Step:
        """The step that is scored at a column."""
        table, (named, told) = len(self.space.steps), offers.widths
        if column < table:
            return self.space.steps[column]
        if column < table + named:
            return offers.named[row][column - table]
        place, quantity = divmod(column - table - named, told)
        return self.space.with_number(
            self.space.steps[int(self.steps.compared[place])], offers.quantities[row][quantity]
        )
