"""Forms: questions that are worded alike are answered by the same programs of other names."""

from dataclasses import replace
from pathlib import Path

import pytest

from kgqa.graph.numbers import Attribute, Numbers
from kgqa.graph.store import build_graph
from kgqa.programs.machine import Machine, Program, Step
from kgqa.programs.quantities import quantities_of
from kgqa.training.forms import Alike, Worded, with_words
from tests import kingdom


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    path: Path = kingdom.write_graph(tmp_path_factory.mktemp("forms") / "graph.ttl")
    return Machine(Numbers.of_graph(build_graph([path])[0]))


def worded(machine: Machine, question: str, *names: str) -> Worded:
    """A question with these names in it; what the graph lacks stands for its first entity."""
    labels = machine.numbers.catalog.labels
    steps = []
    for name in names:
        start = question.index(name)
        entity = labels.index(name) if name in labels else 0
        steps.append(Step("named", start=start, end=start + len(name), entities=(entity,)))
    return Worded(question, tuple(steps), tuple(quantities_of(question)))


def counted(machine: Machine, relation: str, inverse: bool) -> tuple[Step, Step]:
    numbers = machine.numbers.catalog.relation_labels
    return Step("follow", relation=2 * numbers.index(relation) + inverse), Step("count")


def asked(machine: Machine, state: str) -> Worded:
    return worded(machine, f"how many cities are in {state}?", state)


def test_wording_is_what_names_and_numbers_leave(machine: Machine) -> None:
    one = worded(machine, "which rivers in Arden are longer than 100 km?", "Arden")
    other = worded(machine, "Which rivers in Belmar are longer than 2,500 km", "Belmar")
    assert one.wording == other.wording
    assert one.wording != worded(machine, "which rivers in Arden are longer than Belmar?", "Arden", "Belmar").wording


def test_a_program_becomes_one_of_the_same_form_elsewhere(machine: Machine) -> None:
    """Of the cities of Arden those that have more than a number: it is read in the other question."""
    cities, _ = counted(machine, "located in state", inverse=True)
    people = next(each for each in machine.numbers.values if "population" in _label(machine, each))
    one, other = (
        worded(machine, f"cities in {state} over {limit}", state) for state, limit in (("Arden", 20000), ("Belmar", 50))
    )
    place = one.places[1]
    over = Step("over", attribute=people, number=20000.0, start=place[0], end=place[1])
    alike = Alike(machine)
    alike.add(one, machine.run((*one.named, cities, over, Step("set"))))  # type: ignore[arg-type]
    alike.learn([(*one.named, cities, over, Step("set"))])
    of_all = tuple(machine.run((*other.named, cities, Step("set"))))  # type: ignore[arg-type]
    assert alike.add(other, of_all)
    ((program,),) = alike.programs(0, 0)[1:]
    assert [step.number for step in program if step.op == "over"] == [50.0]
    assert program[0] == other.named[0]


def test_what_answers_one_by_chance_fails_the_others(machine: Machine) -> None:
    states = [state for state in kingdom.STATES if len(kingdom.CITIES[state]) == 2][:1]
    states += [state for state in kingdom.STATES if len(kingdom.CITIES[state]) != 2][:3]
    right, chance = counted(machine, "located in state", True), counted(machine, "borders", False)
    alike = Alike(machine)
    for state in states:
        own = asked(machine, state)
        if not alike.add(own, (float(len(kingdom.CITIES[state])),)):
            ways = [(*own.named, *way) for way in (right, chance)]
            alike.learn([way for way in ways if machine.run(way) == len(kingdom.CITIES[state])])
    for found, state in zip(alike.programs(0, 0), states, strict=True):
        assert [program[1:] for program in found] == [right], state


def test_where_no_form_answers_all_one_may_answer_one_fewer(machine: Machine) -> None:
    """Each state has two neighbours; some have two cities as well. The answers to two of three questions are wrong."""
    right, chance = counted(machine, "located in state", True), counted(machine, "borders", False)
    both = next(state for state in kingdom.STATES if len(kingdom.CITIES[state]) == 2)
    one, other = [state for state in kingdom.STATES if len(kingdom.CITIES[state]) != 2][:2]
    alike = Alike(machine)
    for state, answer, ways in ((one, 2.0, [chance]), (both, 2.0, [right, chance]), (other, 99.0, [])):
        own = asked(machine, state)
        alike.add(own, (answer,))
        alike.learn([(*own.named, *way) for way in ways])
    assert not alike.is_sound
    for spared, expected in ((0, {chance}), (1, {right, chance})):
        assert {program[1:] for program in alike.programs(0, 0, spared)[1]} == expected


def test_the_last_of_all_is_no_second_elsewhere(machine: Machine) -> None:
    """The second largest of two is the smaller one, and not what a question for the second largest is answered with."""
    people = next(each for each in machine.numbers.values if "population" in _label(machine, each))
    second = (counted(machine, "located in state", True)[0], Step("largest", attribute=people, rank=2), Step("set"))
    few = next(state for state in kingdom.STATES if len(kingdom.CITIES[state]) == 2)
    many = next(state for state in kingdom.STATES if len(kingdom.CITIES[state]) > 2)
    alike = Alike(machine)
    for state in (many, few):
        own = asked(machine, state)
        program: Program = (*own.named, *second)
        answers_before = alike.add(own, machine.run(program))  # type: ignore[arg-type]
        assert not answers_before
        if state == many:
            alike.learn([program])
    assert list(map(len, alike.programs(0, 0))) == [1, 0]


def test_a_name_that_stays_while_others_vary_is_a_word(machine: Machine) -> None:
    """Somebody is called "it"; nobody is meant."""
    questions = [worded(machine, f"{state} is there, is it big?", state, "it") for state in kingdom.STATES[:3]]
    for own in with_words(questions):
        assert [own.question[step.start : step.end] for step in own.named] == [own.question.split()[0]]
    lone = worded(machine, "and it is where?", "it")
    assert not with_words([*questions, lone])[-1].named


def test_a_name_that_varies_stays_one(machine: Machine) -> None:
    questions = [worded(machine, f"how big is {name}?", name) for name in ("gold", "lead", "lead", "zinc")]
    assert with_words(questions) == questions


def _label(machine: Machine, attribute: Attribute) -> str:
    return machine.numbers.catalog.relation_labels[attribute.relation // 2]


def test_what_is_compared_with_is_one_of_several_meanings(machine: Machine) -> None:
    """A program compares with one entity: a name with two meanings is in none, but each meaning may be."""
    people = next(each for each in machine.numbers.values if "population" in _label(machine, each))
    catalog = machine.numbers.catalog
    cities = [city for state in kingdom.CITIES.values() for city in state][:3]
    first, second, other = (catalog.entity(kingdom.iri(city)) for city in cities)
    text = f"is {cities[0]} larger than {cities[2]}?"
    one, two = (Step("named", start=text.index(c), end=text.index(c) + len(c)) for c in (cities[0], cities[2]))
    several = replace(two, entities=tuple(sorted((second, other))))
    asked = Worded(text, (replace(one, entities=(first,)), several), (), (replace(two, entities=(other,)),))
    program = (asked.named[0], asked.meanings[0], Step("above", attribute=people), Step("any"))
    alike = Alike(machine)
    alike.add(asked, bool(machine.run(program)))
    alike.learn([program])
    ((found,),) = alike.programs(1, 0)
    assert found[1].entities == (other,)
