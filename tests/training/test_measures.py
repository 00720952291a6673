"""Measures find the words for a number by the label that leads to it."""

from random import Random

import numpy as np
import pytest

from kgqa.graph.numbers import Attribute
from kgqa.training.english import Words
from kgqa.training.measures import Measure, measure_of, said, without_unit
from kgqa.training.patterns import ONE, formed

WORDS = Words(["found", "founded", "award", "awarded", "establish", "established"])


def measured(label: str, *values: float) -> Measure:
    measure = measure_of(Attribute(0), label, np.array(values or (1.5, 1200.0)), WORDS)
    assert measure
    return measure


def preds(measure: Measure, large: bool, heading: str = "extreme", **more: str) -> set[str]:
    """All that may be said of one in many draws."""
    draws = ({**measure.parts(Random(seed), large), **more} for seed in range(60))
    return {formed(pred, ONE) for parts in draws for pred in said(heading, "pred", parts)}


@pytest.mark.parametrize(
    ("label", "large", "pred"),
    [
        ("length in kilometres", True, "is the longest"),
        ("length in kilometres", False, "is the shortest"),
        ("population", True, "is the most populous"),
        ("population", True, "has the most inhabitants"),
        ("population density", False, "is the least densely populated"),
        ("elevation", True, "has the highest elevation"),
        ("weight kg", False, "is the lightest"),
        ("number of runways", True, "has the most runways"),
        ("structure count", False, "has the fewest structures"),
        ("charm", True, "has the highest charm"),
    ],
)
def test_extremes_of_numbers(label: str, large: bool, pred: str) -> None:
    assert pred in preds(measured(label), large)


@pytest.mark.parametrize(
    ("label", "large", "pred"),
    [
        ("date of birth", False, "was born first"),
        ("year of birth", True, "is the youngest"),
        ("date of death", True, "died last"),
        ("founded in year", False, "was founded earliest"),
        ("date established", True, "is the newest"),
        ("first awarded in year", False, "was first awarded first"),
        ("release year", True, "has the latest release year"),
        ("year of first ascent", False, "has the earliest year of first ascent"),
    ],
)
def test_extremes_of_dates(label: str, large: bool, pred: str) -> None:
    assert pred in preds(measured(label, 1901, 1950.5, 2001), large)


def test_dates_are_told_by_their_numbers_too() -> None:
    assert measured("founded", 1901, 1950).dated
    assert not measured("date palm", 3, 7).dated
    assert not measured("age", 1901, 1950).dated


def test_limits_are_said_with_their_unit() -> None:
    found = preds(measured("length in kilometres"), True, "over", n="500")
    assert {"is longer than 500 km", "is longer than 500", "has a length of more than 500 kilometres"} <= found
    assert "was born before 1950" in preds(measured("date of birth", 1901, 1950), False, "over", n="1950")


@pytest.mark.parametrize(
    ("label", "name", "unit"),
    [
        ("elevation in metres", "elevation", "m"),
        ("height meters", "height", "m"),
        ("area in square kilometres", "area", "km²"),
        ("number of days", "number of days", ""),
        ("metres", "metres", ""),
    ],
)
def test_units_are_cut_off(label: str, name: str, unit: str) -> None:
    found, ways = without_unit(label)
    assert found == name
    assert (unit in ways) if unit else not ways


@pytest.mark.parametrize("label", ["", "from", "x", "()"])
def test_labels_that_name_nothing_are_no_measures(label: str) -> None:
    assert measure_of(Attribute(0), label, np.array([1.0, 2.0]), WORDS) is None


def test_what_nobody_would_add_up_or_compare() -> None:
    assert not measured("postal code").is_("compared")
    assert not measured("postal code").is_("adds")
    assert not measured("population density").is_("adds")
    assert measured("population density").is_("means")
    assert not measured("date of birth", 1901, 1950).is_("means")
    assert measured("area").is_("adds")


def test_somebody_is_tall_and_a_tower_high_as_well() -> None:
    height = measured("height")
    assert {height.parts(Random(seed), True, personal=True)["most"] for seed in range(30)} == {"tallest"}
    assert {height.parts(Random(seed), True)["most"] for seed in range(30)} == {"tallest", "highest"}
