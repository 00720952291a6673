"""The finish: from a set and an answer to the steps between, each of which the machine runs to that answer."""

import pytest

from kgqa.graph.numbers import Attribute, Numbers
from kgqa.programs.finish import Finish
from kgqa.programs.known import State, Wanted
from kgqa.programs.machine import Machine, Step
from kgqa.programs.quantities import quantities_of
from kgqa.programs.search import same
from kgqa.programs.space import Space
from tests.programs.test_machine import named
from tests.programs.test_numbers import class_, entities, relation


@pytest.fixture(scope="module")
def finish(space: Space) -> Finish:
    return Finish(space, largest=100)


def of_class(machine: Machine, numbers: Numbers, name: str) -> State:
    start = Step("class", class_=class_(numbers, name))
    return State((start,), machine.step((), start)[0])


def wanted(numbers: Numbers, *names: str) -> tuple[int, ...]:
    return tuple(sorted(entities(numbers, *names).tolist()))


@pytest.mark.parametrize(
    ("question", "what", "answers", "steps"),
    [
        ("the largest city", "city", ("ash",), "class largest set"),
        ("the third largest city", "city", ("bex",), "class largest set"),
        ("the smallest states", "state", ("bor", "cyr"), "class smallest set"),
        ("cities with more than 200", "city", ("alm", "ash"), "class over set"),
        ("cities between 100 and 310", "city", ("alm", "bex"), "class over under set"),
        ("largest city with less than 310", "city", ("alm",), "class under largest set"),
        ("people of the second largest city", "city", (300.0,), "class largest follow set"),
        ("how many cities have more than 200", "city", (2.0,), "class over count"),
        ("how many neighbours have states, all in all", "state", (4.0,), "class sum"),
        ("how many cities have states on average", "state", (5 / 3,), "class mean"),
    ],
)
def test_last_steps_are_found_and_come_to_the_answer(
    finish: Finish,
    machine: Machine,
    numbers: Numbers,
    question: str,
    what: str,
    answers: tuple[str, ...] | tuple[float, ...],
    steps: str,
) -> None:
    asked: Wanted = answers if isinstance(answers[0], float) else wanted(numbers, *map(str, answers))  # type: ignore
    found = list(finish.programs(of_class(machine, numbers, what), asked, quantities_of(question)))
    assert steps in {" ".join(step.op for step in program) for program in found}
    assert all(same(machine.run(program), asked, numbers.catalog.values) for program in found)


def test_of_what_is_counted_only_the_first_is_an_extreme(finish: Finish, machine: Machine, numbers: Numbers) -> None:
    """As in the space of steps."""
    states = of_class(machine, numbers, "state")
    found = [step for program in finish.programs(states, wanted(numbers, "bor"), ()) for step in program]
    assert all(step.rank == 1 for step in found if step.attribute is not None and step.attribute.counted)
    assert all(step in finish.space.places for step in found if step.op in ("largest", "smallest"))


def test_the_difference_of_what_two_have_is_also_one_of_counts(
    finish: Finish, machine: Machine, numbers: Numbers
) -> None:
    one, other = (State((step,), machine.step((), step)[0]) for step in (named(numbers, "ada"), named(numbers, "bor")))
    ends = {program[-1] for program in finish.apart(one, other, 1.0)}
    assert Step("difference", attribute=Attribute(relation(numbers, "borders"), True)) in ends
    ends = {program[-1] for program in finish.apart(one, other, 500.0)}
    assert ends == {Step("difference", attribute=numbers.values[0])}


def test_neither_yes_and_no_nor_what_is_too_large_is_looked_at(
    space: Space, machine: Machine, numbers: Numbers
) -> None:
    cities = of_class(machine, numbers, "city")
    assert not list(Finish(space, largest=100).programs(cities, True, ()))
    assert not list(Finish(space, largest=2).programs(cities, wanted(numbers, "ash"), ()))
