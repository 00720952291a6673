import csv
import json
from pathlib import Path
from typing import Any

import pytest

from db import (
    Database,
    StoreInputError,
    answer_anew,
    append_turn,
    decide,
    export_feedback,
    give_feedback,
    set_consent,
    start_conversation,
    withdraw_feedback,
)
from db.answers import shown_answers
from db.models import Feedback, Turn
from db.sheet import cell
from tests.db.conftest import SNAPSHOT, Asked, rita

RIGHT = [{"id": "urn:e:Anne_Spielberg", "label": "Anne Spielberg"}]


def vote(database: Database, asked: Asked, **values: Any) -> Feedback:
    """Ann's vote; she allows that it is trained on."""
    with database.writer() as session:
        set_consent(session=session, visitor="ann", given=True)
        return give_feedback(session=session, turn_id=asked.turn, visitor="ann", **values)


def export(database: Database, path: Path, **options: Any) -> list[dict[str, Any]]:
    with database.reader() as session:
        report = export_feedback(session=session, path=path, **options)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert report.rows == len(rows)
    assert report.without_answers == sum(not row["answers"] for row in rows)
    assert [each.name for each in path.parent.iterdir() if each.name.startswith(".")] == []
    return rows


def test_a_correction_becomes_a_question_row(database: Database, asked: Asked, tmp_path: Path) -> None:
    meant = {"mention": "Big", "id": "urn:e:Big", "label": "Big"}
    given = vote(database, asked, rating=-1, comment="no\u2028way", corrected_answers=RIGHT, corrected_entity=meant)
    [row] = export(database, tmp_path / "feedback.jsonl")
    expected = {
        "id": str(given.id),
        "question": "who directed Big?",
        "answers": ["urn:e:Anne_Spielberg"],
        "status": "pending",
        "consent": True,
        "rating": -1,
        "comment": "no\u2028way",
        "corrected_entity": meant,
        "model_version": "world-1",
        "model_digest": "d1",
        "turn": str(asked.turn),
        "shown": ["urn:e:Penny_Marshall"],
    }
    assert {name: row[name] for name in expected} == expected


def test_a_row_says_what_was_before_and_whether_it_matters(database: Database, asked: Asked, tmp_path: Path) -> None:
    later: list[Turn] = []
    with database.writer() as session:
        for question, after in (("and Jaws?", ["who directed Big?"]), ("who is Ana?", [])):
            later.append(
                append_turn(
                    session=session,
                    conversation_id=asked.conversation,
                    visitor="ann",
                    question=question,
                    snapshot={**SNAPSHOT, "question": question, "after": after},
                    model_version_id=asked.version,
                )
            )
        set_consent(session=session, visitor="ann", given=True)
        for turn in later:
            give_feedback(session=session, turn_id=turn.id, visitor="ann", rating=1)
    follow, alone = export(database, tmp_path / "out.jsonl")
    first, second = (
        {"question": question, "answers": ["urn:e:Penny_Marshall"]} for question in ("who directed Big?", "and Jaws?")
    )
    assert (follow["context"], follow["leans"]) == ([first], True)
    assert (alone["context"], alone["leans"]) == ([second, first], False)


def test_a_vote_up_confirms_what_was_shown(database: Database, asked: Asked, tmp_path: Path) -> None:
    vote(database, asked, rating=1)
    assert export(database, tmp_path / "out.jsonl")[0]["answers"] == ["urn:e:Penny_Marshall"]


@pytest.mark.parametrize("rating", [-1, 0])
def test_without_a_correction_there_are_no_answers(
    database: Database, asked: Asked, tmp_path: Path, rating: int
) -> None:
    vote(database, asked, rating=rating, corrected_text="some writer")
    [row] = export(database, tmp_path / "out.jsonl")
    assert (row["answers"], row["status"], row["corrected_text"]) == ([], "pending", "some writer")


