"""Measures: how many questions go at once, as people ask them, and the calibration that was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

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


def measured(model: JointModel, questions: Sequence[Question], calibration: Calibration | None) -> Measured:
    """How questions go as people ask them, in batches; without a calibration one is fitted to them first."""
    rows = list(quick_outcomes(model, questions))
    if not rows:
        return Measured(calibration or Calibration(), [])
    evidence = torch.stack([found for _, found in rows]).clone()
    if calibration is None:
        right = torch.tensor([outcome.hit for outcome, _ in rows])
        answerable = torch.tensor([bool(question.answers) for question in questions])
        calibration = Calibration.fit(evidence, right, answerable)
    sure = (calibration.confidence(evidence) >= calibration.threshold).tolist()
    outcomes = [
        outcome if given else withheld(outcome, question)
        for (outcome, _), given, question in zip(rows, sure, questions, strict=True)
    ]
    return Measured(calibration, outcomes)
