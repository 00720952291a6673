"""Wordings: files of ways to ask, whose lines are `kind<TAB>program<TAB>text`, read strictly.

In a text `{a}` and `{b}` are slots for entities, `{n}` and `{m}` for numbers, and `[tallest|highest]` stands for one
wording with each of the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeVar

from assets.world.names import normalise
from assets.world.tables import TableError

SLOT = re.compile(r"\{[abnm]\}")
CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Wording:
    """A way to ask, what it asks for, and the place in the file where it stands."""

    kind: str
    program: str
    text: str
    place: str

    @property
    def masked(self) -> str:
        """The wording alone, without what fills its slots."""
        return normalise(SLOT.sub(" x ", self.text))


W = TypeVar("W", bound=Wording)


def read_wordings(path: Path, parse: Callable[[str, str], list[W]]) -> list[W]:
    """Every wording of a file, whose lines are parsed with their place; the same one twice under one program is an
    error."""
    found: dict[tuple[str, str], W] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        for wording in parse(line, f"{path.name}:{number}"):
            key = wording.program, normalise(wording.text)
            if key in found:
                raise TableError(f"{wording.place}: this text stands twice: {wording.text!r}")
            found[key] = wording
    return list(found.values())


@contextmanager
def errors_at(place: str) -> Iterator[None]:
    """Whatever is wrong within is named with its place."""
    try:
        yield
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None


def fields_of(line: str) -> tuple[str, str, str]:
    """The kind, the program and the text of a line."""
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) != 3:
        raise ValueError(f"expected 3 tab-separated fields, found {len(fields)}: {line!r}")
    kind, program, text = fields
    return kind, program, text


def check(kind: str, kinds: tuple[str, ...], slots: Iterable[str], text: str) -> None:
    """Raise `ValueError` for another kind, or a text that lacks one of these letters as slot or has half a bracket."""
    if kind not in kinds:
        raise ValueError(f"unknown kind {kind!r}")
    expected = sorted(f"{{{slot}}}" for slot in slots)
    for one in expand(text):
        if sorted(SLOT.findall(one)) != expected:
            raise ValueError(f"expected each of {expected} once in {one!r}")
        if re.search(r"[\[\]{}|]", SLOT.sub("", one)):
            raise ValueError(f"a bracket without its fellow in {one!r}")


def expand(text: str) -> list[str]:
    """The text with each choice of the words that stand in brackets."""
    parts = CHOICE.split(text)
    choices = [part.split("|") if position % 2 else [part] for position, part in enumerate(parts)]
    return [" ".join("".join(chosen).split()) for chosen in product(*choices)]
