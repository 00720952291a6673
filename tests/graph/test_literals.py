"""What numbers and dates are called, and what they weigh."""

import math

import pytest

from kgqa.graph.literals import XSD, Literal, recognise


@pytest.mark.parametrize(
    ("text", "datatype", "label", "value"),
    [
        ("1994", "integer", "1994", 1994),
        ("2161000", "integer", "2,161,000", 2161000),
        ("-10911", "int", "-10,911", -10911),
        ("+5", "nonNegativeInteger", "5", 5),
        ("4.8008", "decimal", "4.8008", 4.8008),
        ("12345.50", "decimal", "12,345.5", 12345.5),
        ("-12345.5", "decimal", "-12,345.5", -12345.5),
        ("7.0", "decimal", "7", 7),
        ("1.5E6", "double", "1,500,000", 1.5e6),
        ("1e-9", "double", "1e-09", 1e-9),
        ("6.02e23", "double", "6.02e+23", 6.02e23),
        ("1879-03-14", "date", "14 March 1879", 1879 + 72 / 365),
        ("2000-12-31Z", "date", "31 December 2000", 2000 + 365 / 366),
        ("1879-03", "gYearMonth", "March 1879", 1879 + 59 / 365),
        ("1994", "gYear", "1994", 1994),
        ("12000", "gYear", "12000", 12000),
        ("-0044-03-15", "date", "15 March 44 BC", -44 + 74 / 366),
        ("1969-07-20T20:17:40Z", "dateTime", "20 July 1969, 20:17", 1969 + 200 / 365),
        ("1969-07-20T00:00:00", "dateTime", "20 July 1969", 1969 + 200 / 365),
    ],
)
def test_numbers_and_dates_have_a_label_and_a_value(text: str, datatype: str, label: str, value: float) -> None:
    literal = Literal(text, XSD + datatype)
    assert literal.label() == label
    assert literal.value() == pytest.approx(value)
    assert literal.id() == f'"{text}"^^<{XSD}{datatype}>'


@pytest.mark.parametrize(
    ("text", "datatype"),
    [("nan", ""), ("many", "integer"), ("", "date"), ("1879-13-01", "date"), ("1879", "date"), ("true", "boolean")],
)
def test_what_is_no_number_keeps_its_text(text: str, datatype: str) -> None:
    literal = Literal(text, XSD + datatype if datatype else "")
    assert literal.label() == text
    assert math.isnan(literal.value())


def test_a_double_that_is_not_finite_keeps_its_text() -> None:
    assert Literal("NaN", XSD + "double").label() == "NaN"
    assert Literal("INF", XSD + "double").label() == "INF"


def test_ids_are_n_triples() -> None:
    assert Literal('say "hi"\n').id() == '"say \\"hi\\"\\n"'
    assert Literal("chat", language="fr").id() == '"chat"@fr'
    assert Literal("x", "not an iri").id() == '"x"^^<not an iri>'


@pytest.mark.parametrize(
    ("text", "datatype"),
    [("1994", "integer"), ("-3", "integer"), ("0.5", "decimal"), (".5", "decimal"), ("1e6", "double")]
    + [("1879-03-14", "date")],
)
def test_numbers_and_dates_are_recognised(text: str, datatype: str) -> None:
    assert recognise(text) == Literal(text, XSD + datatype)


@pytest.mark.parametrize("text", ["007", "nan", "inf", "1,000", "1994 (film)", "1e", "-", "", "1879-13-40", "٣"])
def test_names_are_not_numbers(text: str) -> None:
    assert recognise(text) is None
