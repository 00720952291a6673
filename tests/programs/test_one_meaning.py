"""A name that several are called is told of the one that it is about, where that is the same."""

import pytest
import torch

from kgqa.graph.numbers import Numbers
from kgqa.programs.machine import Machine, Program, Step
from kgqa.reasoning.beam import Written
from kgqa.reasoning.offers import Offers
from kgqa.reasoning.unfolding import of_one_meaning
from tests.programs.test_machine import along
from tests.programs.test_numbers import entities


def told(machine: Machine, numbers: Numbers, program: Program, weights: dict[str, float]) -> tuple[str, ...]:
    """What a program starts from when it is told; the ranker gives so much to each one of Ada's names."""
    ada = tuple(sorted(entities(numbers, "ada", "adda").tolist()))
    both = Step("named", start=0, end=3, entities=ada)
    ones = {name: Step("named", start=0, end=3, entities=tuple(entities(numbers, name).tolist())) for name in weights}
    prior = torch.tensor([[1.0, *weights.values()]]).log()
    empty = torch.zeros(1, 0, 4)
    offers = Offers(((both, *ones.values()),), ((),), prior, empty, empty, ((),), torch.zeros(1, 0))
    program = (both, *program)
    found = of_one_meaning(machine, Written(machine.run(program), program, 0.9, 0.9), offers)
    return tuple(machine.numbers.catalog.entity_ids[entity].removeprefix("urn:x:") for entity in found[0].entities)


def test_a_state_has_neighbours_and_a_river_of_its_name_has_none(machine: Machine, numbers: Numbers) -> None:
    program = (along(numbers, "borders"), Step("set"))
    assert told(machine, numbers, program, {"adda": 0.9, "ada": 0.1}) == ("ada",)


@pytest.mark.parametrize("weights", [{"ada": 0.6, "adda": 0.4}, {}])
def test_what_counts_both_is_told_of_both(machine: Machine, numbers: Numbers, weights: dict[str, float]) -> None:
    assert set(told(machine, numbers, (Step("count"),), weights)) == {"ada", "adda"}
