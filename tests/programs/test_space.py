"""The space: what may come next is what the graph gives a sense to."""

from pathlib import Path

import numpy as np
import pytest

from kgqa.graph.numbers import Numbers
from kgqa.graph.store import build_graph
from kgqa.programs.machine import ENDS, Machine, Step
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import Space
from tests.programs.conftest import TURTLE
from tests.programs.test_numbers import class_, entities, relation


def valid(space: Space, *sets: np.ndarray, told: tuple[Quantity, ...] = ()) -> set[Step]:
    return {space.steps[place] for place in np.flatnonzero(space.valid(sets, told))}


def test_a_program_begins_with_a_start(space: Space) -> None:
    assert {step.op for step in valid(space)} == {"class"}


def test_no_program_begins_with_the_class_of_a_single_entity(tmp_path: Path) -> None:
    (tmp_path / "land.ttl").write_text(TURTLE + ':oz a :country ; rdfs:label "Oz" . :country rdfs:label "country" .')
    numbers = Numbers.of_graph(build_graph([tmp_path / "land.ttl"])[0])
    starts = {numbers.classes[step.class_] for step in valid(Space(Machine(numbers)))}
    assert starts == {"state", "city", "river"}
    assert "country" in numbers.classes


def test_every_step_is_there_once(space: Space) -> None:
    assert len(space.places) == len(space.steps)


def test_what_is_followed_is_there_for_things_of_that_class(space: Space, numbers: Numbers) -> None:
    followed = {step.relation for step in valid(space, entities(numbers, "bay")) if step.op == "follow"}
    assert followed == {relation(numbers, "in"), relation(numbers, "capital") + 1, relation(numbers, "population")}


def test_an_empty_set_can_be_asked_after_and_nothing_else(space: Space) -> None:
    empty = np.empty(0, dtype=np.int64)
    assert {step.op for step in valid(space, empty)} == {"count", "any", "set", "largest", "smallest", "class"}


def test_the_only_one_is_the_largest_but_not_the_second(space: Space, numbers: Numbers) -> None:
    one = entities(numbers, "alm")
    assert {step.rank for step in valid(space, one) if step.op == "largest"} == {1}
    assert {step.rank for step in valid(space, np.sort(entities(numbers, "alm", "ash"))) if step.op == "largest"} > {1}


def test_numbers_are_compared_where_the_question_states_one(space: Space, numbers: Numbers) -> None:
    cities = numbers.members[class_(numbers, "city")]
    assert not {"over", "under", "exactly"} & {step.op for step in valid(space, cities)}
    stated = valid(space, cities, told=(Quantity(5.0, 0, 1),))
    assert {"over", "under", "exactly"} <= {step.op for step in stated}


@pytest.mark.parametrize(("count", "ends"), [(1, {"set", "count", "any", "sum", "mean"}), (2, {"difference"})])
def test_a_program_ends_with_one_set_or_the_difference_of_two(
    space: Space, numbers: Numbers, count: int, ends: set[str]
) -> None:
    own = numbers.members[class_(numbers, "city")] if count == 1 else entities(numbers, "alm")
    found = valid(space, *[own] * count)
    assert {step.op for step in found if step.op in ENDS} == ends


def test_two_are_compared_where_one_of_each_name_has_the_number(space: Space, numbers: Numbers) -> None:
    ada, bor = np.sort(entities(numbers, "ada", "adda")), entities(numbers, "bor")
    compared = {"above", "below", "difference"}
    for sets in ((bor, ada), (ada, bor)):
        assert compared <= {step.op for step in valid(space, *sets)}
    alm = entities(numbers, "alm")
    cities = np.sort(entities(numbers, "alm", "ash"))
    assert not compared & {step.op for step in valid(space, alm, cities)}, "which of the cities is not said"
    assert compared & {step.op for step in valid(space, cities, alm)} == {"above", "below"}


def test_numbers_have_nothing_in_common_with_anything_else(space: Space, numbers: Numbers) -> None:
    cities, joined = numbers.members[class_(numbers, "city")], {"meet", "without", "either"}
    (people,) = space.machine.step((cities,), Step("follow", relation=relation(numbers, "population")))
    assert not joined & {step.op for step in valid(space, cities, people)}
    assert not joined & {step.op for step in valid(space, people, cities)}
    assert joined <= {step.op for step in valid(space, people, people)}
    assert joined <= {step.op for step in valid(space, cities, cities[:2])}


def test_numbers_are_told_and_not_counted(space: Space, numbers: Numbers) -> None:
    cities = numbers.members[class_(numbers, "city")]
    (people,) = space.machine.step((cities,), Step("follow", relation=relation(numbers, "population")))
    assert not numbers.are_counted(people)
    assert numbers.are_counted(cities)
    assert numbers.are_counted(cities[:0])
    assert {step.op for step in valid(space, people) if step.op in ENDS} >= {"set", "any"}
    assert Step("count") not in valid(space, people)


def test_what_counts_as_much_is_a_step_of_its_own(machine: Machine, numbers: Numbers) -> None:
    (population,) = numbers.values
    space = Space(machine, {population: 250.0})
    cities = numbers.members[class_(numbers, "city")]
    assert Step("notable", attribute=population, number=250.0) in valid(space, cities)
