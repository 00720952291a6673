from uuid import uuid4

import pytest
from sqlalchemy import func, select

from db import (
    Database,
    NotFoundError,
    StoreInputError,
    decide,
    find_feedback,
    give_feedback,
    load_turns,
    withdraw_feedback,
)
from db.models import Feedback
from tests.db.conftest import Asked, rita

RIGHT = [{"id": "urn:e:Anne_Spielberg", "label": "Anne Spielberg"}]
MEANT = {"mention": "Big", "id": "urn:e:Big_(film)", "label": "Big"}


def vote(database: Database, asked: Asked, **values: object) -> Feedback:
    with database.writer() as session:
        return give_feedback(session=session, turn_id=asked.turn, visitor="ann", **values)  # type: ignore[arg-type]


def seen(database: Database, asked: Asked) -> Feedback | None:
    with database.reader() as session:
        return load_turns(session=session, conversation_id=asked.conversation, visitor="ann")[0][1]


def test_a_vote_with_everything_is_seen_again(database: Database, asked: Asked) -> None:
    vote(
        database,
        asked,
        rating=-1,
        reason="wrong answer",
        comment="no!",
        corrected_answers=RIGHT,
        corrected_text="a writer",
        corrected_entity=MEANT,
    )
    found = seen(database, asked)
    assert found is not None
    assert (found.rating, found.reason, found.comment, found.corrected_text) == (
        -1,
        "wrong answer",
        "no!",
        "a writer",
    )
    assert found.corrected_answers == RIGHT
    assert found.corrected_entity == MEANT
    assert (found.review_status, found.withdrawn) == ("pending", False)


def test_a_second_vote_updates_the_first_and_leaves_what_it_does_not_name(database: Database, asked: Asked) -> None:
    first = vote(database, asked, rating=-1, comment="no!")
    second = vote(database, asked, corrected_answers=RIGHT)
    assert first.id == second.id
    assert (second.rating, second.comment, second.corrected_answers) == (-1, "no!", RIGHT)
    cleared = vote(database, asked, comment="", corrected_answers=[], corrected_entity={})
    assert (cleared.rating, cleared.comment, cleared.corrected_answers, cleared.corrected_entity) == (-1, "", [], None)
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Feedback)) == 1


def test_the_same_vote_twice_changes_nothing(database: Database, asked: Asked) -> None:
    first = vote(database, asked, rating=-1, comment="no\x00!", corrected_answers=RIGHT, corrected_entity=MEANT)
    with database.writer() as session:
        decide(session=session, reviewer=rita(), feedback_ids=[first.id], action="accept")
    second = vote(database, asked, rating=-1, comment="no\x00!", corrected_answers=RIGHT, corrected_entity=MEANT)
    assert second.updated_at == first.updated_at
    assert second.review_status == "accepted"


def test_a_changed_vote_is_reviewed_anew(database: Database, asked: Asked) -> None:
    first = vote(database, asked, rating=-1)
    with database.writer() as session:
        decide(session=session, reviewer=rita(), feedback_ids=[first.id], action="accept")
        accepted = session.get_one(Feedback, first.id)
    assert (accepted.review_status, accepted.reviewer) == ("accepted", "rita")
    assert accepted.reviewed_at is not None
    changed = vote(database, asked, comment="on second thought")
    assert (changed.review_status, changed.reviewer, changed.reviewed_at) == ("pending", None, None)
    assert changed.updated_at > first.updated_at


def test_a_vote_up_drops_earlier_corrections(database: Database, asked: Asked) -> None:
    vote(database, asked, rating=-1, comment="no!", corrected_answers=RIGHT, corrected_text="x", corrected_entity=MEANT)
    up = vote(database, asked, rating=1)
    assert (up.rating, up.comment) == (1, "no!")
    assert (up.corrected_answers, up.corrected_text, up.corrected_entity) == ([], "", None)


def test_a_withdrawn_vote_is_not_seen_and_a_new_one_starts_blank(database: Database, asked: Asked) -> None:
    vote(database, asked, rating=-1, comment="no!", corrected_answers=RIGHT)
    for _ in range(2):
        with database.writer() as session:
            withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
        assert seen(database, asked) is None
    again = vote(database, asked, rating=1)
    assert (again.withdrawn, again.rating, again.comment, again.corrected_answers) == (False, 1, "", [])


def test_withdrawing_what_was_never_given_is_fine(database: Database, asked: Asked) -> None:
    with database.writer() as session:
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
    assert seen(database, asked) is None


def test_the_vote_on_one_turn_is_found(database: Database, asked: Asked) -> None:
    def find(visitor: str) -> Feedback | None:
        with database.reader() as session:
            return find_feedback(session=session, turn_id=asked.turn, visitor=visitor)

    assert find("ann") is None
    given = vote(database, asked, rating=-1)
    found = find("ann")
    assert found is not None
    assert found.id == given.id
    with pytest.raises(NotFoundError):
        find("bob")
    with database.writer() as session:
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="ann")
    assert find("ann") is None


def test_only_the_visitor_of_the_conversation_votes(database: Database, asked: Asked) -> None:
    with pytest.raises(NotFoundError), database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="bob", rating=1)
    with pytest.raises(NotFoundError), database.writer() as session:
        withdraw_feedback(session=session, turn_id=asked.turn, visitor="bob")
    with pytest.raises(NotFoundError), database.writer() as session:
        give_feedback(session=session, turn_id=uuid4(), visitor="ann", rating=1)
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Feedback)) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rating": 2}, "a rating is -1, 0 or 1, not 2"),
        ({"corrected_answers": [{"id": "urn:e:x"}]}, "expected texts id, label"),
        ({"corrected_answers": [{"id": 7, "label": "x"}]}, "expected texts id, label"),
        ({"corrected_entity": {"id": "urn:e:x", "label": "x"}}, "expected texts mention, id, label"),
    ],
)
def test_malformed_feedback_is_refused(
    database: Database, asked: Asked, values: dict[str, object], message: str
) -> None:
    with pytest.raises(StoreInputError, match=message):
        vote(database, asked, **values)
    assert seen(database, asked) is None


def test_a_correction_keeps_only_what_it_should_have(database: Database, asked: Asked) -> None:
    found = vote(database, asked, corrected_answers=[{**RIGHT[0], "score": "1", "html": "<b>"}])
    assert found.corrected_answers == RIGHT
