"""The picture: every entity once, arrows as the graph states them, nothing but text from labels."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

from kgqa.chat.picture import NODES, describe, picture
from kgqa.types import Answer
from tests.chat import programs
from tests.chat.answers import HANKS, HOSTILE, MONA_LISA, STAR_WARS, UNKNOWN, hostile


def drawn(answer: Answer) -> ET.Element:
    return ET.fromstring(picture(answer))


def boxes(svg: ET.Element) -> dict[str, tuple[str, float]]:
    """Label of each box: its kind and where it stands from the left."""
    nodes = [group for group in svg.iter("g") if group.get("class", "").startswith("node")]
    found = {}
    for node in nodes:
        text = node.find("text")
        assert text is not None
        found[text.text or ""] = (node.get("class", "").split()[1], float(text.get("x", "0")))
    return found


def test_a_path_runs_from_the_mention_to_the_answer() -> None:
    found = boxes(drawn(MONA_LISA))
    assert {label: kind for label, (kind, _) in found.items()} == {
        "Mona Lisa": "mention",
        "Louvre Museum": "middle",
        "Paris": "answer",
    }
    places = [found[label][1] for label in ("Mona Lisa", "Louvre Museum", "Paris")]
    assert places == sorted(places)


def test_an_intersection_has_both_mentions_on_the_left() -> None:
    found = boxes(drawn(STAR_WARS))
    assert found["Natalie Portman"][1] == found["Star Wars"][1] < found["Padmé Amidala"][1]


def test_relations_and_arrows_are_drawn() -> None:
    svg = drawn(MONA_LISA)
    relations = [text.text for text in svg.iter("text") if text.get("class") == "relation"]
    assert sorted(map(str, relations)) == ["housed in", "located in city"]
    assert len(list(svg.iter("path"))) == len(list(svg.iter("polygon"))) == 2


def test_a_relation_shared_by_many_arrows_is_written_once() -> None:
    relations = [text.text for text in drawn(HANKS).iter("text") if text.get("class") == "relation"]
    assert relations == ["starring"]


def test_many_entities_are_capped_and_the_rest_counted() -> None:
    found = boxes(drawn(HANKS))
    assert len(found) == NODES + 1
    assert found["+13 more"][0] == "more"


def test_everything_lies_within_the_picture() -> None:
    for answer in (MONA_LISA, STAR_WARS, HANKS, hostile()):
        svg = drawn(answer)
        width, height = float(svg.get("width", "0")), float(svg.get("height", "0"))
        for box in svg.iter("rect"):
            x, y, wide, high = (float(box.get(name, "0")) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert y >= 0
            assert x + wide <= width + 1
            assert y + high <= height + 1


def test_it_says_in_words_what_it_shows() -> None:
    svg = drawn(MONA_LISA)
    assert [svg.findtext("title"), svg.findtext("desc")] == ["Paris", describe(MONA_LISA)]
    assert describe(MONA_LISA) == "Mona Lisa housed in Louvre Museum; Louvre Museum located in city Paris"


def test_labels_can_not_become_markup() -> None:
    svg = drawn(hostile())
    assert {element.tag for element in svg.iter()} == {"svg", "title", "desc", "g", "rect", "text", "path", "polygon"}
    assert HOSTILE in (svg.findtext("title") or "")
    assert not re.search(r"\son\w+=", re.sub(r">[^<]*<", "><", picture(hostile())))


def test_no_facts_no_picture() -> None:
    assert picture(UNKNOWN) == ""
    assert picture(replace(MONA_LISA, facts=())) == ""


def test_a_fact_between_two_of_one_column_is_drawn_around_them() -> None:
    both = replace(STAR_WARS, facts=(*STAR_WARS.facts, ("wars", "starring", "portman")))
    assert len(list(drawn(both).iter("path"))) == 3


def test_a_program_is_drawn_by_the_facts_that_lead_to_what_it_found() -> None:
    found = boxes(drawn(programs.COMMON))
    assert {label: kind for label, (kind, _) in found.items()} == {
        "Germany": "mention",
        "Poland": "mention",
        "Czechia": "answer",
    }
    assert found["Germany"][1] == found["Poland"][1] < found["Czechia"][1]
    assert describe(programs.COMMON) == "Germany borders Czechia; Poland borders Czechia"


def test_a_yes_is_drawn_and_a_no_is_not() -> None:
    found = boxes(drawn(programs.BORDERED))
    assert {label: kind for label, (kind, _) in found.items()} == {"Germany": "mention", "Poland": "mention"}
    assert found["Germany"][1] < found["Poland"][1]
    assert picture(programs.NOT_CAPITAL) == describe(programs.NOT_CAPITAL) == ""


def test_what_was_counted_is_drawn_with_how_many_more() -> None:
    many = tuple(f"e{number}" for number in range(10))
    program = (programs.named("de"), programs.follow("borders", many, 247), programs.op("count", many, 247))
    facts = tuple(("de", "borders", each) for each in (*many, *(f"f{number}" for number in range(30))))
    found = boxes(drawn(programs.answer("count", *program, value=247.0, facts=facts)))
    assert len(found) == 12
    assert found["+237 more"][0] == "more"


def test_a_program_whose_facts_lead_elsewhere_is_not_drawn() -> None:
    elsewhere = (("de", "borders", "at"), ("fr", "capital", "paris"))
    for answer in (programs.COMMON, programs.LARGEST, programs.MEAN, programs.NO_CITY):
        assert picture(replace(answer, facts=elsewhere)) == ""


def test_a_chain_of_a_program_runs_from_left_to_right() -> None:
    around, capitals = programs.follow("borders", ("de", "cz")), programs.follow("capital", ("berlin",))
    facts = (("pl", "borders", "de"), ("pl", "borders", "cz"), ("de", "capital", "berlin"))
    program = (programs.named("pl"), around, capitals, programs.op("set", ("berlin",)))
    found = boxes(drawn(programs.answer("entities", *program, facts=facts)))
    assert [kind for kind, _ in found.values()] == ["mention", "middle", "answer"]
    assert found["Poland"][1] < found["Germany"][1] < found["Berlin"][1]


def test_what_was_left_out_is_no_part_of_the_picture() -> None:
    facts = (("de", "borders", "fr"), ("de", "borders", "at"), ("fr", "borders", "de"), ("pl", "borders", "de"))
    found = boxes(drawn(replace(programs.WITHOUT, facts=facts)))
    assert {label: kind for label, (kind, _) in found.items()} == {
        "Germany": "mention",
        "France": "answer",
        "Austria": "answer",
        "+1 more": "more",
    }
    assert found["Germany"][1] < found["France"][1] == found["Austria"][1]