def ask_again(database: Database, asked: Asked, visitor: str, **values: Any) -> Feedback:
    """Another visitor asks the same in other spelling, is shown the same, and has an opinion that may be trained on."""
    with database.writer() as session:
        conversation = start_conversation(session=session, visitor=visitor)
        turn = append_turn(
            session=session,
            conversation_id=conversation.id,
            visitor=visitor,
            question="Who directed BIG",
            snapshot=SNAPSHOT,
            model_version_id=asked.version,
        )
        set_consent(session=session, visitor=visitor, given=visitor != "cy")
        return give_feedback(session=session, turn_id=turn.id, visitor=visitor, **values)


def test_a_vote_up_on_what_was_answered_anew_agrees_with_that(database: Database, asked: Asked, tmp_path: Path) -> None:
    vote(database, asked, rating=-1, corrected_answers=RIGHT)
    confirmed = ask_again(database, asked, "bob", rating=1)
    with database.writer() as session:
        answer_anew(session=session, turn_id=confirmed.turn_id, visitor="bob", snapshot={**SNAPSHOT, "answers": RIGHT})
    rows = export(database, tmp_path / "out.jsonl")
    assert [(row["agreeing"], row["dissenting"]) for row in rows] == [(2, 0), (2, 0)]


def test_a_row_says_how_many_people_agree(database: Database, asked: Asked, tmp_path: Path) -> None:
    vote(database, asked, rating=-1, corrected_answers=RIGHT)
    ask_again(database, asked, "bob", rating=-1, corrected_answers=RIGHT, comment="surely")
    ask_again(database, asked, "cy", rating=-1, corrected_answers=RIGHT)  # does not allow it, but counts as a voice
    ask_again(database, asked, "di", rating=1)
    ask_again(database, asked, "ed", rating=-1)  # says only that it is wrong
    rejected = ask_again(database, asked, "flo", rating=-1, corrected_answers=[{"id": "urn:x", "label": "X"}])
    with database.writer() as session:
        decide(session=session, reviewer=rita(), feedback_ids=[rejected.id], action="reject")
    rows = export(database, tmp_path / "out.jsonl")
    assert len(rows) == 5
    said = [(row["agreeing"], row["dissenting"]) for row in rows if row["answers"] == ["urn:e:Anne_Spielberg"]]
    assert said == [(3, 1), (3, 1)]
    assert [(r["agreeing"], r["dissenting"]) for r in rows if r["rating"] == 1] == [(1, 3)]
    assert [(r["agreeing"], r["dissenting"]) for r in rows if r["status"] == "rejected"] == [(1, 4)]


def test_a_contributor_has_one_pseudonym_in_every_export(database: Database, asked: Asked, tmp_path: Path) -> None:
    vote(database, asked, rating=1)
    ask_again(database, asked, "bob", rating=1)
    names = [row["contributor"] for row in export(database, tmp_path / "one.jsonl")]
    assert names == [row["contributor"] for row in export(database, tmp_path / "two.jsonl")]
    assert len(set(names)) == 2
    assert not {"ann", "bob"} & set(names)
    text = (tmp_path / "one.jsonl").read_text()
    assert '"ann"' not in text
    assert '"bob"' not in text


def test_a_withdrawn_vote_is_left_out(database: Database, asked: Asked, tmp_path: Path) -> None:
    vote(database, asked, rating=1)
    with database.writer() as session:
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
    assert export(database, tmp_path / "out.jsonl") == []


def test_what_is_not_for_training_is_left_out_and_only_wanted_to_look_at(
    database: Database, asked: Asked, tmp_path: Path
) -> None:
    vote(database, asked, rating=1)
    assert [row["consent"] for row in export(database, tmp_path / "out.jsonl")] == [True]
    with database.writer() as session:
        set_consent(session=session, visitor="ann", given=False)
    assert export(database, tmp_path / "out.jsonl") == []
    assert [row["consent"] for row in export(database, tmp_path / "all.jsonl", only_allowed=False)] == [False]


def test_who_was_never_asked_has_not_allowed_it(database: Database, asked: Asked, tmp_path: Path) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
    assert export(database, tmp_path / "out.jsonl") == []
    with database.reader() as session:
        assert export_feedback(session=session, path=tmp_path / "out.jsonl").left_out == 1
        assert export_feedback(session=session, path=tmp_path / "out.jsonl", statuses=["accepted"]).left_out == 0


