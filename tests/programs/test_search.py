"""The search: every program that it finds leads to the answers, and what people would mean is among them."""

from typing import cast

import numpy as np
import pytest
import torch

from kgqa.graph.numbers import Attribute, Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.programs.known import Wanted
from kgqa.programs.machine import Machine, Op, Step
from kgqa.programs.quantities import Quantity, quantities_of
from kgqa.programs.reach import Limits
from kgqa.programs.search import UNREAD, Search, is_idle, read_by, same
from kgqa.programs.space import Space
from kgqa.reasoning.offers import said
from kgqa.training.lookout import Lookout
from tests.programs.test_machine import along, named
from tests.programs.test_numbers import entities, relation


@pytest.fixture(scope="module")
def index(land: KnowledgeGraph) -> EntityIndex:
    degrees = land.sparse.degree(torch.arange(land.sparse.num_entities)).numpy()
    return EntityIndex.build(land.catalog, degrees, None)


@pytest.fixture(scope="module")
def search(space: Space) -> Search:
    return Search(space)


@pytest.fixture(scope="module")
def lookout(space: Space, index: EntityIndex) -> Lookout:
    return Lookout(space, index)


def wanted(numbers: Numbers, *names: str) -> tuple[int, ...]:
    return tuple(sorted(entities(numbers, *names).tolist()))


def test_a_question_starts_from_its_longest_names(numbers: Numbers, lookout: Lookout) -> None:
    ouse, ada = lookout.reader.named("Does the Ouse flow through Ada?")
    assert (ouse.start, ouse.end, ouse.entities) == (5, 13, wanted(numbers, "ouse"))
    assert ada.entities == wanted(numbers, "ada", "adda")


@pytest.mark.parametrize(
    ("question", "answers", "steps"),
    [
        ("which states border Ada?", ("bor", "cyr"), "named follow set"),
        ("the largest city of Bor", ("bex",), "named follow largest set"),
        ("which state has the most neighbours?", ("ada",), "class largest set"),
        ("neighbours of Ada where the Ouse flows", ("bor",), "named follow named follow meet set"),
        ("states that do not border Ada", ("ada",), "named follow follow set"),
        ("states larger than Bor", ("ada",), "class named above set"),
        ("the second largest city", ("alm",), "class largest set"),
        ("cities with more than 200", ("alm", "ash"), "class over set"),
        ("cities between 100 and 310", ("alm", "bex"), "class under over set"),
        ("neighbours of Ada without the Ouse", ("cyr",), "named follow named follow without set"),
        ("Alm or Bex, which is larger?", ("alm",), "named named either largest set"),
    ],
)
def test_what_people_mean_is_found(
    space: Space, lookout: Lookout, numbers: Numbers, question: str, answers: tuple[str, ...], steps: str
) -> None:
    search = Search(space, Limits(each_set=1000, programs=100_000))
    found = search.programs(lookout.reader.named(question), wanted(numbers, *answers), told(question))
    assert steps in {" ".join(step.op for step in program) for program in found}


@pytest.mark.parametrize(
    ("question", "answer", "steps"),
    [
        ("Does Ada border Bor?", True, "named follow named meet any"),
        ("Does Bor border Cyr?", False, "named follow named meet any"),
        ("Is Alm larger than Bex?", True, "named named above any"),
        ("Is Bex larger than Alm?", False, "named named above any"),
        ("Does anything flow through Bor?", True, "named follow any"),
    ],
)
def test_yes_and_no_are_found(
    space: Space, lookout: Lookout, numbers: Numbers, question: str, answer: bool, steps: str
) -> None:
    found = Search(space, Limits(programs=10_000)).programs(lookout.reader.named(question), answer, told(question))
    assert steps in {" ".join(step.op for step in program) for program in found}
    assert all(space.machine.run(program) is answer for program in found)


@pytest.mark.parametrize(
    ("question", "answer", "steps"),
    [
        ("how many more live in Ada than in Bor", 500.0, "named named difference"),
        ("how many more live in Bor than in Ada", 500.0, "named named difference"),
        ("Is Ada larger than Bor?", True, "named named above any"),
        ("Is Bor larger than Ada?", False, "named named above any"),
        ("which cities are smaller than Ada", ("alm", "ash", "bex", "cob"), "class named below set"),
    ],
)
def test_a_name_of_which_one_has_the_number_is_compared_as_it_stands(
    space: Space, lookout: Lookout, numbers: Numbers, question: str, answer: tuple[str, ...] | float | bool, steps: str
) -> None:
    """Ada is a state and a river, and only one of them has people."""
    if isinstance(answer, tuple):
        asked: Wanted = wanted(numbers, *answer)
    else:
        asked = answer if isinstance(answer, bool) else (answer,)
    named = lookout.reader.named(question)
    ada = next(step for step in named if len(step.entities) > 1)
    found = Search(space, Limits(programs=10_000)).programs(named, asked, told(question))
    assert any(ada in program and " ".join(step.op for step in program) == steps for program in found)


