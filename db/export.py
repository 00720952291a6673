"""Feedback as question rows, in the form that training reads, or as a sheet (CSV) for people."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session

from db.agreement import contributor
from db.answers import right_answers, shown_answers
from db.conversations import turns_before
from db.errors import StoreInputError
from db.models import REVIEW_STATUSES, Feedback, ModelVersion, Turn, Visitor
from db.sheet import sheet_line
from db.support import Support

ALLOWED = func.coalesce(Visitor.training_consent, false())
COLUMNS = (
    "id", "question", "answers", "context", "leans", "status", "consent", "rating", "reason", "comment",
    "corrected_text", "corrected_entity", "chosen", "edited", "shown", "contributor", "agreeing", "dissenting",
    "model_version", "model_digest", "turn", "asked_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class ExportReport:
    """How many rows were written, how many of them have no answers to learn from, and how many votes were
    left out since those who gave them do not allow that they are trained on."""

    rows: int
    without_answers: int
    left_out: int


def export_feedback(
    *, session: Session, path: Path, statuses: Sequence[str] = REVIEW_STATUSES, only_allowed: bool = True
) -> ExportReport:
    """Write feedback that was not withdrawn to a file, beside it first and then renamed.

    Args:
        path: JSON lines, or a sheet where the name ends in `.csv`.
        only_allowed: leave out the feedback of those who do not allow training use; without it
            every row still says under `consent` whether they do.
    """
    if not path.parent.is_dir():
        raise StoreInputError(f"{path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise StoreInputError(f"{path}: is a folder; name a file")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    form = "csv" if path.suffix == ".csv" else "jsonl"
    rows = without = 0
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(heading(form))
            for row in question_rows(session=session, statuses=statuses, only_allowed=only_allowed):
                file.write(line_of(row, form))
                rows += 1
                without += not row["answers"]
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise StoreInputError(f"{path}: {error.strerror}; name a file that can be written") from None
    finally:
        beside.unlink(missing_ok=True)
    return ExportReport(rows, without, _left_out(session, statuses) if only_allowed else 0)


def _left_out(session: Session, statuses: Sequence[str]) -> int:
    """How many votes are not for training."""
    count = select(func.count()).select_from(Feedback).outerjoin(Visitor, Visitor.id == Feedback.visitor)
    return session.scalars(count.where(*_given(statuses), ALLOWED.is_(False))).one()


def question_rows(
    *, session: Session, statuses: Sequence[str] = REVIEW_STATUSES, only_allowed: bool = True
) -> Iterator[dict[str, Any]]:
    """One question row for every piece of feedback, oldest first; `only_allowed` as in `export_feedback`."""
    wanted = (
        select(Feedback, Turn, ModelVersion, ALLOWED)
        .join(Turn, Turn.id == Feedback.turn_id)
        .join(ModelVersion, ModelVersion.id == Turn.model_version_id)
        .outerjoin(Visitor, Visitor.id == Feedback.visitor)
        .where(*_given(statuses))
        .order_by(Feedback.created_at, Feedback.id)
    )
    if only_allowed:
        wanted = wanted.where(ALLOWED.is_(True))
    support = Support.of(session)
    for feedback, turn, version, allowed in session.execute(wanted.execution_options(yield_per=500)):
        before = turns_before(session=session, turn=turn) if turn.position else []
        yield question_row(feedback, turn, before, version, allowed, support)


def _given(statuses: Sequence[str]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Feedback.withdrawn.is_(False), Feedback.review_status.in_(list(statuses))


def export_lines(
    *, session: Session, form: str, statuses: Sequence[str] = REVIEW_STATUSES, only_allowed: bool = True
) -> Iterator[str]:
    """The lines of an export, `csv` or `jsonl`, one after the other; `only_allowed` as in `export_feedback`."""
    yield heading(form)
    for row in question_rows(session=session, statuses=statuses, only_allowed=only_allowed):
        yield line_of(row, form)


def heading(form: str) -> str:
    """The first line of an export, empty for JSON lines."""
    return sheet_line(COLUMNS) if form == "csv" else ""


def line_of(row: dict[str, Any], form: str) -> str:
    """A question row as a line of an export."""
    if form == "csv":
        return sheet_line(row[column] for column in COLUMNS)
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def question_row(
    feedback: Feedback, turn: Turn, before: Sequence[Turn], version: ModelVersion, allowed: bool, support: Support
) -> dict[str, Any]:
    """The row of a vote; `answers` is empty where the person did not say what is right.

    `context` are the turns before it, the newest first, and `leans` says whether the model leaned on them.
    `contributor` is a pseudonym, `agreeing` and `dissenting` are how many people say the same and otherwise.
    """
    agreeing, dissenting = support.counts(feedback, turn)
    return {
        "id": str(feedback.id),
        "question": turn.question,
        "answers": right_answers(feedback, turn.shown),
        "context": [{"question": one.question, "answers": shown_answers(one.shown)} for one in before],
        "leans": bool(turn.snapshot.get("after")),
        "status": feedback.review_status,
        "consent": allowed,
        "rating": feedback.rating,
        "reason": feedback.reason,
        "comment": feedback.comment,
        "corrected_text": feedback.corrected_text,
        "corrected_entity": feedback.corrected_entity,
        "chosen": feedback.chosen,
        "edited": feedback.edited,
        "shown": shown_answers(turn.shown),
        "contributor": contributor(feedback.visitor),
        "agreeing": agreeing,
        "dissenting": dissenting,
        "model_version": version.name,
        "model_digest": version.digest,
        "turn": str(turn.id),
        "asked_at": turn.created_at.isoformat(),
        "updated_at": feedback.updated_at.isoformat(),
    }
