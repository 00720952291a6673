"""Amounts: round numbers between others, and how people write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from random import Random

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ROUND_YEARS = (100, 50, 10, 5, 1)
TRIES = 6
CHOICES = 2  # of which the one with fewer figures is taken


@dataclass(frozen=True)
class Scale:
    """What kind of number an attribute is: a year, how many there are of something, or a measure."""

    is_year: bool = False
    is_count: bool = False
    is_whole: bool = True


def threshold(values: Sequence[float], above: bool, most: int, scale: Scale, random: Random) -> float | None:
    """A number beyond which are 1 to `most` of the values, fewer more often.

    None of the values is equal to it, but for years, counts and numbers that follow each other.
    """
    ranked = sorted(values, reverse=above)
    most = min(most, len(ranked) - 1)
    found: list[float] = []
    for _ in range(TRIES if most >= 1 else 0):
        left = min(most, int(most ** random.random() + random.random()))
        low, high = sorted((ranked[left - 1], ranked[left]))
        number = between(low, high, scale, random) if low < high else None
        if low < high and (scale.is_count or number is None):
            number = low if above else high
        if number is not None and number > 0:
            found.append(number)
    return min(found[:CHOICES], key=figures) if found else None


def figures(number: float) -> int:
    """How many figures it takes to write a number, without the noughts at its end."""
    return len(f"{number:.2f}".rstrip("0").rstrip(".").rstrip("0"))


def between(low: float, high: float, scale: Scale, random: Random) -> float | None:
    """A number strictly between two others, mostly the roundest."""
    if not scale.is_year:
        return roundest(low, high, scale.is_whole)
    inside = range(int(low) + 1, int(high))
    if not inside:
        return None
    unit = next(unit for unit in ROUND_YEARS if floor((high - 1) / unit) * unit > low)
    return float(random.choice(inside) if random.random() < 0.3 else floor((high - 1) / unit) * unit)


def roundest(low: float, high: float, whole: bool = True) -> float | None:
    """The number strictly between that takes the fewest figures to write."""
    if high <= 0 or high <= low:
        return None
    for exponent in range(floor(log10(high)), -1 if whole else -3, -1):
        for first in (5, 2, 1):
            unit = first * 10.0**exponent
            number = round((floor(low / unit) + 1) * unit, 2)
            if low < number < high:
                return number
    return None


def beyond(values: Sequence[float], above: bool, scale: Scale, random: Random) -> float | None:
    """A round number that all of the values stay below (or above), not far off."""
    if above:
        top = max(values)
        return roundest(top, top + 60 if scale.is_year else max(top * random.uniform(1.3, 2.5), top + 2))
    bottom = min(values)
    return roundest(bottom - 60 if scale.is_year else bottom * random.uniform(0.3, 0.7), bottom)


def written(number: float, scale: Scale, random: Random) -> str:
    """As somebody may write it: 2500000, 2,500,000 or 2.5 million."""
    if scale.is_year:
        return f"{number:.0f}"
    if number != int(number):
        return f"{number:g}"
    if scale.is_count and 0 < number <= len(WORDS) and random.random() < 0.6:
        return WORDS[int(number) - 1]
    draw = random.random()
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if number >= size and draw < 0.6 and round(number / size, 2) * size == number:
            return f"{number / size:g} {name}"
    return f"{number:,.0f}" if draw < 0.85 and number >= 1000 else f"{number:.0f}"
