"""Comparison: what is counted before and after, by relation too, and what is worse."""

from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.comparison import DEVELOPMENT, HELD_OUT, UNEXPLAINED, Comparison, Line, relations_on_the_way
from kgqa.training.questions import Question
from kgqa.training.variants import Variants
from tests.conftest import Trained

COMPARISON = Comparison(
    {HELD_OUT: [False, False], DEVELOPMENT: [True, True, False, True]},
    {HELD_OUT: [True, False], DEVELOPMENT: [True, False, False, True]},
    [["directed by"], ["starring", "directed by"], ["starring"], [UNEXPLAINED]],
)


def test_lines() -> None:
    assert COMPARISON.lines == [Line(HELD_OUT, 2, 0.0, 50.0), Line(DEVELOPMENT, 4, 75.0, 50.0)]
    assert COMPARISON.by_relation == [
        Line("directed by", 2, 100.0, 50.0),
        Line("starring", 2, 50.0, 0.0),
        Line(UNEXPLAINED, 1, 100.0, 100.0),
    ]
    assert "| corrections held out | 2 | 0.00 | 50.00 |" in COMPARISON.table()


def test_worse_is_what_loses_more_than_is_tolerated() -> None:
    assert [line.name for line in COMPARISON.worse(0)] == [DEVELOPMENT]
    assert COMPARISON.worse(25) == []


def test_where_nothing_is_held_out_there_is_no_line() -> None:
    assert [
        line.name for line in Comparison({HELD_OUT: [], DEVELOPMENT: [True]}, {HELD_OUT: [], DEVELOPMENT: [True]}).lines
    ] == [DEVELOPMENT]


def test_the_relations_are_those_that_the_graph_shows(trained: Trained) -> None:
    answerer = from_pretrained(trained.directory)
    rows = [
        Question("", "who made Jaws?", ("Ana Sol",)),
        Question("", "Dora Finch was whom in Jaws?", ("Captain Rook",)),
        Question("", "who knows?", ()),
    ]
    found = relations_on_the_way(Variants(answerer.graph, answerer.index), answerer.graph.catalog, rows)
    assert found == [["directed by"], ["has character", "portrayed by"], [UNEXPLAINED]]
