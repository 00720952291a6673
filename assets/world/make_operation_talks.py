"""Write operation_talks.train.jsonl.gz and operation_talks.dev.jsonl: conversations that count, compare, rank or add up
what was answered before.

Run from the root of the repository, after make_operations: python -m assets.world.make_operation_talks

A line of `operations/follow.*.tsv` is `kind<TAB>program<TAB>text` in the notation of `operations.py`, with three words
more:

    these:Country|City  these      the several entities that were answered before, of one of these classes or of any
    it:River  it                   the one that was answered, or whose number was
    {a}:same                       an entity that the slot names, of the class of these or it
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from assets.world.amounts import beyond
from assets.world.asked import Asked, write_lines
from assets.world.binding import Bound
from assets.world.filling import Filled, Filling, UnfitError, Wish
from assets.world.fitness import is_fit
from assets.world.graph import Graph
from assets.world.make_conversations import Talks, Turn
from assets.world.make_operations import Made, Maker, readings
from assets.world.names import normalise
from assets.world.operations import OPERATIONS, SLOT, Operation, Word, expand, parse_program, read_operations
from assets.world.schema import CLASSES
from assets.world.seeds import Seeds
from assets.world.tables import TableError
from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Entities, Numbers
from kgqa.graph.store import open_graph
from kgqa.programs.machine import Step
from kgqa.reasoning.context import TURNS

HERE = Path(__file__).parent
KINDS = (
    "count", "superlative", "nth", "threshold", "comparison", "which-of-two",
    "sum", "average", "difference", "yes-no", "negation", "most",
)  # fmt: skip
SAID = re.compile(r"(these|it)(?::([\w|]+))?")
SAME = ":same"
RANKED_OPENINGS = ("superlative", "threshold", "comparison", "nth")
RANKED_SHARE = 0.3
LENGTHS = {2: 0.7, 3: 0.22, 4: 0.08}
PASSED = ("superlative", "nth", "most")  # whose answer leaves those it was chosen from in mind
IT_SHARE = 0.4  # of the turns after the second
MOST_SAID = 60
OPENINGS = 12  # to which a template may be put
DRAWS = 60  # of openings, until one suits
TRIES = 12
FRESH = 6  # lines of a kind that are tried, those used least
KNOWN_SHARE = 0.75  # at least so many have the number that is asked for


@dataclass(frozen=True)
class Follow:
    """A way to ask something of what was said: of several entities or one, of these classes or, with none, of any."""

    kind: str
    program: str
    is_many: bool
    classes: tuple[str, ...]
    text: str
    place: str

    @property
    def masked(self) -> str:
        """The wording alone, without what fills its slots."""
        return normalise(SLOT.sub(" x ", self.text))

    def suits(self, class_: str) -> bool:
        return class_ in self.classes if self.classes else bool(class_)

    def of(self, class_: str) -> Operation:
        """What it asks where the entities are of one class."""
        words = parse_follow(self.program, class_)
        return Operation(self.kind, f"{class_} {self.program}", words, self.text, self.place)


def read_follows(split: str, directory: Path = OPERATIONS) -> list[Follow]:
    """Every template of `train` or `dev` that follows; the same wording twice under one program is an error."""
    path, found = directory / f"follow.{split}.tsv", dict[tuple[str, str], Follow]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        for follow in parse_line(line, f"{path.name}:{number}"):
            key = follow.program, normalise(follow.text)
            if key in found:
                raise TableError(f"{follow.place}: this text stands twice: {follow.text!r}")
            found[key] = follow
    return list(found.values())


def parse_line(line: str, place: str) -> list[Follow]:
    """The templates of a line, one for each choice of its words."""
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) != 3:
        raise TableError(f"{place}: expected 3 tab-separated fields, found {len(fields)}: {line!r}")
    kind, program, text = fields
    try:
        is_many, classes = _what_is_said(program)
        words = parse_follow(program, classes[0] if classes else "Person")
        _check(kind, words, text)
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    return [Follow(kind, program, is_many, classes, one, place) for one in expand(text)]


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
    classes = tuple(names.split("|")) if names else ()
    for name in classes:
        if name not in CLASSES:
            raise ValueError(f"unknown class {name!r} in {program!r}")
    return word == "these", classes


def _check(kind: str, words: tuple[Word, ...], text: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    slots = sorted(f"{{{word.slot}}}" for word in words if len(word.slot) == 1)
    for one in expand(text):
        if sorted(SLOT.findall(one)) != slots:
            raise ValueError(f"expected each of {slots} once in {one!r}")
        if re.search(r"[\[\]{}|]", SLOT.sub("", one)):
            raise ValueError(f"a bracket without its fellow in {one!r}")


class Recalling(Filling):
    """Fills operations that may begin with what was said."""

    def __init__(self, graph: Graph, numbers: Numbers, seeds: Seeds, random: Random) -> None:
        super().__init__(graph, numbers, seeds, random)
        self.said: tuple[int, ...] = ()
        self.barred: tuple[int, ...] = ()  # that earlier turns named

    def _named(self, filled: Filled, bound: tuple[Bound, ...], place: int, wish: Wish) -> Step:
        if SAID.fullmatch(bound[place].slot):
            return replace(bound[place].step, entities=self.said)
        return super()._named(filled, bound, place, wish)

    def _held(self, filled: Filled, bound: tuple[Bound, ...], place: int, wish: Wish) -> Step:
        """A number of the question; where a yes or a no is asked for, one that leads to it."""
        step, is_asked = bound[place].step, bound[-1].step.op == "any"
        if not self.said or not is_asked or (wish.truth and len(self.said) > 1) or step.attribute is None:
            return super()._held(filled, bound, place, wish)
        values, scale = self.known(filled.stack[-1], step.attribute).tolist(), self.scale(step.attribute)
        number = beyond(values, (step.op == "over") != wish.truth, scale, self.random) if values else None
        if number is None:
            raise UnfitError
        filled.amounts[bound[place].slot] = number, scale
        return replace(step, number=number)

    def _allowed(self, entities: Entities, slot: str, filled: Filled) -> Entities:
        """Those that may stand in a slot: after others, not what was named before, nor the one that is spoken of."""
        if not self.said:
            return super()._allowed(entities, slot, filled)
        found = super()._allowed(entities, "b", filled)
        return found[~np.isin(found, self.barred + (self.said if len(self.said) == 1 else ()))]

    def _check(self, before: tuple[Entities, ...], step: Step, after: Entities) -> None:
        """Raise also where too few of these have what is measured of them."""
        super()._check(before, step, after)
        if self.said and step.attribute is not None:
            measured = before[-2] if step.op in ("above", "below") else before[-1]
            if len(self.known(measured, step.attribute)) < KNOWN_SHARE * len(measured):
                raise UnfitError


class Follower(Maker):
    """Makes the questions that follow, and those to which something can follow."""

    def __init__(self, graph: Graph, numbers: Numbers, split: str, seed: int) -> None:
        openings = [one for one in read_operations(split) if one.kind in RANKED_OPENINGS and one.words[-1].op == "set"]
        super().__init__(graph, numbers, openings, split, seed)
        self.filling: Recalling = Recalling(graph, numbers, self.seeds, self.random)
        self.openings = [line for by_place in self.lines.values() for line in by_place.values()]
        self.taken: set[str] = set()
        self.balance = 0  # how many more were answered by yes than by no

    def opening(self) -> Made | None:
        """A question that ranks, or keeps what is beyond a number, and names entities."""
        self.filling.said = ()
        made = self._new(self.random.choice(self.openings), self.taken)
        return made if made and isinstance(made.filled.denotation, tuple) else None

    def follow(self, follow: Follow, class_: str, said: Iterable[str], named: Iterable[str]) -> Made | None:
        """A question about what was said, entities of a class, that names none of those named before."""
        number = self.filling.number
        self.filling.said, self.filling.barred = (
            tuple(sorted(number[node] for node in each)) for each in (said, named)
        )
        operation, wish = follow.of(class_), Wish(truth=self.balance + self.random.random() < 0.5)
        self.readings[normalise(operation.text)] = readings(operation)
        for _ in range(TRIES):
            filled = self._filled(operation, wish)
            asked = self._asked(filled) if filled else None
            if filled and asked:
                self.balance += (1 if wish.truth else -1) * (follow.kind == "yes-no")
                return Made(asked, filled)
        return None

    def _filled(self, operation: Operation, wish: Wish) -> Filled | None:
        try:
            filled = self.filling.fill(operation, wish)
        except UnfitError:
            return None
        fits = is_fit(filled, wish, self.filling, self.random) and self._says_something(filled)
        return filled if fits else None

    def _says_something(self, filled: Filled) -> bool:
        """Whether the answer is not what was said, and not nought."""
        found = filled.denotation
        return found != self.filling.said if isinstance(found, tuple) else isinstance(found, bool) or found > 0


class OperationTalks(Talks):
    """Makes the conversations of one split, with about as many turns of each kind."""

    def __init__(self, graph: Graph, catalog: Catalog, numbers: Numbers, split: str, seed: int) -> None:
        super().__init__(graph, catalog, split, seed)
        self.follower = Follower(graph, numbers, split, seed)
        self.follows: dict[str, dict[str, list[Follow]]] = {kind: {} for kind in KINDS}
        for follow in read_follows(split):
            self.follows[follow.kind].setdefault(follow.place, []).append(follow)
        self.made: Counter[str] = Counter()  # turns by kind
        self.used: Counter[str] = Counter()  # by line
        self.spare: dict[tuple[str, bool], list[Turn]] = {}  # openings by their class, and whether they have several

    def _conversation(self) -> list[Asked]:
        turns = self._beginning()
        wanted = self.random.choices(list(LENGTHS), list(LENGTHS.values()))[0]
        while len(turns) < wanted and (turn := self._next(turns)) is not None:
            turns.append(turn)
        return [turn.asked for turn in turns]

    def _beginning(self) -> list[Turn]:
        """An opening and an operation on what it was answered with."""
        while True:
            for follow in self._wanted():
                for _ in range(OPENINGS):
                    opening = self._opening_of(follow)
                    turn = self._operated(follow, [opening]) if opening else None
                    if opening and turn:
                        return [opening, turn]
                self.used[follow.place] += 1

    def _wanted(self) -> Iterator[Follow]:
        """Templates of the kinds that were made least often, those of lines used least first."""
        for kind in sorted(KINDS, key=lambda kind: (self.made[kind], self.random.random())):
            places = sorted(self.follows[kind], key=lambda place: (self.used[place], self.random.random()))
            for place in places[:FRESH]:
                yield self.random.choice(self.follows[kind][place])

    def _opening_of(self, follow: Follow) -> Turn | None:
        """An opening that a template can follow."""
        for _ in range(DRAWS):
            suiting = [key for key, turns in sorted(self.spare.items()) if turns and self._suits(follow, key)]
            if suiting:
                turns = self.spare[self.random.choice(suiting)]
                return turns.pop(self.random.randrange(len(turns)))
            opening = self._ranked() if self.random.random() < RANKED_SHARE else self._whole("opening")
            if opening is not None:
                said, _ = self._said([opening], len(opening.answers) > 1)
                self.spare.setdefault((self._kind(said), len(said) > 1), []).append(opening)
        return None

    def _suits(self, follow: Follow, key: tuple[str, bool]) -> bool:
        return follow.suits(key[0]) and key[1] == follow.is_many

    def _ranked(self) -> Turn | None:
        made = self.follower.opening()
        return self._turn_of(made, "opening") if made else None

    def _next(self, turns: list[Turn]) -> Turn | None:
        """A turn more: another operation, or a plain question about it."""
        if self.random.random() < IT_SHARE and (turn := self._followed("it", turns)) is not None:
            return turn
        asked = {turn.asked.slice for turn in turns}
        tried = (self._operated(follow, turns) for follow in self._wanted() if follow.kind not in asked)
        return next((turn for turn in tried if turn is not None), None)

    def _operated(self, follow: Follow, turns: list[Turn]) -> Turn | None:
        """An operation on what was said."""
        said, since = self._said(turns, follow.is_many)
        class_ = self._kind(said)
        if not said or not follow.suits(class_) or not self._clear(said, since):
            return None
        named = {node for turn in turns for node in turn.starts if node in self.graph.kinds}
        made = self.follower.follow(follow, class_, said, named)
        if made is None:
            return None
        self.made[follow.kind] += 1
        self.used[follow.place] += 1
        return self._turn_of(made, follow.kind)

    def _said(self, turns: list[Turn], is_many: bool) -> tuple[tuple[str, ...], list[Turn]]:
        """What `these` or `it` means after some turns, and the turns since it was said."""
        last = turns[-1]
        if not is_many:
            is_value = last.branch is not None and len(last.branch.path) == 1 and not self._kind(last.answers)
            one = last.starts if is_value else last.answers
            return (one if len(one) == 1 else ()), turns[-1:]
        for back in range(1, min(TURNS, len(turns)) + 1):
            turn = turns[-back]
            if 1 < len(turn.answers) <= MOST_SAID:
                return turn.answers, turns[-back:]
            if self._kind(turn.answers) and turn.asked.slice not in PASSED:
                break
        return (), turns

    def _turn_of(self, made: Made, kind: str) -> Turn:
        found = made.filled.denotation
        nodes = [self.follower.filling.ids[number] for number in found] if isinstance(found, tuple) else []
        answers = tuple(sorted(nodes, key=self._shown))
        return Turn(replace(made.asked, slice=kind), None, made.asked.entities, answers)


def to_lines(made: list[list[Asked]], split: str) -> list[str]:
    return [
        turn.to_line(
            f"world-operation-talk-{split}-{'seen-' if turn.is_seen else ''}{number}-{place}",
            f"operations-{split}-{number}",
        )
        for number, turns in enumerate(made)
        for place, turn in enumerate(turns)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--train", type=int, default=1_310)
    parser.add_argument("--dev", type=int, default=142)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    graph, opened = Graph.read(arguments.graph), open_graph(arguments.graph)
    for split, total, name in (
        ("dev", arguments.dev, "operation_talks.dev.jsonl"),
        ("train", arguments.train, "operation_talks.train.jsonl.gz"),
    ):
        talks = OperationTalks(graph, opened.catalog, Numbers.of_graph(opened), split, arguments.seed)
        lines = to_lines(made := talks.make(total), split)
        write_lines(arguments.out / name, lines)
        slices = Counter(turn.slice for turns in made for turn in turns).most_common()
        print(f"{split}: {len(lines):,} turns: " + ", ".join(f"{kind} {count:,}" for kind, count in slices))


if __name__ == "__main__":
    main()
