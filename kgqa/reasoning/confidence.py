"""Confidence: from what the model was sure of on its way, to a probability that the answer is right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from kgqa.errors import ModelFormatError
from kgqa.graph.frontier import Frontier
from kgqa.linking.index import BY_NGRAMS, BY_SPELLING
from kgqa.programs.search import read_by
from kgqa.reasoning.answerable import expected_features
from kgqa.reasoning.beam import Written
from kgqa.reasoning.hops import way_there
from kgqa.reasoning.model import Thought, Weighed

LEAST = 1e-4  # probabilities are told apart down to this
MOST_NEEDED = 9.0  # logit that a program is needed or not; beyond it nothing is told apart
PULL = 0.01  # of the weights towards those of no calibration, against small development sets
OF_WALKS, OF_PROGRAMS = 9, 7  # parts of the evidence for the one and for the other
EVIDENCE = OF_WALKS + OF_PROGRAMS
WHO = 1.0  # of the weight of a walk, and of the logits that speak for a walk or a program: which is to answer
UNCALIBRATED = (WHO, *[0.0] * (OF_WALKS - 2), WHO, 0.0, WHO, 0.0, 0.0, WHO, 0.0, 0.0)
THRESHOLDS = tuple(percent / 100 for percent in range(10, 91, 2))
RELIABLE, ANSWERED, COST = 0.97, 0.9, 0.01
EVEN = 0.5
PARTS = 5
FEWEST = 100  # questions that tell a threshold


def evidence(weighed: Weighed) -> Tensor:
    """What speaks for the top answers that walks lead to, of B questions: shape (B, EVIDENCE).

    The logit of the top weight, and the logarithms of: the surest entity, how alike name and mention are in their
    n-grams and in their spelling, the likeliest way (relations and stop), how much of what the question alone would
    follow is there, the likeliest number of slots, and the probability that there is an answer; and the logit that no
    program is needed. Where two slots are used, the less sure one counts. A top weight far below entity times way means
    that the way is not there in the graph; a name little like the mention, that the question may be about something
    else. The rest is 0: what speaks for a program, of which `evidence_of` tells.
    """
    counts = weighed.thought.counts  # (B, M)
    used = torch.arange(counts.shape[1], device=counts.device) <= counts.argmax(1, keepdim=True)  # (B, M)
    seeds = torch.stack([_tops(seed) for seed in weighed.seeds], 1).masked_fill(~used, 1.0).amin(1)  # (B,)
    way = _way(weighed).masked_fill(~used, 1.0).amin(1)  # (B,)
    alike = _alike(weighed).masked_fill(~used.unsqueeze(-1), 1.0).amin(1)  # (B, 2)
    answerable = weighed.thought.answerable.sigmoid()  # (B,)
    there = way_there(weighed.thought.plan).masked_fill(~used, 1.0).amin(1)  # (B,)
    draft = weighed.thought.draft
    walks = torch.zeros_like(way) if draft is None else -draft.needed.clamp(-MOST_NEEDED, MOST_NEEDED)  # (B,)
    sure = torch.stack([seeds, *alike.unbind(1), way, there, counts.amax(1), answerable], 1).clamp(LEAST, 1).log()
    own = [torch.logit(_tops(weighed.combined), eps=LEAST).unsqueeze(1), sure, walks.unsqueeze(1)]
    return torch.nn.functional.pad(torch.cat(own, 1), (0, OF_PROGRAMS))


def evidence_of(thought: Thought, row: int, written: Sequence[Written]) -> Tensor:
    """What speaks for the likeliest of what programs for one question come to, one at least: shape (EVIDENCE,).

    After OF_WALKS times 0: 1, the logit of the probability of all programs that come to it, the logarithms of what the
    ranker gives to what the likeliest one names, of that program's own probability and of the probability that one is
    needed; how much it leaves unread of the question, negative; and the logarithm of the probability that there is an
    answer.
    """
    draft, best = thought.draft, written[0]
    assert draft is not None
    named = [draft.offers.weight(row, step) for step in best.program if step.op == "named"]
    sure = draft.needed.new_tensor([min(named, default=1.0), best.probability, float(draft.needed[row].sigmoid())])
    missed = draft.offers.missed(row, read_by(best.program))
    together = float(torch.logit(torch.tensor(best.together), eps=LEAST))
    told = [*[0.0] * OF_WALKS, 1.0, together, *sure.clamp(LEAST, 1).log().tolist(), -missed]
    told.append(float(thought.answerable[row].sigmoid().clamp(LEAST, 1).log()))
    return draft.needed.new_tensor(told)


def _tops(weights: Frontier) -> Tensor:
    """The largest weight of each row, 0 for an empty one: shape (B,)."""
    tops = weights.weight.new_zeros(weights.batch_size)
    return tops.scatter_reduce(0, weights.batch, weights.weight, "amax")


def _alike(weighed: Weighed) -> Tensor:
    """The n-gram cosine and spelling of mention and name that each slot expects, leaving NIL aside: shape (B, M, 2).

    What was said before is as good as named.
    """
    cells = weighed.thought.cells  # (B, M, N * K + 1)
    expected = expected_features(weighed.thought.candidates, cells)[..., [BY_NGRAMS, BY_SPELLING]]  # (B, M, 2)
    referring = weighed.thought.referred.exp().sum(-1, keepdim=True)  # (B, M, 1)
    return (expected + referring) / (cells[..., :-1].exp().sum(-1, keepdim=True) + referring).clamp(min=LEAST)


def _way(weighed: Weighed) -> Tensor:
    """Probability of the likeliest stop and of the likeliest relation at each hop up to it: shape (B, M)."""
    plan = weighed.thought.plan
    relations = plan.relations.amax(-1).cumprod(-1)  # (B, M, H)
    stop, last = plan.stop.max(-1)  # (B, M)
    way = stop * relations.gather(-1, last.unsqueeze(-1)).squeeze(-1)  # (B, M)
    return way if plan.stay is None else torch.maximum(plan.stay, (1 - plan.stay) * way)


@dataclass(frozen=True)
class Calibration:
    """Logistic regression on the evidence, and the thresholds to answer; all fitted on development questions.

    confidence = sigmoid(weights . evidence + shift); of a walk and a program the surer one answers, if it is as sure as
    the threshold of the one or the other: what lacks an answer is mostly taken for a question that a walk answers.
    """

    weights: tuple[float, ...] = UNCALIBRATED
    shift: float = 0.0
    threshold: float = 0.3
    of_programs: float = 0.3  # the threshold of what a program comes to

    def confidence(self, rows: Tensor) -> Tensor:
        """The probability that an answer with this evidence (..., EVIDENCE) is right: shape (...)."""
        probability: Tensor = torch.sigmoid(rows @ rows.new_tensor(self.weights) + self.shift)
        return probability

    def gives(self, rows: Tensor) -> Tensor:
        """Whether an answer with this evidence (..., EVIDENCE) is sure enough to be given: shape (...), bool."""
        return self.confidence(rows) >= torch.where(is_of_program(rows), self.of_programs, self.threshold)

    @classmethod
    def read(cls, row: Any, place: str) -> "Calibration":
        """From what a model directory holds.

        Raises:
            ModelFormatError: if it is of another version of kgqa, or of something else.
        """
        try:
            limits = float(row["threshold"]), float(row["of_programs"])
            calibration = cls(tuple(map(float, row["weights"])), float(row["shift"]), *limits)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(f"{place}: no calibration that this version reads; train the model again") from error
        if len(calibration.weights) != EVIDENCE:
            raise ModelFormatError(
                f"{place}: the calibration has {len(calibration.weights)} weights, this version reads "
                f"{EVIDENCE}; train the model again"
            )
        return calibration

    @classmethod
    def fit(cls, rows: Tensor, right: Tensor, answerable: Tensor, of: Tensor | None = None) -> "Calibration":
        """Maximise the likelihood of right answers, then choose the thresholds for the surest answer of each question.

        They are chosen by confidences that are fitted without the questions that they are of, one in PARTS at a time:
        those that took part look a little better than others will. A kind of answer that is the surest for fewer than
        FEWEST questions gets the threshold of all.

        Args:
            rows: the evidence, shape (N, EVIDENCE).
            right: whether the top answer is right, shape (N,), bool.
            answerable: whether the graph has an answer, shape (N,), bool.
            of: which question each row is of, rising from 0; each of another one if this is not said. Shape (N,).
        """
        of = torch.arange(len(rows)) if of is None else of
        target = (right & answerable).to(rows)
        held = torch.empty(len(rows))
        for part in range(PARTS):
            own = of % PARTS == part
            held[own] = _regression(rows[~own], target[~own]).confidence(rows[own])
        fitted, top = _regression(rows, target), surest(held, of)
        every, of_programs = torch.ones_like(top, dtype=torch.bool), is_of_program(rows[top])
        kinds = [own if int(own.sum()) >= FEWEST else every for own in (~of_programs, of_programs)]
        limits = [best_threshold(held[top][own], right[top][own], answerable[top][own]) for own in kinds]
        return replace(fitted, threshold=limits[0], of_programs=limits[1])


def is_of_program(rows: Tensor) -> Tensor:
    """Whether the evidence (..., EVIDENCE) is that of a program, not of a walk: shape (...), bool."""
    return rows[..., OF_WALKS] > 0


def surest(confidences: Tensor, of: Tensor) -> Tensor:
    """The row with the highest confidence (N,) of each of Q questions; which one each is of (N,) rises: shape (Q,)."""
    count = int(of[-1]) + 1 if len(of) else 0
    best = confidences.new_full((count,), -1.0).scatter_reduce(0, of, confidences, "amax")
    rows = (confidences == best[of]).nonzero().view(-1)
    first = torch.ones_like(rows, dtype=torch.bool)
    first[1:] = of[rows][1:] != of[rows][:-1]
    return rows[first]


def _regression(rows: Tensor, target: Tensor) -> Calibration:
    """The weights and the shift under which the targets (N,) are the likeliest, given the evidence (N, EVIDENCE)."""
    start = torch.tensor(UNCALIBRATED)
    weights, shift = start.clone().requires_grad_(), torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, shift], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        misfit = torch.nn.functional.binary_cross_entropy_with_logits(rows @ weights + shift, target)
        pull = (weights - start).square().sum() + shift.square()
        loss: Tensor = misfit + PULL * pull / max(len(rows), 1) ** 0.5
        loss.backward()
        return loss

    if len(rows):
        optimiser.step(closure)
    return Calibration(tuple(weights.detach().tolist()), float(shift.detach()))


def best_threshold(confidences: Tensor, right: Tensor, answerable: Tensor) -> float:
    """Where what is answered can be relied on, and most questions go well: right, or rightly not answered.

    RELIABLE of the answers given are right, if that leaves ANSWERED of the questions that have an answer and is to the
    cost of no more than COST of all; a graph or a model that does not allow for both is asked for the second part
    alone. Of several such thresholds the one nearest to even odds. Shapes (N,).
    """
    found = []
    for limit in THRESHOLDS:
        given = confidences >= limit
        well = int(torch.where(answerable, right & given, ~given).sum())
        reliable = bool((right & answerable)[given].float().mean() >= RELIABLE) if given.any() else False
        enough = bool(given[answerable].float().mean() >= ANSWERED)
        found.append((reliable and enough, well, -abs(limit - EVEN), limit))
    least = max(well for _, well, _, _ in found) - COST * len(confidences)
    return max((sure and well >= least, well, near, limit) for sure, well, near, limit in found)[-1]
