"""The question encoder: one transformer pass, of which training changes the last layers."""

import copy
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from kgqa.linking.encoder import NameEncoder

RANK = 32  # of what a linear map adds for questions after others
_AFTER_OTHERS: ContextVar[Tensor | None] = ContextVar("rows with questions before them", default=None)


class Addition(nn.Module):
    """What a linear map adds in the rows of questions that follow others: up(down(x)), of low rank (Hu et al. 2022).

    Before any training it adds nothing, and to a question that stands alone it never does.
    """

    def __init__(self, to: nn.Linear) -> None:
        super().__init__()
        self.down = nn.Linear(to.in_features, RANK, bias=False)
        self.up = nn.Linear(RANK, to.out_features, bias=False)
        nn.init.zeros_(self.up.weight)
        to.register_forward_hook(self._add)

    def _add(self, _: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> Tensor:
        rows = _AFTER_OTHERS.get()
        return result if rows is None else result.index_add(0, rows, self(given[0][rows]).to(result))

    def forward(self, states: Tensor) -> Tensor:
        """States (C, L, in) to what is added to the result, (C, L, out)."""
        added: Tensor = self.up(self.down(states))
        return added


class QuestionEncoder(nn.Module):
    """A copy of the base transformer whose last layers are trainable.

    The frozen layers keep the base's weights, so a model directory holds only the others.
    `trainable` lists the layers that training changes, the last one last. All linear maps of all layers have an
    addition for questions that follow others.
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
        maps = [module for layer in layers for module in layer.modules() if isinstance(module, nn.Linear)]
        self.after_others = nn.ModuleList(map(Addition, maps))

    @property
    def reads_conversations(self) -> bool:
        """Whether questions after others were ever learned from: until then nothing is added for them."""
        return any(
            bool(each.any()) for name, each in self.after_others.named_parameters() if name.endswith("up.weight")
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor, after_others: Tensor | None = None) -> Tensor:
        """Token ids (B, L) to token states (B, L, D); `after_others` (C,) are the rows that follow other questions."""
        token = _AFTER_OTHERS.set(after_others)
        try:
            states: Tensor = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        finally:
            _AFTER_OTHERS.reset(token)
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
