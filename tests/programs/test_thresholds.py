"""Thresholds: learned where enough answers agree, and only there."""

from math import log

import numpy as np
import pytest

from kgqa.graph.numbers import Numbers
from kgqa.programs.thresholds import Interval, intervals_of, learned
from tests.programs.test_numbers import class_, entities


def test_a_threshold_lies_where_an_answer_parts_a_set(numbers: Numbers) -> None:
    (population,) = numbers.values
    cities = numbers.members[class_(numbers, "city")]
    large = np.sort(entities(numbers, "alm", "ash")).tolist()
    found = intervals_of(numbers, [cities], large)[population]
    assert (found.low, found.high) == (120.0, 300.0)
    assert found.sure == pytest.approx(log(6)), "any two of four cities could have been the large ones"
    assert intervals_of(numbers, [cities], entities(numbers, "bex").tolist()) == {}, "a smaller one is no threshold"


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([(0.0, 10.0), (4.0, 20.0), (2.0, 8.0)], 6.0),
        ([(0.0, 10.0), (4.0, 20.0)], None),
        ([(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)], None),
        ([(149_779.0, 170_505.0), (149_230.0, 160_123.0), (133_116.0, 155_642.0)], 150_000.0),
        ([(-640.0, -210.0), (-530.0, -130.0), (-560.0, -240.0)], -400.0),
        ([(0.125, 0.25), (0.125, 0.25), (0.0, 0.25)], 0.2),
    ],
)
def test_enough_questions_must_agree_and_a_threshold_is_round(
    numbers: Numbers, intervals: list[tuple[float, float]], expected: float | None
) -> None:
    (population,) = numbers.values
    found = learned([{population: Interval(*interval)} for interval in intervals])
    assert found == ({} if expected is None else {population: expected})


def test_one_answer_is_enough_that_cannot_be_chance(numbers: Numbers) -> None:
    """27 rivers of 46 that are just the longest ones are no accident; three of four may be."""
    (population,) = numbers.values
    assert learned([{population: Interval(740.0, 764.0, sure=29.0)}]) == {population: 750.0}
    assert learned([{population: Interval(740.0, 764.0, sure=1.4)}]) == {}
