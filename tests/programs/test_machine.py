"""The machine, against plain Python over the land's facts."""

from collections.abc import Iterable

import pytest

from kgqa.errors import InputError
from kgqa.graph.numbers import Attribute, Numbers
from kgqa.programs.machine import Machine, Op, Step, placed
from tests.programs.test_numbers import class_, entities, relation


def named(numbers: Numbers, *names: str) -> Step:
    return Step("named", entities=tuple(entities(numbers, *names).tolist()))


def names(numbers: Numbers, found: object) -> set[str]:
    assert isinstance(found, Iterable)
    return {numbers.catalog.entity_ids[each].removeprefix("urn:x:") for each in found}


def along(numbers: Numbers, name: str, back: bool = False) -> Step:
    return Step("follow", relation(numbers, name) + back)


@pytest.fixture
def population(numbers: Numbers) -> Attribute:
    return numbers.values[0]


def test_a_set_is_followed_whole(machine: Machine, numbers: Numbers) -> None:
    program = (named(numbers, "ada"), along(numbers, "borders"), along(numbers, "in", back=True), Step("set"))
    assert names(numbers, machine.run(program)) == {"bex", "bay", "cob"}


def test_a_name_means_all_that_it_may_until_a_class_is_kept(machine: Machine, numbers: Numbers) -> None:
    both = named(numbers, "ada", "adda")
    assert names(numbers, machine.run((both, Step("set")))) == {"ada", "adda"}
    kept = (both, Step("keep", class_=class_(numbers, "river")), along(numbers, "flows"), Step("set"))
    assert names(numbers, machine.run(kept)) == {"cyr"}


@pytest.mark.parametrize(
    ("op", "what", "expected"),
    [("largest", "city", {"ash"}), ("smallest", "city", {"cob"}), ("smallest", "state", {"bor", "cyr"})],
)
def test_an_extreme_is_of_those_that_have_a_number_and_ties_stay(
    machine: Machine, numbers: Numbers, population: Attribute, op: Op, what: str, expected: set[str]
) -> None:
    program = (Step("class", class_=class_(numbers, what)), Step(op, attribute=population), Step("set"))
    assert names(numbers, machine.run(program)) == expected


def test_an_extreme_of_those_without_a_number_is_nothing(
    machine: Machine, numbers: Numbers, population: Attribute
) -> None:
    program = (named(numbers, "bay"), Step("largest", attribute=population))
    assert machine.run((*program, Step("set"))) == ()
    assert machine.run((*program, Step("count"))) == 0


def test_most_by_count(machine: Machine, numbers: Numbers) -> None:
    most = Step("largest", attribute=Attribute(relation(numbers, "borders"), True))
    assert names(numbers, machine.run((Step("class", class_=class_(numbers, "state")), most, Step("set")))) == {"ada"}


@pytest.mark.parametrize(
    ("op", "expected"), [("meet", {"bor"}), ("without", {"cyr"}), ("above", set()), ("below", {"bor", "cyr"})]
)
def test_two_sets_become_one(
    machine: Machine, numbers: Numbers, population: Attribute, op: Op, expected: set[str]
) -> None:
    """The neighbours of Ada, and where the Ouse flows: Ada and Bor."""
    join = Step(op, attribute=population if op in ("above", "below") else None)
    other = (named(numbers, "ouse"), along(numbers, "flows")) if op in ("meet", "without") else (named(numbers, "ada"),)
    program = (named(numbers, "ada"), along(numbers, "borders"), *other, join, Step("set"))
    assert names(numbers, machine.run(program)) == expected


def test_what_borders_one_but_not_another_is_not_the_other(machine: Machine, numbers: Numbers) -> None:
    """Bor does not border itself, but nobody who says "but not Bor" means it."""
    ada, bor = ((named(numbers, name), along(numbers, "borders")) for name in ("ada", "bor"))
    bare, whole = Step("without"), placed((*ada, *bor), Step("without"))
    assert "bor" in names(numbers, machine.run((*ada, *bor, bare, Step("set"))))
    assert names(numbers, machine.run((*ada, *bor, whole, Step("set")))) == {"cyr"}


@pytest.mark.parametrize(("op", "expected"), [("count", 5), ("sum", 820), ("mean", 205)])
def test_a_number_is_of_the_whole_set(
    machine: Machine, numbers: Numbers, population: Attribute, op: Op, expected: float
) -> None:
    end = Step(op, attribute=None if op == "count" else population)
    assert machine.run((Step("class", class_=class_(numbers, "city")), end)) == expected


def test_the_mean_of_nothing_is_no_number(machine: Machine, numbers: Numbers, population: Attribute) -> None:
    mean = machine.run((named(numbers, "bay"), Step("mean", attribute=population)))
    assert mean != mean


@pytest.mark.parametrize(
    "program",
    [(), (Step("count"),), (Step("class"), Step("class"), Step("set")), (Step("class"),), (Step("class"), Step("sum"))],
)
def test_what_is_no_program_is_refused(machine: Machine, program: tuple[Step, ...]) -> None:
    with pytest.raises(InputError):
        machine.run(program)


def test_a_join_needs_two_sets(machine: Machine) -> None:
    with pytest.raises(InputError, match="needs 2 sets and finds 1"):
        machine.run((Step("class"), Step("meet"), Step("set")))


@pytest.mark.parametrize(
    ("op", "rank", "expected"),
    [
        ("largest", 2, {"alm"}),
        ("largest", 4, {"cob"}),
        ("largest", 5, set()),
        ("smallest", 2, {"bex"}),
    ],
)
def test_what_comes_after_the_extreme(
    machine: Machine, numbers: Numbers, population: Attribute, op: Op, rank: int, expected: set[str]
) -> None:
    ranked = Step(op, attribute=population, rank=rank)
    assert names(numbers, machine.run((Step("class", class_=class_(numbers, "city")), ranked, Step("set")))) == expected


@pytest.mark.parametrize(
    ("op", "expected"),
    [("over", {"ash"}), ("under", {"bex", "cob"}), ("exactly", {"alm"}), ("notable", {"ash"})],
)
def test_a_number_is_held_against_what_each_has(
    machine: Machine, numbers: Numbers, population: Attribute, op: Op, expected: set[str]
) -> None:
    held = Step(op, attribute=population, number=300)
    assert names(numbers, machine.run((Step("class", class_=class_(numbers, "city")), held, Step("set")))) == expected


def test_either_of_two_and_their_difference(machine: Machine, numbers: Numbers, population: Attribute) -> None:
    two = (named(numbers, "alm"), named(numbers, "bex"))
    assert names(numbers, machine.run((*two, Step("either"), Step("set")))) == {"alm", "bex"}
    assert machine.run((*two, Step("difference", attribute=population))) == 180
    missing = machine.run((named(numbers, "alm"), named(numbers, "bay"), Step("difference", attribute=population)))
    assert missing != missing


def test_whether_there_are_any(machine: Machine, numbers: Numbers) -> None:
    rivers = (named(numbers, "bor"), along(numbers, "flows", back=True), Step("any"))
    cities = (named(numbers, "bex"), along(numbers, "flows", back=True), Step("any"))
    assert machine.run(rivers) is True
    assert machine.run(cities) is False
