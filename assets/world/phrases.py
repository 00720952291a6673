"""Phrases: how people refer to what one step leads to, and the longer questions made with them.

`the director of {a}` in place of `{a}` in `where was {a} born?` asks `where was the director of {a} born?`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from assets.world.graph import Graph, Step, goes_back
from assets.world.names import normalise
from assets.world.tables import TableError
from assets.world.templates import NOUNS, TEMPLATES, Branch, Template, parse_line

MOST_STEPS = 3
TEXTS_OF_KNOWN = 12  # composed texts of a program that templates ask by hand
MOST_OTHERS = 2_000  # texts of other programs, one each
# What stands before a name but not before a phrase: `the {a}`, `the film {a}`.
BEFORE_A_NAME = re.compile(rf"\b(the|an?|this|that|its|named|called|{'|'.join(NOUNS.values())}) \{{a\}}", re.IGNORECASE)
Program = tuple[str, tuple[Step, ...]]


@dataclass(frozen=True)
class Phrase:
    """A noun phrase with `{a}` in it, for what a path leads to from an entity of a class."""

    branch: Branch
    text: str


def read_phrases(directory: Path = TEMPLATES) -> list[Phrase]:
    """Every line `program<TAB>noun phrase` of `*.phrases.tsv`; a program has one step."""
    found: dict[tuple[str, str], Phrase] = {}
    for path in sorted(directory.glob("*.phrases.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            place = f"{path.name}:{number}"
            template = parse_line(line, place)
            key = template.program, normalise(template.text)
            if template.shape != "1-hop" or key in found:
                raise TableError(f"{place}: expected a program of one step, and no text twice: {line!r}")
            found[key] = Phrase(template.branches[0], template.text)
    return list(found.values())


class Composer:
    """Puts phrases into templates, as far as the classes and the graph allow."""

    def __init__(self, graph: Graph, phrases: list[Phrase], templates: list[Template], random: Random) -> None:
        self.graph, self.random = graph, random
        self.phrases = _by_program(phrases)
        self.templates = _by_program([Phrase(t.branches[0], t.text) for t in templates if len(t.branches) == 1])
        self.ends = {program: self._ends(program) for program in self.phrases}

    def compose(self) -> list[Template]:
        """Templates of two and three steps; programs asked by hand get the most."""
        pairs = list(self._pairs())
        known = [pair for pair in pairs if _joined(*pair) in self.templates]
        others = [pair for pair in pairs if _joined(*pair) not in self.templates]
        others = self.random.sample(others, min(MOST_OTHERS, len(others)))
        made = [self._templates(*pair, TEXTS_OF_KNOWN) for pair in known]
        made += [self._templates(*pair, 1) for pair in others]
        return [template for templates in made for template in templates]

    def _templates(self, first: Program, rest: Program, most: int) -> list[Template]:
        kind, path = _joined(first, rest)
        texts = self._texts(first, rest, most)
        return [Template(f"{kind}:{spell(path)}", (Branch(kind, path),), text) for text in texts]

    def _pairs(self) -> Iterator[tuple[Program, Program]]:
        for first in self.phrases:
            for rest in self.templates:
                steps = first[1] + rest[1]
                if len(steps) <= MOST_STEPS and rest[0] in self.ends[first] and not _returns(steps):
                    yield first, rest

    def _texts(self, first: Program, rest: Program, most: int) -> list[str]:
        pairs = [(phrase, text) for phrase in self.phrases[first] for text in self.templates[rest]]
        fitting = [pair for pair in pairs if not BEFORE_A_NAME.search(pair[1])]
        chosen = self.random.sample(fitting, min(most, len(fitting)))
        return [text.replace("{a}", phrase) for phrase, text in chosen]

    def _ends(self, program: Program) -> set[str]:
        """The classes that a phrase's path leads to."""
        kind, path = program
        reached = self.graph.step(self.graph.members.get(kind, []), path[0])
        return {self.graph.kinds[node] for node in reached if node in self.graph.kinds}


def spell(path: tuple[Step, ...]) -> str:
    """A path as programs write it."""
    return "/".join(f"{'~' if inverse else ''}{relation}" for relation, inverse in path)


def _joined(first: Program, rest: Program) -> Program:
    return first[0], first[1] + rest[1]


def _returns(path: tuple[Step, ...]) -> bool:
    """Whether a later step undoes the one before it, so that it is unclear what the question leaves out."""
    return any(goes_back(one, two) for one, two in pairwise(path))


def _by_program(phrases: list[Phrase]) -> dict[Program, list[str]]:
    grouped: dict[Program, list[str]] = defaultdict(list)
    for phrase in phrases:
        grouped[phrase.branch.kind, phrase.branch.path].append(phrase.text)
    return dict(grouped)
