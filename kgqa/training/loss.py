"""What training minimises: the answers should weigh 1, everything else that was reached 0."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from kgqa.graph.frontier import Frontier

FLOOR = 1e-6
SLOT_SHARE = 0.15
LEAST_USE = 0.1
ANSWERABLE_SHARE = 0.5
LINKING_SHARE = 0.5
PROGRAM_SHARE = 0.5
MOST_MISSED = 50.0
NO_PROGRAM = -1e3
LEARNED = -1.0  # logarithm of how likely a program that answers is taken to be written in the end
RENAMED_AWAY = 2.0


@dataclass(frozen=True)
class Target:
    """The answers of B questions: their cells in the flattened (B, E) weights, rising, and their rows."""

    cells: Tensor  # (A,)
    batch: Tensor  # (A,)
    batch_size: int

    @classmethod
    def of(cls, answers: Sequence[Tensor], num_entities: int, device: torch.device | None = None) -> "Target":
        """From the answers of each question, distinct and rising."""
        batch = torch.repeat_interleave(torch.tensor([len(row) for row in answers]))
        cells = torch.cat(list(answers)) + batch * num_entities
        return cls(cells.to(device), batch.to(device), len(answers))

    def holds(self, weights: Frontier) -> Tensor:
        """Which entities of a frontier (N,) are answers: shape (N,), bool."""
        size = weights.batch_size * weights.num_entities
        answers = torch.zeros(size, dtype=torch.bool, device=self.cells.device).index_fill(0, self.cells, True)
        return answers[weights.cells]

    @property
    def counts(self) -> Tensor:
        """Answers of each question, at least 1: shape (B,)."""
        return torch.bincount(self.batch, minlength=self.batch_size).clamp(min=1)


def answerable_loss(logits: Tensor, has_answer: Tensor) -> Tensor:
    """Binary cross-entropy of the logits (B,) that there is an answer, held against whether there is one: a scalar."""
    return ANSWERABLE_SHARE * binary_cross_entropy_with_logits(logits, has_answer.to(logits))


def linking_loss(cells: Tensor, entities: Tensor, hints: Tensor) -> Tensor:
    """What the ranker misses of the entities that people say are meant, in the slot that likes each best: a scalar.

    loss = -1/B sum over b with a hint of log max over slots of the probability of hint[b]

    Args:
        cells: log-probabilities over candidates and NIL, shape (B, M, N * K + 1).
        entities: the candidates, shape (B, N, K).
        hints: the entity that each question means, -1 where nobody said, shape (B,).
    """
    own = entities.flatten(1) == hints.clamp(min=0).unsqueeze(1)  # (B, N * K)
    meant = (cells[..., :-1].exp() * own.unsqueeze(1)).sum(-1).amax(1)  # (B,)
    missed = torch.where(hints >= 0, -meant.clamp(FLOOR, 1).log(), 0.0)
    return LINKING_SHARE * missed.mean()


def joint_loss(combined: Frontier, slots: Sequence[Frontier], counts: Tensor, target: Target) -> Tensor:
    """`answer_loss` of the combined weights, and a share of what each slot alone misses of the answers, by question.

    An intersection holds the answers only if every slot does. Without the second part a slot that
    the gate does not use yet gets no gradient, and the gate never comes to use it; so a slot's share
    follows its use, but not down to nothing.

    Args:
        combined: weights in [0, 1], B rows.
        slots: each slot's weights.
        counts: how many slots are used, as probabilities, shape (B, M).
    Returns:
        shape (B,).
    """
    use = counts.detach().flip(1).cumsum(1).flip(1).clamp(min=LEAST_USE)  # (B, M): at least this many slots
    missed = torch.stack([missed_answers(slot, target) for slot in slots], 1)  # (B, M)
    return answer_loss(combined, target) + SLOT_SHARE * (use * missed).sum(1)


def either_loss(walk: Tensor, needed: Tensor, written: Tensor, renamed: Tensor, walked: Tensor) -> Tensor:
    """What is missed where a walk or a program may answer, as the model takes the one or the other: shape (B,).

    loss = -log((1 - g) exp(-walk) + g p), g = sigmoid(needed), and besides a share of -log p where some program is
    known to answer, and the cross-entropy of g against p / (p + exp(-walk)), p at least LEARNED: without these, what
    walks learn first would keep programs from being learned, and from being taken, at all. What programs answer counts
    there RENAMED_AWAY times, since as much of it is asked of others.

    Args:
        walk: what the walk misses, shape (B,).
        needed: logits that a program is needed, shape (B,).
        written: log p that one of the programs that answer is written, shape (B,), NO_PROGRAM where none does.
        renamed: which questions are asked of others, so that no walk is known to answer, shape (B,), bool.
        walked: which questions a walk answers, so that no program is needed, shape (B,), bool.
    """
    program = (logsigmoid(needed) + written).masked_fill(walked, NO_PROGRAM)
    either = -torch.logaddexp(logsigmoid(-needed) - walk, program)
    missed = torch.where(written > NO_PROGRAM, -written.clamp(min=-MOST_MISSED), 0.0)
    explained = (written > NO_PROGRAM) & ~walked
    better = torch.where(explained, torch.sigmoid(walk + written.clamp(min=LEARNED)), 0.0).detach()
    weight = torch.where(explained, RENAMED_AWAY, 1.0)
    chosen = binary_cross_entropy_with_logits(needed, better, weight, reduction="none")
    either = torch.where(renamed, missed, either + chosen)
    return either + PROGRAM_SHARE * missed


def answer_loss(weights: Frontier, target: Target) -> Tensor:
    """Binary cross-entropy over the answers and, in the same measure, over what is wrongly reached.

    loss[b] = -1/|A| sum over A of log y + log(1 - 1/max(|A|, 1) sum outside A of log(1 - y)); entities that
    no path reached have y = 0 and add nothing to the second sum. Its logarithm keeps one question that reaches
    thousands from outweighing all others.

    Returns:
        shape (B,).
    """
    outside = ~target.holds(weights)  # (N,)
    wrong = torch.log1p(-weights.weight[outside].clamp(max=1 - FLOOR))
    return missed_answers(weights, target) + torch.log1p(-_mean_by_row(wrong, weights.batch[outside], target))


def missed_answers(weights: Frontier, target: Target) -> Tensor:
    """-1/|A| sum over A of log y: shape (B,)."""
    reached = target.holds(weights)  # (N,)
    place = torch.searchsorted(target.cells, weights.cells[reached])
    held = torch.full(target.cells.shape, FLOOR, dtype=weights.weight.dtype, device=weights.weight.device)
    held = held.index_put((place,), weights.weight[reached].clamp(FLOOR, 1))  # (A,)
    return _mean_by_row(-held.log(), target.batch, target)


def _mean_by_row(values: Tensor, rows: Tensor, target: Target) -> Tensor:
    """The sum of each row's values over its number of answers: shape (B,)."""
    return values.new_zeros(target.batch_size).index_add(0, rows, values) / target.counts
