"""The queue of feedback to review: what several people say alike is one entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from db.agreement import pseudonym
from db.choices import in_words
from db.errors import NotFoundError, StoreInputError
from db.models import REVIEW_STATUSES, Feedback, ModelVersion, Turn
from db.reviewer import Reviewer, require

KINDS = ("flagged", "up", "all")
VOICES = 20
GROUP = (Feedback.question_key, Feedback.correction_key, Feedback.rating, Feedback.review_status)


@dataclass(frozen=True)
class Voice:
    """One person of those who say the same: a pseudonym, their comment, and when."""

    who: str
    comment: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Entry:
    """What people say alike about one question; question, snapshot and correction are those of the latest of them.

    `chosen` says in words what was chosen of entities and relations, and `anew` is the answer that this gave.
    `visitors` counts everyone who says so, of whom `voices` are the latest. `others` are what else was said to be
    right for the same question, each with the number of people.
    """

    id: UUID
    question: str
    snapshot: dict[str, Any]
    model_version: str
    asked_at: datetime
    said_at: datetime
    rating: int
    answers: tuple[dict[str, str], ...]
    text: str
    chosen: tuple[str, ...]
    anew: dict[str, Any] | None
    edited: dict[str, Any] | None
    status: str
    reviewer: str
    reviewed_at: datetime | None
    visitors: int
    voices: tuple[Voice, ...] = ()
    others: tuple[tuple[str, int], ...] = ()


def find_queue(
    *,
    session: Session,
    reviewer: Reviewer,
    status: str = "pending",
    kind: str = "flagged",
    search: str = "",
    limit: int = 25,
    offset: int = 0,
) -> list[Entry]:
    """Entries of the queue: those that most people agree on first, then the latest.

    Args:
        status: a review status, or "" for any.
        kind: `flagged` (a thumb down, a correction or a comment), `up` (a thumb up) or `all`.
        search: only questions with this in them.
    """
    require(reviewer)
    visitors, latest = func.count(Feedback.visitor.distinct()), func.max(Feedback.updated_at)
    groups = select(*GROUP, visitors).join(Turn, Turn.id == Feedback.turn_id).where(*_wanted(status, kind, search))
    groups = groups.group_by(*GROUP).order_by(visitors.desc(), latest.desc(), *GROUP)
    found = [tuple(row) for row in session.execute(groups.limit(limit).offset(offset))]
    return _entries(session, found)


def count_queue(
    *, session: Session, reviewer: Reviewer, status: str = "pending", kind: str = "flagged", search: str = ""
) -> int:
    """How many entries the queue has."""
    require(reviewer)
    groups = select(*GROUP).join(Turn, Turn.id == Feedback.turn_id).where(*_wanted(status, kind, search))
    return session.scalar(select(func.count()).select_from(groups.group_by(*GROUP).subquery())) or 0


def get_entry(*, session: Session, reviewer: Reviewer, feedback_id: UUID) -> Entry:
    """The entry that a piece of feedback belongs to.

    Raises:
        NotFoundError: if there is none, or it was taken back.
    """
    require(reviewer)
    feedback = session.get(Feedback, feedback_id)
    if feedback is None or feedback.withdrawn:
        raise NotFoundError("that feedback is no longer there; the person took it back")
    group = tuple(getattr(feedback, column.key) for column in GROUP)
    same = select(func.count(Feedback.visitor.distinct())).where(tuple_(*GROUP) == group)
    (entry,) = _entries(session, [(*group, session.scalar(same.where(Feedback.withdrawn.is_(False))))])
    return entry


def _wanted(status: str, kind: str, search: str) -> list[ColumnElement[bool]]:
    if status and status not in REVIEW_STATUSES:
        raise StoreInputError(f"a review status is one of {', '.join(REVIEW_STATUSES)}, not {status!r}")
    if kind not in KINDS:
        raise StoreInputError(f"a kind is one of {', '.join(KINDS)}, not {kind!r}")
    wanted: list[ColumnElement[bool]] = [Feedback.withdrawn.is_(False)]
    if status:
        wanted.append(Feedback.review_status == status)
    if kind == "flagged":
        wanted.append(or_(Feedback.rating == -1, Feedback.correction_key != ""))
    if kind == "up":
        wanted.append(Feedback.rating == 1)
    if search.strip():
        wanted.append(Turn.question.icontains(search.strip(), autoescape=True))
    return wanted


def _entries(session: Session, groups: Sequence[tuple[Any, ...]]) -> list[Entry]:
    """The entry of each group (its four keys and the number of visitors)."""
    if not groups:
        return []
    ranked = _voices(groups)
    rows: dict[tuple[Any, ...], list[Feedback]] = {}
    for feedback in session.scalars(ranked):
        rows.setdefault(tuple(getattr(feedback, column.key) for column in GROUP), []).append(feedback)
    latest = [members[0] for members in rows.values()]
    shown = _shown(session, [each.turn_id for each in latest])
    said = _others(session, [each.question_key for each in latest])
    return [_entry(rows[group[:4]], group[4], shown, said) for group in groups if group[:4] in rows]


def _voices(groups: Sequence[tuple[Any, ...]]) -> Select[Feedback]:
    """The latest feedback of each group."""
    rank = func.row_number().over(partition_by=GROUP, order_by=(Feedback.updated_at.desc(), Feedback.id))
    members = tuple_(*GROUP).in_([group[:4] for group in groups])
    numbered = select(Feedback.id, rank.label("rank")).where(members, Feedback.withdrawn.is_(False)).subquery()
    few = select(Feedback).join(numbered, numbered.c.id == Feedback.id).where(numbered.c.rank <= VOICES)
    return few.order_by(Feedback.updated_at.desc(), Feedback.id)


def _shown(session: Session, turn_ids: Sequence[UUID]) -> dict[UUID, tuple[Turn, str]]:
    turns = select(Turn, ModelVersion.name).join(ModelVersion, ModelVersion.id == Turn.model_version_id)
    return {turn.id: (turn, name) for turn, name in session.execute(turns.where(Turn.id.in_(turn_ids)))}


def _others(session: Session, question_keys: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """By question and correction: the correction in words, and how many people made it."""
    key = (Feedback.question_key, Feedback.correction_key)
    said = (Feedback.question_key.in_(question_keys), Feedback.correction_key != "", Feedback.withdrawn.is_(False))
    counts = select(*key, func.count(Feedback.visitor.distinct())).where(*said).group_by(*key)
    rank = func.row_number().over(partition_by=key, order_by=(Feedback.updated_at.desc(), Feedback.id))
    numbered = select(Feedback.id, rank.label("rank")).where(*said).subquery()
    examples = select(Feedback).join(numbered, numbered.c.id == Feedback.id).where(numbered.c.rank == 1)
    words = {(each.question_key, each.correction_key): _words(each) for each in session.scalars(examples)}
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for question, correction, count in session.execute(counts):
        found.setdefault(question, {})[correction] = (words.get((question, correction), ""), count)
    return found


def _chosen(feedback: Feedback) -> list[dict[str, Any]]:
    """What was chosen; feedback of before there were choices may say what a mention means."""
    return feedback.chosen or ([feedback.corrected_entity] if feedback.corrected_entity else [])


def _words(feedback: Feedback) -> str:
    """What a correction says, in a line."""
    named = [answer["label"] for answer in feedback.corrected_answers]
    reading = [in_words(each) for each in _chosen(feedback)]
    text = [feedback.corrected_text] if feedback.corrected_text else []
    return "; ".join([*named, *text, *reading]) or feedback.comment


def _entry(
    members: Sequence[Feedback],
    visitors: int,
    shown: dict[UUID, tuple[Turn, str]],
    said: dict[str, dict[str, tuple[str, int]]],
) -> Entry:
    latest = members[0]
    turn, version = shown[latest.turn_id]
    others = {key: each for key, each in said.get(latest.question_key, {}).items() if key != latest.correction_key}
    return Entry(
        id=latest.id,
        question=turn.question,
        snapshot=turn.snapshot,
        model_version=version,
        asked_at=turn.created_at,
        said_at=latest.updated_at,
        rating=latest.rating,
        answers=tuple(latest.corrected_answers),
        text=latest.corrected_text,
        chosen=tuple(in_words(each) for each in _chosen(latest)),
        anew=turn.anew,
        edited=latest.edited,
        status=latest.review_status,
        reviewer=latest.reviewer or "",
        reviewed_at=latest.reviewed_at,
        visitors=visitors,
        voices=tuple(Voice(pseudonym(each.visitor), each.comment, each.reason, each.updated_at) for each in members),
        others=tuple(sorted(others.values(), key=lambda other: (-other[1], other[0]))),
    )
