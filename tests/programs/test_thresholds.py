"""Thresholds: learned where enough answers agree, and only there."""

import numpy as np
import pytest

from kgqa.graph.numbers import Numbers
from kgqa.programs.thresholds import intervals_of, learned
from tests.programs.test_numbers import class_, entities


def test_a_threshold_lies_where_an_answer_parts_a_set(numbers: Numbers) -> None:
    (population,) = numbers.values
    cities = numbers.members[class_(numbers, "city")]
    large = np.sort(entities(numbers, "alm", "ash")).tolist()
    assert intervals_of(numbers, [cities], large) == {population: (120.0, 300.0)}
    assert intervals_of(numbers, [cities], entities(numbers, "bex").tolist()) == {}, "a smaller one is no threshold"


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([(0.0, 10.0), (4.0, 20.0), (2.0, 8.0)], 6.0),
        ([(0.0, 10.0), (4.0, 20.0)], None),
        ([(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)], None),
    ],
)
def test_enough_questions_must_agree(
    numbers: Numbers, intervals: list[tuple[float, float]], expected: float | None
) -> None:
    (population,) = numbers.values
    found = learned([{population: interval} for interval in intervals])
    assert found == ({} if expected is None else {population: expected})
