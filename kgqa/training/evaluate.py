"""Measuring a model on questions that it never saw: batched while training, one by one as people ask."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from kgqa.graph.catalog import Catalog
from kgqa.programs.known import Wanted
from kgqa.programs.machine import Denotation
from kgqa.programs.search import same
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import Calibration, evidence, evidence_of
from kgqa.reasoning.context import Said
from kgqa.reasoning.heads import answer_set as chosen_set
from kgqa.reasoning.model import JointModel, Weighed
from kgqa.reasoning.solution import Solution
from kgqa.training.conversations import contexts_of
from kgqa.training.lookout import wanted_of
from kgqa.training.metrics import Fault, Outcome, judge, summarise
from kgqa.training.questions import Question, answer_set, gold_mentions
from kgqa.types import Answer

Ways = Sequence[tuple[Outcome, Tensor]]  # to answer a question: how it goes, and the evidence for its answer
MODES = ("linked", "gold-span", "gold")


def evaluate(answerer: Answerer, questions: Sequence[Question], mode: str = "linked") -> dict[str, Any]:
    """Ask each question as a person would, and hold what is returned against the gold answers.

    Returns:
        the object that `evaluate --json` prints; what the model abstains from counts as not answered.
    """
    return figures_of(outcomes(answerer, questions, mode))


def figures_of(asked: Iterable[tuple[Outcome, float]]) -> dict[str, Any]:
    """What `evaluate --json` prints of questions that were asked."""
    found, latencies = zip(*asked, strict=True)
    p50, p95 = np.percentile(latencies, [50, 95])
    return {**summarise(found), "latency_ms": {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}}


def hits(answerer: Answerer, questions: Sequence[Question]) -> list[bool]:
    """Whether the first answer to each question is right."""
    return [outcome.hit for outcome, _ in outcomes(answerer, questions, "linked")]


def outcomes(answerer: Answerer, questions: Sequence[Question], mode: str) -> Iterator[tuple[Outcome, float]]:
    """How each question goes when it is asked as a person would, and the milliseconds that it took.

    What comes later in a conversation is asked after all that the model answered before.
    """
    catalog = answerer.graph.catalog
    said: dict[Question, Said] = {}  # what the model itself answered before, not what would have been right
    for row in tqdm(questions, unit="question", desc="evaluating", leave=False):
        mentions = None if mode == "linked" else gold_mentions(row, catalog, mode)
        started = time.perf_counter()
        solution = answerer.solve(row.question, mentions, context=tuple(said[before] for before in row.context))
        answer = answerer.explain(row.question, solution, time.perf_counter() - started)
        if row.conversation:
            said[row] = answerer.said(answer)
        yield _placed(row, solution, answer, catalog), answer.timings_ms["total"]


def ladder(answerer: Answerer, questions: Sequence[Question]) -> dict[str, dict[str, Any]]:
    """`evaluate` in every mode, from the most to the least that is given away."""
    return {mode: evaluate(answerer, questions, mode) for mode in reversed(MODES)}


def ladder_table(rungs: dict[str, dict[str, Any]]) -> str:
    """The rungs of a ladder as a table, what each loses to the one above it, and whose the errors are."""
    lines = ["entities    hits@1  f1      gap    linked  shortlist  errors"]
    above = None
    for mode, figures in rungs.items():
        gap = "" if above is None else f"{figures['hits@1'] - above:+.2f}"
        recall = (figures["shortlist"] or {}).get("recall", "")
        errors = "  ".join(f"{fault} {count}" for fault, count in figures["faults"].items() if count)
        linked = figures["entity_accuracy"] if figures["entity_accuracy"] is not None else ""
        measured = f"{figures['hits@1']:<6.2f}  {figures['f1']:<6.2f}  {gap:<6}"
        lines.append(f"{mode:<10}  {measured}  {linked!s:<6}  {recall!s:<9}  {errors}")
        above = figures["hits@1"]
    return "\n".join(lines)


def _placed(row: Question, solution: Solution, answer: Answer, catalog: Catalog) -> Outcome:
    """The outcome of a question, with the part that missed where it was missed."""
    gold = answer_set(row, catalog)
    returned = [catalog.entity(entity.id) for entity in answer.answers]
    linked = set(row.entities) <= {link.id for link in answer.links} if row.entities else None
    outcome = replace(_judged(row, answer, returned, catalog), linked=linked)
    rank = solution.rank([catalog.entity(entity) for entity in row.entities]) if row.entities else None
    if outcome.hit:
        return replace(outcome, rank=rank)
    return replace(outcome, rank=rank, fault=_fault(outcome, rank, solution, gold))


def _judged(row: Question, answer: Answer, returned: Sequence[int], catalog: Catalog) -> Outcome:
    """Hold what was said against the gold answers."""
    if answer.abstained or not answer.program:
        return judge(row.slice, returned, answer_set(row, catalog), len(row.answers))
    said = answer.value if answer.value is not None and not returned else tuple(returned)
    return denoted(row, said, catalog)


def _fault(outcome: Outcome, rank: int | None, solution: Solution, gold: frozenset[int]) -> Fault:
    top = int(solution.entities[0]) if len(solution.entities) else None
    if not gold or top in gold:
        return "confidence"
    if outcome.linked is None or outcome.linked:
        return "reasoner"
    return "shortlist" if rank is None else "ranker"


def quick_outcomes(
    model: JointModel, questions: Sequence[Question], calibration: Calibration | None = None
) -> Iterator[Outcome]:
    """How each question goes before anything is withheld; batched."""
    return (surest_way(ways, calibration or Calibration())[0] for ways in ways_to_answer(model, questions))


def surest_way(ways: Ways, calibration: Calibration) -> tuple[Outcome, bool]:
    """How a question goes the way that is the surest, and whether that is sure enough."""
    rows = torch.stack([found for _, found in ways])
    best = int(calibration.confidence(rows).argmax())
    return ways[best][0], bool(calibration.gives(rows[best]))


def ways_to_answer(model: JointModel, questions: Sequence[Question], batch_size: int = 64) -> Iterator[Ways]:
    """How each question goes that a walk answers, and that a program does where it may, each with the evidence
    (EVIDENCE,) for its answer; batched."""
    catalog = model.graph.catalog
    said = dict(zip(questions, contexts_of(model, questions), strict=True))
    for rows in _batches(questions, batch_size):
        with torch.inference_mode():
            weighed = model([row.question for row in rows], contexts=[said[row] for row in rows])
            of_walks, programs = evidence(weighed).clone(), model.programs(weighed.thought)
        for place, row in enumerate(rows):
            ways = [(_walked(row, weighed, place, catalog), of_walks[place])]
            if (found := programs[place]) is not None:
                outcome = denoted(row, found[0].denotation, catalog)
                ways.append((outcome, evidence_of(weighed.thought, place, found).clone()))
            yield ways


def fitted(ways: Sequence[Ways], questions: Sequence[Question]) -> Calibration:
    """The calibration under which the answers of questions go best, of which these ways to answer are known."""
    rows = torch.stack([found for each in ways for _, found in each])
    right = torch.tensor([outcome.hit for each in ways for outcome, _ in each])
    of = torch.tensor([number for number, each in enumerate(ways) for _ in each])
    answerable = torch.tensor([bool(question.answers) for question in questions])
    return Calibration.fit(rows, right, answerable[of], of)


def _walked(row: Question, weighed: Weighed, place: int, catalog: Catalog) -> Outcome:
    """How a question goes that a walk answers, the one at this place of those that were weighed."""
    own = weighed.combined.batch == place
    chosen, _ = chosen_set(weighed.combined.entity[own], weighed.combined.weight[own])
    return judge(row.slice, chosen.tolist(), answer_set(row, catalog), len(row.answers))


def denoted(row: Question, denotation: Denotation, catalog: Catalog) -> Outcome:
    """Hold what a program came to against the gold answers: equal sets, numbers within TOLERANCE, yes or no."""
    wanted = wanted_of(row, catalog)
    if isinstance(denotation, tuple) and not isinstance(wanted, bool) and not _numeric(wanted):
        return judge(row.slice, denotation, answer_set(row, catalog), len(row.answers))
    right = bool(row.answers) and same(denotation, wanted, catalog.values)
    return Outcome(row.slice, right, float(right), right)


def _numeric(wanted: Wanted) -> bool:
    return not isinstance(wanted, bool) and bool(wanted) and isinstance(wanted[0], float)


def withheld(outcome: Outcome, question: Question) -> Outcome:
    """The outcome of a question whose answer was not given, since it was not sure enough."""
    right = not question.answers
    return replace(outcome, hit=right, f1=float(right), exact=right)


def one_line(figures: dict[str, Any]) -> str:
    """Hits@1 and F1, over all and by slice, on one line."""
    slices: Iterable[tuple[str, Any]] = figures["slices"].items()
    parts = " ".join(f"{name} {row['hits@1']:.1f}/{row['f1']:.1f}" for name, row in slices)
    return f"hits@1 {figures['hits@1']:.2f}  f1 {figures['f1']:.2f}  ({parts})"


def _batches(questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
    for start in range(0, len(questions), size):
        yield questions[start : start + size]


__all__ = [
    "MODES",
    "evaluate",
    "figures_of",
    "fitted",
    "hits",
    "ladder",
    "ladder_table",
    "one_line",
    "outcomes",
    "quick_outcomes",
    "surest_way",
    "ways_to_answer",
    "withheld",
]
