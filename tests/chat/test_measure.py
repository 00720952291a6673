"""What is measured, in words and in numbers: units, years, years before year 1, counts."""

from fractions import Fraction

import pytest

from kgqa.chat.measure import Measure, dated, grouped, rounded
from kgqa.chat.phrases import unmarked
from kgqa.graph.literals import XSD, Literal
from kgqa.types import Operation
from tests.chat.answers import HOSTILE
from tests.chat.test_markup import read

PEOPLE = Measure("population")
HEIGHT = Measure("elevation in metres", "metres")
BIRTH = Measure("year of birth")
NEIGHBOURS = Measure("borders", counted=True, of="country")
AWARDS = Measure("award received", counted=True)
BOOKS = Measure("author", counted=True, of="book", inverse=True)
NAMED = Measure("author", counted=True, inverse=True)


@pytest.mark.parametrize(
    ("value", "written"), [(83149300, "83,149,300"), (1234, "1,234"), (-12, "-12"), (1.00794, "1.00794"), (0, "0")]
)
def test_numbers_are_as_exact_as_the_graph_has_them(value: float, written: str) -> None:
    assert grouped(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0.1 + 0.2, "0.3"), (14 / 3, "4.667"), (12345678.888, "12,345,678.9"), (3.0, "3")]
)
def test_what_is_worked_out_has_no_needless_decimals(value: float, written: str) -> None:
    assert rounded(value) == written


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_no_number_is_too_odd_to_be_written(value: float) -> None:
    assert grouped(value)
    assert rounded(value)


@pytest.mark.parametrize(("value", "written"), [(1879, "1879"), (-44, "44 BC"), (2024, "2024"), (0, "0")])
def test_years_have_no_commas_and_may_be_before_christ(value: float, written: str) -> None:
    assert dated(value) == BIRTH.written(value) == written


@pytest.mark.parametrize(
    "day", ["1879-03-14", "2000-02-29", "1999-12-31", "2000-12-31", "1900-03-01", "-0044-03-15", "1879-01-02"]
)
def test_a_date_is_the_day_that_the_graph_states(day: str) -> None:
    literal = Literal(day, f"{XSD}date")
    assert dated(literal.value()) == literal.label()


def test_the_first_of_january_is_told_as_its_year() -> None:
    assert dated(float(Fraction(1879))) == "1879"


@pytest.mark.parametrize(
    "label", ["year of birth", "founded in year (museum)", "date_of_birth", "releaseDate", "birthYear"]
)
def test_dates_are_known_by_their_label(label: str) -> None:
    assert Measure(label).is_date


@pytest.mark.parametrize("label", ["population", "candidates", "last update count", "births per year", "age in years"])
def test_other_numbers_are_no_dates(label: str) -> None:
    assert not Measure(label).is_date


def test_units_follow_the_number_and_are_left_out_of_the_name() -> None:
    assert HEIGHT.text == "elevation"
    assert HEIGHT.heading == "Elevation in metres"
    assert HEIGHT.amount(8849) == "8,849 metres"
    assert HEIGHT.amount(1) == "1 metre"
    assert Measure("length in inches", "inches").amount(1) == "1 inch"
    assert PEOPLE.amount(1) == "1"


def test_what_tells_relations_of_one_name_apart_is_left_out() -> None:
    assert Measure("discovery year (planet)").text == "discovery year"


@pytest.mark.parametrize(
    ("measure", "largest", "second_smallest"),
    [
        (PEOPLE, "the largest population", "the second smallest population"),
        (HEIGHT, "the largest elevation", "the second smallest elevation"),
        (BIRTH, "the latest year of birth", "the second earliest year of birth"),
        (NEIGHBOURS, "the most countries under borders", "the second fewest countries under borders"),
        (AWARDS, "the most entries under award received", "the second fewest entries under award received"),
        (BOOKS, "the most books that name it under author", "the second fewest books that name it under author"),
        (NAMED, "the most mentions under author", "the second fewest mentions under author"),
    ],
)
def test_extremes(measure: Measure, largest: str, second_smallest: str) -> None:
    assert unmarked(measure.extreme(Operation("largest"))) == largest
    assert unmarked(measure.extreme(Operation("smallest", rank=2))) == second_smallest


@pytest.mark.parametrize(
    ("measure", "op", "number", "said"),
    [
        (HEIGHT, "over", 3000.0, "whose elevation is over 3,000 metres"),
        (PEOPLE, "under", 10_000.0, "whose population is under 10,000"),
        (BIRTH, "over", 1900.0, "whose year of birth is after 1900"),
        (BIRTH, "under", -44.0, "whose year of birth is before 44 BC"),
        (BIRTH, "exactly", 1879.0, "whose year of birth is exactly 1879"),
        (NEIGHBOURS, "over", 5.0, "with more than 5 countries under borders"),
        (NEIGHBOURS, "exactly", 1.0, "with exactly 1 country under borders"),
        (BOOKS, "exactly", 1.0, "with exactly 1 book that names it under author"),
        (NAMED, "under", 1.0, "with fewer than 1 mention under author"),
    ],
)
def test_what_is_held_against_a_number(measure: Measure, op: str, number: float, said: str) -> None:
    assert unmarked(measure.held(Operation(op, number=number))) == said


def test_questions_about_one() -> None:
    over = Operation("over", number=5.0)
    assert unmarked(HEIGHT.asked("it", over)) == "Is the elevation of it over 5 metres?"
    assert unmarked(NEIGHBOURS.asked("it", over)) == "Does it have more than 5 countries under borders?"


def test_what_is_beyond_another() -> None:
    said = [unmarked(each.more(op)) for each in (PEOPLE, BIRTH, NEIGHBOURS) for op in ("above", "below")]
    assert said[:2] == ["a larger population", "a smaller population"]
    assert said[2:4] == ["a later year of birth", "an earlier year of birth"]
    assert said[4:] == ["more countries under borders", "fewer countries under borders"]


@pytest.mark.parametrize(
    ("measure", "op", "value", "said"),
    [
        (PEOPLE, "sum", 105467041.0, "105,467,041"),
        (HEIGHT, "mean", 1234.56, "1,234.6 metres"),
        (BIRTH, "difference", 408.0, "408 years"),
        (BIRTH, "difference", 1.0, "1 year"),
        (BIRTH, "mean", 1872.44, "1872.4"),
        (BIRTH, "mean", -50.0, "50 BC"),
        (NEIGHBOURS, "mean", 4.5, "4.5"),
    ],
)
def test_what_is_worked_out(measure: Measure, op: str, value: float, said: str) -> None:
    assert measure.result(value, op) == said


def test_hostile_labels_units_and_classes_are_text() -> None:
    for measure in (Measure(HOSTILE, HOSTILE), Measure(HOSTILE, counted=True, of=HOSTILE)):
        extreme, held = measure.extreme(Operation("largest")), measure.held(Operation("over", number=2.0))
        for html in (extreme, held, measure.heading, measure.has("it", 2.0), measure.amount(2.0)):
            assert set(read(html).tags) <= {"em"}
