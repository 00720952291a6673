"""Decisions of reviewers about feedback: made one at a time or many at once, undone, and kept in the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from db.errors import NotFoundError, StoreInputError
from db.models import Decision, Feedback, now
from db.reviewer import Reviewer, require
from db.text import clean_json

STATUS_OF = {"accept": "accepted", "edit": "accepted", "reject": "rejected", "lacks_fact": "lacks_fact"}
AT_ONCE = 500


@dataclass(frozen=True)
class Decided:
    """What a decision came to: its batch, how much feedback it changed, and how much had changed in the meantime."""

    batch: UUID
    changed: int
    stale: int = 0


def decide(
    *,
    session: Session,
    reviewer: Reviewer,
    feedback_ids: Sequence[UUID],
    action: str,
    seen_at: datetime | None = None,
    edited: Mapping[str, Any] | None = None,
    fact: Mapping[str, str] | None = None,
) -> Decided:
    """Accept, edit, reject, or say that the graph lacks the fact: for each feedback, and all that says the same.

    Args:
        reviewer: the proof of a login.
        feedback_ids: one of each group; others who gave the same correction to the same question are decided with it.
        seen_at: when the reviewer saw them; what people changed since then is left as it is.
        edited: for `edit`, the right answers: `answers`, each with `id` and `label`, and `text`.
        fact: for `lacks_fact`, the fact that is to be added: `subject`, `relation` and `object`.
    Raises:
        NotAllowedError: without a login; nothing was changed then.
        NotFoundError: if there is none of the feedback.
    """
    named = require(reviewer)
    if action not in STATUS_OF:
        raise StoreInputError(f"a decision is one of {', '.join(STATUS_OF)}, not {action!r}")
    if len(feedback_ids) > AT_ONCE:
        raise StoreInputError(f"{len(feedback_ids)} at once are too many; decide at most {AT_ONCE}")
    after = {"status": STATUS_OF[action], "edited": _edited(edited) if action == "edit" else None}
    batch, when, changed, stale = uuid4(), now(), 0, 0
    for feedback in _alike(session, feedback_ids):
        if seen_at is not None and feedback.updated_at > seen_at:
            stale += 1
        elif _state(feedback) != after or fact:
            line = Decision(batch=batch, feedback_id=feedback.id, made_at=when, reviewer=named.name, action=action)
            line.before, line.after, line.fact = _state(feedback), after, dict(fact) if fact else None
            session.add(line)
            _put(feedback, after, named.name, when)
            changed += 1
    session.flush()
    return Decided(batch, changed, stale)


def undo(*, session: Session, reviewer: Reviewer, batch: UUID) -> Decided:
    """Put feedback back to what it was before a batch of decisions; what was decided or changed since stays.

    Raises:
        NotAllowedError: without a login.
        NotFoundError: if there is no such batch, or it was undone already.
    """
    named = require(reviewer)
    lines = list(session.scalars(select(Decision).where(Decision.batch == batch, Decision.action.in_(STATUS_OF))))
    if not lines or session.scalar(select(Decision.id).where(Decision.undoes == batch).limit(1)):
        raise NotFoundError("there is no such decision, or it was undone already; reload the page")
    ids = [line.feedback_id for line in lines]
    found = select(Feedback).where(Feedback.id.in_(ids)).order_by(Feedback.id).with_for_update()
    present = {each.id: each for each in session.scalars(found.execution_options(populate_existing=True))}
    again, when, changed, stale = uuid4(), now(), 0, 0
    for line in lines:
        feedback = present.get(line.feedback_id)
        if feedback is None or _state(feedback) != line.after or line.before is None:
            stale += 1
            continue
        undone = Decision(batch=again, feedback_id=feedback.id, made_at=when, reviewer=named.name, action="undo")
        undone.before, undone.after, undone.undoes = line.after, line.before, batch
        session.add(undone)
        _put(feedback, line.before, named.name, when)
        changed += 1
    session.flush()
    return Decided(again, changed, stale)


def record_fact(
    *, session: Session, reviewer: Reviewer, batch: UUID, fact: Mapping[str, str], taken: bool = False, changed: int
) -> None:
    """Write down that the fact of a decision was added to the graph, or taken away again.

    Args:
        changed: how many statements of the graph that changed; none if it stated the fact before.
    """
    named = require(reviewer)
    line = session.scalar(select(Decision).where(Decision.batch == batch, Decision.action == "lacks_fact").limit(1))
    if line is None:
        raise NotFoundError(f"no decision {batch} that the graph lacks a fact")
    action = "remove_fact" if taken else "add_fact"
    outcome = Decision(batch=batch, feedback_id=line.feedback_id, reviewer=named.name, action=action)
    outcome.fact, outcome.after = dict(fact), {"changed": changed}
    session.add(outcome)
    session.flush()


def added_fact(*, session: Session, batch: UUID) -> dict[str, str] | None:
    """The fact that a batch added to the graph and that has not been taken away since; None if it added none."""
    lines = session.scalars(
        select(Decision)
        .where(Decision.batch == batch, Decision.action.in_(("add_fact", "remove_fact")))
        .order_by(Decision.made_at.desc(), Decision.id)
    ).all()
    if not lines or lines[0].action == "remove_fact" or not (lines[0].after or {}).get("changed"):
        return None
    return dict(lines[0].fact or {})


def last_batch(*, session: Session, reviewer: Reviewer) -> UUID | None:
    """The reviewer's latest decision that has not been undone."""
    later = aliased(Decision)
    undone = select(later.id).where(later.undoes == Decision.batch).exists()
    mine = select(Decision.batch).where(
        Decision.reviewer == require(reviewer).name, Decision.action.in_(STATUS_OF), ~undone
    )
    return session.scalar(mine.order_by(Decision.made_at.desc(), Decision.id).limit(1))


