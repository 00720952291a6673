"""The verdict: the number, the fact or the missing one behind an answer, and why there is nothing."""

from dataclasses import replace

import pytest

from kgqa.chat import explain
from kgqa.chat.markup import visible
from kgqa.types import Answer, Hop, Path
from tests.chat import programs
from tests.chat.programs import (
    ALL,
    BIRTH,
    LENGTH,
    MILLIONS,
    NEIGHBOURS,
    PEOPLE,
    answer,
    follow,
    named,
    op,
    weighed,
)
from tests.chat.test_markup import read

RIVERS = op("class", ("nile", "rhine"), label="river")
NAN = float("nan")


def basis(given: Answer) -> str:
    return read(explain.basis(given)).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (programs.COUNT, "4"),
        (programs.LARGEST, "Germany"),
        (programs.TIED, "Germany and Poland, tied"),
        (programs.BORDERED, "Yes"),
        (programs.NOT_CAPITAL, "No"),
        (programs.SUM, "105,467,041"),
        (programs.MEAN, "3,941.5 kilometres"),
        (programs.DIFFERENCE, "408 years"),
        (programs.VALUE, "1,233 kilometres"),
        (programs.NO_CITY, "None: the graph has no cities there."),
    ],
)
def test_the_sentence_and_its_plain_text(given: Answer, said: str) -> None:
    assert read(explain.sentence(given)).text == explain.plain(given) == said


def test_many_that_are_tied_are_counted_and_said_to_be() -> None:
    many = tuple(f"e{number}" for number in range(12))
    tied = weighed("largest", many[:10], [(each, 2.0) for each in many], size=12, **NEIGHBOURS)
    end = op("set", many)
    given = answer("entities", programs.ALL_COUNTRIES, tied, end)
    assert read(explain.sentence(given)).text == "12 answers, tied, the first 10 shown"
    assert basis(given) == "2 countries under borders, the most of 12. 12 share this value."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (programs.COUNT, "Counted: what borders leads to from Germany. These are Austria, Czechia, France and Poland."),
        (
            programs.LARGEST,
            "The population is 83,149,300, the largest of 192. 3 have no such value in this graph and were left out.",
        ),
        (programs.TIED, "9 countries under borders, the most of 3. 2 share this value."),
        (programs.SECOND, "The population is 67,287,241, the second largest of 3."),
        (programs.EARLIEST, "The year of birth is 100 BC, the earliest of 3."),
        (programs.COMMON, ""),
        (programs.LONGER, "The length of Rhine is 1,233 kilometres."),
        (programs.BORDERED, "Germany borders Poland."),
        (programs.NOT_CAPITAL, "The graph has no such fact: France capital Berlin. Found there instead: Paris."),
        (programs.IS_LONGER, "The length of Rhine is 1,233 kilometres. The length of Nile is 6,650 kilometres."),
        (programs.IS_OVER, "The population of Germany is 83,149,300, which is over 80,000,000."),
        (programs.SUM, "From 2 values. 2 have no such value in this graph and were left out."),
        (programs.MEAN, "From 2 values."),
        (
            programs.DIFFERENCE,
            "The year of birth of Albert Einstein is 1879. The year of birth of Albrecht Dürer is 1471.",
        ),
        (programs.VALUE, ""),
        (programs.NO_CITY, ""),
    ],
)
def test_what_makes_it_so(given: Answer, said: str) -> None:
    assert basis(given) == said


def test_a_count_names_the_first_ten_and_how_many_more() -> None:
    many = tuple(f"e{number}" for number in range(10))
    found = follow("borders", many, 51, inverse=True)
    given = answer("count", named("de"), found, op("count", many, 51), value=51.0)
    assert basis(given) == (
        "Counted: everything whose borders is Germany. These are e0, e1, e2, e3, e4, e5, e6, e7, e8, e9 and 41 more."
    )


def test_a_count_of_none_says_what_there_is_none_of() -> None:
    given = answer("count", named("moon"), follow("borders", ()), op("count"), value=0.0)
    assert explain.plain(given) == "0"
    assert basis(given) == "The graph has nothing under borders for the Moon."


