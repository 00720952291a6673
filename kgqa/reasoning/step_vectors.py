"""Step vectors: what each step is called, as a vector: its operation, relation, class, attribute and rank."""

import torch
from torch import Tensor, nn

from kgqa.programs.machine import ENDS, OPS
from kgqa.programs.space import COMPARED, RANKS, Space


class StepVectors(nn.Module):
    """A vector of width W for each of the V steps of a space, and for what a question names."""

    classes: Tensor
    op_of: Tensor
    rank_of: Tensor
    relation_of: Tensor
    class_of: Tensor
    attribute_of: Tensor
    counted_of: Tensor
    compared: Tensor
    place_of: Tensor
    ends: Tensor

    def __init__(self, dimension: int, width: int, space: Space, classes: Tensor) -> None:
        super().__init__()
        self.register_buffer("classes", classes, persistent=False)  # (C, D) what they are called
        self.know(space)
        self.operation = nn.Embedding(len(OPS), width)
        self.rank = nn.Embedding(RANKS + 1, width)
        self.relation = nn.Linear(width, width, bias=False)
        self.attribute = nn.Linear(width, width, bias=False)
        self.class_ = nn.Linear(dimension, width, bias=False)
        self.span = nn.Linear(width, width, bias=False)
        self.counted = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width)

    def know(self, space: Space) -> None:
        """Call the steps of this space from now on; what was learned stays."""
        self.space = space
        for name, table in _arguments(space).items():
            self.register_buffer(name, table.to(self.classes.device), persistent=False)

    def forward(self, relations: Tensor) -> Tensor:
        """From relation vectors (R, W) to those of the steps: shape (V, W)."""
        classes = torch.cat([self.class_(self.classes), self.classes.new_zeros(1, relations.shape[1])])  # (C + 1, W)
        zero = relations.new_zeros(1, relations.shape[1])
        along = torch.cat([self.relation(relations), zero])  # (R + 1, W)
        measured = torch.cat([self.attribute(relations), zero])
        found = self.operation(self.op_of) + self.rank(self.rank_of) + classes[self.class_of]
        found = found + along[self.relation_of] + measured[self.attribute_of]
        found = found + self.counted_of.unsqueeze(1) * self.counted
        vectors: Tensor = self.norm(found)
        return vectors

    def named(self, spans: Tensor) -> Tensor:
        """The vectors of starts from what is named, from span vectors (..., W)."""
        vectors: Tensor = self.norm(self.span(spans) + self.operation.weight[OPS.index("named")])
        return vectors


def _arguments(space: Space) -> dict[str, Tensor]:
    """What each of V steps is made of, as places in tables whose last row stands for nothing: shape (V,) each."""
    numbers, steps = space.numbers, space.steps
    relations, classes = numbers.sparse.num_relations, len(numbers.classes)
    measured = [step.attribute for step in steps]
    counted = [each.class_ if each is not None and each.counted else -1 for each in measured]
    kept = [step.class_ if step.class_ >= 0 else counted[place] for place, step in enumerate(steps)]
    compared = [place for place, step in enumerate(steps) if step.op in COMPARED]
    place_of = {place: n for n, place in enumerate(compared)}
    return {
        "op_of": torch.tensor([OPS.index(step.op) for step in steps]),
        "rank_of": torch.tensor([step.rank for step in steps]),
        "relation_of": torch.tensor([step.relation if step.relation >= 0 else relations for step in steps]),
        "class_of": torch.tensor([class_ if class_ >= 0 else classes for class_ in kept]),
        "attribute_of": torch.tensor([relations if each is None else each.relation for each in measured]),
        "counted_of": torch.tensor([float(each is not None and each.counted) for each in measured]),
        "compared": torch.tensor(compared),
        "ends": torch.tensor([place for place, step in enumerate(steps) if step.op in ENDS]),
        "place_of": torch.tensor([place_of.get(place, -1) for place in range(len(steps))]),
    }
