"""Phrases: how people refer to what one step leads to, and the longer questions made with them.

`the director of {a}` in place of `{a}` in `where was {a} born?` asks `where was the director of {a} born?`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

from assets.world.graph import Graph, Step, goes_back
from assets.world.tables import TableError
from assets.world.templates import NOUNS, TEMPLATES, Branch, Template, read_lines

MOST_STEPS = 3
TEXTS_OF_KNOWN = 12  # composed texts of a program that templates ask by hand
MOST_OTHERS = 2_000  # texts of other programs, one each
# What stands before a name but not before a phrase: `the {a}`, `the film {a}`.
BEFORE_A_NAME = re.compile(rf"\b(the|an?|this|that|its|named|called|{'|'.join(NOUNS.values())}) \{{a\}}", re.IGNORECASE)
Program = tuple[str, tuple[Step, ...]]


def read_phrases(directory: Path = TEMPLATES) -> list[Template]:
    """Every line `program<TAB>noun phrase` of `*.phrases.tsv`; a program has one step."""
    phrases = read_lines("phrases", directory)
    for place, phrase in phrases:
        if phrase.shape != "1-hop":
            raise TableError(f"{place}: a phrase has a program of one step: {phrase.program!r}")
    return [phrase for _, phrase in phrases]


class Composer:
    """Puts phrases into templates, as far as the classes and the graph allow."""

    def __init__(self, graph: Graph, phrases: list[Template], templates: list[Template], random: Random) -> None:
        self.graph, self.random = graph, random
        self.phrases = _by_program(phrases)
        self.templates = _by_program([template for template in templates if len(template.branches) == 1])
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
        return [Template(f"{kind}:{_spell(path)}", (Branch(kind, path),), text) for text in texts]

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


def _spell(path: tuple[Step, ...]) -> str:
    """A path as programs write it."""
    return "/".join(f"{'~' if inverse else ''}{relation}" for relation, inverse in path)


def _joined(first: Program, rest: Program) -> Program:
    return first[0], first[1] + rest[1]


def _returns(path: tuple[Step, ...]) -> bool:
    """Whether a later step undoes the one before it, so that it is unclear what the question leaves out."""
    return any(goes_back(one, two) for one, two in pairwise(path))


def _by_program(templates: list[Template]) -> dict[Program, list[str]]:
    """The texts of templates with one branch."""
    grouped: dict[Program, list[str]] = defaultdict(list)
    for template in templates:
        (branch,) = template.branches
        grouped[branch.kind, branch.path].append(template.text)
    return dict(grouped)
