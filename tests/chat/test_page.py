"""The page's handlers with a trained model and a real store: nothing that a browser sends is believed."""

from types import SimpleNamespace
from typing import Any

import pytest

import db
from kgqa.chat.correction import MOST_CORRECTIONS
from kgqa.chat.line import Line
from kgqa.chat.memory import NotYoursError, RightAnswer
from kgqa.chat.page import Page
from kgqa.chat.underway import MOST, PATIENCE, Underway
from kgqa.chat.visitor import Visitor
from tests.chat.conftest import apart

QUESTION = "who directed Jaws?"


def asked(desk: Page, text: object = QUESTION, kept: object = None) -> dict[str, str]:
    """Ask, and return what the browser then keeps."""
    kept_now: dict[str, str] = answered(desk, desk.asking.asked(text, kept, ""))[0]
    return kept_now


def answered(desk: Page, begun: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is shown after the question that was begun."""
    return apart(desk.asking.answered(begun[4]))


def turns(desk: Page, kept: dict[str, str]) -> list[Any]:
    visitor = Visitor.read(kept)
    return desk.memory.turns(visitor.key("s"), visitor.conversation)


def event(**data: Any) -> Any:
    return SimpleNamespace(**data)


def messages(desk: Page, kept: dict[str, str]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = desk.opened(kept)[0].get("value", [])
    return shown


def test_a_question_is_shown_at_once_and_then_answered(desk: Page) -> None:
    first = desk.asking.asked(QUESTION, None, "")
    assert [message["role"] for message in first[1]["value"]] == ["user"]
    assert first[2]["value"] == ""
    last = answered(desk, first)
    assert [message["role"] for message in last[1]["value"]] == ["user", "assistant"]
    assert "value" not in last[2], "what was typed while the answer was on its way would be lost"
    (turn,) = turns(desk, last[0])
    assert turn.answer.answers[0].label == "Ana Sol"


def test_a_conversation_comes_back(desk: Page) -> None:
    kept = asked(desk, kept=asked(desk))
    assert len(turns(desk, kept)) == 2
    assert len(messages(desk, kept)) == 4


def test_a_new_chat_keeps_the_visitor_and_leaves_the_old_one_stored(desk: Page) -> None:
    kept = asked(desk)
    fresh, _, box, *_ = desk.asking.began(kept, "")
    assert fresh == {"token": kept["token"], "conversation": ""}
    assert "value" not in box, "what was typed and not sent would be lost"
    later = asked(desk, kept=fresh)
    assert later["conversation"] not in ("", kept["conversation"])
    assert len(turns(desk, kept)) == len(turns(desk, later)) == 1


@pytest.mark.parametrize(("text", "said"), [("", "no question yet"), ("x" * 10_000, "10,000"), (None, "as text")])
def test_bad_input_gets_a_kind_word_and_keeps_the_text(desk: Page, text: object, said: str) -> None:
    _, _, box, notice, underway, _ = desk.asking.asked(text, None, "")
    assert underway == ""
    assert said in notice
    assert box["value"] == (text if isinstance(text, str) else "")


def test_a_failure_inside_is_kindly_told_and_the_question_kept(desk: Page, caplog: pytest.LogCaptureFixture) -> None:
    kept = asked(desk)
    with desk.memory.database.writer() as session:  # type: ignore[attr-defined]
        session.connection().exec_driver_sql("ALTER TABLE turns RENAME TO elsewhere")
    visitor = Visitor.read(kept)
    with pytest.raises(db.StoreError):
        desk.memory.turns(visitor.key("s"), visitor.conversation)
    last = answered(desk, desk.asking.asked(QUESTION, {"token": kept["token"], "conversation": ""}, ""))
    assert "Something went wrong" in last[3]
    assert last[2]["value"] == QUESTION
    assert "could not be answered" in caplog.text


def test_when_the_store_is_gone_the_question_is_kept_too(desk: Page, caplog: pytest.LogCaptureFixture) -> None:
    kept = asked(desk)
    with desk.memory.database.writer() as session:  # type: ignore[attr-defined]
        session.connection().exec_driver_sql("ALTER TABLE conversations RENAME TO elsewhere")
    _, _, box, notice, *_ = desk.asking.asked(QUESTION, kept, "")
    assert (box["value"], "Something went wrong" in notice) == (QUESTION, True)
    assert "could not be taken" in caplog.text


def test_retry_and_edit_take_the_place_of_a_turn(desk: Page) -> None:
    kept = asked(desk, "films starring Emil Gray", asked(desk))
    last = answered(desk, desk.asking.retried(kept, ""))
    assert [turn.answer.question for turn in turns(desk, last[0])] == [QUESTION, "films starring Emil Gray"]
    history = messages(desk, kept)
    last = answered(desk, desk.asking.edited(history, kept, "", event(index=0, value="release year of Jaws")))
    assert [turn.answer.question for turn in turns(desk, last[0])] == ["release year of Jaws"]


def test_another_visitor_sees_and_changes_nothing(desk: Page) -> None:
    kept = asked(desk)
    (turn,) = turns(desk, kept)
    stranger = {"token": Visitor.read(None).token, "conversation": kept["conversation"]}
    assert messages(desk, stranger) == []
    assert "no longer part" in desk.correction.voted(messages(desk, kept), stranger, event(index=1, liked=True))[1]
    assert "no longer part" in desk.correction.saved(turn.id, ["x"], "", stranger)[1]
    assert "no longer part" in desk.correction.flagged(f"{turn.id} 1", stranger)[0]
    assert "no longer part" in desk.correction.withdrawn(turn.id, stranger)[1]
    last = answered(desk, desk.asking.edited(messages(desk, kept), stranger, "", event(index=0, value=QUESTION)))
    assert last[0]["conversation"] != kept["conversation"]
    assert not turns(desk, kept)[0].opinion.corrects
    assert turns(desk, kept)[0].opinion.liked is None


@pytest.mark.parametrize("request_", ["", "no-id 1", "00000000-0000-0000-0000-000000000000 1", None])
def test_a_turn_that_is_none_is_not_found(desk: Page, request_: Any) -> None:
    assert "no longer part" in desk.correction.flagged(request_, asked(desk))[0]


@pytest.mark.parametrize("index", [None, -1, 99, "1", [], [7, 0]])
def test_a_vote_on_no_message_is_not_kept(desk: Page, index: object) -> None:
    kept = asked(desk)
    assert "no longer part" in desk.correction.voted(messages(desk, kept), kept, event(index=index, liked=True))[1]


def test_a_thumb_is_set_changed_and_taken_back(desk: Page) -> None:
    kept = asked(desk)
    for liked in (True, False, ""):
        desk.correction.voted(messages(desk, kept), kept, event(index=[1, 0], liked=liked))
        assert turns(desk, kept)[0].opinion.liked is {True: True, False: False, "": None}[liked]


def test_a_correction_of_entities_and_words_is_kept_and_changed(desk: Page) -> None:
    kept = asked(desk)
    (turn,) = turns(desk, kept)
    bo = desk.assistant.suggest("bo lind")[0]
    desk.correction.saved(turn.id, [bo.id, "Somebody <b>else</b>"], " It was\x00 remade. ", kept)
    opinion = turns(desk, kept)[0].opinion
    assert opinion.right == (RightAnswer(bo.id, "Bo Lind"), RightAnswer("", "Somebody <b>else</b>"))
    assert (opinion.liked, opinion.comment) == (False, "It was remade.")
    desk.correction.saved(turn.id, [], "only a comment", kept)
    assert turns(desk, kept)[0].opinion.right == ()
    desk.correction.withdrawn(turn.id, kept)
    assert turns(desk, kept)[0].opinion.liked is None


def test_an_empty_correction_is_asked_for_again(desk: Page) -> None:
    kept = asked(desk)
    assert "Say what would be right" in desk.correction.saved(turns(desk, kept)[0].id, ["  "], "", kept)[1]


def test_a_correction_is_bounded(desk: Page) -> None:
    kept = asked(desk)
    desk.correction.saved(turns(desk, kept)[0].id, [f"{i} " + "x" * 5_000 for i in range(99)], "y" * 99_999, kept)
    opinion = turns(desk, kept)[0].opinion
    assert len(opinion.right[0].label) < 203 * MOST_CORRECTIONS
    assert len(opinion.comment) == 2_000


def test_suggestions_keep_what_was_chosen(desk: Page) -> None:
    jaws = desk.assistant.suggest("jaws")[0]
    update = desk.correction.suggested([jaws.id, "my words"], event(key="e", input_value="e"))
    texts = [text for text, _ in update["choices"]]
    assert texts[:2] == ["Jaws", "my words"]
    assert "Emil Gray" in texts


def test_a_stopped_question_goes_back_into_the_box_and_is_not_kept(desk: Page) -> None:
    kept, _, _, _, underway, _ = desk.asking.asked(QUESTION, asked(desk), "")
    _, box, notice, over = desk.asking.stopped(kept, underway)
    assert (box["value"], notice, over) == (QUESTION, "", "")
    assert all("value" not in update for update in answered(desk, ("", "", "", "", underway)))
    assert len(turns(desk, kept)) == 1


def test_what_was_stopped_too_late_is_answered(desk: Page) -> None:
    begun = desk.asking.asked(QUESTION, None, "")
    kept = answered(desk, begun)[0]
    chat, box, *_ = desk.asking.stopped(kept, begun[4])
    assert "value" not in box
    assert len(chat["value"]) == 2


def test_an_answer_that_nobody_waits_for_any_more_is_neither_shown_nor_kept(desk: Page) -> None:
    kept = asked(desk)
    ask = desk.assistant.ask
    begun = desk.asking.asked("films starring Emil Gray", kept, "")

    def slowly(text: str, before: Any) -> Any:
        desk.asking.began(kept, begun[4])  # a new chat, while the model thinks
        return ask(text, before)

    desk.asking.assistant = SimpleNamespace(ask=slowly)  # type: ignore[assignment]
    assert all("value" not in update for update in answered(desk, begun))
    assert len(turns(desk, kept)) == 1


def test_while_one_question_waits_the_next_stays_in_the_box(desk: Page) -> None:
    begun = desk.asking.asked(QUESTION, None, "")
    for text in ("films starring Emil Gray", ""):
        assert all("value" not in update for update in desk.asking.asked(text, begun[0], begun[4])[1:4])
    kept = answered(desk, begun)[0]
    assert answered(desk, begun)[0] != kept, "the same question is not answered twice"
    assert len(turns(desk, asked(desk, "films starring Emil Gray", kept))) == 2


def test_a_question_whose_answer_is_not_fetched_blocks_no_other(desk: Page) -> None:
    now = [0.0]
    desk.asking.underway = Underway(lambda: now[0])
    lost = desk.asking.asked(QUESTION, None, "")
    now[0] = PATIENCE
    assert len(turns(desk, answered(desk, desk.asking.asked(QUESTION, lost[0], lost[4]))[0])) == 1


def test_no_more_are_underway_than_can_be_held() -> None:
    underway = Underway()
    first, *others = [underway.add(QUESTION, Visitor.read(None), "") for _ in range(MOST + 1)]
    assert underway.take(first) is None
    assert all(underway.waits(name) for name in others)
    assert not any(underway.waits(name) for name in ("", None, [], "x"))


def test_where_too_many_wait_the_question_is_kept(desk: Page) -> None:
    desk.asking.line = Line(1, -1)
    _, chat, box, notice, *_ = answered(desk, desk.asking.asked(QUESTION, None, ""))
    assert (box["value"], "Many questions" in notice, chat["value"]) == (QUESTION, True, [])
    desk.picking.line = Line(1, -1)
    assert "pick again" in apart(desk.picking.picked("", None))[1]


def test_a_suggested_question_leaves_alone_what_was_typed(desk: Page) -> None:
    for begun in (
        desk.asking.offered(QUESTION, None, ""),
        desk.asking.picked(None, "", event(value={"text": QUESTION})),
        desk.asking.retried(asked(desk), ""),
    ):
        assert "value" not in begun[2]
        assert len(turns(desk, answered(desk, begun)[0])) == 1


def test_memory_refuses_what_is_no_id(desk: Page) -> None:
    for name in ("", "x", "' OR 1=1"):
        with pytest.raises(NotYoursError):
            desk.memory.turn("visitor", name)


def test_the_page_is_built_with_one_public_endpoint(desk: Page) -> None:
    api = desk.build().get_api_info()
    assert list(api["named_endpoints"]) == ["/ask"]
    assert api["unnamed_endpoints"] == {}
