"""Hits@1, F1, exact sets and entity accuracy, over all questions and over each slice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

Fault = Literal["shortlist", "ranker", "reasoner", "confidence"]
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True)
class Outcome:
    """How one question went. `linked` is None where the question has no gold entities.

    `rank` is the place of its worst placed gold entity among the candidates, from 1, or None where one is no
    candidate at all. `fault` names the part that missed: the shortlist lacked an entity, the ranker took another, the
    reasoner went elsewhere, or the confidence withheld a right answer or let a wrong one pass where there is none.
    """

    slice: str
    hit: bool
    f1: float
    exact: bool
    linked: bool | None = None
    rank: int | None = None
    fault: Fault | None = None


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
    named = [row for row in rows if row.linked is not None]
    names = sorted({row.slice for row in rows})
    return {
        **_means(rows),
        "entity_accuracy": round(100 * sum(bool(row.linked) for row in named) / len(named), 2) if named else None,
        "shortlist": _shortlist(named),
        "faults": {fault: sum(row.fault == fault for row in rows) for fault in FAULTS},
        "slices": {name: _means([row for row in rows if row.slice == name]) for name in names},
    }


def _shortlist(rows: list[Outcome]) -> dict[str, float] | None:
    """How often the gold entities are candidates at all, in percent, and the mean of 1 / their rank."""
    if not rows:
        return None
    ranks = [row.rank for row in rows if row.rank is not None]
    reciprocal = sum(1 / rank for rank in ranks) / len(rows)
    return {"recall": round(100 * len(ranks) / len(rows), 2), "mean_reciprocal_rank": round(reciprocal, 4)}


def _means(rows: list[Outcome]) -> dict[str, Any]:
    count = max(len(rows), 1)
    return {
        "n": len(rows),
        "hits@1": round(100 * sum(row.hit for row in rows) / count, 2),
        "f1": round(100 * sum(row.f1 for row in rows) / count, 2),
        "exact": round(100 * sum(row.exact for row in rows) / count, 2),
    }
