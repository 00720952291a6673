"""The question encoder: one transformer pass, of which training changes the last layers."""

import copy

import torch
from torch import Tensor, nn

from kgqa.linking.encoder import NameEncoder


class QuestionEncoder(nn.Module):
    """A copy of the base transformer whose last layers are trainable.

    The frozen layers keep the base's weights, so a model directory holds only the others.
    `trainable` lists the layers that training changes, the last one last.
    """

    trainable: list[nn.Module]

    def __init__(self, base: NameEncoder, trainable_layers: int) -> None:
        super().__init__()
        self.transformer = copy.deepcopy(base.transformer)
        self.dimension = base.dimension
        self.transformer.requires_grad_(False)
        layers = list(_layers(self.transformer))
        self.trainable = layers[max(len(layers) - trainable_layers, 0) :]
        for layer in self.trainable:
            layer.requires_grad_(True)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Token ids (B, L) to token states (B, L, D)."""
        states: Tensor = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return states  # (B, L, D)


def mean_pool(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean of the states of real tokens: (B, L, D) and (B, L) to (B, D)."""
    weights = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, L, 1)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)  # (B, D)


def _layers(transformer: nn.Module) -> nn.ModuleList:
    """The transformer's stack of layers: its longest module list, whatever it is called."""
    stacks = [module for module in transformer.modules() if isinstance(module, nn.ModuleList)]
    return max(stacks, key=len, default=nn.ModuleList())


def attend(query: Tensor, states: Tensor, attention_mask: Tensor) -> Tensor:
    """Read the token states with queries (B, Q, D): softmax(query . states) over real tokens.

    Returns:
        shape (B, Q, D).
    """
    scores = query @ states.transpose(1, 2) / states.shape[-1] ** 0.5  # (B, Q, L)
    scores = scores.masked_fill(attention_mask.unsqueeze(1) == 0, torch.finfo(scores.dtype).min)
    read: Tensor = scores.softmax(-1) @ states  # (B, Q, D)
    return read
