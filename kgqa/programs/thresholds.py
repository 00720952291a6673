"""Thresholds: what counts as much of an attribute, where questions say "major" and answers show what is meant by it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from kgqa.graph.numbers import Attribute, Entities, Numbers

FEWEST = 3  # questions that must agree
AGREEING = 0.6  # of those that speak of an attribute

Interval = tuple[float, float]  # what must be below the threshold, and what above


def intervals_of(numbers: Numbers, sets: Iterable[Entities], wanted: Sequence[float]) -> dict[Attribute, Interval]:
    """For each value that parts the wanted entities from the rest of the first set in which one does: the largest
    number of the rest, and the smallest of theirs."""
    own = np.array(wanted, dtype=np.int64)
    for entities in sets:
        if len(entities) > len(own) and np.isin(own, entities, assume_unique=True).all():
            rest = np.setdiff1d(entities, own, assume_unique=True)
            found = {
                attribute: _between(numbers.table[rest, place], numbers.table[own, place])
                for place, attribute in enumerate(numbers.values)
            }
            if kept := {attribute: interval for attribute, interval in found.items() if interval is not None}:
                return kept
    return {}


def _between(rest: np.ndarray, own: np.ndarray) -> Interval | None:
    below = rest[~np.isnan(rest)]
    if np.isnan(own).any() or not len(below) or below.max() >= own.min():
        return None
    return float(below.max()), float(own.min())


def learned(spoken: Iterable[Mapping[Attribute, Interval]]) -> dict[Attribute, float]:
    """For each attribute that enough questions agree about, the middle of what most of their intervals share."""
    by_attribute: dict[Attribute, list[Interval]] = defaultdict(list)
    for intervals in spoken:
        for attribute, interval in intervals.items():
            by_attribute[attribute].append(interval)
    found = {}
    for attribute, own in by_attribute.items():
        low, high, agreeing = _shared(own)
        if agreeing >= max(FEWEST, AGREEING * len(own)):
            found[attribute] = (low + high) / 2
    return found


def _shared(intervals: Sequence[Interval]) -> tuple[float, float, int]:
    """The stretch that most intervals share, and how many do."""
    edges = sorted({edge for interval in intervals for edge in interval})
    best = (0.0, 0.0, 0)
    for low, high in pairwise(edges):
        count = sum(start <= low and high <= end for start, end in intervals)
        if count > best[2]:
            best = (low, high, count)
    return best
