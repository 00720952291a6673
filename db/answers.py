"""Answers: what feedback says is right, and what the person was shown."""

from typing import Any

from db.models import Feedback


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
