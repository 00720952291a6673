"""Templates: ways to ask, each with the program that says what the question means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assets.world.graph import Step
from assets.world.names import normalise
from assets.world.schema import CLASSES, RELATIONS, SPLIT
from assets.world.tables import TableError

TEMPLATES = Path(__file__).parent / "templates"
SPLITS = ("train", "dev")
SLOT = re.compile(r"\{[ab]\}")
# Classes of the values that a question may begin with, as in `Year:~release_year`.
VALUE_CLASSES = frozenset({"Year", "Integer", "Number", "Value"})
# The words by which a question names the class it asks for, where a program leaves that open.
NOUNS = {
    "Airport": r"airports?|airfields?",
    "Album": r"albums?|records?|LPs?",
    "City": r"city|cities|towns?",
    "Desert": r"deserts?",
    "Discovery": r"discover(y|ies)",
    "Element": r"elements?",
    "Film": r"films?|movies?|pictures?|cinema",
    "FilmSeries": r"series|franchises?|saga",
    "Book": r"books?|novels?|literature|plays?|stories|story",
    "Island": r"islands?|isles?",
    "Lake": r"lakes?",
    "Landmark": r"landmarks?|buildings?|sights?|monuments?|structures?|attractions?",
    "Moon": r"moons?|satellites?",
    "Mountain": r"mountains?|peaks?|summits?",
    "Museum": r"museums?|galler(y|ies)",
    "Painting": r"paintings?|pictures?|canvas(es)?|painted|paint",
    "Planet": r"planets?",
    "Sculpture": r"sculptures?|statues?|sculpted",
    "State": r"states?|provinces?|regions?",
    "Country": r"country|countries|nations?",
    "University": r"universit(y|ies)|colleges?",
}
# Which of them a split relation may lead back to.
SPLIT_CLASSES = {
    "art_movement": {"Painting", "Sculpture"},
    "capital": {"Country", "State"},
    "created_by": {"Painting", "Sculpture"},
    "created_in_year": {"Painting", "Sculpture"},
    "discovered_by": {"Discovery", "Element", "Moon", "Planet"},
    "discovery_year": {"Discovery", "Element", "Moon", "Planet"},
    "founded_in_year": {"Museum", "University"},
    "has_character": {"Book", "Film", "FilmSeries"},
    "housed_in": {"Painting", "Sculpture"},
    "located_in_city": {"Landmark", "Museum", "University"},
    "located_in_country": {"Airport", "City", "Desert", "Island", "Lake", "Landmark", "Mountain", "State"},
    "release_year": {"Album", "Film"},
}


@dataclass(frozen=True)
class Branch:
    """One entity of a question and the path that is walked from it."""

    kind: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class Template:
    program: str
    branches: tuple[Branch, ...]
    text: str

    @property
    def shape(self) -> str:
        return "intersection" if len(self.branches) > 1 else f"{len(self.branches[0].path)}-hop"


def read_templates(split: str, directory: Path = TEMPLATES) -> list[Template]:
    """Every template of `train` or `dev`; the same text twice under one program is an error."""
    return [template for _, template in read_lines(split, directory)]


def read_lines(split: str, directory: Path) -> list[tuple[str, Template]]:
    """Every template of `*.SPLIT.tsv`, with its place; the same text twice under one program is an error."""
    found: dict[tuple[str, str], tuple[str, Template]] = {}
    for path in sorted(directory.glob(f"*.{split}.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip() and not line.startswith("#") and line != "program\ttext":
                place = f"{path.name}:{number}"
                template = parse_line(line, place)
                key = template.program, normalise(template.text)
                if key in found:
                    raise TableError(f"{place}: this text stands twice: {template.text!r}")
                found[key] = place, template
    return list(found.values())


def parse_line(line: str, place: str) -> Template:
    fields = line.split("\t")
    if len(fields) != 2:
        raise TableError(f"{place}: expected 2 tab-separated fields, found {len(fields)}: {line!r}")
    program, text = fields[0].strip(), fields[1].strip()
    try:
        branches = tuple(narrow(parse_branch(part), text) for part in program.split("&"))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    slots = ["{a}", "{b}"][: len(branches)]
    if sorted(SLOT.findall(text)) != slots:
        raise TableError(f"{place}: expected each of {slots} once in {text!r}")
    return Template(program, branches, text)


def parse_branch(text: str) -> Branch:
    kind, colon, path = text.strip().partition(":")
    if not colon or kind not in CLASSES.keys() | VALUE_CLASSES:
        raise ValueError(f"no known class in {text!r}")
    steps = tuple((step.strip().removeprefix("~"), step.strip().startswith("~")) for step in path.split("/"))
    for relation, _ in steps:
        base, dot, kind_asked = relation.partition(".")
        if base not in RELATIONS or (dot and kind_asked not in CLASSES):
            raise ValueError(f"unknown relation {relation!r} in {text!r}")
    return Branch(kind, steps)


def narrow(branch: Branch, text: str) -> Branch:
    """Where the last step goes back along a split relation, the class is the one that the text names, if any."""
    relation, inverse = branch.path[-1]
    if not inverse or relation not in SPLIT:
        return branch
    words = SLOT.sub("", text)
    asked = [kind for kind, noun in NOUNS.items() if re.search(rf"\b({noun})\b", words, re.IGNORECASE)]
    possible = [kind for kind in asked if kind in SPLIT_CLASSES[relation]]
    if len(possible) != 1:
        return branch
    return Branch(branch.kind, (*branch.path[:-1], (f"{relation}.{possible[0]}", True)))


@dataclass(frozen=True)
class Unanswerable:
    """What no graph of ours can answer; `{a}` may stand in it, for an entity of the class."""

    split: str
    kind: str
    text: str


def read_unanswerable(directory: Path = TEMPLATES) -> list[Unanswerable]:
    """Lines `train<TAB>text`, `train:Class<TAB>text`, `Class<TAB>text` or `text`; of the last two dev gets one in five.

    `dev` may stand in the place of `train`.
    """
    found: dict[str, Unanswerable] = {}
    for path in sorted(directory.glob("*.none.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            first, _, text = line.rpartition("\t")
            if not line.strip() or line.startswith("#"):
                continue
            named, kind = first.partition(":")[::2] if first.partition(":")[0] in SPLITS else ("", first)
            if "{b}" in text or kind not in CLASSES.keys() | {""}:
                raise TableError(f"{path.name}:{number}: expected a split or a class, a tab and a text: {line!r}")
            split = named or ("dev" if len(found) % 5 == 0 else "train")
            found.setdefault(text.strip(), Unanswerable(split, kind, text.strip()))
    return list(found.values())
