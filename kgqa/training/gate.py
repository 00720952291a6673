"""The gate: from which logit on a program answers, and not a walk, is set by how development questions go."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from kgqa.reasoning.beam import written
from kgqa.reasoning.model import JointModel
from kgqa.training.conversations import contexts_of
from kgqa.training.evaluate import programmed, walked
from kgqa.training.questions import Question

BATCH = 64


def set_gate(model: JointModel, questions: Sequence[Question]) -> float:
    """Move the gate to where the mean F1 of these questions is highest, no further than that takes; by how much.

    A model that writes no programs stays as it is, and so does one that has no questions to go by.
    """
    if model.decoder is None or not questions:
        return 0.0
    logits, by_walk, by_program = np.array(list(_both_ways(model, questions))).T  # (Q,) each
    order = np.argsort(-logits, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum((by_program - by_walk)[order])])  # of the first n by programs
    edges = np.concatenate([[logits.max() + 1], logits[order], [logits.min() - 1]])
    best = np.flatnonzero(np.isclose(gains, gains.max()))
    shift = min((_shift(float(edges[n + 1]), float(edges[n])) for n in best), key=abs)
    model.decoder.lean(shift)
    return shift


def _shift(low: float, high: float) -> float:
    """By how much the gate must lean to part two logits: not at all where it does."""
    return 0.0 if low < 0 < high else -(low + high) / 2


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
            found = written(model.decoder, draft, place)
            yield (
                float(draft.needed[place]),
                walked(row, weighed, place, catalog).f1,
                programmed(row, found, catalog).f1,
            )
