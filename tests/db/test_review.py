"""The review on both databases: the queue, decisions with their audit, undo, and the figures."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import column, delete, insert, select, table, update

from db import (
    Database,
    Decision,
    Desk,
    Entry,
    Feedback,
    NotAllowedError,
    NotFoundError,
    Reviewer,
    StoreError,
    StoreInputError,
    added_fact,
    admit,
    append_turn,
    count_queue,
    decide,
    find_decisions,
    find_queue,
    get_entry,
    give_feedback,
    last_batch,
    read_figures,
    record_fact,
    register_model_version,
    set_consent,
    start_conversation,
    undo,
    withdraw_feedback,
)
from db.agreement import correction_key, pseudonym, question_key
from db.migrate import downgrade, upgrade
from db.models import Turn, now
from db.session import make_engine, parse_url
from tests.db.conftest import SNAPSHOT, rita

BO = [{"id": "urn:e:Bo", "label": "Bo Lind"}]
CY = [{"id": "urn:e:Cy", "label": "Cy Marsh"}]
Say = Callable[..., Feedback]


@pytest.fixture
def say(database: Database) -> Say:
    """Let a visitor ask a question, be answered, and say something about it."""

    def speak(visitor: str, question: str = "who directed Jaws?", snapshot: Any = SNAPSHOT, **said: Any) -> Feedback:
        with database.writer() as session:
            version = register_model_version(session=session, name="world-1", digest="d1")
            set_consent(session=session, visitor=visitor, given=True)
            conversation = start_conversation(session=session, visitor=visitor)
            turn = append_turn(
                session=session, conversation_id=conversation.id, visitor=visitor, question=question,
                snapshot=snapshot, model_version_id=version.id,
            )  # fmt: skip
            return give_feedback(session=session, turn_id=turn.id, visitor=visitor, **{"rating": -1, **said})

    return speak


def queue(database: Database, **wanted: Any) -> list[Entry]:
    with database.reader() as session:
        entries = find_queue(session=session, reviewer=rita(), **wanted)
        if not {"limit", "offset"} & wanted.keys():
            assert count_queue(session=session, reviewer=rita(), **wanted) == len(entries)
        return entries


def act(database: Database, ids: list[UUID], action: str, **said: Any) -> Any:
    with database.writer() as session:
        return decide(session=session, reviewer=said.pop("reviewer", rita()), feedback_ids=ids, action=action, **said)


def read(database: Database, feedback: Feedback) -> Feedback:
    with database.reader() as session:
        return session.get_one(Feedback, feedback.id)


def audit(database: Database) -> list[Decision]:
    with database.reader() as session:
        return find_decisions(session=session, reviewer=rita())


def test_what_several_people_say_alike_is_one_entry(database: Database, say: Say) -> None:
    say("ann", corrected_answers=BO)
    say("bob", question="Who directed  JAWS", corrected_answers=BO, comment="I was there")
    say("bob", question="who directed jaws??", corrected_answers=BO)
    say("cat", corrected_answers=CY)
    first, second = queue(database)
    assert (first.visitors, first.answers) == (2, tuple(BO))
    assert (second.visitors, second.answers) == (1, tuple(CY))
    assert first.others == (("Cy Marsh", 1),)
    assert second.others == (("Bo Lind", 2),)
    assert [voice.comment for voice in first.voices] == ["", "I was there", ""]
    assert first.voices[0].who == pseudonym("bob")
    assert "bob" not in first.voices[0].who


@pytest.mark.parametrize("visitors", [1, 3])
def test_the_entry_shows_what_the_latest_of_them_saw(database: Database, say: Say, visitors: int) -> None:
    for number in range(visitors):
        snapshot = {**SNAPSHOT, "confidence": number}
        latest = say(f"visitor {number}", snapshot=snapshot, corrected_answers=BO)
    (entry,) = queue(database)
    assert (entry.id, entry.snapshot["confidence"], entry.model_version) == (latest.id, visitors - 1, "world-1")
    with database.reader() as session:
        assert get_entry(session=session, reviewer=rita(), feedback_id=latest.id) == entry


def test_the_queue_is_filtered_searched_and_paged(database: Database, say: Say) -> None:
    down, up, wordy = (
        say("ann", "who wrote A?"),
        say("bob", "who wrote B?", rating=1),
        say("cat", "50% of C?", rating=0),
    )
    noted = say("dan", "who wrote D?", rating=0, comment="hm")
    assert {entry.id for entry in queue(database)} == {down.id, noted.id}
    assert [entry.id for entry in queue(database, kind="up")] == [up.id]
    assert {entry.id for entry in queue(database, kind="all")} == {down.id, up.id, wordy.id, noted.id}
    assert [entry.id for entry in queue(database, kind="all", search="50% OF")] == [wordy.id]
    assert queue(database, kind="all", search="5_%") == []
    pages = [queue(database, kind="all", limit=3, offset=offset) for offset in (0, 3)]
    assert [len(page) for page in pages] == [3, 1]
    act(database, [down.id], "reject")
    assert [entry.id for entry in queue(database, status="rejected")] == [down.id]
    assert {entry.id for entry in queue(database, status="", kind="flagged")} == {down.id, noted.id}


def test_feedback_that_was_taken_back_is_not_there(database: Database, say: Say) -> None:
    given = say("ann", corrected_answers=BO)
    with database.writer() as session:
        withdraw_feedback(session=session, turn_id=given.turn_id, visitor="ann")
    assert queue(database) == []
    with pytest.raises(NotFoundError), database.reader() as session:
        get_entry(session=session, reviewer=rita(), feedback_id=given.id)
    with pytest.raises(NotFoundError):
        act(database, [given.id], "accept")


@pytest.mark.parametrize(
    ("action", "status"), [("accept", "accepted"), ("reject", "rejected"), ("lacks_fact", "lacks_fact")]
)
def test_a_decision_holds_for_all_who_say_so_and_is_in_the_audit(
    database: Database, say: Say, action: str, status: str
) -> None:
    ann, bob, cat = say("ann", corrected_answers=BO), say("bob", corrected_answers=BO), say("cat", corrected_answers=CY)
    decided = act(database, [ann.id], action)
    assert (decided.changed, decided.stale) == (2, 0)
    for each in (ann, bob):
        now_ = read(database, each)
        assert (now_.review_status, now_.reviewer, now_.corrected_answers) == (status, "rita", BO)
        assert now_.reviewed_at is not None
    assert read(database, cat).review_status == "pending"
    lines = audit(database)
    assert {line.feedback_id for line in lines} == {ann.id, bob.id}
    assert {(line.reviewer, line.action, line.batch) for line in lines} == {("rita", action, decided.batch)}
    assert [(line.before, line.after) for line in lines] == [
        ({"status": "pending", "edited": None}, {"status": status, "edited": None})
    ] * 2
    assert act(database, [ann.id], action).changed == 0
    assert len(audit(database)) == 2


def test_many_are_decided_at_once_and_undone_at_once(database: Database, say: Say) -> None:
    given = [say(f"visitor {number}", f"who wrote book {number}?", corrected_answers=BO) for number in range(5)]
    decided = act(database, [each.id for each in given], "accept")
    assert decided.changed == 5
    with database.writer() as session:
        assert last_batch(session=session, reviewer=rita()) == decided.batch
        assert last_batch(session=session, reviewer=rita("ron")) is None
        undone = undo(session=session, reviewer=rita(), batch=decided.batch)
        assert last_batch(session=session, reviewer=rita()) is None
    assert (undone.changed, undone.stale) == (5, 0)
    assert {read(database, each).review_status for each in given} == {"pending"}
    assert {read(database, each).reviewer for each in given} == {None}
    assert [line.action for line in audit(database)] == ["undo"] * 5 + ["accept"] * 5
    assert {line.undoes for line in audit(database)[:5]} == {decided.batch}
    with pytest.raises(NotFoundError, match="undone already"), database.writer() as session:
        undo(session=session, reviewer=rita(), batch=decided.batch)


def test_an_edit_stands_beside_what_the_person_said(database: Database, say: Say) -> None:
    given = say("ann", corrected_answers=BO, corrected_text="or somebody else")
    act(database, [given.id], "edit", edited={"answers": [{**CY[0], "html": "<b>"}], "text": ""})
    found = read(database, given)
    assert (found.corrected_answers, found.corrected_text) == (BO, "or somebody else")
    assert found.edited == {"answers": CY, "text": ""}
    assert found.review_status == "accepted"
    (entry,) = queue(database, status="accepted")
    assert (entry.answers, entry.edited) == (tuple(BO), {"answers": CY, "text": ""})
    with database.writer() as session:
        give_feedback(session=session, turn_id=given.turn_id, visitor="ann", corrected_answers=CY)
    assert (read(database, given).edited, read(database, given).review_status) == (None, "pending")


def test_an_edit_that_says_nothing_is_refused(database: Database, say: Say) -> None:
    given = say("ann")
    for edited in (None, {}, {"answers": [], "text": "  "}):
        with pytest.raises(StoreInputError, match="says what is right"):
            act(database, [given.id], "edit", edited=edited)
    assert audit(database) == []


def test_what_a_person_changed_in_the_meantime_is_left(database: Database, say: Say) -> None:
    given, other = say("ann", corrected_answers=BO), say("bob", corrected_answers=BO)
    seen_at = now()
    with database.writer() as session:
        give_feedback(session=session, turn_id=given.turn_id, visitor="ann", comment="wait")
    decided = act(database, [given.id], "accept", seen_at=seen_at)
    assert (decided.changed, decided.stale) == (1, 1)
    assert read(database, given).review_status == "pending"
    assert read(database, other).review_status == "accepted"


def test_an_undo_leaves_what_was_decided_since(database: Database, say: Say) -> None:
    given, other = say("ann", "who wrote A?"), say("bob", "who wrote B?")
    first = act(database, [given.id, other.id], "accept")
    act(database, [given.id], "reject", reviewer=rita("ron"))
    with database.writer() as session:
        undone = undo(session=session, reviewer=rita(), batch=first.batch)
    assert (undone.changed, undone.stale) == (1, 1)
    assert read(database, given).review_status == "rejected"
    assert read(database, other).review_status == "pending"


def test_a_fact_is_in_the_audit_with_what_became_of_it(database: Database, say: Say) -> None:
    given = say("ann")
    fact = {"subject": "Jaws", "relation": "directed by", "object": "Bo Lind"}
    decided = act(database, [given.id], "lacks_fact", fact=fact)
    with database.writer() as session:
        assert added_fact(session=session, batch=decided.batch) is None
        record_fact(session=session, reviewer=rita(), batch=decided.batch, fact=fact, changed=1)
    with database.reader() as session:
        assert added_fact(session=session, batch=decided.batch) == fact
    with database.writer() as session:
        record_fact(session=session, reviewer=rita(), batch=decided.batch, fact=fact, taken=True, changed=1)
    with database.reader() as session:
        assert added_fact(session=session, batch=decided.batch) is None
    assert [line.action for line in audit(database)] == ["remove_fact", "add_fact", "lacks_fact"]
    assert [line.fact for line in audit(database)] == [fact] * 3
    with pytest.raises(NotFoundError), database.writer() as session:
        record_fact(session=session, reviewer=rita(), batch=uuid4(), fact=fact, changed=1)


def test_a_fact_that_was_there_before_is_not_taken_away(database: Database, say: Say) -> None:
    decided = act(database, [say("ann").id], "lacks_fact", fact={"subject": "a", "relation": "b", "object": "c"})
    with database.writer() as session:
        record_fact(session=session, reviewer=rita(), batch=decided.batch, fact={"subject": "a"}, changed=0)
        assert added_fact(session=session, batch=decided.batch) is None


def test_the_audit_outlives_the_feedback_and_is_never_changed(database: Database, say: Say) -> None:
    given = say("ann")
    act(database, [given.id], "accept")
    with database.writer() as session:
        session.execute(delete(Feedback))
    for change in (update(Decision).values(reviewer="mallory"), delete(Decision)):
        with pytest.raises(StoreError, match="the audit is never changed"), database.writer() as session:
            session.execute(change)
    assert [line.reviewer for line in audit(database)] == ["rita"]


@pytest.mark.parametrize("nobody", ["rita", None, object()])
def test_nothing_is_done_without_a_login(database: Database, say: Say, nobody: Any) -> None:
    given = say("ann")
    with database.writer() as session:
        calls: list[Callable[[], object]] = [
            lambda: find_queue(session=session, reviewer=nobody),
            lambda: count_queue(session=session, reviewer=nobody),
            lambda: get_entry(session=session, reviewer=nobody, feedback_id=given.id),
            lambda: decide(session=session, reviewer=nobody, feedback_ids=[given.id], action="accept"),
            lambda: undo(session=session, reviewer=nobody, batch=uuid4()),
            lambda: record_fact(session=session, reviewer=nobody, batch=uuid4(), fact={}, changed=1),
            lambda: last_batch(session=session, reviewer=nobody),
            lambda: find_decisions(session=session, reviewer=nobody),
            lambda: read_figures(session=session, reviewer=nobody),
        ]
        for call in calls:
            with pytest.raises(NotAllowedError):
                call()
    assert read(database, given).review_status == "pending"


def test_a_reviewer_is_made_by_a_login_alone_and_not_for_ever(database: Database, say: Say) -> None:
    given = say("ann")
    with pytest.raises(NotAllowedError, match="made by a login"):
        Reviewer("rita", now() + timedelta(hours=1))
    with pytest.raises(NotAllowedError, match="log in again"):
        act(database, [given.id], "accept", reviewer=rita(minutes=0))
    with pytest.raises(NotAllowedError, match="needs a name"):
        admit("token", lambda _: (" \x00", now()))


def test_the_desk_asks_the_login_each_time(database: Database, say: Say) -> None:
    given = say("ann")

    def login(token: str) -> tuple[str, Any]:
        if token != "good":
            raise NotAllowedError("log in")
        return "rita", now() + timedelta(hours=1)

    desk = Desk(database, login)
    wanted: dict[str, Any] = {"status": "pending", "kind": "flagged", "search": "", "limit": 5, "offset": 0}
    calls: list[Callable[[str], object]] = [
        lambda token: desk.queue(token, **wanted),
        lambda token: desk.entry(token, str(given.id)),
        lambda token: desk.figures(token, days=7),
        lambda token: desk.audit(token, limit=5, offset=0),
        lambda token: list(desk.export(token, form="jsonl", status="")),
        lambda token: desk.decide(token, [str(given.id)], "accept"),
        lambda token: desk.undo(token, ""),
        lambda token: desk.decide(token, [str(given.id)], "lacks_fact", fact={"subject": "a"}),
        lambda token: desk.record_fact(
            token, str(desk.audit("good", limit=1, offset=0)[0].batch), {"subject": "a"}, taken=False, changed=1
        ),
    ]
    for call in calls:
        with pytest.raises(NotAllowedError):
            call("forged")
        call("good")
    undone, fact = desk.undo("good", "")
    assert undone.changed == 1
    assert fact is not None
    assert fact["subject"] == "a"
    with pytest.raises(NotFoundError, match="is no id"):
        desk.entry("good", "' OR 1=1")
    with pytest.raises(NotFoundError, match="nothing to undo"):
        desk.undo("good", "")


@pytest.mark.parametrize(
    ("said", "message"),
    [({"action": "delete"}, "not 'delete'"), ({"action": "accept", "ids": 501}, "decide at most 500")],
)
def test_a_decision_that_is_none(database: Database, say: Say, said: dict[str, Any], message: str) -> None:
    given = say("ann")
    with pytest.raises(StoreInputError, match=message):
        act(database, [given.id] * said.get("ids", 1), said["action"])
    with pytest.raises(NotFoundError):
        act(database, [uuid4()], "accept")


@pytest.mark.parametrize("wanted", [{"status": "x"}, {"kind": "x"}])
def test_a_filter_that_is_none(database: Database, wanted: dict[str, Any]) -> None:
    with pytest.raises(StoreInputError, match="not 'x'"):
        queue(database, **wanted)


def test_the_same_is_said_in_any_order_and_form() -> None:
    assert question_key(" Who directed “Jaws”?", {}) == question_key("who  directed jaws", {})
    assert question_key("who directed Jaws 2", {}) != question_key("who directed Jaws", {})
    assert question_key("???", {}) != question_key("!!!", {})
    assert question_key("and it?", {"after": ["who made Jaws?"]}) == question_key(
        "And it", {"after": ["Who made Jaws"]}
    )
    assert question_key("and it?", {"after": ["who made Jaws?"]}) != question_key("and it?", {"after": []})
    assert correction_key(BO + CY, "", None, "") == correction_key(CY + BO, "", None, "because")
    assert correction_key([], "Bo  LIND", None, "") == correction_key([], "bo lind.", None, "")
    assert correction_key([], "", None, "") == ""
    assert correction_key([], "", None, "no") != correction_key([], "", None, "yes")
    meant = {"mention": "Big", "id": "urn:e:Big", "label": "Big"}
    assert correction_key([], "", meant, "") != correction_key(BO, "", None, "")


def test_the_figures_of_a_day(database: Database, say: Say) -> None:
    path = {"link": 0, "hops": [{"label": "directed by"}, {"label": "starring"}]}
    answered = {**SNAPSHOT, "paths": [path], "links": [{"label": "Jaws"}], "timings_ms": {"total": 40.0}}
    say("ann", snapshot=answered)
    say("bob", snapshot={**answered, "timings_ms": {"total": 60.0}}, rating=1)
    say("cat", snapshot={**SNAPSHOT, "abstained": True, "links": [{"label": "Heat Wave"}]}, rating=0)
    old = say("dan", snapshot=answered)
    with database.writer() as session:
        earlier = now() - timedelta(days=3)
        session.execute(update(Turn).where(Turn.id == old.turn_id).values(created_at=earlier))
        session.execute(update(Feedback).where(Feedback.id == old.id).values(updated_at=earlier))
    with database.reader() as session:
        figures = read_figures(session=session, reviewer=rita(), days=4)
        today = read_figures(session=session, reviewer=rita(), days=1)
    assert [day.questions for day in figures.days] == [1, 0, 0, 3]
    last = figures.days[-1]
    assert (last.answered, last.abstained, last.up, last.down, last.p50, last.p95) == (2, 1, 1, 1, 60.0, 60.0)
    assert (figures.days[1].p50, figures.days[0].down) == (None, 1)
    assert [(missed.label, missed.count) for missed in figures.relations] == [("directed by", 2), ("starring", 2)]
    assert [(missed.label, missed.count) for missed in figures.entities] == [("Jaws", 2), ("Heat Wave", 1)]
    (version,) = figures.versions
    assert (version.name, version.answered, version.abstained, version.up, version.down) == ("world-1", 3, 1, 1, 2)
    assert (figures.pending, len(today.days), today.versions[0].answered) == (2, 1, 2)
    with pytest.raises(StoreInputError, match="not 0"), database.reader() as session:
        read_figures(session=session, reviewer=rita(), days=0)


def test_a_store_of_before_gets_its_keys(url: str) -> None:
    """Rows as the first version wrote them are grouped like new ones."""
    engine = make_engine(parse_url(url), migrating=True)
    upgrade(engine, "0001")
    ids = {name: uuid4() for name in ("version", "conversation", "turn", "feedback")}
    tables = Feedback.metadata.tables
    with engine.begin() as connection:
        row: dict[str, Any] = {"id": ids["version"], "name": "w", "digest": "d", "figures": {}, "created_at": now()}
        connection.execute(insert(tables["model_versions"]).values(row))
        row = {"id": ids["conversation"], "visitor": "ann", "title": "", "created_at": now(), "updated_at": now()}
        connection.execute(insert(tables["conversations"]).values(row))
        row = {
            "id": ids["turn"], "conversation_id": ids["conversation"], "position": 0, "question": "Who, then?",
            "snapshot": SNAPSHOT, "model_version_id": ids["version"], "created_at": now(),
        }  # fmt: skip
        connection.execute(insert(tables["turns"]).values(row))
        row = {
            "id": ids["feedback"], "turn_id": ids["turn"], "visitor": "ann", "rating": -1, "reason": "",
            "comment": "", "corrected_answers": BO, "corrected_text": "", "corrected_entity": None, "withdrawn": False,
            "review_status": "pending", "reviewer": None, "reviewed_at": None, "created_at": now(), "updated_at": now(),
        }  # fmt: skip
        earlier = table("feedback", *(column(name, tables["feedback"].c[name].type) for name in row))
        connection.execute(insert(earlier).values(row))
    upgrade(engine)
    with engine.connect() as connection:
        found = connection.execute(select(Feedback.question_key, Feedback.correction_key, Feedback.edited)).one()
    assert tuple(found) == (question_key("who then", {}), correction_key(BO, "", None, ""), None)
    with engine.begin() as connection:
        connection.execute(update(tables["feedback"]).values(review_status="lacks_fact"))
    downgrade(engine, "0001")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT review_status FROM feedback").scalar() == "rejected"
    engine.dispose()


def test_an_export_is_a_sheet_or_lines(database: Database, say: Say, tmp_path: Path) -> None:
    given = say("ann", comment="=1+1")
    desk = Desk(database, lambda _: ("rita", now() + timedelta(hours=1)))
    heading, line = "".join(desk.export("t", form="csv", status="")).splitlines()
    assert heading.startswith('"id","question"')
    assert "'=1+1" in line
    assert str(given.id) in next(lines for lines in desk.export("t", form="jsonl", status="pending") if lines)
    assert "".join(desk.export("t", form="jsonl", status="accepted")) == ""
