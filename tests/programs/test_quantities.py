"""Quantities: numbers as people write them, with where they stand."""

import pytest

from kgqa.programs.quantities import Quantity, quantities_of


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("mountains over 8,000 m", [(8000.0, "8,000 m")]),
        ("more than 2.5 million people", [(2_500_000.0, "2.5 million")]),
        ("more than three neighbours", [(3.0, "three")]),
        ("over two million", [(2_000_000.0, "two million")]),
        ("between 1900 and 1950", [(1900.0, "1900"), (1950.0, "1950")]),
        ("born before 44 BC", [(-44.0, "44")]),
        ("below -200 degrees", [(-200.0, "-200")]),
        ("5m people", [(5_000_000.0, "5m")]),
        ("U2 and Blink182", []),
        ("who wrote it?", []),
    ],
)
def test_numbers_are_read_where_they_stand(question: str, expected: list[tuple[float, str]]) -> None:
    found = quantities_of(question)
    assert [(each.number, question[each.start : each.end]) for each in found] == expected


def test_a_lone_word_may_be_meant_otherwise() -> None:
    found = quantities_of("which one of the two has 3 lakes and over two million people?")
    assert [(each.number, each.is_word) for each in found] == [(1.0, True), (2.0, True), (3.0, False), (2e6, False)]
    assert found[0] == Quantity(1.0, 6, 9)
