"""Links speak of what a relation leads to, whatever the form of its label."""

import pytest

from kgqa.training.english import Words
from kgqa.training.links import link, noun, singular, spoken, start_of
from kgqa.training.patterns import ONE, SEVERAL, formed

WORDS = Words(["direct", "directed", "director", "flow", "flowing", "star", "starred", "border"])


@pytest.mark.parametrize(
    ("label", "one", "several"),
    [
        ("flows through", "that flows through {a}", "that flow through {a}"),
        ("directed by", "directed by {a}", "directed by {a}"),
        ("genre", "whose genre is {a}", "whose genre is {a}"),
        ("in state", "that is in {a}", "that are in {a}"),
        ("located in country (airport)", "located in {a}", "located in {a}"),
        ("music by", "with music by {a}", "with music by {a}"),
        ("starring", "starring {a}", "starring {a}"),
    ],
)
def test_what_a_relation_leads_back_to_follows_a_noun(label: str, one: str, several: str) -> None:
    mods = link(label, WORDS)[1].mods()
    assert one in [formed(mod, ONE) for mod in mods]
    assert several in [formed(mod, SEVERAL) for mod in mods]


@pytest.mark.parametrize(
    ("label", "question"),
    [
        ("borders", "does {a} border {b}?"),
        ("directed by", "did {b} direct {a}?"),
        ("genres", "is {b} a genre of {a}?"),
        ("located in", "is {a} located in {b}?"),
    ],
)
def test_whether_is_asked_of_a_fact(label: str, question: str) -> None:
    assert question in link(label, WORDS)[0].asks()


def test_a_label_of_something_is_worded_backwards() -> None:
    forward, backward = link("capital of", WORDS)
    assert forward.heading == ("noun", "backward")
    assert "of {a}" in backward.mods()


@pytest.mark.parametrize(
    ("label", "one", "several"),
    [
        ("country", "country", "countries"),
        ("countries spoken in", "country spoken in", "countries spoken in"),
        ("place of birth", "place of birth", "places of birth"),
        ("state or province", "state or province", "states or provinces"),
        ("people", "person", "people"),
        ("tv series", "tv series", "tv series"),
        ("", "", ""),
    ],
)
def test_nouns_have_a_plural(label: str, one: str, several: str) -> None:
    assert (noun(label).one, noun(label).many) == (one, several)


def test_what_is_no_plural_is_left() -> None:
    assert [singular(word) for word in ("bus", "glass", "cities", "physics", "gas")] == [
        "bus", "glass", "city", "physics", "gas"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "text"), [("bornIn", "born in"), ("position s", "positions"), ("in_state (US)", "in state"), ("()", "")]
)
def test_labels_are_said_plainly(label: str, text: str) -> None:
    assert spoken(label) == text


def test_a_description_that_is_a_way_says_what_it_starts_from() -> None:
    assert start_of("film film genre", "genre") == "film"
    assert start_of("education university colors", "colors") == "university"
    assert start_of("award award category winner", "winner") == "award category"
    assert start_of("base practicer of diet diet", "diet") == ""
    assert start_of("the genre of a film", "genre") == ""
