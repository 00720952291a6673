"""An answer in words: true, short, and with every label escaped."""

from dataclasses import replace

import pytest

from kgqa.chat import explain
from kgqa.types import Answer, Reason, ScoredEntity
from tests.chat.answers import HANKS, HOSTILE, MONA_LISA, STAR_WARS, UNKNOWN, hostile
from tests.chat.test_markup import read


def words(html: str) -> str:
    return read(html).text


def test_one_answer_is_the_sentence() -> None:
    assert explain.sentence(MONA_LISA) == "<strong>Paris</strong>"
    assert explain.tally(MONA_LISA) == "1 answer"


def test_few_answers_are_named() -> None:
    two = replace(HANKS, answers=HANKS.answers[:2])
    assert words(explain.sentence(two)) == "Film 0 and Film 1"
    assert explain.tally(two) == "2 answers"


def test_many_answers_are_counted_whole() -> None:
    assert words(explain.sentence(HANKS)) == "24 answers, the first 10 shown"
    assert words(explain.sentence(replace(HANKS, answers=HANKS.answers[:7]))) == "7 answers"
    assert explain.tally(HANKS) == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("q", "boolean", value=True), "Yes"),
        (Answer("q", "boolean", value=False), "No"),
        (Answer("q", "count", value=24.0), "24"),
        (Answer("q", "number", value=2161000.0), "2,161,000"),
        (Answer("q", "number", answers=(ScoredEntity("1975", "1975", 1.0),), value=1975.0), "1975"),
    ],
)
def test_other_kinds_of_answer(answer: Answer, said: str) -> None:
    assert words(explain.sentence(answer)) == explain.plain(answer) == said


@pytest.mark.parametrize(
    ("value", "written"), [(1994, "1994"), (10_000, "10,000"), (3.5, "3.5"), (-12, "-12"), (123456.78, "123,456.8")]
)
def test_numbers_are_written_for_people(value: float, written: str) -> None:
    assert explain.number(value) == written


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (1.0, "Very sure · over 99 %"),
        (0.9, "Very sure · 90 %"),
        (0.72, "Fairly sure · 72 %"),
        (0.5, "Not so sure · 50 %"),
        (0.004, "Little more than a guess · under 1 %"),
    ],
)
def test_how_sure_in_a_word_and_a_percentage(confidence: float, said: str) -> None:
    assert explain.sureness(confidence) == said


@pytest.mark.parametrize("why", ["no_question", "no_entity", "no_relation", "nothing_in_common", "low_confidence", ""])
def test_each_reason_is_told_apart(why: Reason) -> None:
    said = explain.refusal(replace(UNKNOWN, why=why))
    others = {explain.refusal(replace(UNKNOWN, why=other)) for other in ("no_entity", "low_confidence") if other != why}
    assert said
    assert said not in others


def test_the_refusal_names_what_was_recognised_once() -> None:
    said = words(explain.refusal(replace(STAR_WARS, abstained=True, why="nothing_in_common")))
    assert said == "I followed Natalie Portman and Star Wars, and they lead to nothing in common."
    twice = replace(MONA_LISA, links=MONA_LISA.links * 2, abstained=True, why="no_relation")
    assert words(explain.refusal(twice)).count("Mona Lisa") == 1


def test_the_steps_tell_mention_entity_and_hops() -> None:
    assert [words(step) for step in explain.steps(MONA_LISA)] == [
        "mona lisa is taken for Mona Lisa (somewhat known), 91 %.",
        "From Mona Lisa follow housed in → Louvre Museum.",
        "From there follow located in city → Paris.",
    ]


def test_the_steps_tell_other_readings_and_inverse_relations() -> None:
    reading, hop = (words(step) for step in explain.steps(HANKS))
    assert reading.endswith("Also considered: Tom Hanks (seismologist), 6 %.")
    assert hop == "Find everything whose starring is Tom Hanks → Film 0, Film 1, Film 2 and others."


def test_the_steps_tell_the_intersection() -> None:
    assert words(explain.steps(STAR_WARS)[-1]) == "Keep what they have in common: Padmé Amidala."
    assert words(explain.trail(STAR_WARS)) == "Natalie Portman← portrayed byandStar Wars→ has character"


def test_the_same_walk_twice_is_told_once() -> None:
    twice = replace(MONA_LISA, combine="intersect", paths=MONA_LISA.paths * 2)
    assert explain.steps(twice) == explain.steps(MONA_LISA)
    assert explain.trail(twice) == explain.trail(MONA_LISA)


def test_facts_are_told_as_the_graph_states_them_and_capped() -> None:
    assert words(explain.facts(MONA_LISA)[0]) == "Mona Lisa housed in Louvre Museum"
    many = replace(HANKS, facts=HANKS.facts * 3)
    assert len(explain.facts(many)) == explain.FACTS_SHOWN + 1
    assert explain.facts(many)[-1] == "and 32 more"


def test_an_id_without_a_label_is_read_from_its_end() -> None:
    bare = replace(MONA_LISA, labels={}, facts=(("urn:world:e:Mona_Lisa", "urn:world:r:housed_in", "x"),))
    assert words(explain.facts(bare)[0]) == "Mona Lisa housed in x"


def test_hostile_labels_are_text_everywhere() -> None:
    answer = hostile()
    pieces = [explain.sentence(answer), explain.trail(answer), *explain.steps(answer), *explain.facts(answer)]
    pieces += [explain.refusal(replace(answer, abstained=True, why="no_relation"))]
    for piece in pieces:
        assert set(read(piece).tags) <= {"strong", "span", "q", "em"}
        assert HOSTILE in words(piece)
