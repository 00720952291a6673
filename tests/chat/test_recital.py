"""A program in words: each operation in the line and in the steps, whichever way the sets meet."""

from dataclasses import replace

import pytest

from kgqa.chat import explain
from kgqa.chat.findings import sets
from kgqa.types import Answer, Operation
from tests.chat import programs
from tests.chat.answers import HOSTILE, MONA_LISA
from tests.chat.programs import ALL, LENGTH, answer, follow, named, op, weighed
from tests.chat.test_markup import read


def steps(given: Answer) -> list[str]:
    """What is told after the readings."""
    return [read(step).text for step in explain.steps(given)[len(given.links) :]]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (programs.COUNT, "Germany → borders (4) › counted: 4"),
        (programs.LARGEST, "all countries › the largest population (83,149,300)"),
        (programs.TIED, "all countries › the most countries under borders (9)"),
        (programs.SECOND, "all countries › the second largest population (67,287,241)"),
        (programs.EARLIEST, "all people › the earliest year of birth (100 BC)"),
        (programs.COMMON, "Germany → borders (4) and also Poland → borders (2)"),
        (programs.WITHOUT, "Germany → borders (4) without Poland → borders (2)"),
        (programs.OF_TWO, "Nile together with Rhine of these › the largest length (6,650 kilometres)"),
        (programs.LONGER, "all rivers with a larger length than Rhine"),
        (programs.BORDERED, "Germany → borders (4) among them Poland"),
        (programs.IS_OVER, "Germany › population over 80,000,000"),
        (programs.SUM, "Germany → borders (4) › sum of population: 105,467,041"),
        (programs.MEAN, "all rivers › mean of length: 3,941.5 kilometres"),
        (programs.DIFFERENCE, "Albert Einstein and Albrecht Dürer › difference in year of birth: 408 years"),
        (programs.VALUE, "Rhine → length in kilometres"),
        (programs.NO_CITY, "the Moon ← located on (21) › only cities › the largest population"),
    ],
)
def test_the_line(given: Answer, line: str) -> None:
    assert explain.ways(given) == [line]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (programs.COUNT, ["From Germany follow borders → Austria, Czechia, France and Poland.", "Count them: 4."]),
        (
            programs.LARGEST,
            ["Take all countries: 195.", "Of these take the one with the largest population (83,149,300) → Germany."],
        ),
        (
            programs.TIED,
            [
                "Take all countries: 4.",
                "Of these take those with the most countries under borders (9): 2 share this value "
                "→ Germany and Poland.",
            ],
        ),
        (
            programs.LONGER,
            ["Take all rivers: 2.", "Keep those of step 2 with a larger length than Rhine → Nile."],
        ),
        (
            programs.OF_TWO,
            [
                "Put Nile and Rhine together → Nile and Rhine.",
                "Of these take the one with the largest length (6,650 kilometres) → Nile.",
            ],
        ),
        (
            programs.NOT_CAPITAL,
            ["From France follow capital → Paris.", "Is Berlin in step 3? No."],
        ),
        (programs.IS_LONGER, ["Does Rhine have a larger length than Nile? No."]),
        (programs.IS_OVER, ["Is the population of Germany over 80,000,000? Yes."]),
        (
            programs.MEAN,
            ["Take all rivers: 2.", "Take the mean of their length: 3,941.5 kilometres."],
        ),
        (
            programs.DIFFERENCE,
            ["Take the difference in year of birth between Albert Einstein and Albrecht Dürer: 408 years."],
        ),
        (
            programs.NO_CITY,
            [
                "Find everything whose located on is the Moon → sea and 20 more.",
                "Keep the cities → nothing.",
                "Of these take the one with the largest population → nothing.",
            ],
        ),
    ],
)
def test_the_steps(given: Answer, told: list[str]) -> None:
    assert steps(given) == told


def test_joins_say_by_number_which_sets_met() -> None:
    assert steps(programs.COMMON)[-1] == "Keep what step 3 and step 4 have in common → Czechia."
    assert steps(programs.WITHOUT)[-1] == "From step 3 leave out what is also in step 4 → Austria, France and Poland."
    bare = answer("entities", named("de"), named("pl", 1), op("without", ("de",)), op("set", ("de",)))
    assert steps(bare) == ["From Germany leave out Poland → Germany."]


def test_thresholds_sums_and_what_is_left() -> None:
    over = weighed("over", ("nile",), (("nile", 6650.0), ("rhine", 1233.0)), number=3000.0, **LENGTH)
    rivers = op("class", ("nile", "rhine"), label="river")
    assert steps(answer("entities", rivers, over, op("set", ("nile",))))[-1] == (
        "Keep those whose length is over 3,000 kilometres → Nile."
    )
    assert steps(answer("boolean", rivers, over, op("any", ("nile",)), value=True))[-1] == (
        "Something is left, so the answer is yes."
    )
    assert steps(programs.SUM)[-1] == "Add up their population: 105,467,041."


def test_what_follows_a_join_is_of_what_was_joined() -> None:
    program = (*programs.COMMON.program[:-1], op("count", ("cz",)))
    assert explain.ways(replace(programs.COMMON, kind="count", value=1.0, program=program)) == [
        "Germany → borders (4) and also Poland → borders (2) of what both have › counted: 1"
    ]


def test_a_set_that_was_joined_before_is_in_brackets() -> None:
    joined = (named("pl", 1), named("fr", 2), op("either", ("fr", "pl")), op("meet", ("pl",)), op("set", ("pl",)))
    given = answer("entities", named("de"), follow("borders", ("cz", "pl")), *joined)
    assert explain.ways(given) == ["Germany → borders (2) and also ( Poland together with France )"]


def test_what_reads_the_same_is_a_step_of_its_own_since_steps_have_numbers() -> None:
    twice = (named("de"), programs.AROUND_GERMANY, named("de"), programs.AROUND_GERMANY)
    given = answer("entities", *twice, op("meet", ("at",)), op("set", ("at",)))
    said = [read(step).text for step in explain.steps(replace(given, links=given.links[:1]))]
    assert len(said) == 4
    assert said[-1].startswith("Keep what step 2 and step 3")


@pytest.mark.parametrize(
    "program",
    [(), (op("meet"), op("set")), (named("de"),), (named("de"), named("pl"), op("set")), (named("de"), op("guess"))],
)
def test_what_is_no_program_is_not_told(program: tuple[Operation, ...]) -> None:
    assert sets(program) == ()
    given = replace(programs.LARGEST, program=program or (op("set"),))
    assert explain.trail(given) == explain.basis(given) == ""
    assert explain.tables(given) == []
    assert explain.sentence(given)


def test_hostile_labels_are_text_in_every_operation() -> None:
    for given in map(programs.hostile, ALL):
        pieces = [explain.sentence(given), explain.trail(given), explain.basis(given), *explain.steps(given)]
        for piece in pieces:
            assert set(read(piece).tags) <= {"strong", "span", "q", "em"}, given
        assert HOSTILE in read(explain.trail(given)).text


def test_a_walk_is_told_as_ever() -> None:
    assert explain.ways(MONA_LISA) == ["Mona Lisa → housed in → located in city"]
    assert explain.account(MONA_LISA) == explain.plain(MONA_LISA) == "Paris"
