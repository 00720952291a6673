"""Feedback as question rows, in the form that training reads, or as a sheet (CSV) for people."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import StoreInputError
from db.models import REVIEW_STATUSES, Feedback, ModelVersion, Turn
from db.sheet import sheet_line

COLUMNS = (
    "id", "question", "answers", "status", "rating", "reason", "comment", "corrected_text", "corrected_entity",
    "edited", "shown", "model_version", "model_digest", "turn", "asked_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class ExportReport:
    """How many rows were written, and how many of them have no answers to learn from."""

    rows: int
    without_answers: int


def export_feedback(*, session: Session, path: Path, statuses: Sequence[str] = REVIEW_STATUSES) -> ExportReport:
    """Write feedback that was not withdrawn to a file, beside it first and then renamed.

    Args:
        path: JSON lines, or a sheet where the name ends in `.csv`.
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
            for row in question_rows(session=session, statuses=statuses):
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
    return ExportReport(rows, without)


def question_rows(*, session: Session, statuses: Sequence[str] = REVIEW_STATUSES) -> Iterator[dict[str, Any]]:
    """One question row for every piece of feedback, oldest first."""
    wanted = (
        select(Feedback, Turn, ModelVersion)
        .join(Turn, Turn.id == Feedback.turn_id)
        .join(ModelVersion, ModelVersion.id == Turn.model_version_id)
        .where(Feedback.withdrawn.is_(False), Feedback.review_status.in_(list(statuses)))
        .order_by(Feedback.created_at, Feedback.id)
    )
    for feedback, turn, version in session.execute(wanted.execution_options(yield_per=500)):
        yield question_row(feedback, turn, version)


def export_lines(*, session: Session, form: str, statuses: Sequence[str] = REVIEW_STATUSES) -> Iterator[str]:
    """The lines of an export, `csv` or `jsonl`, one after the other."""
    yield heading(form)
    for row in question_rows(session=session, statuses=statuses):
        yield line_of(row, form)


def heading(form: str) -> str:
    """The first line of an export, empty for JSON lines."""
    return sheet_line(COLUMNS) if form == "csv" else ""


def line_of(row: dict[str, Any], form: str) -> str:
    """A question row as a line of an export."""
    if form == "csv":
        return sheet_line(row[column] for column in COLUMNS)
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def question_row(feedback: Feedback, turn: Turn, version: ModelVersion) -> dict[str, Any]:
    """The row of a vote; `answers` is empty where the person did not say what is right."""
    return {
        "id": str(feedback.id),
        "question": turn.question,
        "answers": right_answers(feedback, turn.snapshot),
        "status": feedback.review_status,
        "rating": feedback.rating,
        "reason": feedback.reason,
        "comment": feedback.comment,
        "corrected_text": feedback.corrected_text,
        "corrected_entity": feedback.corrected_entity,
        "edited": feedback.edited,
        "shown": shown_answers(turn.snapshot),
        "model_version": version.name,
        "model_digest": version.digest,
        "turn": str(turn.id),
        "asked_at": turn.created_at.isoformat(),
        "updated_at": feedback.updated_at.isoformat(),
    }


def right_answers(feedback: Feedback, snapshot: dict[str, Any]) -> list[Any]:
    """What a reviewer made of it; else the corrected answers; else those shown if the vote is up; else none."""
    if feedback.edited is not None:
        return [answer["id"] for answer in feedback.edited["answers"]]
    if feedback.corrected_answers:
        return [answer["id"] for answer in feedback.corrected_answers]
    return shown_answers(snapshot) if feedback.rating == 1 else []


def shown_answers(snapshot: dict[str, Any]) -> list[Any]:
    """Ids of entities, or the number or truth value, that the person was shown as the answer."""
    if snapshot.get("abstained"):
        return []
    if snapshot.get("kind") in ("number", "count", "boolean"):
        value = snapshot.get("value")
        return [] if value is None else [value]
    return [answer["id"] for answer in snapshot.get("answers", ())]
