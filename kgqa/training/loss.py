"""What training minimises: the answers should weigh 1, everything else that was reached 0."""

import torch
from torch import Tensor

FLOOR = 1e-6
SLOT_SHARE = 0.3


def joint_loss(weights: Tensor, slots: Tensor, answers: Tensor) -> Tensor:
    """`answer_loss` of the combined weights, and a share of what each slot alone misses of the answers.

    An intersection holds the answers only if every slot does. Without the second part a slot that
    the gate does not use yet gets no gradient, and the gate never comes to use it.

    Args:
        weights: combined weights, shape (B, E), values in [0, 1].
        slots: each slot's weights, shape (B, M, E).
        answers: shape (B, E), bool.
    Returns:
        the mean over B, a scalar.
    """
    missed = torch.stack([missed_answers(slot, answers) for slot in slots.unbind(1)]).mean(0)  # (B,)
    return (answer_loss(weights, answers) + SLOT_SHARE * missed).mean()


def answer_loss(weights: Tensor, answers: Tensor) -> Tensor:
    """Binary cross-entropy over the answers and, in the same measure, over what is wrongly reached.

    loss[b] = -1/|A| sum over A of log y - 1/max(|A|, 1) sum outside A of log(1 - y); entities that
    no path reached have y = 0 and add nothing to the second sum.

    Returns:
        shape (B,).
    """
    count = answers.sum(1).clamp(min=1)  # (B,)
    wrong = (torch.log1p(-weights.clamp(max=1 - FLOOR)) * ~answers).sum(1) / count
    return missed_answers(weights, answers) - wrong


def missed_answers(weights: Tensor, answers: Tensor) -> Tensor:
    """-1/|A| sum over A of log y: shape (B,)."""
    return -(weights.clamp(FLOOR, 1).log() * answers).sum(1) / answers.sum(1).clamp(min=1)
