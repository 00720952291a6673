"""What people chose instead of what was taken: beside the turn, as feedback, in the queue and in exports."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import column, insert, select, table

from db import (
    Database,
    NotFoundError,
    StoreInputError,
    answer_anew,
    ask_consent,
    export_feedback,
    find_queue,
    find_shared,
    give_feedback,
    load_turns,
    share_conversation,
    visitor_data,
    withdraw_feedback,
)
from db.agreement import correction_key
from db.choices import in_words
from db.migrate import downgrade, upgrade
from db.models import Base, Feedback, Turn, now
from db.session import make_engine, parse_url
from tests.db.conftest import SNAPSHOT, Asked, rita

ENTITY = {"mention": "Big", "id": "urn:e:Big_(band)", "label": "Big"}
OTHER = {"mention": "who", "id": "urn:e:The_Who", "label": "The Who"}
HOP = {"mention": "Big", "hop": 0, "relation": "urn:r:music_by", "label": "music by", "inverse": False}
ANEW = {**SNAPSHOT, "answers": [{"id": "urn:e:Howard_Shore", "label": "Howard Shore", "score": 0.9}]}


def choose(database: Database, asked: Asked, *chosen: dict[str, Any], **values: Any) -> Feedback:
    with database.writer() as session:
        answer_anew(session=session, turn_id=asked.turn, visitor="ann", snapshot=ANEW if chosen else None)
        return give_feedback(session=session, turn_id=asked.turn, visitor="ann", chosen=chosen, **values)


def exported(database: Database, path: Path) -> dict[str, Any]:
    with database.reader() as session:
        export_feedback(session=session, path=path, only_allowed=False)
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    return row


def test_a_turn_shows_the_new_answer_in_its_place_and_keeps_the_first_one(database: Database, asked: Asked) -> None:
    choose(database, asked, ENTITY)
    with database.reader() as session:
        ((turn, _),) = load_turns(session=session, conversation_id=asked.conversation, visitor="ann")
    assert (turn.id, turn.shown, turn.snapshot, turn.replaced_at) == (asked.turn, ANEW, SNAPSHOT, None)
    choose(database, asked)
    with database.reader() as session:
        assert session.get_one(Turn, asked.turn).shown == SNAPSHOT


def test_a_turn_of_another_visitor_is_not_answered_anew(database: Database, asked: Asked) -> None:
    with pytest.raises(NotFoundError), database.writer() as session:
        answer_anew(session=session, turn_id=asked.turn, visitor="bob", snapshot=ANEW)


def test_choices_are_kept_all_of_them_and_the_latest_entity_is_the_corrected_one(
    database: Database, asked: Asked
) -> None:
    found = choose(database, asked, ENTITY, HOP, OTHER)
    assert found.chosen == [ENTITY, HOP, OTHER]
    assert found.corrected_entity == OTHER
    assert choose(database, asked, HOP).corrected_entity is None
    assert choose(database, asked).chosen == []


def test_a_vote_up_keeps_only_choices_that_are_given_again(database: Database, asked: Asked) -> None:
    choose(database, asked, ENTITY)
    assert choose(database, asked, ENTITY, rating=1).chosen == [ENTITY]
    with database.writer() as session:
        up = give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=1)
    assert (up.chosen, up.corrected_entity) == ([], None)


@pytest.mark.parametrize(
    "bad",
    [{}, {"mention": "Big"}, {**ENTITY, "id": 7}, {**HOP, "hop": "0"}, {**HOP, "hop": True}, {**HOP, "inverse": 0}],
)
def test_what_is_no_choice_is_refused(database: Database, asked: Asked, bad: dict[str, Any]) -> None:
    with pytest.raises(StoreInputError, match="expected a choice with mention, id, label or mention, hop, relation"):
        choose(database, asked, bad)


def test_more_than_a_choice_is_not_kept(database: Database, asked: Asked) -> None:
    assert choose(database, asked, {**ENTITY, "more": "x"}).chosen == [ENTITY]


def test_an_export_says_what_was_chosen_and_what_a_vote_was_about(
    database: Database, asked: Asked, tmp_path: Path
) -> None:
    choose(database, asked, ENTITY, HOP)
    row = exported(database, tmp_path / "out.jsonl")
    assert (row["corrected_entity"], row["chosen"]) == (ENTITY, [ENTITY, HOP])
    assert (row["answers"], row["shown"]) == ([], ["urn:e:Howard_Shore"])
    choose(database, asked, ENTITY, HOP, rating=1)
    assert exported(database, tmp_path / "out.jsonl")["answers"] == ["urn:e:Howard_Shore"]
    assert '""music by""' in _sheet(database, tmp_path / "out.csv")


def _sheet(database: Database, path: Path) -> str:
    with database.reader() as session:
        export_feedback(session=session, path=path, only_allowed=False)
    return path.read_text(encoding="utf-8")


def test_a_choice_without_a_thumb_is_in_the_queue_in_words(database: Database, asked: Asked) -> None:
    choose(database, asked, ENTITY, HOP)
    with database.reader() as session:
        (entry,) = find_queue(session=session, reviewer=rita())
    assert entry.chosen == ("“Big” means Big", "step 1 from “Big” is → music by")
    assert (entry.snapshot, entry.anew) == (SNAPSHOT, ANEW)
    assert in_words({**HOP, "inverse": True}).endswith("is ← music by")


def test_who_chooses_alike_says_the_same() -> None:
    assert correction_key([], "", ENTITY, "") == correction_key([], "", ENTITY, "x", [ENTITY])
    assert correction_key([], "", None, "", [ENTITY, HOP]) == correction_key([], "", ENTITY, "", [HOP, ENTITY])
    keys = {correction_key([], "", None, "", [{**HOP, **more}]) for more in ({}, {"hop": 1}, {"inverse": True})}
    assert len(keys) == 3


def test_a_choice_is_a_judgement_that_consent_is_asked_for(database: Database, asked: Asked) -> None:
    choose(database, asked, HOP)
    with database.writer() as session:
        assert ask_consent(session=session, visitor="ann")


def test_a_choice_is_shared_shown_and_erased_with_the_rest(database: Database, asked: Asked) -> None:
    choose(database, asked, HOP)
    with database.writer() as session:
        share_conversation(
            session=session, conversation_id=asked.conversation, visitor="ann", token="t" * 43, salt="s" * 22
        )
        assert [turn.shown for turn in find_shared(session=session, token="t" * 43)[1]] == [ANEW]
        (turn,) = visitor_data(session=session, visitor="ann")["conversations"][0]["turns"]
        assert (turn["answer"], turn["answered_anew"], turn["feedback"]["chosen"]) == (SNAPSHOT, ANEW, [HOP])
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
        again = give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
        assert again.chosen == []


def test_votes_from_before_have_nothing_chosen_and_can_go_back(url: str) -> None:
    engine = make_engine(parse_url(url), migrating=True)
    upgrade(engine, "0003")
    ids = {name: uuid4() for name in ("version", "conversation", "turn")}
    moment = {"created_at": now(), "updated_at": now()}
    rows: dict[str, dict[str, Any]] = {
        "model_versions": {"id": ids["version"], "name": "v", "digest": "d", "figures": {}, "created_at": now()},
        "conversations": {"id": ids["conversation"], "visitor": "ann", "title": "", **moment},
        "turns": {
            "id": ids["turn"], "conversation_id": ids["conversation"], "position": 0, "question": "Who?",
            "snapshot": SNAPSHOT, "model_version_id": ids["version"], "created_at": now(),
        },
        "feedback": {
            "id": uuid4(), "turn_id": ids["turn"], "visitor": "ann", "rating": -1, "reason": "", "comment": "",
            "corrected_answers": [], "corrected_text": "", "corrected_entity": ENTITY, "withdrawn": False,
            "review_status": "pending", **moment,
        },
    }  # fmt: skip
    with engine.begin() as connection:
        for name, row in rows.items():
            columns = (column(each, Base.metadata.tables[name].c[each].type) for each in row)
            connection.execute(insert(table(name, *columns)).values(row))
    for _ in range(2):
        upgrade(engine)
        with engine.connect() as connection:
            found = connection.execute(
                select(Turn.anew, Feedback.chosen, Feedback.corrected_entity).join_from(Turn, Feedback)
            )
            assert tuple(found.one()) == (None, [], ENTITY)
        downgrade(engine, "0003")
    engine.dispose()
