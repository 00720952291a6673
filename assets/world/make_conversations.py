"""Write talks.*.jsonl.gz and talks.dev.jsonl: conversations made from templates and sayings, answered by the graph.

Run from the root of the repository, after make_graph: python -m assets.world.make_conversations
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from assets.world.asked import Asked, write_lines
from assets.world.graph import Graph, answer
from assets.world.phrases import BEFORE_A_NAME
from assets.world.sayings import Sayings
from assets.world.seeds import Naming, Seeds
from assets.world.surface import Question, misspell, relax, render
from assets.world.templates import Branch, Template, read_templates
from kgqa.graph.catalog import Catalog
from kgqa.graph.store import open_graph

HERE = Path(__file__).parent
LENGTHS = (2, 3, 4, 5)
SHARES = {"it": 0.34, "ellipsis": 0.2, "narrowing": 0.2, "place": 0.1, "new subject": 0.16}
MOST_ANSWERS, MOST_MEANT = 120, 30
TYPO_SHARE = {"train": 0.15, "more": 0.15, "dev": 0.05}
TRIES = 8
POSSESSIVE = {"he": "his", "she": "her", "him": "his", "her": "her", "it": "its", "they": "their", "them": "their"}


@dataclass(frozen=True)
class Turn:
    """A turn with what those after it may lean on: what was asked, from where, and the answers as they are shown."""

    asked: Asked
    branch: Branch | None
    starts: tuple[str, ...]
    answers: tuple[str, ...]


class Talks:
    """Makes the conversations of one split."""

    def __init__(self, graph: Graph, catalog: Catalog, split: str, seed: int) -> None:
        self.graph, self.catalog, self.split = graph, catalog, split
        self.random = Random(f"{split} {seed}")
        self.seeds = Seeds(graph, split == "dev", self.random)
        self.naming = Naming(graph, self.random)
        self.said = Sayings.read(split)
        self.templates = [one for one in read_templates("dev" if split == "dev" else "train") if len(one.branches) == 1]
        self.by_branch: dict[Branch, list[Template]] = defaultdict(list)
        self.by_kind: dict[str, list[Template]] = defaultdict(list)
        for template in self.templates:
            self.by_branch[template.branches[0]].append(template)
            kind = template.branches[0].kind
            if not BEFORE_A_NAME.search(template.text) and f" {kind.lower()} {{a}}" not in template.text.lower():
                self.by_kind[kind].append(template)

    def make(self, total: int) -> list[list[Asked]]:
        """So many conversations."""
        return [self._conversation() for _ in range(total)]

    def _conversation(self) -> list[Asked]:
        turns = [self._certain(self._opening)]
        wanted = self.random.choice(LENGTHS)
        while len(turns) < wanted:
            turns.append(self._follow(turns))
        return [turn.asked for turn in turns]

    def _follow(self, turns: list[Turn]) -> Turn:
        """A turn of some kind that can follow."""
        left = dict(SHARES)
        while left:
            kind = self.random.choices(list(left), list(left.values()))[0]
            del left[kind]
            if (turn := self._followed(kind, turns)) is not None:
                return turn
        return self._certain(lambda: self._whole("new subject"))

    def _certain(self, maker: Callable[[], Turn | None]) -> Turn:
        while True:
            if (turn := maker()) is not None:
                return turn

    def _followed(self, kind: str, turns: list[Turn]) -> Turn | None:
        makers: dict[str, Callable[[list[Turn]], Turn | None]] = {
            "it": self._refer, "ellipsis": self._ellipsis, "narrowing": self._narrow, "place": self._place,
            "new subject": lambda _: self._whole("new subject"),
        }  # fmt: skip
        for _ in range(TRIES):
            if (turn := makers[kind](turns)) is not None:
                return turn
        return None

    def _opening(self) -> Turn | None:
        """A first question, of two that are drawn rather one with several answers: more can be said about those."""
        first, second = (self._whole("opening") for _ in range(2))
        return max((turn for turn in (first, second) if turn), key=lambda turn: len(turn.answers) > 1, default=None)

    def _whole(self, kind: str) -> Turn | None:
        """A question that leans on nothing."""
        template = self.random.choice(self.templates)
        start = self.seeds.draw(template.branches[0])
        return self._about(template.text, template.branches[0], start, kind) if start else None

    def _about(self, text: str, branch: Branch, start: str, kind: str) -> Turn | None:
        """A question that names where it starts; its other readings must not be as good."""
        found = self.graph.walk(start, branch.path)
        name = self.naming.name(start, 0, self.by_branch[branch])
        if name is None or not 0 < len(found) <= MOST_ANSWERS:
            return None
        return self._turn(render(text, {"{a}": name}, self.random), found, kind, branch, (start,))

    def _refer(self, turns: list[Turn]) -> Turn | None:
        """A fact about what was answered or named."""
        back = -1 if self.random.random() < 0.85 else self.random.randrange(-len(turns), 0)
        turn = turns[back]
        meant = turn.answers if self.random.random() < 0.5 else turn.starts
        kind = self._kind(meant)
        if len(meant) > MOST_MEANT or not self.by_kind.get(kind) or not self._clear(meant, turns[back:]):
            return None
        template = self.random.choice(self.by_kind[kind])
        branch = template.branches[0]
        if meant == turn.starts and branch == turn.branch:
            return None
        found = {target for node in meant for target in self.graph.walk(node, branch.path)}
        words = self.said.word if len(meant) == 1 else self.said.words
        called = self.random.choice([*words.get(kind, ()), *words[""]] if kind != "Person" else words[kind])
        return self._turn(self._spoken(template.text, called), found, "it", branch, meant)

    def _kind(self, nodes: tuple[str, ...]) -> str:
        """The class of all these, "" where they have none or several."""
        kinds = {self.graph.kinds.get(node, "") for node in nodes}
        return kinds.pop() if len(kinds) == 1 else ""

    def _clear(self, meant: tuple[str, ...], turns: list[Turn]) -> bool:
        """Whether nothing else that was said since would be called the same: one or several of the same class."""
        said = {group for turn in turns for group in (turn.starts, turn.answers)} - {meant}
        return not any(
            self._kind(group) == self._kind(meant) and (len(group) > 1) == (len(meant) > 1) for group in said
        )

    def _spoken(self, text: str, called: str) -> Question:
        possessive = POSSESSIVE.get(called, f"{called}'s")
        return Question(text.replace("{a}'s", possessive).replace("{a}", called), ())

    def _ellipsis(self, turns: list[Turn]) -> Turn | None:
        """The last question about another entity, of which only that is said."""
        branch = turns[-1].branch
        start = self.seeds.draw(branch) if branch else None
        if branch is None or start is None or start in turns[-1].starts:
            return None
        return self._about(self.random.choice(self.said.ellipsis), branch, start, "ellipsis")

    def _narrow(self, turns: list[Turn]) -> Turn | None:
        """Some of the last answers: those with one thing more in common."""
        before = set(turns[-1].answers)
        kept_by: dict[tuple[Branch, str, str], set[str]] = {}
        for branch, text in self.random.sample(self.said.narrowing, len(self.said.narrowing)):
            for goal in self.random.sample(sorted(before), min(3, len(before))):
                for start in sorted(self.graph.step_back({goal}, branch.path))[:3]:
                    kept = self.graph.walk(start, branch.path) & before
                    fits = self.graph.kinds.get(start, branch.kind) == branch.kind and start not in turns[-1].starts
                    if fits and 0 < len(kept) < len(before):
                        kept_by[branch, text, start] = kept
            if len(kept_by) > 3:
                break
        if not kept_by:
            return None
        branch, text, start = self.random.choice(list(kept_by))
        name = self.naming.name(start, 0, [])
        if name is None:
            return None
        question = render(text, {"{a}": name}, self.random)
        return self._turn(question, kept_by[branch, text, start], "narrowing", None, (start,))

    def _place(self, turns: list[Turn]) -> Turn | None:
        """A fact about one of several answers, by its place among them."""
        before = turns[-1].answers
        if len(before) < 2:
            return None
        place = self.random.randrange(min(len(before), len(self.said.places)))
        templates = self.by_kind.get(self.graph.kinds.get(before[place], ""))
        if not templates:
            return None
        template = self.random.choice(templates)
        found = self.graph.walk(before[place], template.branches[0].path)
        called = self.said.places[place]  # where there is one, nothing is drawn: train and dev stay as they are
        question = self._spoken(template.text, self.random.choice(called) if len(called) > 1 else called[0])
        return self._turn(question, found, "place", template.branches[0], (before[place],))

    def _turn(
        self, question: Question, found: set[str], kind: str, branch: Branch | None, starts: tuple[str, ...]
    ) -> Turn | None:
        if not 0 < len(found) <= MOST_ANSWERS:
            return None
        if self.random.random() < TYPO_SHARE[self.split]:
            question = misspell(question, self.random)
        answers = tuple(sorted(map(answer, found), key=lambda one: (isinstance(one, str), one)))
        named = tuple(mention.entity for mention in question.mentions)
        asked = Asked(relax(question, self.random), answers, named, kind)
        return Turn(asked, branch, starts, tuple(sorted(found, key=self._shown)))

    def _shown(self, node: str) -> tuple[int, str]:
        """Where an answer is shown among others that are as sure: by its number in the graph."""
        return (0, node) if node.startswith('"') else (self.catalog.entity(node), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--train", type=int, default=6_000)
    parser.add_argument("--more", type=int, default=3_000)
    parser.add_argument("--dev", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    graph, catalog = Graph.read(arguments.graph), open_graph(arguments.graph).catalog
    for split, total, name in (
        ("dev", arguments.dev, "talks.dev.jsonl"),
        ("train", arguments.train, "talks.train.jsonl.gz"),
        ("more", arguments.more, "talks.more.jsonl.gz"),
    ):
        made = Talks(graph, catalog, split, arguments.seed).make(total)
        lines = [
            turn.to_line(f"world-talk-{split}-{number}-{place}", f"{split}-{number}")
            for number, turns in enumerate(made)
            for place, turn in enumerate(turns)
        ]
        write_lines(arguments.out / name, lines)
        slices = Counter(turn.slice for turns in made for turn in turns).most_common()
        print(f"{split}: {total:,} conversations: " + ", ".join(f"{kind} {count:,}" for kind, count in slices))


if __name__ == "__main__":
    main()
