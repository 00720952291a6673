"""What a person chose of an answer: an entity, a relation, several of them, and what is not there to be chosen."""

import json
from dataclasses import replace

import pytest
import torch

from kgqa.errors import InputError, UnknownEntityError
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.explainer import SHOWN_CANDIDATES
from kgqa.reasoning.hops import GivenHop
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.types import NOTHING_CHOSEN, Answer, Choices, EntityChoice, RelationChoice
from tests import cinema
from tests.conftest import Trained

TWO_HOPS = "who directed films starring Fay Moss?"


@pytest.fixture(scope="module")
def answerer(trained: Trained) -> Answerer:
    return from_pretrained(trained.directory)


def ask(answerer: Answerer, question: str, *choices: EntityChoice | RelationChoice) -> Answer:
    chosen = NOTHING_CHOSEN
    for choice in choices:
        chosen = chosen.adding(choice)
    return answerer.answer(question, chosen)


def labels(answer: Answer) -> set[str]:
    return {entity.label for entity in answer.answers}


def entity(question: str, mention: str, identifier: str) -> EntityChoice:
    start = question.index(mention)
    return EntityChoice(start, start + len(mention), identifier)


def relation(question: str, mention: str, hop: int, label: str, inverse: bool = False) -> RelationChoice:
    start = question.index(mention)
    return RelationChoice(start, start + len(mention), hop, label, inverse)


@pytest.mark.parametrize("film", list(cinema.NAMESAKES))
def test_a_mention_means_what_was_chosen_and_nothing_else(answerer: Answerer, film: str) -> None:
    question = f"who directed {cinema.AMBIGUOUS}?"
    plain = answerer.answer(question)
    answer = ask(answerer, question, entity(question, cinema.AMBIGUOUS, film))
    assert labels(answer) == {cinema.DIRECTED[film]}
    (link,) = answer.links
    assert (link.id, link.score, link.description) == (film, 1.0, cinema.NAMESAKES[film])
    assert link.candidates == plain.links[0].candidates
    assert {each.id for each in link.candidates} == set(cinema.NAMESAKES)
    assert plain.chosen == NOTHING_CHOSEN


def test_an_entity_that_was_no_candidate_can_be_chosen_too(answerer: Answerer) -> None:
    question = f"who directed {cinema.AMBIGUOUS}?"
    assert labels(ask(answerer, question, entity(question, cinema.AMBIGUOUS, "Red Desert"))) == {"Cy Marsh"}


@pytest.mark.parametrize(
    ("hop", "label", "answers"),
    [(1, "release year", {"1968", "1990"}), (1, "directed by", {"Bo Lind", "Cy Marsh"})],
)
def test_a_hop_follows_what_was_chosen(answerer: Answerer, hop: int, label: str, answers: set[str]) -> None:
    answer = ask(answerer, TWO_HOPS, relation(TWO_HOPS, "Fay Moss", hop, label))
    assert labels(answer) == answers
    assert (answer.paths[0].hops[hop].label, answer.paths[0].hops[hop].weight) == (label, 1.0)


def test_a_path_is_as_long_as_the_last_hop_that_was_chosen(answerer: Answerer) -> None:
    question = "who directed Red Desert?"
    given = ask(
        answerer,
        question,
        relation(question, "Red Desert", 0, "starring"),
        relation(question, "Red Desert", 1, "starring", inverse=True),
    )
    assert [(hop.label, hop.inverse) for hop in given.paths[0].hops] == [("starring", False), ("starring", True)]


def test_choices_add_up(answerer: Answerer) -> None:
    question = f"who directed {cinema.AMBIGUOUS}?"
    film = entity(question, cinema.AMBIGUOUS, "Salt Road")
    year = relation(question, cinema.AMBIGUOUS, 0, "release year")
    answer = ask(answerer, question, film, year)
    assert labels(answer) == {cinema.YEARS["Salt Road"]}
    assert answer.chosen == Choices((film,), (year,))
    assert answer.labels["Salt Road"] == "Salt Road"
    assert labels(answerer.answer(question, answer.chosen.without(year))) == {cinema.DIRECTED["Salt Road"]}
    other = entity(question, cinema.AMBIGUOUS, "Iron Orchard")
    assert answer.chosen.adding(other) == Choices((other,), (year,))


def test_one_of_two_mentions_is_chosen_and_the_other_stays(answerer: Answerer) -> None:
    question = "who did Fay Moss play in Red Desert?"
    answer = ask(answerer, question, entity(question, "Red Desert", "Night Train"))
    assert labels(answer) == {"Lady Brandt"}
    assert {link.id for link in answer.links} == {"Fay Moss", "Night Train"}


