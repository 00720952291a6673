"""From weights over entities to an answer set, and from the top weight to a probability of being right."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

SHARE_OF_TOP = 0.5
LEAST_WEIGHT = 1e-4
THRESHOLDS = tuple(percent / 100 for percent in range(10, 51, 2))


def answer_set(entities: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The entities that weigh at least half of what the best weighs, best first, ties by entity.

    Args:
        entities: shape (N,), distinct.
        weights: shape (N,).
    Returns:
        entities (A,) and weights (A,); empty where nothing weighs more than a trace.
    """
    top = float(weights.max()) if len(weights) else 0.0
    if top < LEAST_WEIGHT:
        return entities[:0], weights[:0]
    keep = weights >= SHARE_OF_TOP * top
    entities, weights = entities[keep], weights[keep]
    order = torch.argsort(weights.round(decimals=4), descending=True, stable=True)
    return entities[order], weights[order]


@dataclass(frozen=True)
class Calibration:
    """Platt scaling of the top weight, and the threshold to answer; both fitted on development questions.

    confidence = sigmoid(scale * logit(top) + shift)
    """

    scale: float = 1.0
    shift: float = 0.0
    threshold: float = 0.3

    def confidence(self, top: float) -> float:
        """The probability that an answer whose top weight is `top` is right."""
        return float(torch.sigmoid(self.scale * _logit(torch.tensor(top)) + self.shift))

    @classmethod
    def fit(cls, tops: Tensor, right: Tensor, answerable: Tensor) -> "Calibration":
        """Maximise the likelihood of right answers given the top weights, then choose the threshold.

        Args:
            tops: shape (N,).
            right: whether the top answer is right, shape (N,), bool.
            answerable: whether the graph has an answer, shape (N,), bool.
        """
        scale = torch.ones((), requires_grad=True)
        shift = torch.zeros((), requires_grad=True)
        optimiser = torch.optim.LBFGS([scale, shift], max_iter=100)
        logits, target = _logit(tops), (right & answerable).to(tops)

        def closure() -> Tensor:
            optimiser.zero_grad()
            scores = scale * logits + shift
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, target)
            loss = loss + 0.001 * ((scale - 1) ** 2 + shift**2)
            loss.backward()
            return loss

        optimiser.step(closure)
        fitted = cls(float(scale.detach()), float(shift.detach()))
        confidences = torch.tensor([fitted.confidence(top) for top in tops.tolist()])
        return replace(fitted, threshold=best_threshold(confidences, right, answerable))


def best_threshold(confidences: Tensor, right: Tensor, answerable: Tensor) -> float:
    """Where most questions go well: answered and right, or without an answer in the graph and not answered.

    Of several such thresholds the highest, since "I don't know" is better than a wrong answer. Shapes (N,).
    """
    well = [
        int(torch.where(answerable, right & (confidences >= limit), confidences < limit).sum()) for limit in THRESHOLDS
    ]
    return max(zip(well, THRESHOLDS, strict=True))[1]


def _logit(weight: Tensor) -> Tensor:
    return torch.logit(weight.float(), eps=1e-4)
