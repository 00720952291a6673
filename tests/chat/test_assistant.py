"""The assistant over a really trained model: what it lets through, and what it suggests."""

from pathlib import Path

import pytest

from kgqa.chat.assistant import LONGEST, Assistant, QuestionError, Suggestion, clean_question
from kgqa.errors import UnknownEntityError
from kgqa.reasoning.pretrained import from_pretrained


@pytest.fixture(scope="module")
def assistant(trained_model: Path) -> Assistant:
    return Assistant(from_pretrained(trained_model))


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x07", "\u202e", None, 7, ["who?"]])
def test_nothing_is_no_question(text: object) -> None:
    with pytest.raises(QuestionError):
        clean_question(text)


def test_a_question_may_be_three_hundred_characters_long_and_no_longer() -> None:
    assert len(clean_question("x" * LONGEST)) == LONGEST
    with pytest.raises(QuestionError, match="10,000 characters long, and I read up to 300"):
        clean_question("x" * 10_000)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  who\n\tdirected  Jaws? ", "who directed Jaws?"),
        ("who\x00 directed\x1b Jaws", "who directed Jaws"),
        ("¿Quién dirigió Jaws? 🎬 谁", "¿Quién dirigió Jaws? 🎬 谁"),
        ("<b>who</b>", "<b>who</b>"),
    ],
)
def test_a_question_becomes_one_line_of_visible_text(text: str, line: str) -> None:
    assert clean_question(text) == line


def test_it_answers(assistant: Assistant) -> None:
    answer = assistant.ask("who directed\nJaws?")
    assert answer.question == "who directed Jaws?"
    assert [entity.label for entity in answer.answers] == ["Ana Sol"]


@pytest.mark.parametrize(
    "text", ["🎬🎬🎬", "<script>alert(1)</script>", "'; DROP TABLE turns; --", "谁导演了它", "\ufeff?", "a"]
)
def test_anything_typed_gets_some_answer(assistant: Assistant, text: str) -> None:
    assert assistant.ask(text).question


def test_it_suggests_entities_by_the_beginning_of_a_word(assistant: Assistant) -> None:
    assert "Emil Gray" in [suggestion.label for suggestion in assistant.suggest("gra")]
    assert assistant.suggest("  ") == assistant.suggest("\x00") == []
    assert len(assistant.suggest("a" * 5_000)) == 0


def test_an_entity_is_known_by_its_id(assistant: Assistant) -> None:
    jaws = assistant.suggest("jaws")[0]
    assert assistant.entity(jaws.id) == jaws
    with pytest.raises(UnknownEntityError):
        assistant.entity("no such id")


def test_a_suggestion_tells_namesakes_apart() -> None:
    assert Suggestion("1", "Paris", "city in Texas").text == "Paris — city in Texas"
    assert Suggestion("1", "Paris", "").text == "Paris"
