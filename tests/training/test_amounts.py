"""Amounts are as round as there is room for, and what is written is read again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.programs.quantities import quantities_of
from kgqa.training.amounts import as_answer, round_between, written


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (120, 980, {500.0}),
        (410, 490, {450.0}),
        (1_900_000, 2_100_000, {2_000_000.0}),
        (1.7, 1.78, {1.75}),
        (-8, -3, {-5.0}),
        (3, 3, {None}),
        (1000.1, 1000.2, {None}),
        (1.0, float("inf"), {None}),
        (0.0, 0.0, {None}),
    ],
)
def test_a_number_between_is_round(low: float, high: float, found: set[float | None]) -> None:
    assert {round_between(low, high, Random(seed)) for seed in range(30)} == found


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.integers(0, 9))
def test_a_number_between_is_between(one: float, other: float, seed: int) -> None:
    low, high = sorted((one, other))
    found = round_between(low, high, Random(seed))
    assert found is None or low < found < high


@pytest.mark.parametrize("number", [1, 7, 12, 13, 450, 1500, 20_000, 2_500_000, 3e9, 0.25, 1.75, 123_456])
def test_what_is_written_is_read_again(number: float) -> None:
    for seed in range(30):
        (read,) = quantities_of(f"more than {written(float(number), Random(seed))} of them")
        assert read.number == number


def test_answers_are_whole_where_they_can_be() -> None:
    assert as_answer(3.0) == 3
    assert isinstance(as_answer(3.0), int)
    assert as_answer(0.1 + 0.2) == 0.3
    assert as_answer(1e300) == 1e300
