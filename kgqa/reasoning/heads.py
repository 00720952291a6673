"""From weights over entities to an answer set."""

import torch
from torch import Tensor

SHARE_OF_TOP = 0.5
LEAST_WEIGHT = 1e-4


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
