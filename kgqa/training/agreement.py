"""Agreement: how much a correction counts, by how many people say so and how many say otherwise.

A correction that a reviewer accepted counts in full. Of others counts the share of those who say so that is left when
those who say otherwise are taken off, each with one of the others:

    weight = max(0, agreeing - dissenting) / agreeing

Whoever corrects another question in the same words in the same way says the same: twenty people who correct twenty
questions that were asked in one unknown wording agree. The model itself is one voice: where it is sure of another
answer, a lone correction counts nothing until somebody else says the same or a reviewer accepts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.training.corrections import Correction
from kgqa.training.variants import Way

SURE = 0.9  # confidence from which on the model's own answer is a voice


@dataclass(frozen=True)
class Voice:
    """A correction, the way to its answers, if the graph shows one, and whether the model is sure of other answers."""

    correction: Correction
    way: Way | None
    contradicted: bool

    @property
    def wording(self) -> str:
        """The words that it asks in, without names."""
        return self.way.wording(self.correction.question) if self.way else ""

    def says_as(self, other: "Voice") -> bool:
        """Whether another one says the same: about these words, or about this mention."""
        if self is other:
            return True
        if self.correction.hint is not None and self.correction.hint == other.correction.hint:
            return True
        return bool(self.way and other.way) and (self.wording, self._relations) == (other.wording, other._relations)

    def says_otherwise(self, other: "Voice") -> bool:
        """Whether another one says something else about the same question, or in the same words."""
        if self.says_as(other):
            return False
        same_words = bool(self.wording) and self.wording == other.wording
        return same_words or self.correction.key == other.correction.key

    @property
    def _relations(self) -> tuple[tuple[int, ...], ...]:
        return self.way.relations if self.way else ()


def weights(voices: Sequence[Voice]) -> list[float]:
    """How much each correction counts, from 0 to 1."""
    return [_weight(voice, voices) for voice in voices]


def _weight(voice: Voice, voices: Sequence[Voice]) -> float:
    own = voice.correction
    if own.reviewed:
        return 1.0
    agree = _people([each for each in voices if voice.says_as(each)])
    dissent = _people([each for each in voices if voice.says_otherwise(each)]) - agree
    agreeing = max(len(agree), own.agreeing)
    dissenting = max(len(dissent), own.dissenting) + voice.contradicted
    return max(0, agreeing - dissenting) / agreeing


def _people(voices: Sequence[Voice]) -> frozenset[str]:
    return frozenset[str]().union(*(voice.correction.contributors for voice in voices))
