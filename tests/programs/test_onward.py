"""Onward: what relations lead to from an extreme is found from the answer, and the machine runs it to that answer."""

import pytest

from kgqa.graph.numbers import Numbers
from kgqa.programs.finish import Finish
from kgqa.programs.known import Wanted
from kgqa.programs.onward import Onward
from kgqa.programs.search import same
from kgqa.programs.space import Space
from tests.programs.test_finish import of_class, wanted


@pytest.mark.parametrize(
    ("question", "answers", "steps"),
    [
        ("the capital of the largest state", ("alm",), "class largest follow set"),
        ("the neighbours of the largest state", ("bor", "cyr"), "class largest follow set"),
        ("the largest city of the largest state", ("ash",), "class largest follow largest set"),
        ("how many cities has the largest state", (2.0,), "class largest follow count"),
        ("people of the neighbours of the largest state", (800.0,), "class largest follow sum"),
    ],
)
def test_relations_are_followed_from_an_extreme(
    space: Space, numbers: Numbers, question: str, answers: tuple[str, ...] | tuple[float, ...], steps: str
) -> None:
    names = [answer for answer in answers if isinstance(answer, str)]
    asked: Wanted = wanted(numbers, *names) if names else (float(answers[0]),)
    found = list(Onward(space, Finish(space, 100), asked).programs([of_class(space.machine, numbers, "state")]))
    assert steps in {" ".join(step.op for step in program) for program in found}, question
    assert all(same(space.machine.run(program), asked, numbers.catalog.values) for program in found)
    assert all(step in space.places for program in found for step in program if step.op == "follow")


@pytest.mark.parametrize("asked", [True, (), (17.0,), (1.0, 2.0)])
def test_there_is_nothing_for_yes_or_no_or_what_nothing_comes_to(space: Space, numbers: Numbers, asked: Wanted) -> None:
    assert not list(Onward(space, Finish(space, 100), asked).programs([of_class(space.machine, numbers, "state")]))
