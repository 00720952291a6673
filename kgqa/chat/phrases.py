"""Phrases: what sentences about any graph are put together from. A function says whether what it returns is HTML."""

import re
from collections.abc import Iterable, Sequence
from html import unescape

from kgqa.chat.markup import escape
from kgqa.types import Answer

_TAG = re.compile(r"<[^>]*>")
_PART = re.compile(r"( (?:of|in|for|with|by|from|to|on|at) .*)", re.DOTALL)
_IRREGULAR = {"person": "people", "people": "people", "man": "men", "woman": "women", "child": "children"}
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def series(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def listed(items: Sequence[str], size: int) -> str:
    """The first of `size` items, and how many others there are; "nothing" where there is none."""
    if not size:
        return "nothing"
    left = size - len(items)
    if left <= 0:
        return series(items)
    return f"{', '.join(items)} and {left:,} more" if items else f"{size:,}"


def label_of(answer: Answer, identifier: str) -> str:
    """What an entity or a relation of an answer is called, as text; without a label, the end of its id."""
    return answer.labels.get(identifier) or identifier.rsplit("/", 1)[-1].rsplit(":", 1)[-1].replace("_", " ")


def strong(label: str) -> str:
    """A label that stands out, as HTML."""
    return f"<strong>{escape(label)}</strong>"


def related(label: str) -> str:
    """The label of a relation or of what is measured, as HTML."""
    return f'<em class="relation">{escape(label)}</em>'


def unmarked(html: str) -> str:
    """HTML of labels that were escaped as the text that a person reads."""
    return unescape(_TAG.sub("", html))


def arrow(inverse: bool) -> str:
    """The way in which a relation is followed."""
    return "←" if inverse else "→"


def plural(noun: str) -> str:
    """city -> cities, field of work -> fields of work, state or province -> states or provinces, person -> people."""
    if " or " in noun:
        return " or ".join(map(plural, noun.split(" or ")))
    head, *rest = _PART.split(noun, maxsplit=1)
    *before, last = head.split(" ")
    return " ".join([*before, _several(last)]) + "".join(rest)


def _several(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return word[:1] + _IRREGULAR[lower][1:]
    if not lower[-1:].isalpha() or (lower.endswith("s") and not lower.endswith("ss")):
        return word
    if lower.endswith(("ss", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if lower.endswith("y") and lower[-2:-1] not in "aeiou" else f"{word}s"


def ordinal(rank: int) -> str:
    """1 -> first, 2 -> second, 11 -> 11th."""
    return _ORDINALS[rank] if 0 < rank < len(_ORDINALS) else f"{rank}{_ending(rank)}"


def _ending(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