def test_what_a_reviewer_made_of_it_comes_first(database: Database, asked: Asked, tmp_path: Path) -> None:
    given = vote(database, asked, rating=-1, corrected_answers=RIGHT)
    better = [{"id": "urn:e:Gary_Ross", "label": "Gary Ross"}]
    with database.writer() as session:
        edited = {"answers": better, "text": ""}
        decide(session=session, reviewer=rita(), feedback_ids=[given.id], action="edit", edited=edited)
    [row] = export(database, tmp_path / "out.jsonl")
    assert (row["answers"], row["status"], row["edited"]["answers"]) == (["urn:e:Gary_Ross"], "accepted", better)


def test_a_sheet_has_the_same_rows_and_no_formulas(database: Database, asked: Asked, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://evil.example","x")'
    vote(database, asked, rating=-1, comment=hostile, corrected_text="\n@SUM(1)", corrected_answers=RIGHT)
    [row] = export(database, tmp_path / "out.jsonl")
    with database.reader() as session:
        export_feedback(session=session, path=tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        [read] = list(csv.DictReader(file))
    assert list(read) == list(row)
    assert read["comment"] == f"'{hostile}"
    assert read["corrected_text"] == "'\n@SUM(1)"
    assert (read["id"], read["question"], read["rating"]) == (row["id"], row["question"], "-1")
    assert json.loads(read["answers"]) == row["answers"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", " =1", "\r=1", "＝1", "\ufeff=1", "\n=1"])
def test_what_could_be_a_formula_is_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["who directed Big?", "1 + 1 = 2", -1, 2.5, "[=]"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


def test_only_the_wanted_statuses(database: Database, asked: Asked, tmp_path: Path) -> None:
    given = vote(database, asked, rating=1)
    with database.writer() as session:
        second = append_turn(
            session=session,
            conversation_id=asked.conversation,
            visitor="ann",
            question="how many films?",
            snapshot={**SNAPSHOT, "kind": "count", "value": 24},
            model_version_id=asked.version,
        )
        give_feedback(session=session, turn_id=second.id, visitor="ann", rating=1)
        decide(session=session, reviewer=rita(), feedback_ids=[given.id], action="accept")
    assert [row["status"] for row in export(database, tmp_path / "all.jsonl")] == ["accepted", "pending"]
    [row] = export(database, tmp_path / "accepted.jsonl", statuses=["accepted"])
    assert row["question"] == "who directed Big?"
    [row] = export(database, tmp_path / "pending.jsonl", statuses=["pending"])
    assert row["answers"] == [24]


@pytest.mark.parametrize(
    ("snapshot", "answers"),
    [
        ({"kind": "boolean", "value": False, "answers": []}, [False]),
        ({"kind": "number", "value": 2161000.0, "answers": []}, [2161000.0]),
        ({"kind": "number", "value": None, "answers": []}, []),
        ({"kind": "none", "answers": []}, []),
        ({**SNAPSHOT, "abstained": True}, []),
    ],
)
def test_what_was_shown(snapshot: dict[str, Any], answers: list[Any]) -> None:
    assert shown_answers(snapshot) == answers


def test_an_export_that_fails_leaves_the_old_file(database: Database, asked: Asked, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    vote(database, asked, rating=1)
    with database.writer() as session:
        session.connection().exec_driver_sql("DROP TABLE feedback")
    with pytest.raises(Exception, match="feedback"), database.reader() as session:
        export_feedback(session=session, path=target)
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir() if each.suffix not in (".db", ".db-wal", ".db-shm")] == [
        "out.jsonl"
    ]


def test_a_place_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    with database.reader() as session:
        with pytest.raises(StoreInputError, match="there is no folder"):
            export_feedback(session=session, path=tmp_path / "nowhere" / "out.jsonl")
        with pytest.raises(StoreInputError, match="is a folder"):
            export_feedback(session=session, path=tmp_path)
