"""Follows: templates of questions that count, compare, rank or add up what was answered before.

A line of `operations/follow.*.tsv` is `kind<TAB>program<TAB>text` in the notation of `operations.py`, with three words
more:

    these:Country|City  these      the several entities that were answered before, of one of these classes or of any
    it:River  it                   the one that was answered, or whose number was
    {a}:same                       an entity that the slot names, of the class of these or it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from assets.world import operations
from assets.world.operations import OPERATIONS, Operation, Word, parse_program
from assets.world.wordings import Wording, check, errors_at, expand, fields_of, read_wordings

KINDS = tuple(kind for kind in operations.KINDS if kind not in ("value", "composed"))
SAID = re.compile(r"(these|it)(?::([\w|]+))?")
SAME = ":same"


@dataclass(frozen=True)
class Follow(Wording):
    """A way to ask something of what was said: of several entities or one, of these classes or, with none, of any."""

    is_many: bool
    classes: tuple[str, ...]

    def suits(self, class_: str) -> bool:
        return class_ in self.classes if self.classes else bool(class_)

    def of(self, class_: str) -> Operation:
        """What it asks where the entities are of one class."""
        words = parse_follow(self.program, class_)
        return Operation(self.kind, f"{class_} {self.program}", self.text, self.place, words)


def read_follows(split: str, directory: Path = OPERATIONS) -> list[Follow]:
    """Every template of `train` or `dev` that follows; the same wording twice under one program is an error."""
    return read_wordings(directory / f"follow.{split}.tsv", parse_line)


def parse_line(line: str, place: str) -> list[Follow]:
    """The templates of a line, one for each choice of its words."""
    with errors_at(place):
        kind, program, text = fields_of(line)
        is_many, classes = _what_is_said(program)
        words = parse_follow(program, classes[0] if classes else "Person")
        check(kind, KINDS, (word.slot for word in words if len(word.slot) == 1), text)
    return [Follow(kind, program, one, place, is_many, classes) for one in expand(text)]


def parse_follow(program: str, class_: str) -> tuple[Word, ...]:
    """The words of a program where what was said is of one class; those that begin with it have no letter as slot."""
    parts = program.split()
    named = [f"{{a}}:{class_}" if SAID.fullmatch(part) else part.replace(SAME, f":{class_}") for part in parts]
    words = list(parse_program(" ".join(named)))
    for position, part in enumerate(parts):
        if said := SAID.fullmatch(part):
            words[position] = replace(words[position], slot=said[1])
    return tuple(words)


def _what_is_said(program: str) -> tuple[bool, tuple[str, ...]]:
    found = {said.groups() for part in program.split() if (said := SAID.fullmatch(part))}
    if len(found) != 1:
        raise ValueError(f"expected `these` or `it`, and of the same classes wherever it stands, in {program!r}")
    word, names = found.pop()
    return word == "these", operations.classes_of(names, program) if names else ()
