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
    """Move the gate to where the mean F1 of these questions is highest; by how much it was moved.

    A model that writes no programs stays as it is, and so does one that has no questions to go by.
    """
    if model.decoder is None or not questions:
        return 0.0
    logits, walked, programmed = np.array(list(_both_ways(model, questions))).T  # (Q,) each
    order = np.argsort(-logits, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum((programmed - walked)[order])])  # of the first n by programs
    best = int(gains.argmax())
    bounds = np.concatenate([[logits.max() + 1], logits[order], [logits.min() - 1]])
    shift = -float(bounds[best] + bounds[best + 1]) / 2
    model.decoder.lean(shift)
    return shift


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
