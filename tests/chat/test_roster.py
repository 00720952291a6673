"""The numbers of those that took part: top ten, the rest on request, who was kept, who was left out."""

import json
import re
from dataclasses import replace
from html import unescape

from kgqa.chat import explain, leaflet, roster
from kgqa.chat.card import card, face
from kgqa.chat.memory import ShownTurn
from kgqa.types import Answer, Link, ScoredEntity
from tests.chat import programs
from tests.chat.programs import ALL, BIRTH, LENGTH, PEOPLE, answer, named, op, weighed
from tests.chat.test_leaflet import record
from tests.chat.test_markup import read

MANY = tuple(f"e{number}" for number in range(300))
VALUES = tuple((each, 1000.0 - number) for number, each in enumerate(MANY))


def rows(html: str) -> list[tuple[str, str]]:
    """The rows of a table: what is named, with its mark, and the number."""
    found = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', html)
    return [(read(name).text, read(number).text) for name, number in found]


def ranked(kept: int, all_: int) -> Answer:
    largest = weighed("largest", ("e0",), VALUES[:kept], took_part=all_, **PEOPLE)
    return answer("entities", programs.ALL_COUNTRIES, largest, op("set", ("e0",)))


def test_a_table_names_and_numbers_those_that_took_part_and_marks_the_answer() -> None:
    (table,) = explain.tables(programs.LARGEST)
    assert rows(table) == [
        ("Germany answer", "83,149,300"),
        ("France", "67,287,241"),
        ("Poland", "38,179,800"),
    ]
    assert table.count('<tr class="taken">') == 1
    assert '<th scope="col">Population</th>' in table
    assert "The numbers of step 2" in table
    assert "3 have no such value in this graph and were left out." in table


def test_the_unit_is_told_once_above_the_numbers() -> None:
    assert '<th scope="col">Length in kilometres</th>' in explain.tables(programs.OF_TWO)[0]


def test_one_that_has_no_value_is_told_in_the_singular() -> None:
    one = replace(programs.LARGEST.program[1], missing=1)
    table = explain.tables(replace(programs.LARGEST, program=(programs.ALL_COUNTRIES, one, op("set", ("de",)))))[0]
    assert "1 has no such value in this graph and was left out." in table


def test_ties_are_all_marked_and_told() -> None:
    table = explain.tables(programs.TIED)[0]
    assert [name for name, _ in rows(table)] == ["Germany answer", "Poland answer", "Austria"]
    assert "2 share this value." in table


def test_more_than_ten_wait_until_they_are_asked_for() -> None:
    table = explain.tables(ranked(30, 30))[0]
    shown, rest = table.split("<details")
    assert len(rows(shown)) == 10
    assert len(rows(rest)) == 20
    assert "Show all 30" in rest
    assert "<details" not in explain.tables(ranked(10, 10))[0]


def test_where_not_all_are_kept_it_says_how_many_there_are() -> None:
    assert "Show the first 200 of 34,454" in explain.tables(ranked(200, 34_454))[0]


def test_years_before_christ_and_dates() -> None:
    assert rows(explain.tables(programs.EARLIEST)[0]) == [
        ("Julius Caesar answer", "100 BC"),
        ("Albrecht Dürer", "1471"),
        ("Albert Einstein", "14 March 1879"),
    ]


def test_two_measures_have_a_table_each() -> None:
    numbers = (("nile", 6650.0), ("rhine", 1233.0))
    rivers = op("class", ("nile", "rhine"), label="river")
    over = weighed("over", ("nile", "rhine"), numbers, number=1000.0, **LENGTH)
    least = weighed("smallest", ("rhine",), (("rhine", 1816.0), ("nile", 1858.0)), label="year of first map")
    given = answer("entities", rivers, over, least, op("set", ("rhine",)))
    first, second = explain.tables(given)
    assert rows(first) == [("Nile kept", "6,650"), ("Rhine answer", "1,233")]
    assert rows(second) == [("Rhine answer", "1816"), ("Nile", "1858")]
    assert "step 2" in first
    assert "step 3" in second


def test_who_is_kept_is_told_by_the_numbers_also_beyond_the_first_ten() -> None:
    for name, number, kept in (("over", 985.0, 15), ("under", 990.0, 9), ("exactly", 990.0, 1)):
        held = weighed(name, MANY[:10], VALUES[:20], size=kept, number=number, **PEOPLE)
        given = answer("entities", programs.ALL_COUNTRIES, held, op("set", MANY[:10], kept))
        assert explain.tables(given)[0].count('<tr class="taken">') == kept, name


