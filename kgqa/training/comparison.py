"""Comparison: how the same questions go before and after, over all, by what they are, and by relation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kgqa.graph.catalog import Catalog
from kgqa.training.questions import Question
from kgqa.training.variants import Variants

HELD_OUT, DEVELOPMENT = "corrections held out", "development set"
UNEXPLAINED = "(no single way)"

Hits = Sequence[bool]


@dataclass(frozen=True)
class Line:
    """Hits@1 of some questions before and after, in percent."""

    name: str
    n: int
    before: float
    after: float


@dataclass(frozen=True)
class Comparison:
    """Whether each question is answered right before and after, by what was asked.

    `relations` are those on the way to the answers of each development question.
    """

    before: Mapping[str, Hits]
    after: Mapping[str, Hits]
    relations: Sequence[Sequence[str]] = field(default=())

    @property
    def lines(self) -> list[Line]:
        """Of the corrections held out and of the development set."""
        return [_line(name, self.before[name], self.after[name]) for name in self.before if self.before[name]]

    @property
    def by_relation(self) -> list[Line]:
        """Of development questions by relation, those first that changed most."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, labels in enumerate(self.relations):
            for label in labels:
                places[label].append(place)
        before, after = self.before[DEVELOPMENT], self.after[DEVELOPMENT]
        lines = [
            _line(label, [before[place] for place in own], [after[place] for place in own])
            for label, own in places.items()
        ]
        return sorted(lines, key=lambda line: (-abs(line.after - line.before), -line.n, line.name))

    def worse(self, tolerance: float) -> list[Line]:
        """Where the model is worse than before, by more points than are tolerated."""
        return [line for line in self.lines if line.after < line.before - tolerance]

    def table(self) -> str:
        """All lines as Markdown."""
        head = ["| Hits@1 | questions | before | after |", "|---|---|---|---|"]
        lines = [f"| {line.name} | {line.n:,} | {line.before:.2f} | {line.after:.2f} |" for line in self.lines]
        each = [f"| …: {row.name} | {row.n:,} | {row.before:.2f} | {row.after:.2f} |" for row in self.by_relation]
        return "\n".join([*head, *lines, *each])


def relations_on_the_way(variants: Variants, catalog: Catalog, questions: Sequence[Question]) -> list[list[str]]:
    """The labels of the relations that lead from the names in each question to its answers, as the graph shows it."""
    ways = dict(variants.explained(questions))
    found = []
    for question in questions:
        way = ways.get(question)
        steps = sorted({relation // 2 for chain in way.relations for relation in chain}) if way else []
        found.append([catalog.relation_labels[step] for step in steps] or [UNEXPLAINED])
    return found


def percent(hits: Hits) -> float:
    """How many are right, in percent."""
    return round(100 * sum(hits) / max(len(hits), 1), 2)


def _line(name: str, before: Hits, after: Hits) -> Line:
    return Line(name, len(before), percent(before), percent(after))
