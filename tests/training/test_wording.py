"""Every form of a label gets ways to ask that read like English."""

import re
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.training.english import Words
from kgqa.training.wording import FORMS, PATTERNS, word

LEXICON = "direct directed director star starred play player compose composed composer locate located playing age"
WORDS = Words(LEXICON.split())


@pytest.mark.parametrize(
    ("label", "forward", "backward"),
    [
        ("directed by", "who directed {a}?", "{things} directed by {a}"),
        ("directed_by", "who is the director of {a}?", "{which} did {a} direct?"),
        ("locatedInCountry", "which country is {a} located in?", "{wh} is located in {a}?"),
        ("place of birth", "where is the place of birth of {a}?", "whose place of birth is {a}?"),
        ("has genre", "what is the genre of {a}?", "{things} with genre {a}"),
        ("composer", "who composed {a}?", "{which} was composed by {a}?"),
        ("capital of", "{a} is the capital of {wh}?", "what is the capital of {a}?"),
        ("music by", "who did the music of {a}?", "{wh} has music by {a}?"),
        ("plays for club", "which club does {a} play for?", "who are the players for {a}?"),
        ("borders", "{which} does {a} border?", "{wh} borders {a}?"),
        ("starring", "who starred in {a}?", "{which} did {a} star in?"),
        ("in language", "in which language is {a}?", "{wh} is in {a}?"),
        ("is aged", "how aged is {a}?", "who are aged {a}?"),
        ("is aged", "what is the age of {a}?", "whose age is {a}"),
        ("plays in club", "which club does {a} play for?", "{wh} plays for {a}?"),
        ("was born in", "where was {a} born?", "{wh} was born in {a}?"),
    ],
)
def test_a_label_is_worded(label: str, forward: str, backward: str) -> None:
    forwards, backwards = word(label, WORDS)
    assert forward in forwards.questions
    assert backward in backwards.questions


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_label_is_worded(label: str) -> None:
    for wording in word(label, WORDS):
        patterns = wording.questions + wording.nouns + wording.clauses + wording.plural + wording.reduced
        assert all((wording.questions, wording.nouns, wording.clauses, wording.plural, wording.reduced))
        assert all(pattern.count("{a}") == 1 for pattern in patterns)
        assert not any("<" in pattern or "  " in pattern for pattern in patterns)


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        ("participle", ["directed by", "located in country", "founded since year"]),
        ("noun", ["director", "birth year", "native place"]),
        ("noun_by", ["music by"]),
        ("verb", ["plays in club"]),
        ("ing", ["starring"]),
        ("preposition", ["in country"]),
        ("state", ["is aged"]),
    ],
)
def test_no_pattern_waits_for_a_part_that_no_label_has(form: str, labels: list[str]) -> None:
    patterns = tomllib.loads(PATTERNS.read_text())[form]
    waiting = {
        line for lines in patterns.values() for kind in lines.values() for line in kind.splitlines() if "!" not in line
    }
    for label in labels:
        parts = next(each for each in reversed(FORMS) if each.patterns == form).parts(label.split(), WORDS)
        waiting = {line for line in waiting if not all(parts.get(name) for name in re.findall(r"<(\w+)>", line))}
    assert not waiting
