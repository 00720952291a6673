"""A question as the model reads it: tokens, spans, and what the index knows exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from kgqa.linking.index import EntityIndex
from kgqa.linking.spans import Span, spans_of

SPAN_FEATURES = 4
MAX_TOKENS = 128


@dataclass(frozen=True)
class Reading:
    """One question: `first` and `last` are the token positions of each span; `exact` its exact entities.

    The first `own` tokens are the question's; what follows was said before it.
    """

    question: str
    input_ids: tuple[int, ...]
    own: int
    spans: tuple[Span, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    exact: tuple[tuple[int, ...], ...]
    features: Tensor  # (S, SPAN_FEATURES)

    def word_at(self, token: int) -> Span:
        """The word that a token is part of, or an empty span at the end where it is part of none."""
        words = (span for span, a, b in zip(self.spans, self.first, self.last, strict=True) if a <= token <= b)
        return min(words, key=lambda span: span.end - span.start, default=self._end())

    def token_at(self, character: int) -> int:
        """The first token of the word that stands at a character of the question; the first of all where none does."""
        words = (a for span, a in zip(self.spans, self.first, strict=True) if span.start <= character < span.end)
        return max(words, default=0)

    def _end(self) -> Span:
        return Span(len(self.question), len(self.question), "")


@dataclass(frozen=True)
class ReadingBatch:
    """Readings padded to tensors: tokens (B, L), spans (B, S). `own_mask` leaves out what was said before."""

    readings: tuple[Reading, ...]
    input_ids: Tensor  # (B, L)
    attention_mask: Tensor  # (B, L)
    own_mask: Tensor  # (B, L)
    first: Tensor  # (B, S)
    last: Tensor  # (B, S)
    span_mask: Tensor  # (B, S)
    span_features: Tensor  # (B, S, SPAN_FEATURES)


class Reader:
    """Turns questions into readings; remembers the recent ones, as training sees them again."""

    def __init__(self, tokenizer: Any, index: EntityIndex, max_words: int, cache_size: int = 100_000) -> None:
        self._tokenizer = tokenizer
        self._index = index
        self._max_words = max_words
        self.read = lru_cache(maxsize=cache_size)(self._read)

    def _read(self, question: str, before: str = "") -> Reading:
        encoded = self._tokenizer(
            question, before or None, truncation=True, max_length=MAX_TOKENS, return_offsets_mapping=True, verbose=False
        )
        offsets, parts = encoded["offset_mapping"], encoded.sequence_ids()
        own = parts.index(1) if 1 in parts else len(parts)
        real = [position for position, (start, end) in enumerate(offsets[:own]) if end > start]
        spans, first, last = [], [], []
        for span in spans_of(question, self._max_words):
            inside = [p for p in real if offsets[p][1] > span.start and offsets[p][0] < span.end]
            if inside:
                spans.append(span)
                first.append(inside[0])
                last.append(inside[-1])
        exact = tuple(map(tuple, self._index.exact([span.text for span in spans])))
        rows = [span_features(span, bool(found)) for span, found in zip(spans, exact, strict=True)]
        features = torch.tensor(rows).view(-1, SPAN_FEATURES)
        return Reading(
            question, tuple(encoded["input_ids"]), own, tuple(spans), tuple(first), tuple(last), exact, features
        )

    def batch(
        self, questions: Sequence[str], device: torch.device | None = None, before: Sequence[str] = ()
    ) -> ReadingBatch:
        """Read and pad questions, each with what was said before it."""
        readings = tuple(
            self.read(question, said) for question, said in zip(questions, before or [""] * len(questions), strict=True)
        )
        tokens = max(len(r.input_ids) for r in readings)
        spans = max(1, max(len(r.spans) for r in readings))
        input_ids = torch.full((len(readings), tokens), self._tokenizer.pad_token_id)  # (B, L)
        attention, own = torch.zeros_like(input_ids), torch.zeros_like(input_ids)
        first = torch.zeros((len(readings), spans), dtype=torch.long)  # (B, S)
        last = torch.zeros_like(first)
        features = torch.zeros((len(readings), spans, SPAN_FEATURES))
        mask = torch.zeros((len(readings), spans), dtype=torch.bool)
        for row, r in enumerate(readings):
            length, count = len(r.input_ids), len(r.spans)
            input_ids[row, :length] = torch.tensor(r.input_ids)
            attention[row, :length] = 1
            own[row, : r.own] = 1
            if count:
                first[row, :count] = torch.tensor(r.first)
                last[row, :count] = torch.tensor(r.last)
                features[row, :count] = r.features
            mask[row, :count] = True
        parts = (t.to(device) for t in (input_ids, attention, own, first, last, mask, features))
        return ReadingBatch(readings, *parts)


def span_features(span: Span, exact: bool) -> list[float]:
    """What a span looks like: exact name, share of capitalised words, length in words, has a digit."""
    words = span.text.split()
    capitals = sum(word[0].isupper() for word in words) / max(len(words), 1)
    return [float(exact), capitals, len(words) / 4, float(any(c.isdigit() for c in span.text))]
