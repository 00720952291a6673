"""Measuring a model on questions that it never saw: batched while training, one by one as people ask."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import evidence
from kgqa.reasoning.heads import answer_set as chosen_set
from kgqa.reasoning.model import JointModel
from kgqa.training.metrics import Outcome, judge, summarise
from kgqa.training.questions import Question, answer_set, gold_mentions

MODES = ("linked", "gold-span", "gold")


def evaluate(answerer: Answerer, questions: Sequence[Question], mode: str = "linked") -> dict[str, Any]:
    """Ask each question as a person would, and hold what is returned against the gold answers.

    Returns:
        the object that `evaluate --json` prints; what the model abstains from counts as not answered.
    """
    catalog = answerer.graph.catalog
    outcomes, latencies = [], []
    for row in tqdm(questions, unit="question", desc="evaluating", leave=False):
        mentions = None if mode == "linked" else gold_mentions(row, catalog, mode)
        answer = answerer.answer(row.question, mentions)
        returned = [catalog.entity(entity.id) for entity in answer.answers]
        linked = set(row.entities) <= {link.id for link in answer.links} if row.entities else None
        outcomes.append(judge(row.slice, returned, answer_set(row, catalog), len(row.answers), linked))
        latencies.append(answer.timings_ms["total"])
    p50, p95 = np.percentile(latencies, [50, 95])
    return {**summarise(outcomes), "latency_ms": {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}}


def quick_outcomes(
    model: JointModel, questions: Sequence[Question], batch_size: int = 64
) -> Iterator[tuple[Outcome, Tensor]]:
    """How each question goes before calibration, and the evidence (5,) for its answer; batched."""
    catalog = model.graph.catalog
    for rows in _batches(questions, batch_size):
        with torch.inference_mode():
            weighed = model([row.question for row in rows])
            combined, rows_of_evidence = weighed.combined, evidence(weighed)
        for place, row in enumerate(rows):
            own = combined.batch == place
            chosen, _ = chosen_set(combined.entity[own], combined.weight[own])
            outcome = judge(row.slice, chosen.tolist(), answer_set(row, catalog), len(row.answers))
            yield outcome, rows_of_evidence[place]


def one_line(figures: dict[str, Any]) -> str:
    """Hits@1 and F1, over all and by slice, on one line."""
    slices: Iterable[tuple[str, Any]] = figures["slices"].items()
    parts = " ".join(f"{name} {row['hits@1']:.1f}/{row['f1']:.1f}" for name, row in slices)
    return f"hits@1 {figures['hits@1']:.2f}  f1 {figures['f1']:.2f}  ({parts})"


def _batches(questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
    for start in range(0, len(questions), size):
        yield questions[start : start + size]


__all__ = ["MODES", "evaluate", "one_line", "quick_outcomes"]
