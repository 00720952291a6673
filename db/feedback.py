"""Feedback: one vote a visitor and turn, changed as often as the person likes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.agreement import correction_key, question_key
from db.choices import checked_choice
from db.conversations import get_turn
from db.errors import StoreInputError
from db.models import Feedback, now
from db.text import clean_json
from db.upsert import insert_if_absent

BLANK = {
    "rating": 0,
    "reason": "",
    "comment": "",
    "corrected_answers": [],
    "corrected_text": "",
    "corrected_entity": None,
    "chosen": [],
}


def give_feedback(
    *,
    session: Session,
    turn_id: UUID,
    visitor: str,
    rating: int | None = None,
    reason: str | None = None,
    comment: str | None = None,
    corrected_answers: Sequence[Mapping[str, str]] | None = None,
    corrected_text: str | None = None,
    corrected_entity: Mapping[str, str] | None = None,
    chosen: Sequence[Mapping[str, Any]] | None = None,
) -> Feedback:
    """Keep a vote or change it; saying the same thing twice changes nothing.

    What is None stays as it was; an empty text, list or mapping takes it back. A vote of +1 says
    that the answer shown was right, so it drops earlier corrections unless they are given again:
    what was chosen is, while that answer is the one found under it. Whatever changes is to be
    reviewed anew.

    Args:
        rating: -1, 0 or +1.
        corrected_answers: the right answers, each with `id` and `label`.
        corrected_text: the right answer in the person's words, where no entity fits.
        corrected_entity: what a mention means, with `mention`, `id` and `label`.
        chosen: all that was chosen, as `db.choices` has it; the latest entity of it becomes `corrected_entity`.
    Raises:
        NotFoundError: if the turn is not this visitor's.
    """
    turn = get_turn(session=session, turn_id=turn_id, visitor=visitor)
    given = _given(rating, reason, comment, corrected_answers, corrected_text, corrected_entity, chosen)
    insert_if_absent(session, Feedback, {"turn_id": turn_id, "visitor": visitor}, unique=["turn_id", "visitor"])
    feedback = _find(session, turn_id, visitor)
    values = {**BLANK, **given} if feedback.withdrawn else given
    _change(feedback, {**values, "withdrawn": False})
    feedback.question_key = question_key(turn.question, turn.snapshot)
    feedback.correction_key = correction_key(
        feedback.corrected_answers,
        feedback.corrected_text,
        feedback.corrected_entity,
        feedback.comment,
        feedback.chosen,
    )
    session.flush()
    return feedback


def find_feedback(*, session: Session, turn_id: UUID, visitor: str) -> Feedback | None:
    """This visitor's feedback on a turn of theirs, unless there is none or it was withdrawn."""
    get_turn(session=session, turn_id=turn_id, visitor=visitor)
    mine = select(Feedback).where(Feedback.turn_id == turn_id, Feedback.visitor == visitor)
    return session.scalar(mine.where(Feedback.withdrawn.is_(False)))


def withdraw_feedback(*, session: Session, turn_id: UUID, visitor: str) -> None:
    """Take a vote back; a visitor who gave none loses none."""
    get_turn(session=session, turn_id=turn_id, visitor=visitor)
    mine = select(Feedback).where(Feedback.turn_id == turn_id, Feedback.visitor == visitor)
    feedback = session.scalar(mine.with_for_update())
    if feedback is not None:
        _change(feedback, {"withdrawn": True})
        session.flush()


def _given(
    rating: int | None,
    reason: str | None,
    comment: str | None,
    corrected_answers: Sequence[Mapping[str, str]] | None,
    corrected_text: str | None,
    corrected_entity: Mapping[str, str] | None,
    chosen: Sequence[Mapping[str, Any]] | None,
) -> dict[str, object]:
    """The columns that were said something about."""
    if rating is not None and rating not in (-1, 0, 1):
        raise StoreInputError(f"a rating is -1, 0 or 1, not {rating!r}")
    answers = None if corrected_answers is None else [_named(each, "id", "label") for each in corrected_answers]
    said = {
        "rating": rating,
        "reason": reason,
        "comment": comment,
        "corrected_answers": answers,
        "corrected_text": corrected_text,
    }
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if corrected_entity is not None:
        given["corrected_entity"] = _named(corrected_entity, "mention", "id", "label") if corrected_entity else None
    if chosen is not None:
        given["chosen"] = [checked_choice(each) for each in chosen]
        given["corrected_entity"] = next((each for each in reversed(given["chosen"]) if "id" in each), None)
    if rating == 1:
        dropped = {name: BLANK[name] for name in ("corrected_answers", "corrected_text", "corrected_entity", "chosen")}
        given = {**dropped, **given}
    return {name: clean_json(value) for name, value in given.items()}


def _named(item: Mapping[str, str], *names: str) -> dict[str, str]:
    """Exactly these texts of a mapping that came from a browser."""
    if not all(isinstance(item.get(name), str) for name in names):
        raise StoreInputError(f"expected texts {', '.join(names)}, found {dict(item)!r}")
    return {name: item[name] for name in names}


def _find(session: Session, turn_id: UUID, visitor: str) -> Feedback:
    mine = select(Feedback).where(Feedback.turn_id == turn_id, Feedback.visitor == visitor)
    return session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()


def _change(feedback: Feedback, values: Mapping[str, object]) -> None:
    """Set what differs; a change puts the review back to pending, and what a reviewer made of it is gone."""
    changed = {name: value for name, value in values.items() if getattr(feedback, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(feedback, name, value)
    feedback.updated_at = now()
    feedback.review_status, feedback.reviewer, feedback.reviewed_at = "pending", None, None
    feedback.edited = None