def test_a_count_of_some_says_who_could_not_be_counted() -> None:
    over = weighed("over", ("de", "fr"), MILLIONS, number=5e7, missing=1, **PEOPLE)
    given = answer("count", programs.ALL_COUNTRIES, over, op("count", ("de", "fr")), value=2.0)
    assert basis(given) == (
        "Counted: all countries whose population is over 50,000,000. These are Germany and France. "
        "1 has no such value in this graph and was left out."
    )


def test_a_no_to_a_threshold_has_the_number() -> None:
    over = weighed("over", (), MILLIONS[:1], number=9e7, **PEOPLE)
    given = answer("boolean", named("de"), over, op("any"), value=False)
    assert basis(given) == "The population of Germany is 83,149,300, which is not over 90,000,000."
    counted = weighed("over", ("de",), (("de", 9.0),), number=5.0, **NEIGHBOURS)
    given = answer("boolean", named("de"), counted, op("any", ("de",)), value=True)
    assert basis(given) == "Germany has 9 countries under borders, which is more than 5."


def test_a_comparison_says_which_number_is_missing() -> None:
    above = weighed("above", (), (("rhine", 1233.0),), missing=1, **LENGTH)
    given = answer("boolean", named("rhine"), named("nile", 1), above, op("any"), value=False)
    assert basis(given) == "The length of Rhine is 1,233 kilometres. The graph gives no length for Nile."


def test_a_yes_names_the_one_of_several_that_the_fact_is_about() -> None:
    onwards = follow("capital", ("berlin", "paris"))
    program = (named("pl"), follow("borders", ("de", "fr")), onwards, named("paris", 1))
    facts = (("de", "capital", "berlin"), ("fr", "capital", "paris"))
    end = (op("meet", ("paris",)), op("any", ("paris",)))
    assert basis(answer("boolean", *program, *end, value=True, facts=facts)) == "France capital Paris."
    without = answer("boolean", *program, *end, value=True)
    assert basis(without) == "What borders leads to from Poland capital Paris."


def test_a_yes_against_the_direction_of_the_relation() -> None:
    way = follow("capital", ("fr",), inverse=True)
    given = answer("boolean", named("paris"), way, named("fr", 1), op("meet", ("fr",)), op("any", ("fr",)), value=True)
    assert basis(given) == "France capital Paris."


def test_whether_there_is_any() -> None:
    way = follow("borders", ("de", "fr"))
    assert basis(answer("boolean", named("pl"), way, op("any", ("de", "fr")), value=True)) == (
        "Poland borders Germany and France."
    )
    none = answer("boolean", named("moon"), follow("borders", ()), op("any"), value=False)
    assert basis(none) == "The graph has nothing under borders for the Moon."
    largest = weighed("largest", ("de",), MILLIONS, **PEOPLE)
    among = (programs.ALL_COUNTRIES, largest, named("fr"), op("meet"), op("any"))
    assert basis(answer("boolean", *among, value=False)) == (
        "The graph has no such fact: France is among the one of all countries with the largest population. "
        "Found there instead: Germany."
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            answer("entities", named("moon"), programs.MOON, op("set")),
            "the graph has nothing whose located in country is the Moon",
        ),
        (
            answer("entities", named("moon"), follow("capital", ()), op("set")),
            "the graph has nothing under capital for the Moon",
        ),
        (
            answer("entities", programs.ALL_COUNTRIES, weighed("largest", (), (), missing=195, **PEOPLE), op("set")),
            "the graph gives no population for any of them",
        ),
        (
            answer("entities", programs.ALL_COUNTRIES, weighed("largest", (), MILLIONS, rank=5, **PEOPLE), op("set")),
            "there is no fifth value of population: there are 3",
        ),
        (
            answer("entities", programs.ALL_COUNTRIES, weighed("largest", (), MILLIONS, rank=2, **PEOPLE), op("set")),
            "there is no second value of population: there are 3, and fewer that differ",
        ),
        (
            answer("entities", RIVERS, weighed("over", (), (("nile", 6650.0),), number=1e4, **LENGTH), op("set")),
            "there are none whose length is over 10,000 kilometres among the 1 that have a value",
        ),
        (
            answer("entities", RIVERS, weighed("under", (), (), missing=2, number=9.0, **LENGTH), op("set")),
            "the graph gives no length for any of them",
        ),
        (
            answer("entities", RIVERS, named("nile"), weighed("above", (), (("nile", 6650.0),), **LENGTH), op("set")),
            "there are none with a larger length than Nile",
        ),
        (
            answer("entities", RIVERS, named("moon"), weighed("above", (), (("nile", 1.0),), **LENGTH), op("set")),
            "the graph gives no length for the Moon",
        ),
        (
            answer("entities", named("de"), programs.AROUND_GERMANY, named("moon", 1), op("meet"), op("set")),
            "what borders leads to from Germany and the Moon have nothing in common",
        ),
        (
            answer("entities", named("de"), named("de", 1), op("without"), op("set")),
            "nothing is left of Germany without Germany",
        ),
        (
            answer("number", RIVERS, weighed("mean", (), (), missing=2, **LENGTH), value=NAN),
            "the graph gives no length for any of them",
        ),
        (
            answer("number", RIVERS, weighed("sum", (), (), missing=2, **LENGTH), value=None),
            "the graph gives no length for any of them",
        ),
        (
            answer("number", named("moon"), follow("borders", ()), weighed("mean", (), (), **LENGTH), value=NAN),
            "the graph has nothing under borders for the Moon",
        ),
        (
            answer(
                "number", named("einstein"), named("caesar", 1),
                weighed("difference", (), (("einstein", 1879.0),), missing=1, **BIRTH), value=NAN,
            ),
            "the graph gives no year of birth for Julius Caesar",
        ),
    ],
)  # fmt: skip
def test_nothing_is_said_with_its_reason(given: Answer, why: str) -> None:
    assert read(explain.sentence(given)).text == explain.plain(given) == f"None: {why}."
    assert explain.basis(given) == ""
    assert explain.tally(given) == ""


