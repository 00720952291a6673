"""The gate: from which logit on a program answers, and not a walk, is set by how development questions go."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from kgqa.reasoning.beam import written
from kgqa.reasoning.heads import answer_set as chosen_set
from kgqa.reasoning.model import JointModel
from kgqa.training.conversations import contexts_of
from kgqa.training.evaluate import denoted
from kgqa.training.metrics import judge
from kgqa.training.questions import Question, answer_set

BATCH = 64


def set_gate(model: JointModel, questions: Sequence[Question]) -> float:
    """Move the gate to where the mean F1 of these questions is highest, no further than that takes; by how much.

    A model that writes no programs stays as it is, and so does one that has no questions to go by.
    """
    if model.decoder is None or not questions:
        return 0.0
    logits, walked, programmed = np.array(list(_both_ways(model, questions))).T  # (Q,) each
    order = np.argsort(-logits, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum((programmed - walked)[order])])  # of the first n by programs
    edges = np.concatenate([[np.inf], logits[order], [-np.inf]])
    best = np.flatnonzero(gains >= gains.max() - 1e-9)
    shift = min((_nearest(float(edges[n + 1]), float(edges[n])) for n in best), key=abs)
    model.decoder.lean(shift)
    return shift


def _nearest(low: float, high: float) -> float:
    """By how much the gate must lean to have its edge between two logits: not at all where it has it there."""
    if low < 0 < high:
        return 0.0
    if np.isinf(low) or np.isinf(high):
        return -(high - 1.0) if np.isinf(low) else -(low + 1.0)
    return -high + min(0.1, (high - low) / 2) if high < 0 else -low - min(0.1, (high - low) / 2)


@torch.inference_mode()
def _both_ways(model: JointModel, questions: Sequence[Question]) -> Iterator[tuple[float, float, float]]:
    """The gate's logit of each question, and the F1 of what a walk and what a program answers."""
    catalog, said = model.graph.catalog, contexts_of(model, questions)
    for start in range(0, len(questions), BATCH):
        rows = questions[start : start + BATCH]
        weighed = model([row.question for row in rows], contexts=said[start : start + BATCH])
        draft = weighed.thought.draft
        assert draft is not None
        assert model.decoder is not None
        for place, row in enumerate(rows):
            own = weighed.combined.batch == place
            chosen, _ = chosen_set(weighed.combined.entity[own], weighed.combined.weight[own])
            walked = judge(row.slice, chosen.tolist(), answer_set(row, catalog), len(row.answers))
            found = written(model.decoder, draft, place)
            programmed = denoted(row, found[0].denotation if found else (), catalog)
            yield float(draft.needed[place]), walked.f1, programmed.f1
