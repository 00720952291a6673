"""Write train.jsonl.gz and dev.jsonl: questions made from templates, their answers walked from the graph.

Run from the root of the repository, after make_graph: python -m assets.world.make_questions
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from rapidfuzz.distance import OSA
from tqdm import tqdm

from assets.world.asked import Asked, write_lines
from assets.world.graph import Graph, Step, answer
from assets.world.names import normalise
from assets.world.phrases import Composer, read_phrases
from assets.world.seeds import Naming, Seeds
from assets.world.surface import Name, Question, misspell, relax, render
from assets.world.templates import TEMPLATES, Template, read_templates, read_unanswerable
from kgqa.training.sampling import invented_name

HERE = Path(__file__).parent
MOST_ANSWERS = 200
TYPO_SHARE = {"train": 0.2, "dev": 0.12}
LONG_ANSWER_SHARE = 0.02
UNANSWERABLE_SHARE = {"train": 0.14, "dev": 0.07}
FIXED_SHARE = {"train": 0.5, "dev": 0.25}  # of the unanswerable: lines of *.none.tsv
FEWEST_ERRORS = 3  # between an invented name and those it is made of: fewer, and it is a real one misspelt
AMBIGUOUS_SHARE = 0.05
TRIES = 8
ROUNDS = {"3-hop": 2, "intersection": 2}  # asked twice as often as others
WORKS = frozenset({"Book", "Film", "FilmSeries"})


class Maker:
    """Makes the questions of one split, none twice and none that an earlier split has."""

    def __init__(self, graph: Graph, templates: list[Template], *, dev: bool, seed: int, taken: set[str]) -> None:
        self.graph, self.dev, self.taken = graph, dev, taken
        self.split = "dev" if dev else "train"
        self.random = Random(seed)
        self.seeds = Seeds(graph, dev, self.random)
        self.naming = Naming(graph, self.random)
        self.templates = templates
        self.by_text: dict[str, list[Template]] = defaultdict(list)
        self.paths: dict[tuple[str, Step], set[tuple[Step, ...]]] = defaultdict(set)  # by class and last step
        for template in templates:
            self.by_text[normalise(template.text)].append(template)
            for branch in template.branches[: 2 - len(template.branches)]:
                self.paths[branch.kind, branch.path[-1]].add(branch.path)

    def make(self, total: int) -> list[Asked]:
        """The whole split: `total` questions, as far as the templates and their entities allow."""
        unanswerable = int(total * UNANSWERABLE_SHARE[self.split])
        ambiguous = int(total * AMBIGUOUS_SHARE)
        made = list(self.ambiguous(ambiguous))
        made += self.unanswerable(unanswerable)
        made += self.answerable(total - len(made))
        self.random.shuffle(made)
        return made

    def answerable(self, total: int) -> list[Asked]:
        """Round after round over the templates, until the total is reached or nothing new comes."""
        made: list[Asked] = []
        open_templates = [one for one in self.templates for _ in range(ROUNDS.get(one.shape, 1))]
        with tqdm(total=total, desc=self.split, unit="", mininterval=2) as progress:
            while open_templates and len(made) < total:
                still_open = []
                self.random.shuffle(open_templates)
                for template in open_templates:
                    asked = self.ask(template)
                    if asked is not None:
                        made.append(asked)
                        progress.update()
                        still_open.append(template)
                open_templates = still_open
        return made[:total]

    def ask(self, template: Template) -> Asked | None:
        for _ in range(TRIES):
            asked = self._try(template)
            if asked is not None and self._is_new(asked):
                return asked
        return None

    def _is_new(self, asked: Asked) -> bool:
        if asked.question.text in self.taken:
            return False
        self.taken.add(asked.question.text)
        return True

    def _try(self, template: Template) -> Asked | None:
        starts = self._draw(template)
        return self._asked(template, starts) if starts else None

    def _asked(self, template: Template, starts: list[str]) -> Asked | None:
        found = self._answers(template, starts)
        if not found or (len(found) > MOST_ANSWERS and self.random.random() > LONG_ANSWER_SHARE):
            return None
        names = self._names(template, starts)
        return self._finish(template, names, found, template.shape) if names else None

    def _names(self, template: Template, starts: list[str]) -> list[Name] | None:
        readings = self.by_text[normalise(template.text)]
        names = [self.naming.name(node, slot, readings) for slot, node in enumerate(starts)]
        return None if None in names else [name for name in names if name]

    def _finish(self, template: Template, names: list[Name], found: set[str], shape: str) -> Asked:
        question = render(template.text, dict(zip(["{a}", "{b}"], names, strict=False)), self.random)
        if self.random.random() < TYPO_SHARE[self.split]:
            question = misspell(question, self.random)
        kind = shape if shape == "unanswerable" else self._slice(shape, names, question)
        answers = tuple(sorted(map(answer, found), key=lambda one: (isinstance(one, str), one)))
        entities = tuple(name.entity for name in names)
        seen = self.dev and not all(self._is_fresh(name.entity) for name in names)
        return Asked(relax(question, self.random), answers, entities, kind, seen)

    def _slice(self, shape: str, names: list[Name], question: Question) -> str:
        if question.has_typo:
            return "typo"
        return "ambiguous" if any(self._is_ambiguous(name) for name in names) else shape

    def _is_fresh(self, node: str) -> bool:
        return self.seeds.allows(node) and not self.seeds.is_shared(node)

    def _is_ambiguous(self, name: Name) -> bool:
        """Another entity goes by this name and is at least as well known: only the context tells them apart."""
        prominence = self.graph.prominence(name.entity)
        return any(
            self.graph.prominence(other) >= prominence for other in self.naming.namesakes(name.entity, name.text)
        )

    def _draw(self, template: Template) -> list[str] | None:
        first = self.seeds.draw(template.branches[0])
        if first is None or len(template.branches) == 1:
            return [first] if first else None
        return self._pair(template, first)

    def _pair(self, template: Template, first: str) -> list[str] | None:
        """A second entity that shares an answer with the first, better one that narrows the answers."""
        one, two = template.branches
        reached = self.graph.walk(first, one.path)
        if not reached:
            return None
        goal = self.random.choice(sorted(reached))
        candidates = [
            node
            for node in sorted(self.graph.step_back({goal}, two.path))
            if node not in (first, goal) and self.graph.kinds.get(node) == two.kind and self._may_pair(node)
        ]
        return self._narrowest(template, first, candidates) if candidates else None

    def _may_pair(self, node: str) -> bool:
        # Pairs of two new entities are few: in dev the second may be one that training knows.
        return self.seeds.allows(node) or (self.dev and self.random.random() < 0.3)

    def _narrowest(self, template: Template, first: str, candidates: list[str]) -> list[str] | None:
        sizes = len(self.graph.walk(first, template.branches[0].path))
        for attempt in range(6):
            second = self.seeds.pick(candidates)
            found = self._answers(template, [first, second])
            other = len(self.graph.walk(second, template.branches[1].path))
            if not self._belongs(first, second):
                continue
            if found and (len(found) < min(sizes, other) or (attempt >= 4 and self.random.random() < 0.5)):
                return [first, second]
        return None

    def _belongs(self, first: str, second: str) -> bool:
        """A character is asked for only together with works that it appears in."""
        for one, two in ((first, second), (second, first)):
            if self.graph.kinds.get(one) == "Character" and self.graph.kinds.get(two) in WORKS:
                return one in self.graph.forward["has_character"].get(two, ())
        return True

    def _answers(self, template: Template, starts: list[str]) -> set[str]:
        branches = zip(template.branches, starts, strict=True)
        found = set.intersection(*(self.graph.walk(node, branch.path) for branch, node in branches))
        return found - set(starts) if len(starts) > 1 else found

    def ambiguous(self, total: int) -> Iterator[Asked]:
        """Questions about every sense of names that several kinds of things have."""
        by_kind: dict[str, list[Template]] = defaultdict(list)
        for template in self.templates:
            if len(template.branches) == 1:
                by_kind[template.branches[0].kind].append(template)
        senses = [node for node in self._senses() if self.seeds.allows(node) and by_kind[self.graph.kinds[node]]]
        made = 0
        for _ in range(12):
            for node in senses:
                template = self.random.choice(by_kind[self.graph.kinds[node]])
                asked = self._asked(template, [node])
                if asked is not None and made < total and self._is_new(asked):
                    made += 1
                    yield asked

    def _senses(self) -> list[str]:
        """Entities whose label is the label of something of another kind."""
        by_label: dict[str, list[str]] = defaultdict(list)
        for node, label in self.graph.labels.items():
            if node in self.graph.kinds:
                by_label[normalise(label)].append(node)
        groups = [sorted(nodes) for _, nodes in sorted(by_label.items()) if len(nodes) > 1]
        return [
            node
            for nodes in groups
            if len({self.graph.kinds[node] for node in nodes}) > 1
            for node in nodes
            if self.seeds.weight(node) >= 0.3
        ]

    def unanswerable(self, total: int) -> list[Asked]:
        """Facts that the graph lacks, kinds that don't fit, names that nobody has, and things it knows nothing of."""
        made = list(self._fixed(int(total * FIXED_SHARE[self.split])))
        makers = [self._lacking, self._lacking, self._misfit, *[self._invented] * (1 if self.dev else 2)]
        for _ in range(total * 10):
            if len(made) >= total:
                break
            asked = self.random.choice(makers)(self.random.choice(self.templates))
            if asked is not None and self._is_new(asked):
                made.append(asked)
        return made

    def _fixed(self, most: int) -> Iterator[Asked]:
        """The lines of *.none.tsv, those with a slot again and again with other entities in it."""
        lines = [one for one in read_unanswerable() if one.split == self.split]
        for round_number in range(12):
            for line in lines:
                if round_number < 4 or "{a}" in line.text:
                    node = self._anyone(line.kind or self.random.choice(["Person", "Country", "Film", "City"]))
                    asked = self._unknown(line.text, node) if node and most > 0 else None
                    if asked:
                        most -= 1
                        yield asked

    def _anyone(self, kind: str) -> str | None:
        members = [node for node in self.graph.members.get(kind, []) if self.seeds.allows(node)]
        return self.seeds.pick(members) if members else None

    def _unknown(self, text: str, node: str) -> Asked | None:
        kind = self.graph.kinds.get(node, "")
        question = render(text, {"{a}": Name(self.graph.label(node), node, kind)}, self.random)
        asked = Asked(relax(question, self.random), (), (node,) if question.mentions else (), "unanswerable")
        return asked if self._is_new(asked) else None

    def _lacking(self, template: Template) -> Asked | None:
        """An entity of the right class for which the graph has no answer."""
        return self._without_answer(template, template.branches[0].kind)

    def _misfit(self, template: Template) -> Asked | None:
        """An entity of another class: who directed Portugal?"""
        kinds = ("Country", "Person", "Film", "Element", "Book", "River", "Painting", "City")
        return self._without_answer(template, self.random.choice(kinds))

    def _without_answer(self, template: Template, kind: str) -> Asked | None:
        members = self.graph.members.get(kind)
        if not members or len(template.branches) > 1:
            return None
        node = self.seeds.pick(self.random.sample(members, min(len(members), 20)))
        readings = self.by_text[normalise(template.text)]
        name = self.graph.label(node)
        everyone = {node} | self.naming.namesakes(node, name)
        if not self.seeds.allows(node) or any(self._answers_in_some_way(one, readings) for one in everyone):
            return None
        return self._finish(template, [Name(name, node, kind)], set(), "unanswerable")

    def _answers_in_some_way(self, node: str, readings: list[Template]) -> bool:
        """Whether the node answers the text by one of its readings, or by a program with the same last step."""
        kind = self.graph.kinds.get(node, "")
        paths = {reading.branches[0].path for reading in readings}
        paths |= {path for reading in readings for path in self.paths[kind, reading.branches[0].path[-1]]}
        return any(self.graph.walk(node, path) for path in paths)

    def _invented(self, template: Template) -> Asked | None:
        """A name in the manner of its class that nothing has."""
        members = self.graph.members.get(template.branches[0].kind)
        if not members or len(template.branches) > 1:
            return None
        one, two = (self.graph.label(node) for node in self.random.choices(members, k=2))
        name = invented_name(one, two, self.random)
        if not name or normalise(name) in self.graph.named or not self._is_far(name, one, two):
            return None
        question = render(template.text, {"{a}": Name(name, "", template.branches[0].kind)}, self.random)
        return Asked(relax(replace(question, mentions=()), self.random), (), (), "unanswerable")

    def _is_far(self, name: str, *sources: str) -> bool:
        """Whether no typing error or two make the name of a source (dev was made before this was asked)."""
        return self.dev or all(OSA.distance(name.lower(), one.lower()) >= FEWEST_ERRORS for one in sources)


def make_split(graph: Graph, split: str, total: int, seed: int, taken: set[str], templates: Path) -> list[Asked]:
    found = read_templates(split, templates)
    if split == "train":
        found += Composer(graph, read_phrases(templates), found, Random(seed)).compose()
    return Maker(graph, found, dev=split == "dev", seed=seed, taken=taken).make(total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz")
    parser.add_argument("--templates", type=Path, default=TEMPLATES)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--train", type=int, default=115_000)
    parser.add_argument("--dev", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    graph = Graph.read(arguments.graph)
    taken: set[str] = set()
    for split, total, name in (("dev", arguments.dev, "dev.jsonl"), ("train", arguments.train, "train.jsonl.gz")):
        made = make_split(graph, split, total, arguments.seed, taken, arguments.templates)
        identities = [f"world-{split}-{'seen-' if one.is_seen else ''}{number}" for number, one in enumerate(made)]
        write_lines(arguments.out / name, [one.to_line(key) for one, key in zip(made, identities, strict=True)])
        slices = Counter(one.slice for one in made).most_common()
        print(f"{split}: {len(made):,} questions: " + ", ".join(f"{kind} {count:,}" for kind, count in slices))


if __name__ == "__main__":
    main()