def test_an_empty_set_to_leave_out_is_not_to_blame() -> None:
    left = answer("entities", named("de"), named("moon", 1), follow("borders", ()), op("without"), op("set"))
    assert "nothing is left of Germany without what borders leads to from the Moon" in explain.plain(left)


def test_an_answer_that_is_not_given_has_no_verdict() -> None:
    for given in ALL:
        silent = replace(given, kind="none", answers=(), value=None, abstained=True, why="low_confidence")
        assert explain.sentence(silent) == explain.account(silent) == "I don’t know."
        assert explain.basis(silent) == ""
        assert explain.steps(silent)


def test_units_of_walks_are_told_too() -> None:
    hop = Hop("length", "length in kilometres", False, 0.9, ("1233",))
    walked = replace(programs.VALUE, program=(), paths=(Path(0, (hop,)),))
    assert explain.plain(walked) == "1,233 kilometres"


def test_the_whole_account_as_text() -> None:
    told = explain.account(programs.LARGEST).split("\n\n")
    assert told[0] == "Germany"
    assert told[1].startswith("The population is 83,149,300")
    assert told[2].startswith("1. Take all countries: 195.\n2. Of these take")
    assert told[3].splitlines()[:2] == ["Population:", "Germany: 83,149,300 (answer)"]
    assert all(visible(line) == line for line in told[0].splitlines())


def test_what_took_many_steps_is_said_by_the_last_of_them() -> None:
    around = (named("de"), programs.AROUND_GERMANY, follow("located in country", ("berlin", "paris"), inverse=True))
    cities = op("keep", ("berlin", "paris"), label="city")
    over = weighed("over", ("paris",), (("paris", 2.0),), number=1.0, **PEOPLE)
    count = op("count", ("paris",))
    assert basis(answer("count", *around, op("count", ("berlin", "paris")), value=2.0)) == (
        "Counted: everything whose located in country is one of what borders leads to from Germany. "
        "These are Berlin and Paris."
    )
    assert basis(answer("count", *around, cities, over, count, value=1.0)) == (
        "Counted: the cities whose population is over 1. It is Paris."
    )
    assert basis(answer("count", *around, over, count, value=1.0)) == (
        "Counted: those whose population is over 1. It is Paris."
    )


def test_a_line_of_text_says_how_many_it_leaves_out() -> None:
    many = tuple(f"e{number}" for number in range(12))
    assert explain.plain(answer("entities", programs.ALL_COUNTRIES, op("set", many))).endswith("e8, e9 and 2 more")
