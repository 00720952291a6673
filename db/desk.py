"""The desk of a reviewer: everything that a review page asks of the store, each time with the proof of a login."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from db.decisions import Decided, added_fact, decide, find_decisions, last_batch, record_fact, undo
from db.errors import NotFoundError
from db.export import export_lines
from db.figures import Figures, read_figures
from db.models import REVIEW_STATUSES, Decision, now
from db.queue import Entry, count_queue, find_queue, get_entry
from db.reviewer import Reviewer, admit
from db.session import Database


class Desk:
    """Every method takes the token of a login and has it looked at before it touches a row.

    Args:
        login: gives name and end of a login for its token, and raises where the token is no good.
    """

    def __init__(self, database: Database, login: Callable[[str], tuple[str, datetime]]) -> None:
        self.database = database
        self._login = login

    def queue(
        self, token: str, *, status: str, kind: str, search: str, limit: int, offset: int
    ) -> tuple[list[Entry], int]:
        """A page of the queue, and how many entries it has in all."""
        reviewer = self._reviewer(token)
        wanted: dict[str, Any] = {"reviewer": reviewer, "status": status, "kind": kind, "search": search}
        with self.database.reader() as session:
            entries = find_queue(session=session, **wanted, limit=limit, offset=offset)
            return entries, count_queue(session=session, **wanted)

    def entry(self, token: str, feedback: str) -> Entry:
        """The entry that a piece of feedback belongs to."""
        reviewer = self._reviewer(token)
        with self.database.reader() as session:
            return get_entry(session=session, reviewer=reviewer, feedback_id=_id(feedback))

    def decide(
        self,
        token: str,
        feedback: Sequence[str],
        action: str,
        *,
        seen_at: datetime | None = None,
        edited: Mapping[str, Any] | None = None,
        fact: Mapping[str, str] | None = None,
    ) -> Decided:
        """Decide about entries."""
        reviewer = self._reviewer(token)
        ids = [_id(each) for each in feedback]
        said: dict[str, Any] = {"seen_at": seen_at, "edited": edited, "fact": fact}
        with self.database.writer() as session:
            return decide(session=session, reviewer=reviewer, feedback_ids=ids, action=action, **said)

    def undo(self, token: str, batch: str) -> tuple[Decided, dict[str, str] | None]:
        """Undo a decision, the latest one where none is named; gives also the fact that it had added to the graph."""
        reviewer = self._reviewer(token)
        with self.database.writer() as session:
            last = _id(batch) if batch else last_batch(session=session, reviewer=reviewer)
            if last is None:
                raise NotFoundError("there is nothing to undo")
            fact = added_fact(session=session, batch=last)
            undone = undo(session=session, reviewer=reviewer, batch=last)
        return undone, fact and {**fact, "batch": str(last)}

    def record_fact(self, token: str, batch: str, fact: Mapping[str, str], *, taken: bool, changed: int) -> None:
        """Write down what became of a fact."""
        reviewer = self._reviewer(token)
        said: dict[str, Any] = {"batch": _id(batch), "fact": fact, "taken": taken, "changed": changed}
        with self.database.writer() as session:
            record_fact(session=session, reviewer=reviewer, **said)

    def audit(self, token: str, *, limit: int, offset: int) -> list[Decision]:
        """Lines of the audit, newest first."""
        reviewer = self._reviewer(token)
        with self.database.reader() as session:
            return find_decisions(session=session, reviewer=reviewer, limit=limit, offset=offset)

    def figures(self, token: str, *, days: int) -> Figures:
        """The figures of so many days."""
        reviewer = self._reviewer(token)
        with self.database.reader() as session:
            return read_figures(session=session, reviewer=reviewer, days=days)

    def export(self, token: str, *, form: str, status: str) -> Iterator[str]:
        """The lines of an export; `status` is one, or "" for all. The login is looked at before the first line."""
        self._reviewer(token)
        return self._lines(form, [status] if status else list(REVIEW_STATUSES))

    def _lines(self, form: str, statuses: Sequence[str]) -> Iterator[str]:
        with self.database.reader() as session:
            yield from export_lines(session=session, form=form, statuses=statuses)

    def time(self) -> datetime:
        """The store's time, by which a page says when it was made."""
        return now()

    def _reviewer(self, token: str) -> Reviewer:
        return admit(token, self._login)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(f"{text[:40]!r} is no id; reload the page") from None
