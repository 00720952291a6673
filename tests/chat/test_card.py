"""A turn as messages: the question as text, the card with everything, and what the visitor thought of it."""

import re
from dataclasses import replace

from kgqa.chat.card import card, question, thread, thumbs, typed
from kgqa.chat.memory import Opinion, RightAnswer, ShownTurn
from tests.chat.answers import HANKS, HOSTILE, MONA_LISA, UNKNOWN, hostile
from tests.chat.test_markup import read

TURN = ShownTurn("0b7f", MONA_LISA)


def content(turn: ShownTurn) -> str:
    return str(card(turn)["content"])


def test_a_thread_alternates_and_names_its_turn() -> None:
    messages = thread([TURN, replace(TURN, id="1c80")])
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert [message["metadata"]["id"] for message in messages] == ["0b7f", "0b7f", "1c80", "1c80"]


def test_thumbs_are_shown_again() -> None:
    turns = [replace(TURN, opinion=Opinion(liked)) for liked in (True, False, None)]
    assert thumbs(turns) == ["Like", "Dislike", None]


def test_a_question_is_shown_as_typed_and_can_be_edited() -> None:
    for text in (HOSTILE, "1 < 2 & 3 > 2", 'What\'s "this"?'):
        shown = question(text)["content"]
        assert read(f"<p>{shown}</p>").tags == ["p"]
        assert typed(shown) == text
    assert question("What's up?")["content"] == "What's up?"


def test_a_card_has_answer_certainty_steps_picture_and_the_way_to_object() -> None:
    html = content(TURN)
    for piece in (
        "Paris",
        "capital of France",
        "Very sure · 97",
        "How I got this",
        "<svg",
        "Facts used",
        "Wrong answer?",
    ):
        assert piece in read(html).text or piece in html
    assert 'id="wrong-0b7f"' in html


def test_all_answers_are_one_click_away() -> None:
    html = content(ShownTurn("t", HANKS))
    assert "Show all 24" in html
    assert all(f"<li>{answer.label}" in html for answer in HANKS.answers)
    first = html.split("<details")[0]
    assert first.count("<li>") == 10


def test_i_do_not_know_comes_with_the_reason() -> None:
    text = read(content(ShownTurn("t", replace(UNKNOWN, why="low_confidence")))).text
    assert "I don’t know." in text
    assert "not sure enough" in text


def test_a_correction_is_shown_and_can_be_changed() -> None:
    said = Opinion(False, (RightAnswer("lyon", "Lyon"), RightAnswer("", HOSTILE)), HOSTILE)
    text = read(content(replace(TURN, opinion=said))).text
    assert "You say the right answer is Lyon and " in text
    assert text.count(HOSTILE) == 2
    assert "Change your correction" in text


def test_nothing_in_a_card_comes_from_a_label_but_text() -> None:
    said = Opinion(False, (RightAnswer("", HOSTILE),), HOSTILE)
    reader = read(content(ShownTurn("t", hostile(), said)))
    assert not {"img", "script", "a", "iframe"} & set(reader.tags)
    attributes = re.findall(r'\s([\w-]+)="', content(ShownTurn("t", hostile(), said)))
    assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "style")]
