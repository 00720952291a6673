"""Numbers of entities: values are exact, of several the largest; what is missing is none; counts are of classes."""

import numpy as np
import pytest

from kgqa.graph.numbers import Attribute, Numbers


def entities(numbers: Numbers, *names: str) -> np.ndarray:
    return np.array([numbers.catalog.entity(f"urn:x:{name}") for name in names])


def relation(numbers: Numbers, name: str) -> int:
    return 2 * numbers.catalog.relation(f"urn:x:{name}")


def class_(numbers: Numbers, name: str) -> int:
    return numbers.classes.index(name)


def test_only_relations_to_numbers_are_values(numbers: Numbers) -> None:
    assert numbers.values == (Attribute(relation(numbers, "population")),)


def test_a_value_is_exact_the_largest_of_several_and_nothing_where_there_is_none(numbers: Numbers) -> None:
    found = numbers.of(entities(numbers, "ada", "ash", "bay"), numbers.values[0])
    np.testing.assert_array_equal(found, [900.0, 310.0, np.nan])


@pytest.mark.parametrize(("name", "back", "counts"), [("in", True, [2, 2, 1]), ("borders", False, [2, 1, 1])])
def test_what_a_relation_leads_to_is_counted(numbers: Numbers, name: str, back: bool, counts: list[int]) -> None:
    counted = Attribute(relation(numbers, name) + back, True)
    assert counted in numbers.counts
    assert numbers.of(entities(numbers, "ada", "bor", "cyr"), counted).tolist() == counts


def test_what_leads_to_one_alone_is_not_counted(numbers: Numbers) -> None:
    assert not [each for each in numbers.counts if each.relation == relation(numbers, "capital")]


def test_nothing_is_counted_from_or_to_a_value(numbers: Numbers) -> None:
    population = relation(numbers, "population")
    assert not [each for each in numbers.counts if each.relation // 2 == population // 2]


def test_only_those_of_a_class_are_counted_where_several_lead_there(numbers: Numbers) -> None:
    assert all(each.class_ == -1 for each in numbers.counts), "each relation of the land leads to one class"
    states = Attribute(relation(numbers, "in") + 1, True, class_(numbers, "state"))
    assert numbers.of(entities(numbers, "ada"), states).tolist() == [0]
