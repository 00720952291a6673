"""Measures: how many questions go at once, as people ask them, and the calibration that was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.model import JointModel
from kgqa.training.comparison import Hits
from kgqa.training.evaluate import quick_outcomes, withheld
from kgqa.training.metrics import Outcome
from kgqa.training.questions import Question


@dataclass(frozen=True)
class Measured:
    """How questions go, and the calibration that they were asked with."""

    calibration: Calibration
    outcomes: list[Outcome]

    @cached_property
    def hits(self) -> Hits:
        """Whether each is answered right."""
        return [outcome.hit for outcome in self.outcomes]


def measured(model: JointModel, questions: Sequence[Question], known: Calibration, refit: bool = False) -> Measured:
    """How questions go as people ask them, in batches.

    Args:
        refit: fit a calibration to these questions, and take it instead of the known one if more go well with it.
    """
    rows = list(quick_outcomes(model, questions))
    if not rows:
        return Measured(known, [])
    evidence = torch.stack([found for _, found in rows]).clone()
    outcomes = [outcome for outcome, _ in rows]
    as_known = Measured(known, _withheld(outcomes, evidence, questions, known))
    if not refit:
        return as_known
    right = torch.tensor([outcome.hit for outcome in outcomes])
    answerable = torch.tensor([bool(question.answers) for question in questions])
    fitted = Calibration.fit(evidence, right, answerable)
    as_fitted = Measured(fitted, _withheld(outcomes, evidence, questions, fitted))
    return as_fitted if sum(as_fitted.hits) > sum(as_known.hits) else as_known


def _withheld(
    outcomes: Sequence[Outcome], evidence: Tensor, questions: Sequence[Question], calibration: Calibration
) -> list[Outcome]:
    """The outcomes once answers that are not sure enough are not given; the evidence has shape (N, EVIDENCE)."""
    sure = (calibration.confidence(evidence) >= calibration.threshold).tolist()
    return [
        outcome if given else withheld(outcome, question)
        for outcome, given, question in zip(outcomes, sure, questions, strict=True)
    ]
