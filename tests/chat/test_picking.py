"""Picking something else, with a trained model and a real store: answered in place, kept as feedback, undone."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import db
from kgqa.chat.line import Line
from kgqa.chat.page import Page
from kgqa.chat.visitor import Visitor
from tests import cinema
from tests.chat.conftest import apart
from tests.chat.test_page import answered, asked, event, messages, turns

QUESTION = f"who directed {cinema.AMBIGUOUS}?"


@pytest.fixture
def kept(desk: Page) -> dict[str, str]:
    """A visitor who asked about the ambiguous title, and then something else."""
    return asked(desk, "films starring Emil Gray", asked(desk, QUESTION))


def labels(desk: Page, kept: dict[str, str]) -> list[set[str]]:
    return [{entity.label for entity in turn.answer.answers} for turn in turns(desk, kept)]


def other(desk: Page, kept: dict[str, str]) -> str:
    """What the button for the reading sends that was not taken."""
    turn = turns(desk, kept)[0]
    (link,) = turn.answer.links
    place = next(place for place, each in enumerate(link.candidates) if each.id != link.id)
    return f"pick_e_0_{place}_{turn.id} 1"


def relation(desk: Page, kept: dict[str, str], label: str) -> str:
    turn = turns(desk, kept)[0]
    place = next(place for place, each in enumerate(turn.answer.paths[0].hops[0].candidates) if each.label == label)
    return f"pick_r_0_0_{place}_{turn.id} 2"


def feedback(desk: Page, tmp_path: Path) -> list[dict[str, Any]]:
    """What `python -m db export --all` writes."""
    with desk.memory.database.reader() as session:  # type: ignore[attr-defined]
        db.export_feedback(session=session, path=tmp_path / "out.jsonl", only_allowed=False)
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_pick_is_answered_in_place_and_kept_as_feedback(desk: Page, kept: dict[str, str], tmp_path: Path) -> None:
    before = turns(desk, kept)
    chat, said = apart(desk.picking.picked(other(desk, kept), kept))
    after = turns(desk, kept)
    assert (said, [turn.id for turn in after]) == ("", [turn.id for turn in before])
    film = after[0].answer.links[0].id
    assert labels(desk, kept)[0] == {cinema.DIRECTED[film]}
    assert film != before[0].answer.links[0].id
    assert after[1] == before[1]
    assert "You chose" in chat["value"][1]["content"]
    (row,) = feedback(desk, tmp_path)
    meant = {"mention": cinema.AMBIGUOUS, "id": film, "label": film}
    assert (row["corrected_entity"], row["chosen"], row["rating"]) == (meant, [meant], 0)


def test_picks_add_up_and_come_back_with_the_conversation(desk: Page, kept: dict[str, str], tmp_path: Path) -> None:
    apart(desk.picking.picked(other(desk, kept), kept))
    apart(desk.picking.picked(relation(desk, kept, "release year"), kept))
    film = turns(desk, kept)[0].answer.links[0].id
    assert labels(desk, kept)[0] == {cinema.YEARS[film]}
    assert "You chose" in messages(desk, kept)[1]["content"]
    (row,) = feedback(desk, tmp_path)
    assert [each.get("relation", each.get("id")) for each in row["chosen"]] == [film, "release year"]
    assert row["corrected_entity"]["id"] == film


def test_a_pick_is_undone_to_the_very_answer_of_before(desk: Page, kept: dict[str, str], tmp_path: Path) -> None:
    before = turns(desk, kept)[0]
    apart(desk.picking.picked(other(desk, kept), kept))
    apart(desk.picking.picked(f"undo_e_0_{before.id} 3", kept))
    assert turns(desk, kept)[0] == before
    assert feedback(desk, tmp_path) == []


def test_a_comment_outlives_an_undone_pick(desk: Page, kept: dict[str, str], tmp_path: Path) -> None:
    turn = turns(desk, kept)[0].id
    desk.correction.saved(turn, [], "which of the two?", kept)
    apart(desk.picking.picked(other(desk, kept), kept))
    apart(desk.picking.picked(f"undo_e_0_{turn} 3", kept))
    (row,) = feedback(desk, tmp_path)
    assert (row["comment"], row["chosen"], row["corrected_entity"]) == ("which of the two?", [], None)


def test_a_thumb_is_about_what_is_shown(desk: Page, kept: dict[str, str], tmp_path: Path) -> None:
    vote = event(index=[1, 0], liked=True)
    desk.correction.voted(messages(desk, kept), kept, vote)
    apart(desk.picking.picked(other(desk, kept), kept))
    turn = turns(desk, kept)[0]
    assert turn.opinion.liked is None
    desk.correction.voted(messages(desk, kept), kept, vote)
    (row,) = feedback(desk, tmp_path)
    assert (row["rating"], row["answers"]) == (1, [each.id for each in turn.answer.answers])
    assert row["corrected_entity"]["id"] == turn.answer.links[0].id


def test_what_leads_nowhere_is_said_and_can_be_undone(desk: Page) -> None:
    kept = asked(desk, "who directed films starring Fay Moss?")
    (turn,) = turns(desk, kept)
    apart(desk.picking.picked(f"pick_r_0_0_1_{turn.id} 1", kept))
    (now,) = turns(desk, kept)
    assert now.answer.abstained
    assert "With what was chosen I find no answer" in messages(desk, kept)[1]["content"]
    apart(desk.picking.picked(f"undo_r_0_{turn.id} 2", kept))
    assert turns(desk, kept) == [turn]


def test_another_visitor_picks_nothing(desk: Page, kept: dict[str, str]) -> None:
    before = turns(desk, kept)
    stranger = {"token": Visitor.read(None).token, "conversation": kept["conversation"]}
    assert "no longer part" in apart(desk.picking.picked(other(desk, kept), stranger))[1]
    assert turns(desk, kept) == before


@pytest.mark.parametrize("sent", [None, "", "pick_e_0_0_x 1", "pick_e_0_0_00000000-0000-0000-0000-000000000000 1"])
def test_what_is_no_pick_of_the_visitors_is_refused(desk: Page, kept: dict[str, str], sent: object) -> None:
    before = turns(desk, kept)
    assert "no longer" in apart(desk.picking.picked(sent, kept))[1]
    assert turns(desk, kept) == before


def test_a_place_that_is_not_offered_is_refused(desk: Page, kept: dict[str, str]) -> None:
    before = turns(desk, kept)
    assert "can no longer be picked" in apart(desk.picking.picked(f"pick_e_0_9_{before[0].id} 1", kept))[1]
    assert turns(desk, kept) == before


def test_an_entity_that_the_graph_has_lost_is_refused(desk: Page, kept: dict[str, str]) -> None:
    turn = turns(desk, kept)[0]
    visitor = Visitor.read(kept).key("s")
    with desk.memory.database.writer() as session:  # type: ignore[attr-defined]
        row = db.get_turn(session=session, turn_id=UUID(turn.id), visitor=visitor)
        lost = json.loads(
            json.dumps(row.snapshot).replace('"Salt Road"', '"urn:lost"').replace('"Iron Orchard"', '"urn:lost"')
        )
        row.snapshot = lost
    assert "no longer in the graph" in apart(desk.picking.picked(f"pick_e_0_1_{turn.id} 1", kept))[1]
    assert turns(desk, kept)[0].answer.chosen == turn.answer.chosen


def test_a_failure_inside_is_kindly_told(desk: Page, kept: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    sent = other(desk, kept)
    with desk.memory.database.writer() as session:  # type: ignore[attr-defined]
        session.connection().exec_driver_sql("ALTER TABLE feedback RENAME TO elsewhere")
    assert "What you had is still here" in apart(desk.picking.picked(sent, kept))[1]
    assert "could not be answered anew" in caplog.text


def test_next_questions_come_after_the_last_answer(desk: Page, kept: dict[str, str]) -> None:
    last: list[str] = []

    def suggest(answer: Any) -> list[str]:
        last.append(answer.question)
        return ["one?", "two?", "three?", "four?"]

    page = Page(desk.assistant, desk.memory, desk.asking.line, desk.settings, suggest)
    row, *found = apart(page.following.followed(kept))
    assert last == ["films starring Emil Gray"]
    assert [update["value"] for update in found] == ["one?", "two?", "three?"]
    assert row["visible"]
    said = answered(page, page.asking.asked("what is that?", kept, ""))
    assert apart(page.following.followed(None))[0]["visible"] is False
    assert said[0] == kept


def test_without_next_questions_there_is_no_row(desk: Page, kept: dict[str, str]) -> None:
    row, *found = apart(desk.following.followed(kept))
    assert [row["visible"], *(update["visible"] for update in found)] == [False] * 4


def test_a_failure_to_find_next_questions_leaves_the_answer_alone(
    desk: Page, kept: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def suggest(answer: Any) -> list[str]:
        raise ValueError("no luck")

    page = Page(desk.assistant, desk.memory, desk.asking.line, desk.settings, suggest)
    row, *_ = apart(page.following.followed(kept))
    assert row["visible"] is False
    assert "no next questions" in caplog.text


def test_next_questions_are_left_out_while_somebody_waits_for_an_answer(desk: Page, kept: dict[str, str]) -> None:
    line, released = Line(workers=1, places=1), threading.Event()
    page = Page(desk.assistant, desk.memory, line, desk.settings, lambda answer: ["one?"])

    async def meanwhile() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        waiting = asyncio.create_task(line.run(released.wait))
        await asyncio.sleep(0)
        during = await page.following.followed(kept)
        released.set()
        await waiting
        return during, await page.following.followed(kept)

    during, after = apart(meanwhile())
    assert during[0]["visible"] is False
    assert after[0]["visible"] is True
