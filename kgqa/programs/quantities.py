"""Quantities: the numbers that a question states, in figures or, up to twelve, in words."""

import re
from dataclasses import dataclass, field

_MANY = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "bn": 1e9}
_NUMBER = re.compile(
    r"(?<![\w.,-])(-?\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)"
    r"(?:\s*(thousand|million|billion|trillion|k|bn|m)\b)?(?![\w])",
    re.IGNORECASE,
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})(?:\s+(thousand|million|billion|trillion))?\b", re.IGNORECASE)
_BEFORE_CHRIST = re.compile(r"\s*(?:bce?|b\.c\.(?:e\.)?)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number and the characters `start` to `end` where the question states it.

    A lone word (`is_word`) may be meant otherwise: "the one", "which of the two".
    """

    number: float
    start: int
    end: int
    is_word: bool = field(default=False, compare=False)


def quantities_of(question: str) -> list[Quantity]:
    """The numbers in a question, in its order: "3,000", "2.5 million", "1969", "44 BC" (-44), "two million"."""
    found = []
    for match in _WORD.finditer(question):
        word, many = match.groups()
        number = (_WORDS.index(word.lower()) + 1) * _MANY.get((many or "").lower(), 1.0)
        found.append(Quantity(number, match.start(), match.end(), is_word=not many))
    for match in _NUMBER.finditer(question):
        figures, many = match.groups()
        number = float(re.sub(r"[,\u00a0\u202f]", "", figures))
        if many and (len(many) > 1 or not question[match.start(2) - 1].isspace()):  # "800 m" are metres, "3 K" kelvin
            number *= _MANY[many.lower()]
        if _BEFORE_CHRIST.match(question, match.end()):
            number = -number
        found.append(Quantity(number, match.start(), match.end()))
    return sorted(found, key=lambda quantity: quantity.start)
