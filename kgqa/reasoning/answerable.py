"""Answerability: whether the graph has an answer to a question at all."""

import torch
from torch import Tensor, nn

from kgqa.linking.index import CANDIDATE_FEATURES
from kgqa.linking.shortlist import Candidates

DROPOUT = 0.1
HOPEFUL = 3.0  # before any training every question has an answer


class Answerability(nn.Module):
    """Reads what is asked, of which mentions, how alike these are to names, and how much of the way is there.

    It stands outside the softmax of the ranker: there a name that is just the same leaves NIL nothing, however little
    the graph knows of what is asked about it.
    """

    def __init__(self, dimension: int, width: int, slots: int) -> None:
        super().__init__()
        size = dimension + slots * (width + CANDIDATE_FEATURES + 2)
        self.score = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(size, 128), nn.GELU(), nn.Linear(128, 1))
        last = self.score[-1]
        assert isinstance(last, nn.Linear)
        nn.init.constant_(last.bias, HOPEFUL)

    def forward(
        self,
        pooled: Tensor,
        mentions: Tensor,
        there: Tensor,
        candidates: Candidates,
        cells: Tensor,
        referring: Tensor,
    ) -> Tensor:
        """Logits (B,).

        Args:
            pooled: question vectors, shape (B, D).
            mentions: shape (B, M, W).
            there: how much of the way is there, shape (B, M).
            cells: of the ranker, shape (B, M, N * K + 1).
            referring: how far a slot starts from what was said before, which is as good as named: shape (B, M).
        """
        alike = expected_features(candidates, cells) + referring.unsqueeze(-1)  # (B, M, CANDIDATE_FEATURES)
        parts = [mentions, alike, cells[..., -1:].exp(), there.unsqueeze(-1)]
        found = torch.cat(parts, -1)  # (B, M, W + CANDIDATE_FEATURES + 2)
        logits: Tensor = self.score(torch.cat([pooled, found.flatten(1)], -1)).squeeze(-1)
        return logits  # (B,)


def expected_features(candidates: Candidates, cells: Tensor) -> Tensor:
    """The features of a slot's candidate, as the cells (B, M, N * K + 1) expect them: (B, M, CANDIDATE_FEATURES)."""
    return cells[..., :-1].exp() @ candidates.features.flatten(1, 2)