def find_decisions(*, session: Session, reviewer: Reviewer, limit: int = 50, offset: int = 0) -> list[Decision]:
    """The audit, newest first."""
    require(reviewer)
    newest = select(Decision).order_by(Decision.made_at.desc(), Decision.id)
    return list(session.scalars(newest.limit(limit).offset(offset)))


def _alike(session: Session, feedback_ids: Sequence[UUID]) -> list[Feedback]:
    """The feedback, and all feedback that says the same and has the same status, locked in one order."""
    named = list(session.scalars(select(Feedback).where(Feedback.id.in_(feedback_ids), Feedback.withdrawn.is_(False))))
    if not named:
        raise NotFoundError("there is no such feedback, or it was taken back; reload the page")
    ids: set[UUID] = set()
    for each in named:
        same = select(Feedback.id).where(
            Feedback.question_key == each.question_key,
            Feedback.correction_key == each.correction_key,
            Feedback.rating == each.rating,
            Feedback.review_status == each.review_status,
            Feedback.withdrawn.is_(False),
        )
        ids |= set(session.scalars(same))
    locked = select(Feedback).where(Feedback.id.in_(ids)).order_by(Feedback.id).with_for_update()
    return list(session.scalars(locked.execution_options(populate_existing=True)))


def _state(feedback: Feedback) -> dict[str, Any]:
    return {"status": feedback.review_status, "edited": feedback.edited}


def _put(feedback: Feedback, state: Mapping[str, Any], name: str, when: datetime) -> None:
    feedback.review_status, feedback.edited = state["status"], state["edited"]
    pending = state["status"] == "pending"
    feedback.reviewer, feedback.reviewed_at = (None, None) if pending else (name, when)


def _edited(edited: Mapping[str, Any] | None) -> dict[str, Any]:
    """An edit in its stored form; an edit that says nothing is none."""
    given = edited or {}
    answers = [{"id": str(each["id"]), "label": str(each["label"])} for each in given.get("answers", ())]
    text = str(given.get("text", "")).strip()
    if not answers and not text:
        raise StoreInputError("an edit says what is right: pick an entity, or write it down")
    cleaned: dict[str, Any] = clean_json({"answers": answers, "text": text})
    return cleaned
