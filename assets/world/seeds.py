"""Seeds: which entities may begin the questions of a split, how often, and what they are called there."""

from __future__ import annotations

from bisect import bisect
from hashlib import sha256
from itertools import accumulate
from math import log
from random import Random

from assets.world.graph import Graph, value_parts
from assets.world.names import normalise
from assets.world.surface import Name
from assets.world.templates import Branch, Template

DEV_SHARE = 0.15
# Fewer members than this, and the split by entity would leave dev with nothing to ask about.
SMALLEST_SPLIT_CLASS = 40


def is_dev_entity(node: str) -> bool:
    return int.from_bytes(sha256(node.encode()).digest()[:4], "big") / 2**32 < DEV_SHARE


class Seeds:
    """Draws entities for the branches of programs; rarely asked cities are drawn more rarely."""

    def __init__(self, graph: Graph, dev: bool, random: Random) -> None:
        self.graph, self.dev, self.random = graph, dev, random
        self._of_branch: dict[Branch, tuple[list[str], list[float]]] = {}

    def allows(self, node: str) -> bool:
        return self.is_shared(node) or is_dev_entity(node) == self.dev

    def is_shared(self, node: str) -> bool:
        """Members of small classes stand in both splits."""
        kind = self.graph.kinds.get(node)
        return kind is not None and len(self.graph.members[kind]) < SMALLEST_SPLIT_CLASS

    def starts(self, branch: Branch) -> tuple[list[str], list[float]]:
        """The allowed entities (or values) that have a first step to take, with cumulated weights."""
        if branch not in self._of_branch:
            relation, inverse = branch.path[0]
            table = (self.graph.backward if inverse else self.graph.forward).get(relation, {})
            found = sorted(node for node in table if self._is_member(node, branch.kind) and self.allows(node))
            self._of_branch[branch] = found, list(accumulate(map(self.weight, found)))
        return self._of_branch[branch]

    def _is_member(self, node: str, kind: str) -> bool:
        if node.startswith('"'):
            return node not in self.graph.kinds and not node.startswith('"-')
        return self.graph.kinds.get(node) == kind

    def weight(self, node: str) -> float:
        kind = self.graph.kinds.get(node, "")
        if kind == "City":
            people = self.graph.forward["population"].get(node)
            size = int(value_parts(people[0])[0]) if people else 20_000
            return 0.02 + min((size / 1_000_000) ** 0.6, 3.0)
        return 0.3 if kind == "Airport" else 1.0 + log(1 + self.graph.degrees[node])

    def draw(self, branch: Branch) -> str | None:
        nodes, weights = self.starts(branch)
        return nodes[bisect(weights, self.random.random() * weights[-1])] if nodes else None

    def pick(self, nodes: list[str]) -> str:
        return self.random.choices(nodes, [self.weight(node) for node in nodes])[0]


class Naming:
    """Chooses what to call an entity so that the question has one right reading."""

    def __init__(self, graph: Graph, random: Random) -> None:
        self.graph, self.random = graph, random

    def namesakes(self, node: str, name: str) -> set[str]:
        return self.graph.named.get(normalise(name), set()) - {node}

    def name(self, node: str, slot: int, templates: list[Template]) -> Name | None:
        """A name that no better known entity could claim here, qualified where one could; else none.

        `templates` are all readings of the question's text.
        """
        kind = self.graph.kinds.get(node, "")
        text = self._written(node, kind)
        rivals = [rival for rival in self.namesakes(node, text) if self._could_ask(rival, slot, templates)]
        stronger = [rival for rival in rivals if self.graph.prominence(rival) >= self.graph.prominence(node)]
        if not stronger:
            return Name(text, node, kind)
        return self._qualified(node, kind, text)

    def _written(self, node: str, kind: str) -> str:
        label, aliases = self.graph.label(node), self.graph.aliases.get(node, [])
        share = 0.12 if kind == "City" and self.graph.prominence(node) < 10 else 0.3
        return self.random.choice(aliases) if aliases and self.random.random() < share else label

    def _could_ask(self, node: str, slot: int, templates: list[Template]) -> bool:
        kind = self.graph.kinds.get(node, "")
        branches = [template.branches[slot] for template in templates if slot < len(template.branches)]
        return any(branch.kind == kind and self.graph.walk(node, branch.path) for branch in branches)

    def _qualified(self, node: str, kind: str, text: str) -> Name | None:
        """`Springfield, Missouri`, `Tom Hanks the seismologist`, `Kismet (1955)`."""
        relations = {"City": ("located_in_state", "located_in_country"), "Person": ("occupation",)}
        years = ("release_year", "publication_year", "premiere_year")
        targets = [
            target
            for relation in relations.get(kind, years)
            for target in self.graph.forward[relation].get(node, ())[:1]
        ]
        if not targets:
            return None
        qualifier = self.graph.label(targets[0])
        if kind == "City":
            after = self.random.choice([f", {qualifier}", f" in {qualifier}", f" ({qualifier})"])
            return Name(text, node, kind, after=after)
        if kind == "Person":
            if self.random.random() < 0.5:
                return Name(text, node, kind, after=f" the {qualifier}")
            return Name(text, node, kind, before=f"the {qualifier} ")
        return Name(text, node, kind, after=self.random.choice([f" ({qualifier})", f" from {qualifier}"]))
