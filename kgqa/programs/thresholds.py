"""Thresholds: what counts as much of an attribute, where questions say "major" and answers show what is meant by it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil, comb, floor, log, log10
from typing import NamedTuple

import numpy as np

from kgqa.graph.numbers import Attribute, Entities, Numbers

FEWEST = 3  # questions that must agree, or as few as are this sure:
SURE = 12.0  # logarithm of the ways in which others could have been taken instead
AGREEING = 0.6  # of those that speak of an attribute
DIGITS = 12  # of a number that is round


class Interval(NamedTuple):
    """What must be below a threshold, and what above; the logarithm of how many sets as large an answer could be."""

    low: float
    high: float
    sure: float = 0.0


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
    return Interval(float(below.max()), float(own.min()), log(comb(len(below) + len(own), len(own))))


def learned(spoken: Iterable[Mapping[Attribute, Interval]]) -> dict[Attribute, float]:
    """For each attribute that enough questions agree about, the roundest number in what most of their intervals share,
    since people say what counts as much."""
    by_attribute: dict[Attribute, list[Interval]] = defaultdict(list)
    for intervals in spoken:
        for attribute, interval in intervals.items():
            by_attribute[attribute].append(interval)
    found = {}
    for attribute, own in by_attribute.items():
        low, high, agreeing = _shared(own)
        sure = len(agreeing) >= FEWEST or sum(each.sure for each in agreeing) >= SURE
        if sure and len(agreeing) >= AGREEING * len(own):
            found[attribute] = _roundest(low, high)
    return found


def _shared(intervals: Sequence[Interval]) -> tuple[float, float, list[Interval]]:
    """The stretch that most intervals share, and these."""
    edges = sorted({edge for interval in intervals for edge in (interval.low, interval.high)})
    shared = [
        (low, high, [each for each in intervals if each.low <= low and high <= each.high])
        for low, high in pairwise(edges)
    ]
    return max(shared, key=lambda stretch: len(stretch[2]))


def _roundest(low: float, high: float) -> float:
    """The number between these that has most zeros at its end; of several the one nearest to their middle."""
    middle, size = (low + high) / 2, ceil(log10(max(abs(low), abs(high))))
    for power in range(size, size - DIGITS, -1):
        unit = 10.0**power
        for place in sorted(range(ceil(low / unit), floor(high / unit) + 1), key=lambda n: abs(n * unit - middle)):
            if low < (number := float(f"{place * unit:.{DIGITS}g}")) < high:
                return number
    return middle
