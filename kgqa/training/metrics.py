"""Hits@1, F1, exact sets and entity accuracy, over all questions and over each slice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How one question went. `linked` is None where the question has no gold entities."""

    slice: str
    hit: bool
    f1: float
    exact: bool
    linked: bool | None = None


def judge(
    slice_: str, returned: Sequence[int], gold: frozenset[int], gold_size: int, linked: bool | None = None
) -> Outcome:
    """Hold the returned set (best first) against the gold answers.

    `gold_size` counts the gold answers, those that the graph lacks included; a question without
    answers is right when nothing is returned.
    """
    if gold_size == 0:
        right = not returned
        return Outcome(slice_, right, float(right), right, linked)
    shared = len(gold.intersection(returned))
    f1 = 2 * shared / (len(returned) + gold_size)
    return Outcome(slice_, bool(returned) and returned[0] in gold, f1, f1 == 1.0, linked)


def summarise(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Percentages over all outcomes and by slice, in the form that `evaluate --json` prints."""
    rows = list(outcomes)
    linked = [row.linked for row in rows if row.linked is not None]
    names = sorted({row.slice for row in rows})
    return {
        **_means(rows),
        "entity_accuracy": round(100 * sum(linked) / len(linked), 2) if linked else None,
        "slices": {name: _means([row for row in rows if row.slice == name]) for name in names},
    }


def _means(rows: list[Outcome]) -> dict[str, Any]:
    count = max(len(rows), 1)
    return {
        "n": len(rows),
        "hits@1": round(100 * sum(row.hit for row in rows) / count, 2),
        "f1": round(100 * sum(row.f1 for row in rows) / count, 2),
        "exact": round(100 * sum(row.exact for row in rows) / count, 2),
    }
