"""Measures: how many questions go at once, as people ask them, and the calibration that was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.model import JointModel
from kgqa.training.comparison import Hits
from kgqa.training.evaluate import Ways, fitted, surest_way, ways_to_answer, withheld
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
    ways = list(ways_to_answer(model, questions))
    if not ways:
        return Measured(known, [])
    as_known = Measured(known, _given(ways, questions, known))
    if not refit:
        return as_known
    own = fitted(ways, questions)
    as_fitted = Measured(own, _given(ways, questions, own))
    return as_fitted if sum(as_fitted.hits) > sum(as_known.hits) else as_known


def _given(ways: Sequence[Ways], questions: Sequence[Question], calibration: Calibration) -> list[Outcome]:
    """How questions go whose surest answer is given, if it is sure enough."""
    outcomes = []
    for question, each in zip(questions, ways, strict=True):
        outcome, is_given = surest_way(each, calibration)
        outcomes.append(outcome if is_given else withheld(outcome, question))
    return outcomes
