"""Limits part a set in two, and have one meaning."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from kgqa.training.limits import Limits, rising
from kgqa.training.sampling import ImpossibleError


def drawn(numbers: Sequence[float], large: bool, dated: bool = False, counted: bool = False) -> set[float]:
    """The limits of many draws."""
    found = set()
    for seed in range(60):
        try:
            found.add(Limits(np.array(numbers, dtype=float), Random(seed), dated, counted).beyond(large))
        except ImpossibleError:
            continue
    return found


@pytest.mark.parametrize("large", [True, False])
def test_some_are_beyond_but_not_all(large: bool) -> None:
    numbers = np.array([12.5, 40.0, 41.2, 300.0, 9000.0])
    for limit in drawn(numbers.tolist(), large):
        beyond = (numbers > limit if large else numbers < limit).sum()
        assert 0 < beyond < len(numbers)
        assert limit not in numbers


def test_counts_are_held_against_counts() -> None:
    assert drawn([1, 1, 2, 5], large=True, counted=True) == {1.0, 2.0}
    assert drawn([1, 1, 2, 5], large=False, counted=True) == {2.0, 5.0}


def test_nothing_happens_later_in_the_year_of_a_limit() -> None:
    numbers = [1950.0, 1950.5, 1961.25, 1980.0]
    for large in (True, False):
        for limit in drawn(numbers, large, dated=True):
            assert limit.is_integer()
            assert not large or not any(limit < number < limit + 1 for number in numbers)


def test_nobody_is_at_one_of_two_limits() -> None:
    numbers = np.array([3.0, 8.0, 21.0, 44.0, 90.0])
    for seed in range(40):
        low, high = Limits(numbers, Random(seed)).between()
        assert 0 < ((numbers > low) & (numbers < high)).sum() < len(numbers)
        assert not {low, high} & set(numbers.tolist())


@pytest.mark.parametrize("numbers", [[], [5.0], [5.0, 5.0, 5.0]])
def test_what_is_all_alike_has_no_limit(numbers: list[float]) -> None:
    assert not drawn(numbers, large=True)
    with pytest.raises(ImpossibleError):
        Limits(np.array(numbers), Random(0)).between()


def test_the_numbers_that_there_are_rise() -> None:
    assert rising(np.array([3.0, np.nan, 1.0])).tolist() == [1.0, 3.0]
