"""Write operations.*.jsonl.gz and operations.*.jsonl: questions that count, compare, rank or add up.

Run from the root of the repository, after make_questions: python -m assets.world.make_operations
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from random import Random

from assets.world.amounts import written
from assets.world.asked import Asked, write_lines
from assets.world.filling import Filled, Filling, UnfitError, Wish
from assets.world.fitness import is_fit
from assets.world.graph import Answer, Graph, answer
from assets.world.names import normalise
from assets.world.operations import EXTREMES, KINDS, OPERATIONS, Operation, read_operations
from assets.world.seeds import Naming, Seeds
from assets.world.surface import Question, misspell, relax, render
from assets.world.templates import Branch, Template
from kgqa.graph.numbers import Numbers
from kgqa.graph.store import open_graph
from kgqa.programs.quantities import quantities_of

HERE = Path(__file__).parent
TYPO_SHARE = {"train": 0.1, "more": 0.1, "dev": 0.05}
STRANGER = "stranger"
EMPTY_SHARE = 0.1  # of those that ask for an extreme in a country: 2 % of their kinds
TRIES = 40
PATIENCE = 3  # with a line that gives nothing new
FEWER = 6  # of dev: as many about strangers as others, divided by this


@dataclass(frozen=True)
class Made:
    """A question with what it was made from."""

    asked: Asked
    filled: Filled


class Maker:
    """Makes the questions of one split, as many of each kind, none twice and none that another file has."""

    def __init__(self, graph: Graph, numbers: Numbers, operations: list[Operation], split: str, seed: int) -> None:
        self.graph, self.split, self.random = graph, split, Random(seed)
        self.seeds = Seeds(graph, split == "dev", self.random)
        self.naming = Naming(graph, self.random)
        self.filling = Filling(graph, numbers, self.seeds, self.random)
        self.lines: dict[str, dict[str, list[Operation]]] = defaultdict(lambda: defaultdict(list))  # by kind and place
        self.readings: dict[str, list[Template]] = defaultdict(list)
        for operation in operations:
            self.lines[operation.kind][operation.place].append(operation)
            self.readings[normalise(operation.text)] += readings(operation)

    def make(self, total: int, taken: set[str]) -> list[Made]:
        """The whole split; `taken` are the texts that other files have, normalised."""
        made: list[Made] = []
        kinds = [kind for kind in KINDS if kind in self.lines]
        for number, kind in enumerate(kinds, start=1):
            made += islice(self._of_kind(kind, taken), total * number // len(kinds) - len(made))
        self.random.shuffle(made)
        return made

    def each_line(self, times: int, taken: set[str]) -> list[Made]:
        """So many questions of each line that has fitting ones; of yes or no an even number, what is so and what is not
        in turn."""
        lines = [line for own in self.lines.values() for line in own.values()]
        self.random.shuffle(lines)
        made = ((number, self._new(line, taken, truth=number % 2 == 0)) for number in range(times) for line in lines)
        in_pairs = times - times % 2
        return [one for number, one in made if one and (number < in_pairs or one.asked.slice != "yes-no")]

    def strangers(self, total: int, taken: set[str], articled: bool = False) -> Iterator[Made]:
        """Questions about what nothing of the kind is of: the first book by Mars, and with an article the largest city
        of the Moon."""
        lines = [line for own in self.lines.values() for line in own.values() if may_be_of_strangers(line[0])]
        self.random.shuffle(lines)
        wish = Wish(empty=True, stranger=True, articled=articled)
        found = (self._new(line, taken, wish) for line in islice(cycle(lines), PATIENCE * total))
        return islice((made for made in found if made is not None), total)

    def _of_kind(self, kind: str, taken: set[str]) -> Iterator[Made]:
        """Round after round over the lines of a kind, as long as they give something new."""
        patience = dict.fromkeys(self.lines[kind], PATIENCE)
        while patience:
            for place in self.random.sample(sorted(patience), len(patience)):
                made = self._new(self.lines[kind][place], taken)
                if made is not None:
                    yield made
                elif patience[place] > 1:
                    patience[place] -= 1
                else:
                    del patience[place]

    def _new(
        self, line: list[Operation], taken: set[str], wish: Wish | None = None, truth: bool | None = None
    ) -> Made | None:
        operation = self.random.choice(line)
        if wish is None:
            empty = may_be_empty(operation) and self.random.random() < EMPTY_SHARE
            wish = Wish(empty, self.random.random() < 0.5 if truth is None else truth)
        for _ in range(TRIES):
            try:
                filled = self.filling.fill(operation, wish)
            except UnfitError:
                continue
            if not is_fit(filled, wish, self.filling, self.random):
                continue
            asked = self._asked(filled, STRANGER if wish.stranger else operation.kind, wish.articled)
            if asked and self._is_new(asked, filled, taken):
                return Made(asked, filled)
        return None

    def _is_new(self, asked: Asked, filled: Filled, taken: set[str]) -> bool:
        """Whether neither this text was asked before nor the same in these words, misspelt or not."""
        keys = {normalise(asked.question.text), f"{filled.operation.text}{filled.nodes}{filled.amounts}"}
        if keys & taken:
            return False
        taken |= keys
        return True

    def _asked(self, filled: Filled, kind: str, articled: bool = False) -> Asked | None:
        """The question as somebody types it, of this kind, its names with an article if they are `articled`; none where
        a name could be somebody else's, or a number is lost."""
        slots = sorted(filled.nodes)
        among = self.readings[normalise(filled.operation.text)]
        names = [self.naming.name(filled.nodes[slot], place, among) for place, slot in enumerate(slots)]
        known = {
            f"{{{slot}}}": replace(name, has_article=articled)
            for slot, name in zip(slots, names, strict=True)
            if name is not None
        }
        amounts = {slot: written(*amount, self.random) for slot, amount in filled.amounts.items()}
        text = filled.operation.text
        for slot, amount in amounts.items():
            text = text.replace(f"{{{slot}}}", amount)
        if len(known) < len(slots):
            return None
        question = render(text, known, self.random)
        if self.random.random() < TYPO_SHARE[self.split]:
            question = misspell(question, self.random)
        question = relax(question, self.random)
        if not states(question, [number for number, _ in filled.amounts.values()]):
            return None
        entities = tuple(filled.nodes[slot] for slot in slots)
        fresh = all(self.seeds.allows(node) and not self.seeds.is_shared(node) for node in entities)
        return Asked(question, self._answers(filled), entities, kind, self.split == "dev" and not fresh)

    def _answers(self, filled: Filled) -> tuple[Answer, ...]:
        found = filled.denotation
        if isinstance(found, tuple):
            return tuple(sorted((answer(self.filling.ids[entity]) for entity in found), key=str))
        return (int(found) if filled.program[-1].op == "count" else found,)


