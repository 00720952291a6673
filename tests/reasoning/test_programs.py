"""Programs in the joint model: learned from answers alone, run exactly, and told step by step."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kgqa.graph.store import open_graph
from kgqa.programs.machine import Denotation, Program, Step
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.beam import RARE, _added_up, written
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.decoder import Beginning
from kgqa.reasoning.pretrained import from_pretrained, save_pretrained
from kgqa.reasoning.unfolding import sketch
from kgqa.training.derivations import log_likelihood
from kgqa.training.lookout import Lookout
from kgqa.training.questions import read_questions
from kgqa.training.recipe import new_model
from kgqa.types import Answer, Choices, EntityChoice
from tests import kingdom
from tests.conftest import Trained


@pytest.fixture(scope="module")
def answerer(ruled: Trained) -> Answerer:
    return from_pretrained(ruled.directory)


def test_it_learned_from_answers_alone(ruled: Trained) -> None:
    assert ruled.figures["hits@1"] >= 85
    for kind in ("count", "superlative", "sum", "yes-no", "negation", "plain"):
        assert ruled.figures["slices"][kind]["hits@1"] >= 70, kind


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("how many cities are in Kelda?", "count", len(kingdom.CITIES["Kelda"])),
        ("how many people live in all cities of Kelda together?", "number", sum(kingdom.CITIES["Kelda"].values())),
        ("does Kelda border Lorne?", "boolean", True),
        ("does Kelda border Dunmor?", "boolean", False),
    ],
)
def test_the_answer_is_a_number_or_yes_or_no(answerer: Answerer, question: str, kind: str, value: float) -> None:
    answer = answerer.answer(question)
    assert (answer.kind, answer.value) == (kind, value)
    assert answer.program
    assert not answer.answers
    assert Answer.from_dict(answer.to_dict()) == answer


def test_a_superlative_tells_what_each_had(answerer: Answerer) -> None:
    cities = kingdom.CITIES["Isfar"]
    largest = max(cities, key=lambda city: cities[city])
    answer = answerer.answer("what is the largest city in Isfar?")
    assert [each.label for each in answer.answers] == [largest]
    (extreme,) = [each for each in answer.program if each.op == "largest"]
    assert extreme.label == "population"
    assert dict(extreme.values) == {kingdom.iri(city): people for city, people in cities.items()}
    assert extreme.values[0][0] == kingdom.iri(largest)
    assert (extreme.took_part, extreme.missing, extreme.size) == (len(cities), 0, 1)
    assert answer.links[0].label == "Isfar"
    assert answer.facts


def test_a_walk_still_answers_what_a_walk_can(ruled: Trained) -> None:
    """The surer of the two answers: as sure as programs are, a gate that is shut leaves them out."""
    answerer = from_pretrained(ruled.directory)
    capital = "what is the capital of Jorvik?"
    assert answerer.answer("how many cities are in Jorvik?").program
    decoder = answerer.model.decoder
    assert decoder is not None
    last = decoder.chosen[-1]
    assert isinstance(last, nn.Linear)
    with torch.inference_mode():
        last.bias.fill_(-100.0)
    answer = answerer.answer(capital)
    assert kingdom.iri(next(iter(kingdom.CITIES["Jorvik"]))) in {each.id for each in answer.answers}
    assert answer.paths
    assert not answer.program


def test_what_a_person_chose_is_started_from(answerer: Answerer) -> None:
    question = "how many cities are in Kelda?"
    start = question.index("Kelda")
    chosen = Choices((EntityChoice(start, start + 5, kingdom.iri("Arden")),))
    answer = answerer.answer(question, chosen)
    assert answer.value == len(kingdom.CITIES["Arden"])
    assert [link.id for link in answer.links] == [kingdom.iri("Arden")]


def test_probabilities_of_programs_add_up_to_no_more_than_one(answerer: Answerer) -> None:
    model = answerer.model
    assert model.decoder is not None
    with torch.inference_mode():
        draft = model.think(["how many cities are in Lorne?"]).draft
    assert draft is not None
    found = written(model.decoder, draft, 0)
    assert found[0].denotation == float(len(kingdom.CITIES["Lorne"]))
    assert found[0].probability <= found[0].together
    assert sum(each.together for each in found) <= 1 + 1e-4


def test_an_empty_set_comes_first_only_where_it_is_likelier_by_far() -> None:
    named, end = Step("named", end=4, entities=(3,)), Step("set")
    some: list[tuple[float, Program, Denotation]] = [(math.log(0.01), (named, end), (3,))]
    for share, first in ((0.5 * 0.01 / RARE, (3,)), (2 * 0.01 / RARE, ())):
        found = _added_up([(math.log(share), (named, end), ()), *some])
        assert found[0].denotation == first
        assert sorted(each.together for each in found) == pytest.approx([0.01, share])


def test_the_gradient_of_a_program_reaches_spans_ranker_and_encoder(ruled: Trained) -> None:
    model = new_model(ModelConfig(), open_graph(ruled.graph))
    assert model.decoder is not None
    rows = read_questions(ruled.questions)[:7]
    explained = Lookout(model.decoder.space, model.index).explain(rows)
    trees = [each and each.tree(model.decoder.space) for each in explained]
    draft = model.think([row.question for row in rows]).draft
    assert draft is not None
    found = log_likelihood(model.decoder, draft, trees)
    assert all(value < 0 for value in found.tolist())
    found.mean().neg().backward()
    for part in (model.spans.score, model.ranker.similarity, model.encoder.trainable[0], model.decoder.steps.operation):
        parameters = [part] if isinstance(part, torch.nn.Parameter) else list(part.parameters())
        assert any(each.grad is not None and bool(each.grad.abs().sum() > 0) for each in parameters), part


def test_it_answers_alike_after_it_was_saved(answerer: Answerer, tmp_path: Path) -> None:
    save_pretrained(answerer, tmp_path / "copy", "a card")
    question = "how many cities are in Kelda?"
    first, second = answerer.answer(question), from_pretrained(tmp_path / "copy").answer(question)
    assert first.value == second.value == len(kingdom.CITIES["Kelda"])
    assert first.program == second.program


def test_nothing_is_written_where_there_is_nothing_to_start_from(trained: Trained) -> None:
    model = new_model(ModelConfig(), open_graph(trained.graph)).eval()  # its graph has no classes
    assert model.decoder is not None
    with torch.inference_mode():
        draft = model.think(["zzz"], mentions=[[]]).draft
    assert draft is not None
    assert written(model.decoder, draft, 0) == ()


def test_one_that_is_named_is_not_counted(answerer: Answerer) -> None:
    assert answerer.model.decoder is not None
    space, catalog = answerer.model.decoder.space, answerer.graph.catalog
    few = np.array([catalog.entity(kingdom.iri(city)) for city in kingdom.CITIES["Isfar"]])
    for own, start, counted in ((few[:1], 0, False), (few, 0, False), (few[:1], -1, False), (few, -1, True)):
        program = (Step("named", start=start, entities=tuple(own.tolist())),)  # those of -1 were said before
        valid = np.unpackbits(Beginning.of(space, program, (own,), ()).valid, count=len(space.steps))
        assert bool(valid[space.place(Step("count"))]) == counted


def test_the_only_city_of_a_state_is_its_largest_but_a_city_that_is_named_is_none(answerer: Answerer) -> None:
    assert answerer.model.decoder is not None
    space, catalog = answerer.model.decoder.space, answerer.graph.catalog
    city = np.array([catalog.entity(kingdom.iri(next(iter(kingdom.CITIES["Isfar"]))))])
    named = Step("named", entities=tuple(city.tolist()))
    back = next(step for step in space.steps if step.op == "follow" and step.relation % 2)
    for program, expected in (((named,), False), ((named, back), True)):
        valid = np.unpackbits(Beginning.of(space, program, (city,), ()).valid, count=len(space.steps))
        assert bool(valid[space.extremes].any()) == expected


def test_what_a_program_does_is_the_same_for_another_name(answerer: Answerer) -> None:
    assert answerer.model.decoder is not None
    machine = answerer.model.decoder.space.machine
    cities, others = (answerer.solve(f"how many cities are in {state}?") for state in ("Kelda", "Lorne"))
    people = answerer.solve("how many people live in all cities of Kelda together?")
    assert cities.program is not None
    assert others.program is not None
    assert people.program is not None
    sketched = answerer.said(answerer.answer("how many cities are in Kelda?")).sketch
    assert sketched == sketch(machine, cities.program.program) == sketch(machine, others.program.program) != ()
    assert sketched != sketch(machine, people.program.program)
