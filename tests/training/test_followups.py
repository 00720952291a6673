"""Next questions: about the answer and what was asked about, in plain words, and only those that are answered right."""

from dataclasses import replace
from itertools import islice

import pytest

from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.english import Words
from kgqa.training.followups import WANTED, Drafter, Followups, _spoken
from kgqa.training.wording import word
from kgqa.types import Answer
from tests import cinema
from tests.conftest import Trained


@pytest.fixture(scope="module")
def answerer(trained: Trained) -> Answerer:
    return from_pretrained(trained.directory)


def drafts(answerer: Answerer, question: str) -> dict[str, set[str]]:
    """Every draft after the answer to a question, with the labels that the graph answers it with."""
    catalog = answerer.graph.catalog
    found = Drafter(answerer).drafts(answerer.answer(question))
    return {draft.text: {catalog.labels[each] for each in draft.answers} for draft in found}


def test_drafts_ask_what_the_graph_knows_of_answer_and_entity(answerer: Answerer) -> None:
    found = drafts(answerer, "who directed Jaws?")
    assert found["Who starred in Jaws?"] == {"Dora Finch", "Emil Gray"}
    assert found["What is the release year of Jaws?"] == {cinema.YEARS["Jaws"]}


def test_what_was_just_asked_and_the_way_back_are_no_drafts(answerer: Answerer) -> None:
    found = drafts(answerer, "who directed Jaws?")
    assert not [text for text in found if "direct" in text]


def test_a_name_keeps_the_article_it_was_asked_with(answerer: Answerer) -> None:
    assert "Who starred in Red Desert?" in drafts(answerer, "who directed Red Desert?")
    assert "Who starred in the Red Desert?" in drafts(answerer, "who directed the Red Desert?")


@pytest.mark.parametrize("question", ["who directed Jaws?", "films starring Fay Moss", "when did Red Desert come out?"])
def test_what_is_suggested_is_answered_right(answerer: Answerer, question: str) -> None:
    suggested = Followups(lambda: answerer)(answerer.answer(question))
    assert 0 < len(suggested) <= WANTED
    known = drafts(answerer, question)
    for text in suggested:
        answer = answerer.answer(text)
        assert not answer.abstained
        assert {entity.label for entity in answer.answers} == known[text]


def test_what_the_model_gets_wrong_is_not_suggested(answerer: Answerer) -> None:
    answer = answerer.answer("who directed Jaws?")
    number = answerer.graph.catalog.entity
    wrong = [
        draft.text
        for draft in Drafter(answerer).drafts(answer)
        if {number(entity.id) for entity in answerer.answer(draft.text).answers} != draft.answers
    ]
    assert not set(wrong) & set(Followups(lambda: answerer)(answer))


def test_what_starts_from_several_entities_is_followed_by_questions_about_the_answer(answerer: Answerer) -> None:
    answer = answerer.answer("who directed Jaws?")
    they = replace(answer.links[0], id="", label="these 3", earlier=True)
    drafted = list(Drafter(answerer).drafts(replace(answer, links=(they,))))
    assert drafted
    assert not [draft.text for draft in drafted if "Jaws" in draft.text.removesuffix("?").split()]


def test_nothing_understood_is_nothing_suggested(answerer: Answerer) -> None:
    assert Followups(lambda: answerer)(Answer("?!", "none", abstained=True, why="no_question")) == ()


def test_the_same_answer_is_followed_by_the_same_questions_until_the_model_changes(
    answerer: Answerer, trained: Trained
) -> None:
    models = [answerer]
    followups = Followups(lambda: models[-1])
    answer = answerer.answer("who directed Jaws?")
    first = followups(answer)
    assert followups(answer) is first
    models.append(from_pretrained(trained.directory))
    assert followups(answer) == first
    assert followups(answer) is not first


@pytest.mark.parametrize(
    ("label", "forward"),
    [
        ("directed by", "who directed {a}?"),
        ("housed in", "where is {a} housed"),
        ("located in country", "where is {a} located"),
        ("capital", "what is the capital of {a}?"),
        ("borders", "{which} does {a} border?"),
        ("plays for club", "which club does {a} play for?"),
        ("starring", "who starred in {a}?"),
    ],
)
def test_of_the_ways_to_ask_the_plainest_is_taken(label: str, forward: str) -> None:
    lexicon = ["direct", "directed", "house", "housed", "locate", "located", "border", "play", "star", "starred"]
    assert next(islice(_spoken(word(label, Words(lexicon))[0]), 1)) == forward
