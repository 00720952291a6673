"""Context: the turns before a question, and what a question may refer to by "it", "they" or "the second one"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from kgqa.graph.sparse import SparseGraph

TURNS = 3  # earlier turns that are looked back on
PLACES = 5  # answers of a turn that can be referred to one by one
MOST_NAMED = 4  # entities that a turn named
SPEAKING = 32  # entities of a set whose relations speak for it
ROLES: tuple["Role", ...] = ("named", "answer", "answers")
REFERENT_FEATURES = len(ROLES) + TURNS + PLACES + 1

Sketch = tuple[tuple[str, str, int], ...]  # a program without names: each operation, its relation or class, its rank
Role = Literal["named", "answer", "answers"]


@dataclass(frozen=True)
class Said:
    """An earlier turn: the question, the entities that it named, the answers in the order that they were shown, and the
    relations that led there, hop by hop, or the sketch of the program that did."""

    question: str
    named: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    followed: tuple[int, ...] = ()
    sketch: Sketch = ()


Context = tuple[Said, ...]  # the newest turn first


@dataclass(frozen=True)
class Referent:
    """What a question may refer to: one entity, or all answers of a turn; `turn` counts back from 0, `place` on."""

    entities: tuple[int, ...]
    role: Role
    turn: int
    place: int = 0

    def features(self) -> list[float]:
        """Its role, its turn, its place among the answers, and its size: shape (REFERENT_FEATURES,)."""
        row = [0.0] * REFERENT_FEATURES
        row[ROLES.index(self.role)] = 1.0
        row[len(ROLES) + self.turn] = 1.0
        if self.role == "answer":
            row[len(ROLES) + TURNS + self.place] = 1.0
        row[-1] = len(self.entities) ** 0.5 / 10
        return row


def referents(context: Context) -> tuple[Referent, ...]:
    """What the last turns named and were answered with, each once, the newest first."""
    found: dict[tuple[int, ...], Referent] = {}
    for turn, said in enumerate(context[:TURNS]):
        for referent in _of_turn(turn, said):
            found.setdefault(referent.entities, referent)
    return tuple(found.values())


def _of_turn(turn: int, said: Said) -> Iterator[Referent]:
    if len(said.answers) > 1:
        yield Referent(said.answers, "answers", turn)
    for place, entity in enumerate(said.answers[:PLACES]):
        yield Referent((entity,), "answer", turn, place)
    for entity in dict.fromkeys(said.named[:MOST_NAMED]):
        yield Referent((entity,), "named", turn)


def earlier_questions(context: Context) -> str:
    """What was asked before, the newest first, as the encoder reads it after the question."""
    return " / ".join(said.question for said in context[:TURNS])


def last_followed(contexts: Sequence[Context], hops: int, device: torch.device) -> Tensor | None:
    """The relations by which each last turn was answered, shape (B, H), -1 after the last; None where no turn has any.

    A longer path is cut off.
    """
    rows = [list(context[0].followed[:hops]) if context else [] for context in contexts]
    if not any(rows):
        return None
    return torch.tensor([row + [-1] * (hops - len(row)) for row in rows], device=device)


@dataclass(frozen=True)
class ReferentBatch:
    """C referents for each of B questions, as tensors: which cells are there, and the entities of each.

    `cell` counts through the flattened (B, C) cells.
    """

    rows: tuple[tuple[Referent, ...], ...]
    features: Tensor  # (B, C, REFERENT_FEATURES)
    mask: Tensor  # (B, C)
    cell: Tensor  # (G,)
    entity: Tensor  # (G,)

    @classmethod
    def of(cls, contexts: Sequence[Context], device: torch.device) -> "ReferentBatch":
        """The referents of each question's context, padded."""
        rows = tuple(referents(context) for context in contexts)
        width = max(map(len, rows), default=0)
        features = torch.zeros(len(rows), width, REFERENT_FEATURES)
        mask = torch.zeros(len(rows), width, dtype=torch.bool)
        cells: list[int] = []
        entities: list[int] = []
        for number, row in enumerate(rows):
            for place, referent in enumerate(row):
                features[number, place] = torch.tensor(referent.features())
                mask[number, place] = True
                cells += [number * width + place] * len(referent.entities)
                entities += referent.entities
        parts = (features, mask, torch.tensor(cells).long(), torch.tensor(entities).long())
        return cls(rows, *(part.to(device) for part in parts))

    def had(self, graph: SparseGraph) -> tuple[Tensor, Tensor]:
        """Every relation that some entity of a cell takes part in: cells of (B, C), and relations, distinct pairs."""
        speaking = self._first(SPEAKING)
        row, relation = graph.relations_of(self.entity[speaking])
        pairs = torch.unique(self.cell[speaking][row] * graph.num_relations + relation)
        return pairs // graph.num_relations, pairs % graph.num_relations

    def _first(self, count: int) -> Tensor:
        """Places of the first entities of each cell."""
        starts = torch.searchsorted(self.cell, self.cell)
        within = torch.arange(len(self.cell), device=self.cell.device) - starts
        return (within < count).nonzero().view(-1)
