"""Nouns: what a set that a program found is called in a sentence, by its names or by how it was made.

What these functions return is HTML whose every label has been escaped, but for `named`, which is text.
"""

from collections.abc import Callable

from kgqa.chat.findings import COMPARED, EXTREMES, HELD, Found
from kgqa.chat.markup import escape
from kgqa.chat.phrases import label_of, listed, plural, related, strong
from kgqa.types import Answer

FEW = 3


def start(answer: Answer, found: Found) -> str:
    """Where a set starts: what was named, or a whole class."""
    if found.op == "class":
        return escape(f"all {plural(found.operation.label)}")
    return escape(named(answer, found))


def named(answer: Answer, found: Found) -> str:
    """What a mention was taken for, as text."""
    place = found.operation.link
    if 0 <= place < len(answer.links):
        return answer.links[place].label
    return listed([label_of(answer, each) for each in found.operation.entities[:FEW]], found.size)


def whom(answer: Answer, found: Found, several: str = "any of them") -> str:
    """A set as whom a sentence is about: what was named, or the entity that is alone in it; else these words."""
    if found.op == "named":
        return strong(named(answer, found))
    return strong(label_of(answer, found.operation.entities[0])) if found.lone else several


def few(answer: Answer, found: Found, most: int = FEW) -> str:
    """The first entities of a set and how many more there are, which is never one."""
    shown = found.operation.entities[: most + 1 if found.size == most + 1 else most]
    return listed([escape(label_of(answer, each)) for each in shown], found.size)


def noun(answer: Answer, found: Found) -> str:
    """A set as a noun: "everything whose author is Kafka", "all rivers whose length is over 3,000 kilometres".

    A set that was made in several steps is said by the last of them, and what came before by a pronoun.
    """
    if not found.of:
        return start(answer, found) if found.op == "class" else strong(named(answer, found))
    pronouns = _PRONOUNS.get(found.op, ("them",))
    own = [noun(answer, each) if _depth(each) < 2 else word for each, word in zip(found.of, pronouns, strict=True)]
    return _NOUNS[found.op](answer, found, *own)


def _depth(found: Found) -> int:
    """How many steps after the start it took."""
    return 1 + max(map(_depth, found.of)) if found.of else 0


_JOINED = ("the ones", "the others")
_PRONOUNS = {
    **dict.fromkeys(HELD, ("those",)),
    **dict.fromkeys(COMPARED, ("those", "the others")),
    **dict.fromkeys(("meet", "without", "either"), _JOINED),
}


def _followed_noun(answer: Answer, found: Found, own: str) -> str:
    relation = related(found.operation.label)
    if found.operation.inverse:
        return f"everything whose {relation} is {whom(answer, found.of[0], f'one of {own}')}"
    return f"what {relation} leads to from {whom(answer, found.of[0], own)}"


def _extreme_noun(_: Answer, found: Found, own: str) -> str:
    return f"{'the one' if found.size == 1 else 'those'} of {own} with {found.measure.extreme(found.operation)}"


def _held_noun(_: Answer, found: Found, own: str) -> str:
    kept = found.of[0].operation.label if found.of[0].op == "keep" else ""
    return f"{f'the {escape(plural(kept))}' if kept else own} {found.measure.held(found.operation)}"


def _compared_noun(answer: Answer, found: Found, own: str, other: str) -> str:
    return f"{own} with {found.measure.more(found.op)} than {whom(answer, found.of[1], other)}"


_NOUNS: dict[str, Callable[..., str]] = {
    "follow": _followed_noun,
    "keep": lambda _, found, own: f"the {escape(plural(found.operation.label))} among {own}",
    **dict.fromkeys(EXTREMES, _extreme_noun),
    **dict.fromkeys(HELD, _held_noun),
    **dict.fromkeys(COMPARED, _compared_noun),
    "meet": lambda *given: f"what {given[2]} and {given[3]} have in common",
    "without": lambda *given: f"{given[2]} without {given[3]}",
    "either": lambda *given: f"{given[2]} together with {given[3]}",
}
