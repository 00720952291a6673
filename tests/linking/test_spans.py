"""Spans are runs of whole words, at the characters they claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.linking.spans import spans_of


def texts(question: str, max_words: int = 12) -> list[str]:
    return [span.text for span in spans_of(question, max_words)]


def test_spans_come_by_start_and_then_by_length() -> None:
    assert texts("who made it?") == ["who", "who made", "who made it", "made", "made it", "it"]


def test_a_span_has_at_most_so_many_words() -> None:
    assert texts("a b c d", max_words=2) == ["a", "a b", "b", "b c", "c", "c d", "d"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Tom Hanks's films", "Tom Hanks"),
        ("Tom Hanks’s films", "Tom Hanks"),
        ("who made Schindler's List?", "Schindler's List"),
        ("the U.S. dollar", "U.S"),
        ("is AT&T big", "AT&T"),
        ("Simon & Garfunkel songs", "Simon & Garfunkel"),
        ("X-Men films", "X-Men"),
        ("Star Wars: A New Hope", "Star Wars: A New Hope"),
        ("where is São Paulo", "São Paulo"),
        ("where is Sa\u0303o Paulo", "Sa\u0303o Paulo"),
        ("東京 population", "東京"),
        ("films 🎬 of 1994", "1994"),
    ],
)
def test_names_are_spans(question: str, expected: str) -> None:
    assert expected in texts(question)


@pytest.mark.parametrize("question", ["", "   ", "?!…", "🎬🎬", "'s"[:1]])
def test_no_words_no_spans(question: str) -> None:
    assert spans_of(question) == []


def test_a_very_long_question_has_spans_in_proportion() -> None:
    assert len(spans_of("word " * 2000)) == 12 * 2000 - 66


@given(st.text(max_size=60), st.integers(1, 12))
def test_a_span_is_what_stands_at_its_place(question: str, max_words: int) -> None:
    for span in spans_of(question, max_words):
        assert span.text == question[span.start : span.end]
        assert span.text == span.text.strip() != ""


@given(st.text(max_size=60))
def test_no_span_comes_twice(question: str) -> None:
    spans = spans_of(question)
    assert len({(span.start, span.end) for span in spans}) == len(spans)
