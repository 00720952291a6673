"""Alignment: of many programs that answer, the one that the words of all questions speak for is found."""

import numpy as np
import pytest

from kgqa.graph.numbers import Attribute
from kgqa.programs.machine import Program, Step
from kgqa.training.alignment import MOST, aligned, probabilities
from kgqa.training.renaming import Explained

BORDERS, RIVERS, CITIES, HILLS = (Step("follow", relation=2 * number) for number in range(4))
PEOPLE = Attribute(20)


def named(start: int, end: int) -> Step:
    return Step("named", start=start, end=end, entities=(start,))


def asked(text: str, *ways: tuple[Step, ...]) -> Explained:
    """A question whose last word is a name, with a program for each way on from there."""
    start = text.rindex(" ") + 1
    return Explained(text, tuple((named(start, len(text)), *way) for way in ways))


COUNT, SUM = Step("count"), Step("sum", attribute=PEOPLE)
ROWS = [
    asked("how many rivers has Ada", (RIVERS, COUNT), (CITIES, COUNT)),
    asked("how many rivers has Bor", (HILLS, COUNT), (RIVERS, COUNT)),
    asked("how many rivers has Cyr", (BORDERS, COUNT), (RIVERS, COUNT), (CITIES, SUM)),
    asked("how many cities has Ada", (CITIES, COUNT), (RIVERS, COUNT)),
    asked("how many cities has Bor", (HILLS, COUNT), (CITIES, COUNT)),
    asked("how many cities has Dun", (BORDERS, COUNT), (CITIES, COUNT)),
]


def best(rows: list[Explained]) -> list[Program]:
    return [row.programs[int(np.argmax(weights))] for row, weights in zip(rows, probabilities(rows), strict=True)]


def test_what_questions_worded_alike_have_in_common_is_meant() -> None:
    assert [program[1] for program in best(ROWS)] == [RIVERS] * 3 + [CITIES] * 3


def test_probabilities_are_of_each_question() -> None:
    for row, weights in zip(ROWS, probabilities(ROWS), strict=True):
        assert weights.shape == (len(row.programs),)
        assert weights.sum() == pytest.approx(1.0)


def test_what_was_likely_before_decides_where_words_do_not() -> None:
    row = asked("zzz Ada", (CITIES, COUNT), (RIVERS, COUNT), (HILLS, COUNT))
    for likely in range(3):
        before = np.full(3, -4.0)
        before[likely] = 0.0
        (weights,) = probabilities([row], [before])
        assert weights.argmax() == likely
        (chosen,) = aligned([row], lambda rows, before=before: [before])
        assert chosen is not None
        assert chosen.programs[0] == row.programs[likely]


def test_names_say_nothing_of_what_is_asked() -> None:
    """All else that is asked about Ada is about rivers, and about Bor it is cities."""
    others = [
        asked("which rivers cross Ada", (RIVERS, Step("set"))),
        asked("where live most in Bor", (CITIES, Step("set"))),
    ]
    assert [program[1] for program in best([*ROWS, *others * 5])[:6]] == [RIVERS] * 3 + [CITIES] * 3


def test_what_leaves_a_rare_name_unread_is_less_likely() -> None:
    text = "does Ada border Bor"
    both = (named(5, 8), BORDERS, named(16, 19), Step("meet"), Step("any"))
    weights = probabilities([Explained(text, ((named(5, 8), BORDERS, Step("any")), both)), *ROWS * 5])[0]
    assert weights[1] > weights[0]


def test_what_a_relation_is_called_counts_the_other_way_and_for_its_numbers_too() -> None:
    seat, other = Attribute(20), Attribute(30)
    rows = [asked("what is the seat of Ada", (Step("follow", relation=20), Step("set"))) for _ in range(5)]
    rows += [asked("what is the port of Ada", (Step("follow", relation=30), Step("set"))) for _ in range(5)]
    for port_first, seat_second in (
        (Step("follow", relation=31), Step("follow", relation=21)),
        (Step("largest", attribute=other), Step("largest", attribute=seat)),
    ):
        asked_back = asked("whose seat is Ada", (port_first, Step("set")), (seat_second, Step("set")))
        assert best([*rows, asked_back])[-1][1] == seat_second


def test_the_likeliest_come_first_and_few_are_kept() -> None:
    many = tuple((named(0, 3), Step("follow", relation=relation), COUNT) for relation in range(2 * MOST))
    rows = aligned([None, *ROWS, Explained("Ada has how many", many)])
    assert rows[0] is None
    assert rows[1] is not None
    assert rows[1].programs[0][1] == RIVERS
    assert rows[-1] is not None
    assert len(rows[-1].programs) <= MOST


def test_nothing_is_aligned_of_nothing() -> None:
    assert aligned([None, None]) == [None, None]
    assert aligned([]) == []