def may_be_empty(operation: Operation) -> bool:
    """Whether somebody may ask this about a country that has nothing of the kind."""
    ops = [word.op for word in operation.words]
    return (
        operation.kind in ("superlative", "threshold")
        and operation.words[0].kinds == ("Country",)
        and operation.program.split()[1].startswith(("~located_in_country", "~flows_through"))
        and ops[-2] in (*EXTREMES, "over", "under")
        and ops[-1] == "set"
    )


def may_be_of_strangers(operation: Operation) -> bool:
    """Whether the answer is a set that begins with one thing that is named, so that of a stranger it is empty."""
    ops = [word.op for word in operation.words]
    return ops.count("named") == 1 and ops[:2] == ["named", "follow"] and ops[-1] == "set" and "class" not in ops


def readings(operation: Operation) -> list[Template]:
    """What the slots of an operation ask of their entities, for every class that they may be of."""
    slots: dict[str, list[Branch]] = {}
    for place, word in enumerate(operation.words):
        if word.op == "named":
            slots[word.slot] = [Branch(kind, _path(operation, place)) for kind in word.kinds]
    several = max(map(len, slots.values()), default=0)
    branches = [[slots[slot][min(number, len(slots[slot]) - 1)] for slot in sorted(slots)] for number in range(several)]
    return [Template(operation.program, tuple(each), operation.text) for each in branches]


def _path(operation: Operation, place: int) -> tuple[tuple[str, bool], ...]:
    """What is walked from a slot, or measured of it."""
    rest = operation.words[place + 1 :]
    if rest[0].op == "follow":
        last = next(number for number, word in enumerate(rest) if word.op != "follow")
        return tuple(
            (".".join((word.relation, *(word.kinds if word.inverse else ()))), word.inverse) for word in rest[:last]
        )
    measured = next((word for word in rest if word.op not in ("named", "either")), rest[0])
    return ((measured.relation, measured.inverse),) if measured.relation else ()


def states(question: Question, numbers: list[float]) -> bool:
    """Whether a reader finds the numbers in the question."""
    found = [quantity.number for quantity in quantities_of(question.text)]
    return all(number in found for number in numbers)


def other_texts(directory: Path) -> set[str]:
    """The questions of make_questions, normalised."""
    text = gzip.decompress((directory / "train.jsonl.gz").read_bytes()).decode()
    lines = text.splitlines() + (directory / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    return {normalise(json.loads(line)["question"]) for line in lines}


def to_lines(made: list[Made], split: str) -> list[str]:
    names = [f"world-operations-{split}-{'seen-' if one.asked.is_seen else ''}{n}" for n, one in enumerate(made)]
    return [one.asked.to_line(name) for one, name in zip(made, names, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz")
    parser.add_argument("--operations", type=Path, default=OPERATIONS)
    parser.add_argument("--questions", type=Path, default=HERE, help="where train.jsonl.gz and dev.jsonl lie")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--train", type=int, default=12_000)
    parser.add_argument("--dev", type=int, default=1_300)
    parser.add_argument("--times", type=int, default=3, help="questions of each line of more.tsv (%(default)s)")
    parser.add_argument("--none", type=int, default=1_200, help="for training, about strangers (%(default)s)")
    parser.add_argument("--articled", type=int, default=800, help="about such as the Moon (%(default)s)")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    graph, numbers = Graph.read(arguments.graph), Numbers.of_graph(open_graph(arguments.graph))
    taken = other_texts(arguments.questions)
    dev, train, more = (
        Maker(graph, numbers, read_operations(split, arguments.operations), split, arguments.seed)
        for split in ("dev", "train", "more")
    )
    files = {
        "operations.dev.jsonl": ("dev", dev.make(arguments.dev, taken)),
        "operations.train.jsonl.gz": ("train", train.make(arguments.train, taken)),
        "operations.more.jsonl.gz": ("more", more.each_line(arguments.times, taken)),
        "operations.none.train.jsonl.gz": ("none-train", list(more.strangers(arguments.none, taken))),
        "operations.none.dev.jsonl": ("none-dev", list(dev.strangers(arguments.dev // FEWER, taken))),
    }
    # After all others, which stay as they were.
    files["operations.none.train.jsonl.gz"][1].extend(more.strangers(arguments.articled, taken, articled=True))
    for name, (split, made) in files.items():
        write_lines(arguments.out / name, to_lines(made, split))
        kinds = Counter(one.asked.slice for one in made).most_common()
        print(f"{name}: {len(made):,} questions: " + ", ".join(f"{kind} {count:,}" for kind, count in kinds))


if __name__ == "__main__":
    main()
