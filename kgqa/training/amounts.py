"""Amounts: round numbers that lie between others, and how people write them."""

import math
from random import Random

MOST_DIGITS = 3
SHOWN = 12  # round numbers to choose from
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
IN_WORDS = 0.4
SCALES = ((1e9, "billion"), (1e6, "million"))


def round_between(low: float, high: float, random: Random) -> float | None:
    """A number above `low` and below `high` with as few digits as there can be, up to MOST_DIGITS; else nothing."""
    top = max(abs(low), abs(high))
    if not (math.isfinite(top) and top > 0 and low < high):
        return None
    for digits in range(1, MOST_DIGITS + 1):
        place = math.floor(math.log10(top)) - digits + 1
        for five in (5, 1):
            unit = five * 10.0**place
            first, last = math.floor(low / unit) + 1, math.ceil(high / unit) - 1
            found = [_times(number, five, place) for number in range(first, min(last, first + SHOWN) + 1)]
            found = [number for number in found if low < number < high and number]
            if found:
                return random.choice(found)
    return None


def _times(number: int, five: int, place: int) -> float:
    return float(number * five * 10**place) if place >= 0 else round(number * five * 10.0**place, -place)


def written(number: float, random: Random, words: bool = True) -> str:
    """How somebody may write it: "1,500", "1500", "2.5 million", "three"."""
    if words and number.is_integer() and 1 <= number <= len(WORDS) and random.random() < IN_WORDS:
        return WORDS[int(number) - 1]
    for scale, name in SCALES:
        share = number / scale
        if abs(share) >= 1 and round(share, 2) == share and random.random() < 0.7:
            return f"{share:g} {name}"
    if not number.is_integer():
        return f"{number:.10f}".rstrip("0")
    grouped = abs(number) >= 1000 and random.random() < 0.6
    return f"{int(number):,}" if grouped else str(int(number))


def as_answer(number: float) -> int | float:
    """A whole number as one, any other without the noise of binary fractions."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.12g}")
