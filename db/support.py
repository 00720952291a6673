"""Support: how many people say the same about a question, and how many say otherwise."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.answers import right_answers
from db.models import Feedback, Turn


class Support:
    """Who says what about which question; what a reviewer rejected, or its author took back, does not count."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    @classmethod
    def of(cls, session: Session) -> "Support":
        """Of all that is in the store, also of those who do not allow that their words are trained on."""
        support = cls()
        counted = (Feedback.withdrawn.is_(False), Feedback.review_status != "rejected")
        rows = select(Feedback, Turn).join(Turn, Turn.id == Feedback.turn_id).where(*counted)
        for feedback, turn in session.execute(rows.execution_options(yield_per=500)):
            support._said[feedback.question_key][_said(feedback, turn)].add(feedback.visitor)
        return support

    def counts(self, feedback: Feedback, turn: Turn) -> tuple[int, int]:
        """How many people say what this feedback says, its author included, and how many others say otherwise."""
        about, own = self._said[feedback.question_key], _said(feedback, turn)
        agreeing = about[own] | {feedback.visitor}
        others = set[str]().union(*(people for said, people in about.items() if said and said != own))
        return len(agreeing), len(others - agreeing)


def _said(feedback: Feedback, turn: Turn) -> str:
    """The answers that it says are right, else what else it says; empty for a thumb down and nothing more."""
    answers = sorted(f"id {answer}" for answer in right_answers(feedback, turn.shown))
    return "\n".join(answers) or feedback.correction_key
