"""What each head of programs is good for: questions asked of a model that may not write its steps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from kgqa.errors import InputError
from kgqa.graph.numbers import Mask
from kgqa.programs.machine import Op, Stack
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import Space
from kgqa.reasoning.model import JointModel
from kgqa.training.evaluate import quick_outcomes
from kgqa.training.metrics import summarise
from kgqa.training.questions import Question

HEADS: Mapping[str, tuple[Op, ...]] = {
    "nothing": (),
    "count": ("count",),
    "extremes": ("largest", "smallest"),
    "numbers of the question": ("over", "under", "exactly"),
    "another's number": ("above", "below"),
    "meet": ("meet",),
    "without": ("without",),
    "either": ("either",),
    "any": ("any",),
    "sum, mean": ("sum", "mean"),
    "difference": ("difference",),
    "classes": ("class", "keep"),
}


class Reduced(Space):
    """A space in which some operations never come next."""

    def __init__(self, space: Space, ops: Sequence[Op]) -> None:
        super().__init__(space.machine, space.thresholds)
        self.kept = np.array([step.op not in ops for step in self.steps])

    def valid(self, stack: Stack, quantities: Sequence[Quantity] = ()) -> Mask:
        mask: Mask = super().valid(stack, quantities) & self.kept
        return mask


def run(model: JointModel, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
    """A row for each head that is left out: how many questions of each slice come out exactly right, in percent."""
    if model.decoder is None:
        raise InputError("this model writes no programs, so there is no head to leave out")
    whole = model.decoder.space
    for name, ops in tqdm(HEADS.items(), unit="head", leave=False):
        model.decoder.know(Reduced(whole, ops))
        figures = summarise(quick_outcomes(model, questions))
        slices = {slice_: row["exact"] for slice_, row in figures["slices"].items()}
        yield {"without": name, "all": figures["exact"], **slices}
    model.decoder.know(whole)
