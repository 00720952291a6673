"""The prior: how likely a model that was trained before takes each program to be what a question asks for.

Many programs come to the answers of a question, most by chance. A model that learned elsewhere what words say knows
this graph's relations by their labels, so it can tell "the most states" from the second longest river.
"""

from collections.abc import Sequence

import numpy as np
import torch
from tqdm import tqdm

from kgqa.graph.numbers import Floats
from kgqa.reasoning.context import Context
from kgqa.reasoning.model import JointModel
from kgqa.training.derivations import log_likelihoods
from kgqa.training.renaming import Explained

TRUST = 0.75  # in the logarithms of what the model was trained on other questions for
LEAST = -16.0  # below the likeliest, from which on nothing is told apart
BATCH = 32


def prior_of(model: JointModel, rows: Sequence[Explained], contexts: Sequence[Context]) -> list[Floats]:
    """The logarithms of how likely each program of each question is, as far as they are trusted: shape (C,) each."""
    was_training = model.training
    model.eval()
    found: list[Floats] = [np.zeros(len(row.programs)) for row in rows]
    several = sorted((n for n, row in enumerate(rows) if len(row.programs) > 1), key=lambda n: len(rows[n].question))
    for start in tqdm(range(0, len(several), BATCH), desc="weighing programs", unit="batch", leave=False):
        own = several[start : start + BATCH]
        told = _of_batch(model, [rows[n] for n in own], [contexts[n] for n in own])
        for number, logs in zip(own, told, strict=True):
            found[number] = logs
    model.train(was_training)
    return found


@torch.inference_mode()
def _of_batch(model: JointModel, rows: Sequence[Explained], contexts: Sequence[Context]) -> list[Floats]:
    assert model.decoder is not None
    draft = model.think([row.question for row in rows], contexts=contexts).draft
    assert draft is not None
    each = log_likelihoods(model.decoder, draft, [row.tree(model.decoder.space) for row in rows])
    return [
        _trusted([own.get(program, -np.inf) for program in row.programs]) for row, own in zip(rows, each, strict=True)
    ]


def _trusted(logs: Sequence[float]) -> Floats:
    most = max(logs)
    return TRUST * np.maximum(np.array(logs) - (most if np.isfinite(most) else 0.0), LEAST)