@pytest.mark.parametrize(
    ("question", "answers", "idle"),
    [
        ("Alm or Bex, which is larger?", ("alm",), "named set"),
        ("Alm or Bex, which are cities?", ("alm", "bex"), "named named either set"),
        ("Alm or Bex, which is larger?", ("alm",), "named named above set"),
        ("Does Ada border Bor?", True, "named named either any"),
        ("Does Ada border Bor?", True, "named follow named without any"),
        ("Does Bor border Cyr?", False, "named named meet any"),
    ],
)
def test_what_decides_nothing_is_no_program(
    space: Space, lookout: Lookout, numbers: Numbers, question: str, answers: tuple[str, ...] | bool, idle: str
) -> None:
    asked = answers if isinstance(answers, bool) else wanted(numbers, *answers)
    search = Search(space, Limits(each_set=1000, programs=100_000))
    found = search.programs(lookout.reader.named(question), asked, told(question))
    assert idle not in {" ".join(step.op for step in program) for program in found}


@pytest.mark.parametrize(
    ("steps", "idle"),
    [
        ("named named above count", True),
        ("named named follow without set", True),
        ("named named follow meet count", True),
        ("named named follow meet any", False),
        ("named named follow meet follow set", False),
        ("named follow named without count", False),
        ("named named either named follow meet set", False),  # "Alm or Bex, which is in Ada?"
        ("class named above set", False),
    ],
)
def test_what_comes_to_the_one_that_is_named_or_to_nothing_is_idle(steps: str, idle: bool) -> None:
    program = tuple(Step(cast(Op, op)) for op in steps.split())
    assert is_idle(program) is idle


def test_what_is_named_is_an_answer_only_beside_all_else_that_is(lookout: Lookout, numbers: Numbers) -> None:
    programs = lookout.programs("Alm or Bex, which is larger?", wanted(numbers, "alm"))
    assert programs
    assert all(sum(step.op == "named" for step in program) == 2 for program in programs)


def test_of_all_that_was_said_before_one_is_enough(search: Search, numbers: Numbers) -> None:
    """Which of the cities is the largest, when a state was spoken of too."""
    cities, state = said(wanted(numbers, "alm", "ash", "bex"), 0), said(wanted(numbers, "bor"), 1)
    programs = search.programs([cities, state], wanted(numbers, "ash"))
    ops = {tuple(step.op for step in program[1:]) for program in programs if program[0] == cities}
    assert ("largest", "set") in ops
    assert not any("named" in own and "either" in own for own in ops)


def test_a_word_for_a_number_may_be_left_unread(lookout: Lookout, numbers: Numbers) -> None:
    """The shortest program comes first, not one that reads "one" as a number."""
    asked = wanted(numbers, "alm")
    shortest, *_ = lookout.programs("which one is larger, Alm or Bex?", asked)
    assert "over" not in {step.op for step in shortest}
    figures, *_ = lookout.programs("which is over 1, Alm or Bex?", asked)
    assert "over" in {step.op for step in figures}


def test_the_last_of_all_is_no_nth(lookout: Lookout, numbers: Numbers) -> None:
    """Of two, the second largest is the smaller one."""
    programs = lookout.programs("Alm or Bex, which is larger?", wanted(numbers, "alm"))
    both = [program for program in programs if [step.op for step in program[:3]] == ["named", "named", "either"]]
    assert {step.rank for program in both for step in program} == {1}


def told(question: str) -> list[Quantity]:
    return quantities_of(question)


def test_all_programs_lead_to_the_answers_the_shortest_first(
    machine: Machine, numbers: Numbers, lookout: Lookout
) -> None:
    asked = wanted(numbers, "bor", "cyr")
    programs = lookout.programs("which states border Ada?", asked)
    assert {machine.run(program) for program in programs} == {asked}
    order = [len(program) + UNREAD * (not read_by(program)) for program in programs]
    assert order == sorted(order), "a name that is left unread comes later"


def test_a_number_is_a_value_a_count_a_sum_a_mean_or_a_difference(lookout: Lookout) -> None:
    found = {
        number: {program[-1].op for program in lookout.programs(question, (number,))}
        for question, number in (
            ("how many live in Bex?", 120.0),
            ("cities of Ada, all people", 610.0),
            ("Bor?", 2.0),
            ("average of cities of Ada", 305.0),
            ("Alm and Bex", 180.0),
        )
    }
    expected = {120.0: "set", 610.0: "sum", 2.0: "count", 305.0: "mean", 180.0: "difference"}
    assert {number: op for number, op in expected.items() if op in found[number]} == expected


def test_starts_of_other_questions_are_not_mixed_up(numbers: Numbers, search: Search) -> None:
    """Two names at the same place of two questions."""
    capital = along(numbers, "capital")
    for state, city in (("ada", "alm"), ("bor", "bex")):
        found = search.programs([named(numbers, state)], wanted(numbers, city))
        assert (named(numbers, state), capital, Step("set")) in found
        starts = [program[0] for program in found if program[0].op == "named"]
        assert all(start.entities == wanted(numbers, state) for start in starts)


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
        (True, True, True),
        (False, True, False),
        (1.0, True, False),
        ((), False, False),
    ],
)
def test_denotations_are_equal_sets_and_near_numbers(found: object, asked: object, expected: bool) -> None:
    values = np.array([np.nan, np.nan, 7.0, 8.0])
    assert same(found, asked, values) is expected  # type: ignore[arg-type]


def test_the_most_is_counted_among_a_class(numbers: Numbers, search: Search) -> None:
    programs = search.programs([], wanted(numbers, "ada"))
    most = Step("largest", attribute=Attribute(relation(numbers, "borders"), True))
    assert any(most in program for program in programs)
