"""Limits: numbers that part a set in two, such as people would name them."""

import math
from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np

from kgqa.graph.numbers import Floats
from kgqa.training.amounts import round_between
from kgqa.training.sampling import ImpossibleError


@dataclass(frozen=True)
class Limits:
    """Draws numbers among those of a set (N,), rising; years where they are `dated`, and counts where `counted`.

    Nothing happened later in a year that things are held to be after, so that "after 1950" has one meaning.
    """

    numbers: Floats
    random: Random
    dated: bool = False
    counted: bool = False
    most: int = 200

    def beyond(self, large: bool) -> float:
        """A number that some, but at most `most` and not all, are above, or below."""
        size = len(self.numbers)
        if size < 2:
            raise ImpossibleError
        beyond = int(math.exp(self.random.uniform(0, math.log(min(self.most, size - 1) + 1))))
        place = size - beyond if large else beyond
        return self._at(place, large)

    def between(self) -> tuple[float, float]:
        """Two numbers with some, but not all, between them."""
        size = len(self.numbers)
        if size < 3 or self.counted:
            raise ImpossibleError
        first = self.random.randrange(1, size - 1)
        last = self.random.randint(first + 1, min(size - 1, first + self.most))
        low, high = self._at(first, True), self._at(last, False)
        at_limit = np.isin([low, high], self.numbers).any()  # whether that is between, nobody can tell
        if low >= high or at_limit or (self.dated and self._inside(high)):
            raise ImpossibleError
        return low, high

    def _at(self, place: int, large: bool) -> float:
        """A limit between the numbers before this place and those from it on."""
        low, high = (float(self.numbers[at]) for at in (place - 1, place))
        if low == high:
            raise ImpossibleError
        found = self._year(low, high, large) if self.dated else self._number(low, high, large)
        if found is None or found < 1 + (self.counted and not large):
            raise ImpossibleError
        return found

    def _number(self, low: float, high: float, large: bool) -> float | None:
        """A round number between; of whole numbers, a whole one, if it be one that somebody is at."""
        found = None if self.counted else round_between(low, high, self.random)
        if self._whole and not (found and found.is_integer()):
            return low if large else high
        return found

    @cached_property
    def _whole(self) -> bool:
        return self.counted or not np.mod(self.numbers, 1).any()

    def _year(self, low: float, high: float, large: bool) -> float | None:
        """A year after which, or before which, those beyond it were: the beginning of a decade where there is one."""
        first, last = (math.floor(low), math.ceil(high) - 1) if large else (math.floor(low) + 1, math.floor(high))
        years = [float(year) for year in range(max(first, last - 200), last + 1) if not (large and self._inside(year))]
        decades = [year for year in years if year % 10 == 0]
        chosen = decades if decades and self.random.random() < 0.6 else years
        return self.random.choice(chosen) if chosen else None

    def _inside(self, year: float) -> bool:
        """Whether something happened in the year after it had begun."""
        return bool(((self.numbers > year) & (self.numbers < year + 1)).any())


def rising(numbers: Floats) -> Floats:
    """The numbers that there are, rising."""
    return np.sort(numbers[~np.isnan(numbers)])
