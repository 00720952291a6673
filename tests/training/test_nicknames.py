"""Nicknames: learned from a linking choice and from answers, where the linker would not find the entity anyway."""

import pytest

from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.corrections import Correction, Hint
from kgqa.training.nicknames import Nickname, nicknames, with_nicknames
from tests import cinema
from tests.conftest import Trained


@pytest.fixture
def answerer(trained: Trained) -> Answerer:
    return from_pretrained(trained.directory)


def said(text: str, *answers: str, by: str = "p", reviewed: bool = False, hint: Hint | None = None) -> Correction:
    return Correction(text, answers, hint, frozenset(by), reviewed)


def meant(answerer: Answerer, name: str) -> Nickname:
    return Nickname("Zorvo", answerer.graph.catalog.entity(name))


def test_a_linking_choice_says_it(answerer: Answerer) -> None:
    hint = Hint("Zorvo", "Jaws")
    one = said("who directed Zorvo?", "Ana Sol", hint=hint)
    assert nicknames(answerer, [one]) == []  # one person, and nobody looked at it
    assert nicknames(answerer, [one], trusting=True) == [meant(answerer, "Jaws")]
    assert nicknames(answerer, [one, said("when was Zorvo made?", hint=hint, by="q")]) == [meant(answerer, "Jaws")]
    reviewed = said("who directed Zorvo?", "Ana Sol", hint=hint, reviewed=True)
    assert nicknames(answerer, [reviewed]) == [meant(answerer, "Jaws")]


@pytest.mark.parametrize(
    "hint",
    [Hint("Jaws", "Jaws"), Hint("Jawss", "Jaws"), Hint("?", "Jaws"), Hint("That one", "Jaws"), Hint("Zorvo", "none")],
)
def test_a_name_that_is_found_anyway_is_none(answerer: Answerer, hint: Hint) -> None:
    assert nicknames(answerer, [said(f"who directed {hint.mention}?", "Ana Sol", hint=hint, reviewed=True)]) == []


def test_answers_say_it_where_the_graph_shows_it(answerer: Answerer) -> None:
    film = "Red Desert"  # the one film of Cy Marsh
    rows = [
        said("who directed Zorvo?", cinema.DIRECTED[film], reviewed=True),
        said("when did Zorvo come out?", cinema.YEARS[film], reviewed=True),
    ]
    assert nicknames(answerer, rows) == [meant(answerer, film)]
    wrong = said("who directed Jaws?", "Bo Lind", reviewed=True)
    assert nicknames(answerer, [wrong]) == []  # a name that it has is none to learn


def test_of_the_entities_that_one_answer_allows_another_tells_which(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana Sol directed two films. Too much is near Emil Gray to say anything by himself, but one of the two is."""
    monkeypatch.setattr("kgqa.training.nicknames.MOST_READINGS", 2)
    directed = said("who directed Zorvo?", "Ana Sol", reviewed=True)
    starring = said("who starred in Zorvo?", "Emil Gray", reviewed=True)
    assert nicknames(answerer, [directed]) == []
    assert nicknames(answerer, [starring]) == []
    assert nicknames(answerer, [directed, starring]) == [meant(answerer, "Jaws")]


def test_it_is_answered_for_at_once(answerer: Answerer) -> None:
    named = with_nicknames(answerer, [meant(answerer, "Red Desert")])
    found = named.solve("who directed zorvo?").entities.tolist()
    assert [named.graph.catalog.labels[entity] for entity in found] == ["Cy Marsh"]
    assert list(named.graph.catalog.aliases(named.graph.catalog.entity("Red Desert"))) == ["Zorvo"]
    assert with_nicknames(answerer, []) is answerer
