"""Sayings: how people lean on what was said before, in words of our own, by split."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from assets.world.schema import CLASSES
from assets.world.tables import TableError
from assets.world.templates import Branch, parse_branch

TALKS = Path(__file__).parent / "talks"
KINDS = ("word", "words", "ellipsis", "narrowing", "place")


@dataclass(frozen=True)
class Sayings:
    """What a split says.

    `word` and `words` stand for one entity of a class ("" for any) and for several; `places` are those of each place,
    in their order; `narrowing` are a branch, from its entity to the answers that are kept, and the text.
    """

    word: dict[str, list[str]]
    words: dict[str, list[str]]
    ellipsis: list[str]
    places: list[list[str]]
    narrowing: list[tuple[Branch, str]]

    @classmethod
    def read(cls, split: str, directory: Path = TALKS) -> Sayings:
        """From `train.tsv`, `more.tsv` or `dev.tsv`; raises `TableError` naming the line."""
        path = directory / f"{split}.tsv"
        word: dict[str, list[str]] = defaultdict(list)
        words: dict[str, list[str]] = defaultdict(list)
        places: dict[int, list[str]] = defaultdict(list)
        ellipsis, narrowing = [], []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            kind, what, text = _fields(line, f"{path.name}:{number}")
            if kind == "narrowing":
                narrowing.append((_branch(what, f"{path.name}:{number}"), text))
            elif kind == "ellipsis":
                ellipsis.append(text)
            elif kind == "place":
                places[int(what)].append(text)
            else:
                (word if kind == "word" else words)[what].append(text)
        return cls(dict(word), dict(words), ellipsis, [places[place] for place in sorted(places)], narrowing)


def _fields(line: str, place: str) -> tuple[str, str, str]:
    fields = line.split("\t")
    if len(fields) != 3 or fields[0] not in KINDS:
        raise TableError(f"{place}: expected one of {', '.join(KINDS)}, a class or program, and a text: {line!r}")
    kind, what, text = fields
    if kind in ("word", "words") and what not in CLASSES.keys() | {""}:
        raise TableError(f"{place}: unknown class {what!r}")
    if kind == "place" and not what.isdigit():
        raise TableError(f"{place}: no number of a place: {what!r}")
    if (kind in ("ellipsis", "narrowing")) != (text.count("{a}") == 1):
        raise TableError(f"{place}: {kind} with {{a}} in {text!r}")
    return kind, what, text


def _branch(program: str, place: str) -> Branch:
    try:
        return parse_branch(program)
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
