"""Graph: graph.nt.gz as plain dictionaries, and the walk that computes a question's answers."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from assets.world.names import normalise
from assets.world.schema import SYMMETRIC, VARIANTS
from assets.world.world import ALT_LABEL, CLASS_PREFIX, DESCRIPTION, RDF_TYPE, RDFS_LABEL, RELATION_PREFIX

LINE = re.compile(r"<([^>]*)> <([^>]*)> (.*) \.\n?")
VALUE = re.compile(r'"([^"]*)"\^\^<[^>]*#(\w+)>')
# A relation, or `relation.Class` for the facts of one class alone; and whether it is walked backwards.
Step = tuple[str, bool]
Answer = str | int | float


class Graph:
    """Nodes are IRIs, or values as N-Triples writes them."""

    def __init__(self) -> None:
        self.forward: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.backward: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.labels: dict[str, str] = {}
        self.aliases: dict[str, list[str]] = defaultdict(list)
        self.descriptions: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.members: dict[str, list[str]] = defaultdict(list)
        self.degrees: dict[str, int] = defaultdict(int)
        self.named: dict[str, set[str]] = defaultdict(set)  # entities by normalised name

    @classmethod
    def read(cls, path: Path) -> Graph:
        graph = cls()
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                match = LINE.fullmatch(line)
                if match is None:
                    raise ValueError(f"{path.name}: not a triple: {line[:80]!r}")
                graph._add(*match.groups())
        for entity, label in graph.labels.items():
            for name in [label, *graph.aliases[entity]]:
                graph.named[normalise(name)].add(entity)
        return graph

    def _add(self, subject: str, predicate: str, target: str) -> None:
        if predicate.startswith(RELATION_PREFIX):
            self._add_fact(subject, predicate.removeprefix(RELATION_PREFIX), target)
        elif predicate == RDF_TYPE:
            kind = target[1:-1].removeprefix(CLASS_PREFIX)
            self.kinds[subject] = kind
            self.members[kind].append(subject)
        elif not subject.startswith((CLASS_PREFIX, RELATION_PREFIX)):
            self._add_name(subject, predicate, json.loads(target))

    def _add_fact(self, subject: str, relation: str, target: str) -> None:
        node = target[1:-1] if target.startswith("<") else target
        base, _ = VARIANTS.get(relation, (relation, ""))
        for name in (base, f"{base}.{self.kinds[subject]}"):  # a subject's class comes before its facts
            self.forward[name][subject].append(node)
            self.backward[name][node].append(subject)
        self.degrees[subject] += 1
        self.degrees[node] += 1

    def _add_name(self, subject: str, predicate: str, text: str) -> None:
        if predicate == RDFS_LABEL:
            self.labels[subject] = text
        elif predicate == ALT_LABEL:
            self.aliases[subject].append(text)
        elif predicate == DESCRIPTION:
            self.descriptions[subject] = text

    def step(self, nodes: Iterable[str], step: Step) -> set[str]:
        relation, inverse = step
        table = (self.backward if inverse else self.forward).get(relation, {})
        return {target for node in nodes for target in table.get(node, ())}

    def step_back(self, nodes: set[str], path: tuple[Step, ...]) -> set[str]:
        """The starts from which the path leads to the nodes."""
        for relation, inverse in reversed(path):
            nodes = self.step(nodes, (relation, not inverse))
        return nodes

    def walk(self, start: str, path: tuple[Step, ...]) -> set[str]:
        """Where the path leads; a step back along the first relation doesn't return to the start."""
        nodes = {start}
        for position, step in enumerate(path):
            nodes = self.step(nodes, step)
            if position == 1 and goes_back(path[0], step):
                nodes.discard(start)
        return nodes

    def label(self, node: str) -> str:
        """The name of an entity, or the text of a value."""
        if node in self.labels:
            return self.labels[node]
        text, datatype = value_parts(node)
        return text.lstrip("0") if datatype == "gYear" else text

    def prominence(self, node: str) -> float:
        """How well known an entity is: its facts, and for a place its people."""
        people = self.forward["population"].get(node)
        return self.degrees[node] + (int(value_parts(people[0])[0]) / 100_000 if people else 0)


def goes_back(first: Step, second: Step) -> bool:
    relation = first[0].partition(".")[0]
    if relation != second[0].partition(".")[0]:
        return False
    return first[1] != second[1] or relation in SYMMETRIC


def value_parts(node: str) -> tuple[str, str]:
    match = VALUE.fullmatch(node)
    if match is None:
        raise ValueError(f"neither a known entity nor a typed value: {node!r}")
    return match[1], match[2]


def answer(node: str) -> Answer:
    """The answer as the question file writes it: an IRI, or a number."""
    if not node.startswith('"'):
        return node
    text, datatype = value_parts(node)
    return float(text) if datatype == "decimal" else int(text)
