"""What the review page asks of a store, and the records that pass between them.

Every method takes the token of a login; the store has it looked at before it touches anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID


class Voice(Protocol):
    """One of those who say the same."""

    @property
    def who(self) -> str:
        """A pseudonym."""

    @property
    def comment(self) -> str:
        """What they wrote beside it."""

    @property
    def at(self) -> datetime:
        """When."""


class Entry(Protocol):
    """What people say alike about one question."""

    @property
    def id(self) -> UUID:
        """Of the latest feedback in it."""

    @property
    def question(self) -> str:
        """As the latest of them typed it."""

    @property
    def snapshot(self) -> dict[str, Any]:
        """The answer that they saw first."""

    @property
    def model_version(self) -> str:
        """Which model gave it."""

    @property
    def asked_at(self) -> datetime:
        """When it was asked."""

    @property
    def said_at(self) -> datetime:
        """When the latest of them said so."""

    @property
    def rating(self) -> int:
        """-1, 0 or 1."""

    @property
    def answers(self) -> tuple[dict[str, str], ...]:
        """The entities that are said to be right, each with `id` and `label`."""

    @property
    def text(self) -> str:
        """What is said to be right in words."""

    @property
    def chosen(self) -> tuple[str, ...]:
        """What they put in the place of the entities and relations that were taken, in words."""

    @property
    def anew(self) -> dict[str, Any] | None:
        """The answer that they got under it."""

    @property
    def edited(self) -> dict[str, Any] | None:
        """What a reviewer made of it: `answers` and `text`."""

    @property
    def status(self) -> str:
        """pending, accepted, rejected or lacks_fact."""

    @property
    def reviewer(self) -> str:
        """Who decided, or nothing."""

    @property
    def reviewed_at(self) -> datetime | None:
        """When it was decided."""

    @property
    def visitors(self) -> int:
        """How many people say so."""

    @property
    def voices(self) -> Sequence[Voice]:
        """The latest of them."""

    @property
    def others(self) -> tuple[tuple[str, int], ...]:
        """What else was said to be right for the question, and by how many."""


class Decided(Protocol):
    """What a decision came to."""

    @property
    def batch(self) -> UUID:
        """What was decided at once."""

    @property
    def changed(self) -> int:
        """How much feedback it changed."""

    @property
    def stale(self) -> int:
        """How much had been changed in the meantime, and was left."""


class Line(Protocol):
    """A line of the audit."""

    @property
    def batch(self) -> UUID:
        """What was decided at once."""

    @property
    def feedback_id(self) -> UUID:
        """What it is about."""

    @property
    def made_at(self) -> datetime:
        """When."""

    @property
    def reviewer(self) -> str:
        """Who."""

    @property
    def action(self) -> str:
        """What was done."""

    @property
    def before(self) -> dict[str, Any] | None:
        """How it was."""

    @property
    def after(self) -> dict[str, Any] | None:
        """How it became."""

    @property
    def fact(self) -> dict[str, Any] | None:
        """The fact that it is about, if any."""


class Day(Protocol):
    """The figures of a day."""

    @property
    def day(self) -> date:
        """Which, in UTC."""

    @property
    def answered(self) -> int:
        """Questions answered."""

    @property
    def abstained(self) -> int:
        """Questions not answered."""

    @property
    def up(self) -> int:
        """Thumbs up."""

    @property
    def down(self) -> int:
        """Thumbs down."""

    @property
    def p50(self) -> float | None:
        """The middle latency in milliseconds."""

    @property
    def p95(self) -> float | None:
        """The latency that 95 % of the answers stayed below."""


class Missed(Protocol):
    """A relation or entity of answers that were missed."""

    @property
    def label(self) -> str:
        """Its name."""

    @property
    def count(self) -> int:
        """In how many it occurs."""


class Version(Protocol):
    """How a model version did."""

    @property
    def name(self) -> str:
        """Which."""

    @property
    def since(self) -> datetime:
        """Since when it answers."""

    @property
    def answered(self) -> int:
        """Questions answered."""

    @property
    def abstained(self) -> int:
        """Questions not answered."""

    @property
    def up(self) -> int:
        """Thumbs up."""

    @property
    def down(self) -> int:
        """Thumbs down."""


class Figures(Protocol):
    """All figures of some days."""

    @property
    def days(self) -> Sequence[Day]:
        """Day by day, without a gap."""

    @property
    def relations(self) -> Sequence[Missed]:
        """The relations most missed."""

    @property
    def entities(self) -> Sequence[Missed]:
        """The entities most missed."""

    @property
    def versions(self) -> Sequence[Version]:
        """Newest first."""

    @property
    def pending(self) -> int:
        """How much flagged feedback waits."""


class Desk(Protocol):
    """Where the review page reads and decides."""

    def time(self) -> datetime:
        """The store's time."""

    def queue(
        self, token: str, *, status: str, kind: str, search: str, limit: int, offset: int
    ) -> tuple[Sequence[Entry], int]:
        """A page of the queue, and how many entries it has in all."""

    def entry(self, token: str, feedback: str) -> Entry:
        """The entry that a piece of feedback belongs to."""

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

    def undo(self, token: str, batch: str) -> tuple[Decided, dict[str, str] | None]:
        """Undo a decision, the latest where none is named; gives the fact that it had added, with its `batch`."""

    def record_fact(self, token: str, batch: str, fact: Mapping[str, str], *, taken: bool, changed: int) -> None:
        """Write down what became of a fact."""

    def audit(self, token: str, *, limit: int, offset: int) -> Sequence[Line]:
        """Lines of the audit, newest first."""

    def figures(self, token: str, *, days: int) -> Figures:
        """The figures of so many days."""

    def export(self, token: str, *, form: str, status: str) -> Iterator[str]:
        """The lines of an export, `csv` or `jsonl`."""
