"""The search: every program that it finds leads to the answers, and what people would mean is among them."""

import numpy as np
import pytest
import torch

from benchmarks.programs import starts_of
from kgqa.graph.numbers import Attribute, Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.programs.machine import Machine, Step
from kgqa.programs.search import Limits, Search, same
from tests.programs.test_machine import along, named
from tests.programs.test_numbers import class_, entities, relation


@pytest.fixture(scope="module")
def index(land: KnowledgeGraph) -> EntityIndex:
    degrees = land.sparse.degree(torch.arange(land.sparse.num_entities)).numpy()
    return EntityIndex.build(land.catalog, degrees, None)


@pytest.fixture(scope="module")
def search(machine: Machine) -> Search:
    return Search(machine)


def wanted(numbers: Numbers, *names: str) -> tuple[int, ...]:
    return tuple(sorted(entities(numbers, *names).tolist()))


def test_a_question_starts_from_its_longest_names_and_from_classes(numbers: Numbers, index: EntityIndex) -> None:
    starts = starts_of("Does the Ouse flow through Ada?", index, numbers)
    ouse, ada, *classes = starts
    assert (ouse.start, ouse.end, ouse.entities) == (5, 13, wanted(numbers, "ouse"))
    assert ada.entities == wanted(numbers, "ada", "adda")
    assert [step.class_ for step in classes] == [0, 1, 2]


@pytest.mark.parametrize(
    ("question", "answers", "steps"),
    [
        ("which states border Ada?", ("bor", "cyr"), "named follow set"),
        ("the largest city of Bor", ("bex",), "named follow largest set"),
        ("which state has the most neighbours?", ("ada",), "class largest set"),
        ("neighbours of Ada where the Ouse flows", ("bor",), "named follow named follow meet set"),
        ("states that do not border Ada", ("ada",), "named follow follow set"),
        ("states larger than Bor", ("ada",), "class named above set"),
    ],
)
def test_what_people_mean_is_found(
    machine: Machine, numbers: Numbers, index: EntityIndex, question: str, answers: tuple[str, ...], steps: str
) -> None:
    search = Search(machine, Limits(each_set=1000, programs=10_000))
    starts, asked = starts_of(question, index, numbers), wanted(numbers, *answers)
    states = [*search._alone(starts), *search._met(starts)]
    right = search._right(states, asked)
    assert steps in {" ".join(step.op for step in program) for program in right}


def test_all_programs_lead_to_the_answers_the_shortest_first(
    machine: Machine, numbers: Numbers, index: EntityIndex, search: Search
) -> None:
    asked = wanted(numbers, "bor", "cyr")
    programs = search.programs(starts_of("which states border Ada?", index, numbers), asked)
    assert {machine.run(program) for program in programs} == {asked}
    assert [len(program) for program in programs] == sorted(len(program) for program in programs)


def test_a_number_is_a_value_or_a_count_or_a_sum(
    machine: Machine, numbers: Numbers, index: EntityIndex, search: Search
) -> None:
    found = {
        number: {program[-1].op for program in search.programs(starts_of(question, index, numbers), (number,))}
        for question, number in (("how many live in Bex?", 120.0), ("cities of Ada, all people", 610.0), ("Bor?", 2.0))
    }
    assert "set" in found[120.0]
    assert "sum" in found[610.0]
    assert "count" in found[2.0]


def test_starts_of_other_questions_are_not_mixed_up(numbers: Numbers, search: Search) -> None:
    """Two names at the same place of two questions."""
    capital = along(numbers, "capital")
    for state, city in (("ada", "alm"), ("bor", "bex")):
        found = search.programs([named(numbers, state)], wanted(numbers, city))
        assert (named(numbers, state), capital, Step("set")) in found
        assert all(program[0].entities == wanted(numbers, state) for program in found)


@pytest.mark.parametrize(
    ("found", "asked", "expected"),
    [
        (2.0, (2.0,), True),
        (2.0, (2.02,), False),
        (1000.0, (1004.0,), True),
        (2.0, (2,), False),
        ((0, 1), (0, 1), True),
        ((0,), (0, 1), False),
        ((2,), (7.0,), True),
        ((2, 3), (7.0,), False),
        ((0,), (7.0,), False),
    ],
)
def test_denotations_are_equal_sets_and_near_numbers(found: object, asked: tuple[float, ...], expected: bool) -> None:
    values = np.array([np.nan, np.nan, 7.0, 8.0])
    assert same(found, asked, values) is expected  # type: ignore[arg-type]


def test_the_most_is_counted_among_a_class(numbers: Numbers, search: Search) -> None:
    programs = search.programs([Step("class", class_=class_(numbers, "state"))], wanted(numbers, "ada"))
    most = Step("largest", attribute=Attribute(relation(numbers, "borders"), True))
    assert any(most in program for program in programs)