def test_what_leads_nowhere_is_not_answered(answerer: Answerer) -> None:
    answer = ask(answerer, TWO_HOPS, relation(TWO_HOPS, "Fay Moss", 0, "release year"))
    assert (answer.abstained, answer.kind, answer.answers) == (True, "none", ())
    assert answer.labels["release year"] == "release year"


@pytest.mark.parametrize(
    ("choice", "error", "said"),
    [
        (EntityChoice(28, 36, "urn:none"), UnknownEntityError, "no entity 'urn:none'"),
        (RelationChoice(28, 36, 0, "urn:none", False), UnknownEntityError, "no relation 'urn:none'"),
        (RelationChoice(28, 36, 9, "starring", True), InputError, "has a hop 10"),
        (RelationChoice(28, 36, -1, "starring", True), InputError, "has a hop 0"),
        (RelationChoice(0, 3, 0, "starring", True), InputError, "no path from characters 0 to 3"),
        (EntityChoice(36, 28, "Jaws"), InputError, "no characters 36 to 28"),
        (EntityChoice(0, 999, "Jaws"), InputError, "no characters 0 to 999"),
    ],
)
def test_what_is_not_there_to_be_chosen_is_refused(
    answerer: Answerer, choice: EntityChoice | RelationChoice, error: type[InputError], said: str
) -> None:
    with pytest.raises(error, match=said):
        ask(answerer, TWO_HOPS, choice)


def test_other_relations_lead_somewhere_and_the_best_come_first(answerer: Answerer) -> None:
    answer = answerer.answer(TWO_HOPS)
    sparse, catalog = answerer.graph.sparse, answerer.graph.catalog
    starts = ["Fay Moss"]
    for hop in answer.paths[0].hops:
        weights = [each.weight for each in hop.candidates]
        assert weights == sorted(weights, reverse=True)
        assert (hop.candidates[0].relation, hop.candidates[0].inverse) == (hop.relation, hop.inverse)
        assert 1 < len(hop.candidates) <= SHOWN_CANDIDATES
        for each in hop.candidates:
            number = 2 * catalog.relation(each.relation) + each.inverse
            assert any(len(sparse.objects_of(catalog.entity(start), number)) for start in starts)
        starts = list(hop.entities)


def test_other_relations_are_weighed_by_the_question_alone(answerer: Answerer) -> None:
    plain, chosen = answerer.answer(TWO_HOPS), ask(answerer, TWO_HOPS, relation(TWO_HOPS, "Fay Moss", 1, "starring"))
    assert [each.relation for each in chosen.paths[0].hops[1].candidates] == [
        each.relation for each in plain.paths[0].hops[1].candidates
    ]


def test_nothing_changes_where_nothing_is_chosen(answerer: Answerer) -> None:
    first, second = answerer.answer(TWO_HOPS), answerer.answer(TWO_HOPS, NOTHING_CHOSEN)
    assert replace(first, timings_ms={}) == replace(second, timings_ms={})
    assert not NOTHING_CHOSEN


def test_a_given_hop_takes_no_gradient_away_from_the_others(answerer: Answerer) -> None:
    model = answerer.model
    given = GivenHop(28, 36, 0, 2 * answerer.graph.catalog.relation("starring") + 1)
    plain = model.think([TWO_HOPS, TWO_HOPS]).plan
    plan = model.think([TWO_HOPS, TWO_HOPS], None, [[given], []]).plan
    assert plain.own is None
    assert plain.asked is plain.relations
    assert plan.relations[0, 0, 0].tolist() == torch.eye(plan.relations.shape[-1])[given.relation].tolist()
    torch.testing.assert_close(plan.relations[1], plain.relations[1])
    torch.testing.assert_close(plan.stop[1], plain.stop[1])
    torch.testing.assert_close(plan.asked[0, 0, 0], plain.relations[0, 0, 0])
    plan.relations[:, :, 1].square().sum().backward()  # type: ignore[no-untyped-call]
    assert model.planner.query.weight.grad is not None
    model.zero_grad()


def test_an_answer_under_choices_survives_json(answerer: Answerer) -> None:
    answer = ask(answerer, TWO_HOPS, relation(TWO_HOPS, "Fay Moss", 1, "starring"))
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


def test_an_answer_from_before_there_were_choices_is_read(answerer: Answerer) -> None:
    row = json.loads(json.dumps(answerer.answer(TWO_HOPS).to_dict()))
    del row["chosen"]
    for path in row["paths"]:
        for hop in path["hops"]:
            del hop["candidates"]
    read = Answer.from_dict(row)
    assert (read.chosen, read.paths[0].hops[0].candidates) == (NOTHING_CHOSEN, ())
