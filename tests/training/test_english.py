"""Verb forms come out right, and where no such word is known, not at all."""

import pytest

from kgqa.linking.encoder import NameEncoder
from kgqa.training.english import Words

LEXICON = (
    "direct directed director produce produced producer write writer wrote star starred found founded founder "
    "name named edit edited editor compose composed composer carry carried play player wear ##ing x9 an"
)
WORDS = Words(LEXICON.split())


@pytest.mark.parametrize(
    ("participle", "base", "past", "agent"),
    [
        ("directed", "direct", "directed", "director"),
        ("produced", "produce", "produced", "producer"),
        ("written", "write", "wrote", "writer"),
        ("starred", "star", "starred", ""),
        ("named", "name", "named", ""),
        ("edited", "edit", "edited", "editor"),
        ("carried", "carry", "carried", ""),
        ("glorped", "", "", ""),
    ],
)
def test_forms_of_a_participle(participle: str, base: str, past: str, agent: str) -> None:
    assert WORDS.base(participle) == base
    assert (WORDS.past(base), WORDS.agent(base)) == (past, agent)


@pytest.mark.parametrize(
    ("verb", "base"), [("plays", "play"), ("carries", "carry"), ("has", "have"), ("teaches", "teach"), ("uses", "use")]
)
def test_the_third_person(verb: str, base: str) -> None:
    assert WORDS.base_of_third(verb) == base


def test_an_agent_has_a_verb_and_other_nouns_have_none() -> None:
    nouns = ("director", "writer", "founder", "number", "river", "author")
    assert [WORDS.verb_of_agent(noun) for noun in nouns] == ["direct", "write", "found", "", "", ""]


def test_an_ing_form() -> None:
    assert WORDS.base_of_ing("starring") == "star"
    assert WORDS.base_of_ing("producing") == "produce"


def test_words_that_are_used_alike_are_other_words() -> None:
    words = Words.of(NameEncoder.from_pretrained())
    assert {"nation"} <= set(words.near("country"))
    assert {"occupation", "career"} <= set(words.near("profession"))
    for noun in ("country", "profession", "film"):
        assert not any(near.startswith(noun) or near.endswith("s") for near in words.near(noun))
    assert words.near("xqzzt") == WORDS.near("director") == ()
