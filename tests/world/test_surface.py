"""What happens to a question's text never loses its mentions."""

from random import Random

import pytest

from assets.world.surface import Mention, Name, Question, misspell, relax, render

TITANIC = Name("Titanic", "urn:t", "Film")


def test_render_counts_where_the_names_went() -> None:
    names = {"{a}": TITANIC, "{b}": Name("Tom Hanks", "urn:h", "Person", before="the actor ", after=" (born 1956)")}
    question = render("was {b} in {a}?", names, Random(0))
    assert question.text == "was the actor Tom Hanks (born 1956) in Titanic?"
    assert [question.text[one.start : one.end] for one in question.mentions] == ["Tom Hanks", "Titanic"]


def test_no_article_stands_twice() -> None:
    question = render("who are the {a}?", {"{a}": Name("The Beatles", "urn:b", "Band")}, Random(0))
    assert question.text == "who are the Beatles?"


@pytest.mark.parametrize("seed", range(50))
def test_a_typing_error_moves_the_mentions_along(seed: int) -> None:
    whole = render("who directed {a} after Casablanca?", {"{a}": TITANIC}, Random(seed))
    wrong = misspell(whole, Random(seed))
    (mention,) = wrong.mentions
    assert wrong.text[: mention.start].endswith(" ")
    assert wrong.text[mention.end] == " "
    assert abs(len(wrong.text) - len(whole.text)) <= 1
    assert wrong.has_typo == (wrong.text != whole.text)


@pytest.mark.parametrize("seed", range(20))
def test_a_question_mark_that_belongs_to_a_title_stays(seed: int) -> None:
    text = "who wrote What's Up, Doc?"
    question = relax(Question(text, (Mention(10, len(text), "urn:d"),)), Random(seed))
    assert question.text.lower() == text.lower()
