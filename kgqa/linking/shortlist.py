"""The shortlist: for each question the spans worth a look, and for each span its candidate entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import CANDIDATE_FEATURES, EntityIndex
from kgqa.linking.reading import Reading, ReadingBatch
from kgqa.linking.spans import Span

ENCODED_SPANS = 1
CACHE_SIZE = 200_000

LookUp = Literal["exact", "near", "encoded"]
Row = tuple[np.ndarray, np.ndarray]  # entities (K,), features (K, CANDIDATE_FEATURES)


@dataclass(frozen=True)
class Mention:
    """What a gold mode lets the linker use: character offsets, and the entity unless it is to be found."""

    start: int
    end: int
    entity: int | None = None


@dataclass(frozen=True)
class Candidates:
    """N spans per question and K candidate entities per span; -1 and False pad."""

    span: Tensor  # (B, N) position of the span in the reading
    span_mask: Tensor  # (B, N)
    entities: Tensor  # (B, N, K)
    features: Tensor  # (B, N, K, CANDIDATE_FEATURES)

    @property
    def mask(self) -> Tensor:
        """Which cells hold a candidate: shape (B, N, K)."""
        return self.entities >= 0


@dataclass(frozen=True)
class Choice:
    """A span to look up (its position in the reading) and how, or a given entity.

    `exact` takes only the entities of that name, `near` also compares characters, and `encoded`
    also compares what the encoder makes of it.
    """

    span: int
    how: LookUp
    entity: int | None = None


class Shortlister:
    """Chooses spans by their scores and looks their candidates up, exact names before similar ones."""

    def __init__(
        self, index: EntityIndex, encoder: NameEncoder, exact_spans: int, fuzzy_spans: int, k: int, ngrams: bool = True
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._exact_spans = exact_spans
        self._fuzzy_spans = fuzzy_spans
        self._k = k
        self._ngrams = ngrams
        self._cache: dict[tuple[str, LookUp], Row] = {}

    def shortlist(
        self, batch: ReadingBatch, span_scores: Tensor, mentions: Sequence[Sequence[Mention]] | None = None
    ) -> Candidates:
        """Candidates for the best spans of each question; `span_scores` has shape (B, S)."""
        scores = span_scores.detach().cpu().numpy()
        chosen = [
            _gold_choices(reading, mentions[row]) if mentions else self._choose(reading, scores[row])
            for row, reading in enumerate(batch.readings)
        ]
        self._look_up(batch.readings, chosen)
        rows = [
            [(choice.span, self._row(reading, choice)) for choice in choices]
            for reading, choices in zip(batch.readings, chosen, strict=True)
        ]
        return _pad(rows, span_scores.device)

    def _choose(self, reading: Reading, scores: np.ndarray) -> list[Choice]:
        """The best spans that are names as they stand, and the best of the others.

        What other names could be meant by these is asked of the encoder only where none that stands as it is scores
        better: it takes as long as reading the question.
        """
        order = np.argsort(-scores[: len(reading.spans)], kind="stable")
        exact = [int(s) for s in order if reading.exact[s]][: self._exact_spans]
        fuzzy = [int(s) for s in order if not reading.exact[s]][: self._fuzzy_spans]
        settled = bool(exact and fuzzy and scores[exact[0]] > scores[fuzzy[0]])
        encoded = (0 if settled else ENCODED_SPANS) if self._ngrams else len(fuzzy)
        near = [Choice(s, "encoded" if rank < encoded else "near") for rank, s in enumerate(fuzzy)]
        return [Choice(s, "exact") for s in exact] + near

    def _look_up(self, readings: Sequence[Reading], chosen: list[list[Choice]]) -> None:
        """Fill the cache for every span text that it lacks."""
        if len(self._cache) > CACHE_SIZE:
            self._cache.clear()
        missing: dict[LookUp, dict[str, None]] = {"exact": {}, "near": {}, "encoded": {}}
        for reading, choices in zip(readings, chosen, strict=True):
            for choice in choices:
                text = reading.spans[choice.span].text
                if choice.entity is None and (text, choice.how) not in self._cache:
                    missing[choice.how][text] = None
        for how, texts in missing.items():
            if texts:
                self._search(list(texts), how)

    def _search(self, texts: list[str], how: LookUp) -> None:
        vectors = self._encoder.encode(texts) if how == "encoded" else None
        found = self._index.search(texts, k=self._k, vectors=vectors, similar=how != "exact", ngrams=self._ngrams)
        for text, entities, features in zip(texts, found.entities, found.features, strict=True):
            keep = entities >= 0
            self._cache[text, how] = (entities[keep], features[keep])

    def _row(self, reading: Reading, choice: Choice) -> Row:
        if choice.entity is not None:
            return np.array([choice.entity]), np.ones((1, CANDIDATE_FEATURES), dtype=np.float32)
        return self._cache[reading.spans[choice.span].text, choice.how]


def _gold_choices(reading: Reading, mentions: Sequence[Mention]) -> list[Choice]:
    """For each gold mention the span that overlaps it best."""
    if not reading.spans:
        return []
    spans = [_nearest(reading.spans, mention) for mention in mentions]
    how: list[LookUp] = ["exact" if reading.exact[s] else "encoded" for s in spans]
    return [Choice(s, look_up, m.entity) for s, look_up, m in zip(spans, how, mentions, strict=True)]


def _nearest(spans: Sequence[Span], mention: Mention) -> int:
    return max(range(len(spans)), key=lambda s: _overlap(spans[s], mention))


def _overlap(span: Span, mention: Mention) -> float:
    """Shared characters over all characters of the two (Jaccard)."""
    shared = min(span.end, mention.end) - max(span.start, mention.start)
    return shared / (max(span.end, mention.end) - min(span.start, mention.start))


def _pad(rows: list[list[tuple[int, Row]]], device: torch.device) -> Candidates:
    count = max(1, max(len(row) for row in rows))
    k = max([1, *(len(entities) for row in rows for _, (entities, _) in row)])
    span = np.zeros((len(rows), count), dtype=np.int64)
    mask = np.zeros((len(rows), count), dtype=bool)
    entities = np.full((len(rows), count, k), -1, dtype=np.int64)
    features = np.zeros((len(rows), count, k, CANDIDATE_FEATURES), dtype=np.float32)
    for b, row in enumerate(rows):
        for n, (s, (found, values)) in enumerate(row):
            span[b, n], mask[b, n] = s, True
            entities[b, n, : len(found)] = found
            features[b, n, : len(found)] = values
    tensors = (torch.from_numpy(array).to(device) for array in (span, mask, entities, features))
    return Candidates(*tensors)
