"""Answers of a really trained small model: what is said, and how it is explained."""

import json

import pytest

from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.types import Answer
from tests import cinema
from tests.conftest import Trained


@pytest.fixture(scope="module")
def answerer(trained: Trained) -> Answerer:
    return from_pretrained(trained.directory)


def labels(answer: Answer) -> set[str]:
    return {entity.label for entity in answer.answers}


def test_one_hop(answerer: Answerer) -> None:
    answer = answerer.answer("who directed Night Train?")
    assert labels(answer) == {"Bo Lind"}
    assert [(link.mention, link.id) for link in answer.links] == [("Night Train", "Night Train")]
    assert [(hop.label, hop.inverse) for hop in answer.paths[0].hops] == [("directed by", False)]
    assert answer.facts == (("Night Train", "directed by", "Bo Lind"),)


def test_two_hops_are_explained_by_facts_that_meet(answerer: Answerer) -> None:
    answer = answerer.answer("who directed the movies with Fay Moss")
    assert labels(answer) == {"Bo Lind", "Cy Marsh"}
    assert [hop.label for hop in answer.paths[0].hops] == ["starring", "directed by"]
    assert set(answer.facts) == {
        ("Night Train", "starring", "Fay Moss"),
        ("Red Desert", "starring", "Fay Moss"),
        ("Night Train", "directed by", "Bo Lind"),
        ("Red Desert", "directed by", "Cy Marsh"),
    }


def test_a_year_is_a_number(answerer: Answerer) -> None:
    answer = answerer.answer("when did Jaws come out?")
    assert answer.kind == "number"
    assert answer.value == 1975


def test_every_fact_is_in_the_graph_and_every_id_has_a_label(answerer: Answerer) -> None:
    stated = {(s, r, o) for s, r, o in cinema.triples()}
    catalog = answerer.graph.catalog
    for row in cinema.questions(cinema.DEV):
        answer = answerer.answer(str(row["question"]))
        for subject, relation, object_ in answer.facts:
            assert (subject, relation, catalog.labels[catalog.entity(object_)]) in stated
            assert {subject, relation, object_} <= answer.labels.keys()


def test_a_mention_lies_where_it_says(answerer: Answerer) -> None:
    for row in cinema.questions(cinema.DEV):
        question = str(row["question"])
        for link in answerer.answer(question).links:
            assert question[link.start : link.end] == link.mention
            assert link.id in {candidate.id for candidate in link.candidates}


@pytest.mark.parametrize("question", ["?", "…", "🎬", "a" * 500, "<b>who</b>", "кто снял фильм", "\u202e\u0000"])
def test_odd_questions_are_survived(answerer: Answerer, question: str) -> None:
    answer = answerer.answer(question)
    assert 0 <= answer.confidence <= 1
    assert answer.abstained == (not answer.answers)
    assert bool(answer.why) == answer.abstained


def test_nothing_to_link_is_no_question(answerer: Answerer) -> None:
    answer = answerer.answer("?!")
    assert answer.abstained
    assert answer.kind == "none"
    assert answer.why == "no_question"


def test_an_answer_survives_json(answerer: Answerer) -> None:
    answer = answerer.answer("films starring Dora Finch")
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


def test_the_same_question_has_the_same_answer(answerer: Answerer) -> None:
    first, second = (answerer.answer("films starring Emil Gray") for _ in range(2))
    assert first.answers == second.answers
    assert first.facts == second.facts
