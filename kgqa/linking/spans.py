"""Spans: every run of whole words of a question that could be a mention."""

import re
from dataclasses import dataclass

_LETTER = r"[^\W_\u2010-\u2015]|[\u0300-\u036f\u200c\u200d]"
_WORD = re.compile(rf"(?:{_LETTER})+(?:[.'’&-]+(?:{_LETTER})+)*")
_POSSESSIVE = re.compile(r"['’][sS]$")


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a question, and what stands there."""

    start: int
    end: int
    text: str


def spans_of(question: str, max_words: int = 12) -> list[Span]:
    """Every run of up to `max_words` words, by start and then length; a possessive 's is outside its last word."""
    words = [(match.start(), match.start() + len(_owner(match[0]))) for match in _WORD.finditer(question)]
    return [
        Span(start, end, question[start:end])
        for first, (start, _) in enumerate(words)
        for _, end in words[first : first + max_words]
    ]


def _owner(word: str) -> str:
    return _POSSESSIVE.sub("", word) or word