def test_who_is_beyond_another_set() -> None:
    table = explain.tables(programs.LONGER)[0]
    assert rows(table) == [("Nile answer", "6,650"), ("Rhine", "1,233")]
    below = weighed("below", ("dürer",), (("dürer", 1471.0), ("einstein", 1879.0)), **BIRTH)
    given = answer(
        "entities", op("class", ("dürer",), 9, label="person"), named("einstein"), below, op("set", ("dürer",))
    )
    assert rows(explain.tables(given)[0])[0] == ("Albrecht Dürer answer", "1471")


def test_what_is_added_up_has_no_marks() -> None:
    for given in (programs.SUM, programs.MEAN, programs.DIFFERENCE):
        assert 'class="mark"' not in explain.tables(given)[0]


def test_no_numbers_no_table() -> None:
    for given in (programs.COUNT, programs.COMMON, programs.VALUE, programs.NO_CITY):
        assert explain.tables(given) == []


def test_lines_of_text_tell_the_same() -> None:
    assert explain.numbers(programs.LARGEST) == [
        "Population:",
        "Germany: 83,149,300 (answer)",
        "France: 67,287,241",
        "Poland: 38,179,800",
        "3 have no such value in this graph and were left out.",
    ]
    assert explain.numbers(ranked(200, 34_454))[-1] == "and 34,444 more"


def test_a_card_shows_what_makes_it_so_and_the_numbers_where_it_was_found() -> None:
    html = face(programs.LARGEST)
    answered, how = html.split('<details class="how"')
    assert '<p class="basis">' in answered
    assert "<table" not in answered
    assert '<table class="values">' in how


def test_an_export_has_the_line_the_reason_and_the_numbers() -> None:
    text = leaflet.markdown(record(programs.LARGEST))
    for part in (
        "**Germany**",
        "The population is 83,149,300, the largest of 192.",
        "- Way: all countries",
        "France: 67,287,241",
    ):
        assert part in text.replace("\\", ""), part


def test_nothing_in_a_card_comes_from_a_label_but_text() -> None:
    for given in map(programs.hostile, ALL):
        html = face(given)
        assert not {"img", "script", "a", "iframe"} & set(read(html).tags)
        assert not re.search(r"<[^>]*\son\w+=", html)


def test_every_program_has_a_card_that_can_be_picked_from_also_after_a_trip_through_json() -> None:
    for given in ALL:
        again = Answer.from_dict(json.loads(json.dumps(given.to_dict())))
        assert again == given
        html = str(card(ShownTurn("t", again))["content"])
        assert read(html).text.startswith(read(explain.sentence(given)).text)
        assert "pick_r" not in html


def test_a_mention_that_means_several_is_told_and_offers_its_readings() -> None:
    senses = tuple(ScoredEntity(each, f"Springfield {each}", 0.5, "city") for each in ("il", "oh"))
    link = Link("springfield", 0, 11, "", "all 2 called springfield", 1.0, "", senses)
    start = op("named", ("il", "oh"), link=0)
    given = replace(answer("count", start, op("count", ("il", "oh")), value=2.0), links=(link,))
    html = str(card(ShownTurn("t", given))["content"])
    assert "Counted: <strong>all 2 called springfield</strong>." in html
    assert "Did you mean" in html


def test_thousands_of_answers_are_not_all_sent_to_a_page() -> None:
    many = tuple(f"e{number}" for number in range(1500))
    html = face(answer("entities", programs.ALL_COUNTRIES, op("set", many)))
    assert "Show the first 1,000 of 1,500" in html
    assert html.count("<li>") < 1010


def test_all_numbers_are_a_link_away_where_the_question_stands_alone() -> None:
    table = unescape(explain.tables(ranked(200, 34_454))[0])
    assert 'href="api/numbers?question=asked%3F&step=2"' in table
    assert "See all 34,454 on a page" in table
    assert "api/numbers" not in explain.tables(replace(ranked(200, 34_454), after=("which cities are there?",)))[0]
    assert "api/numbers" not in explain.tables(ranked(30, 30))[0]


def test_a_whole_table_has_every_row_and_no_label_is_markup() -> None:
    largest = weighed("largest", ("e0",), VALUES, took_part=300, **PEOPLE)
    html = roster.whole(largest, {each: f"<b>{each}</b>" for each in MANY})
    assert rows(html)[0] == ("<b>e0</b>", "1,000")
    assert len(rows(html)) == 300
    assert "<b>" not in html
