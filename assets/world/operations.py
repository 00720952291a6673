"""Operations: templates of questions that count, compare, rank or add up, and the notation of their programs.

A line of `operations/*.tsv` is `kind<TAB>program<TAB>text`. A program is read from left to right over a stack of sets:

    {a}:Country  {a}:Film|Book      the entity that the slot names, of one of these classes
    Country                         a whole class
    capital  ~directed_by           what a relation leads to, or comes from; `~located_in_country.Lake` is of one class
    keep:Museum                     those of a class
    largest:area_km2  smallest:birth_year:2     the extreme of an attribute, or the second after it
    over:population:{n}  under:...:{m}  exactly:...:{n}     an attribute held against a number of the question
    meet  without  either           of the last two sets: in both, in the first alone, in any
    above:length_km  below:length_km            those of the first set that are beyond all of the second
    count  any  sum:population  mean:area_km2  difference:birth_year     what is asked for, instead of the set itself
    difference:length_km:more  difference:birth_year:less     where the text says that the first has more, or less

`#borders` and `#~located_in_city.Museum` are attributes as well: to how many others a relation leads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from assets.world.schema import CLASSES, RELATIONS
from assets.world.wordings import Wording, check, errors_at, expand, fields_of, read_wordings
from kgqa.programs.machine import ENDS, JOINS, Op

OPERATIONS = Path(__file__).parent / "operations"
KINDS = (
    "value", "count", "superlative", "nth", "threshold", "comparison", "which-of-two",
    "sum", "average", "difference", "yes-no", "negation", "most", "composed",
)  # fmt: skip
NAMED = re.compile(r"\{([ab])\}:([\w|]+)")
EXTREMES = ("largest", "smallest")
HELD = ("over", "under", "exactly")
MEASURED = (*EXTREMES, *HELD, "above", "below", "sum", "mean", "difference")


@dataclass(frozen=True)
class Word:
    """One word of a program; `slot` is the letter of the text that fills it, `kinds` the classes that it names."""

    op: Op
    slot: str = ""
    kinds: tuple[str, ...] = ()
    relation: str = ""
    inverse: bool = False
    counted: bool = False
    rank: int = 1
    order: str = ""  # of the two numbers of a difference: the first is `more` or `less`


@dataclass(frozen=True)
class Operation(Wording):
    """A way to ask, with the words of its program."""

    words: tuple[Word, ...]


def read_operations(split: str, directory: Path = OPERATIONS) -> list[Operation]:
    """Every template of `train` or `dev`; the same wording twice under one program is an error."""
    return read_wordings(directory / f"{split}.tsv", parse_line)


def parse_line(line: str, place: str) -> list[Operation]:
    """The templates of a line, one for each choice of its words."""
    with errors_at(place):
        kind, program, text = fields_of(line)
        words = parse_program(program)
        check(kind, KINDS, (word.slot for word in words if word.slot), text)
    return [Operation(kind, program, one, place, words) for one in expand(text)]


def parse_program(text: str) -> tuple[Word, ...]:
    """The words of a program, with the end that it leaves unsaid.

    Raises:
        ValueError: for a word that is none, or one without the sets that it takes.
    """
    words = tuple(map(parse_word, text.split()))
    if not words or words[-1].op not in ENDS:
        words += (Word("set"),)
    height = 0
    for position, word in enumerate(words):
        taken = 2 if word.op in JOINS or word.op == "difference" else 0 if word.op in ("named", "class") else 1
        if height < taken:
            raise ValueError(f"{word.op!r} lacks a set to work on in {text!r}")
        height += 1 - taken
        if word.op in ENDS and position < len(words) - 1:
            raise ValueError(f"{word.op!r} is not the end of {text!r}")
    if height != 1:
        raise ValueError(f"{height} sets are left at the end of {text!r}")
    return words


def parse_word(text: str) -> Word:
    named = NAMED.fullmatch(text)
    if named:
        return Word("named", slot=named[1], kinds=classes_of(named[2], text))
    head, *rest = text.split(":")
    if head in CLASSES and not rest:
        return Word("class", kinds=(head,))
    if head == "keep" and len(rest) == 1:
        return Word("keep", kinds=classes_of(rest[0], text))
    if head in MEASURED and rest:
        return _measured(head, rest, text)
    if head in ("meet", "without", "either", "count", "any") and not rest:
        return Word(head)  # type: ignore[arg-type]
    if rest:
        raise ValueError(f"no known word: {text!r}")
    return _walked("follow", head, text)


def _measured(head: str, rest: list[str], text: str) -> Word:
    word = _walked(head, rest[0], text)
    if head in EXTREMES and len(rest) == 2 and rest[1].isdigit() and int(rest[1]) > 1:
        return replace(word, rank=int(rest[1]))
    if head in HELD and len(rest) == 2 and rest[1] in ("{n}", "{m}"):
        return replace(word, slot=rest[1][1])
    if head == "difference" and len(rest) == 2 and rest[1] in ("more", "less"):
        return replace(word, order=rest[1])
    if len(rest) != 1 or head in HELD:
        raise ValueError(f"no known word: {text!r}")
    return word


def _walked(op: str, relation: str, text: str) -> Word:
    base, dot, kind = relation.removeprefix("#").removeprefix("~").partition(".")
    counted = relation.startswith("#")
    if base not in RELATIONS or (counted and op == "follow"):
        raise ValueError(f"unknown relation in {text!r}")
    inverse = relation.removeprefix("#").startswith("~")
    return Word(op, "", classes_of(kind, text) if dot else (), base, inverse, counted)  # type: ignore[arg-type]


def classes_of(names: str, text: str) -> tuple[str, ...]:
    """The classes of `Film|Book`, which stands in this text."""
    found = tuple(names.split("|"))
    for name in found:
        if name not in CLASSES:
            raise ValueError(f"unknown class {name!r} in {text!r}")
    return found
