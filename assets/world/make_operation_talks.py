"""Write operation_talks.*.jsonl.gz and operation_talks.dev.jsonl: conversations that count, compare, rank or add up
what was answered before.

Run from the root of the repository, after make_operations: python -m assets.world.make_operation_talks
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from assets.world.amounts import beyond
from assets.world.asked import Asked, write_lines
from assets.world.binding import Bound
from assets.world.filling import Filled, Filling, UnfitError, Wish
from assets.world.fitness import is_fit
from assets.world.follows import KINDS, SAID, Follow, read_follows
from assets.world.graph import Graph
from assets.world.make_conversations import Talks, Turn
from assets.world.make_operations import Made, Maker, readings
from assets.world.names import normalise
from assets.world.operations import Operation, read_operations
from assets.world.seeds import Seeds
from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Entities, Numbers
from kgqa.graph.store import open_graph
from kgqa.programs.machine import Step
from kgqa.reasoning.context import TURNS

HERE = Path(__file__).parent
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
            asked = self._asked(filled, follow.kind) if filled else None
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
    parser.add_argument("--more", type=int, default=1_000)
    parser.add_argument("--dev", type=int, default=142)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    graph, opened = Graph.read(arguments.graph), open_graph(arguments.graph)
    for split, total, name in (
        ("dev", arguments.dev, "operation_talks.dev.jsonl"),
        ("train", arguments.train, "operation_talks.train.jsonl.gz"),
        ("more", arguments.more, "operation_talks.more.jsonl.gz"),
    ):
        talks = OperationTalks(graph, opened.catalog, Numbers.of_graph(opened), split, arguments.seed)
        lines = to_lines(made := talks.make(total), split)
        write_lines(arguments.out / name, lines)
        slices = Counter(turn.slice for turns in made for turn in turns).most_common()
        print(f"{split}: {len(lines):,} turns: " + ", ".join(f"{kind} {count:,}" for kind, count in slices))


if __name__ == "__main__":
    main()
