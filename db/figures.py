"""Figures for the dashboard: what was asked day by day, how it went, and what was missed."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from db.errors import StoreInputError
from db.models import Feedback, ModelVersion, Turn, now
from db.reviewer import Reviewer, require

MOST_DAYS = 366
MISSED_READ = 2_000
MISSED_SHOWN = 10


@dataclass(frozen=True)
class Day:
    """A day (UTC): questions answered and abstained from, thumbs, and the latency of answers in milliseconds."""

    day: date
    answered: int = 0
    abstained: int = 0
    up: int = 0
    down: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def questions(self) -> int:
        """All that were asked."""
        return self.answered + self.abstained


@dataclass(frozen=True)
class Missed:
    """A relation or entity, and in how many missed answers it occurs."""

    label: str
    count: int


@dataclass(frozen=True)
class Version:
    """A model version, since when it answers, and how it did."""

    name: str
    since: datetime
    answered: int
    abstained: int
    up: int
    down: int


@dataclass(frozen=True)
class Figures:
    """All figures of so many days; missed is what was abstained from or got a thumb down."""

    days: tuple[Day, ...]
    relations: tuple[Missed, ...]
    entities: tuple[Missed, ...]
    versions: tuple[Version, ...]
    pending: int


def read_figures(*, session: Session, reviewer: Reviewer, days: int = 30, until: date | None = None) -> Figures:
    """The figures of the last days, today included.

    Args:
        until: the last day, in UTC (today).
    """
    require(reviewer)
    if not 1 <= days <= MOST_DAYS:
        raise StoreInputError(f"figures are of 1 to {MOST_DAYS} days, not {days}")
    last = until or now().date()
    first = last - timedelta(days=days - 1)
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    pending = select(func.count()).select_from(Feedback)
    pending = pending.where(Feedback.review_status == "pending", Feedback.withdrawn.is_(False), _flagged())
    relations, entities = _missed(session, start, end)
    return Figures(
        days=_days(session, start, end, [first + timedelta(days=number) for number in range(days)]),
        relations=relations,
        entities=entities,
        versions=_versions(session, start, end),
        pending=session.scalar(pending) or 0,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _flagged() -> Any:
    return or_(Feedback.rating == -1, Feedback.correction_key != "")


def _days(session: Session, start: datetime, end: datetime, days: list[date]) -> tuple[Day, ...]:
    asked: defaultdict[date, Counter[bool]] = defaultdict(Counter)
    took: defaultdict[date, list[float]] = defaultdict(list)
    turns = select(Turn.created_at, _abstained(), _milliseconds()).where(
        Turn.created_at >= start, Turn.created_at < end
    )
    for at, abstained, milliseconds in session.execute(turns.execution_options(yield_per=2_000)):
        asked[at.date()][bool(abstained)] += 1
        if milliseconds is not None:
            took[at.date()].append(float(milliseconds))
    thumbs: defaultdict[date, Counter[int]] = defaultdict(Counter)
    votes = select(Feedback.updated_at, Feedback.rating).where(Feedback.withdrawn.is_(False), Feedback.rating != 0)
    voted = votes.where(Feedback.updated_at >= start, Feedback.updated_at < end)
    for at, rating in session.execute(voted.execution_options(yield_per=2_000)):
        thumbs[at.date()][rating] += 1
    return tuple(
        Day(
            day, asked[day][False], asked[day][True], thumbs[day][1], thumbs[day][-1],
            percentile(took[day], 0.5), percentile(took[day], 0.95),
        )
        for day in days
    )  # fmt: skip


def _abstained() -> Any:
    return Turn.snapshot["abstained"].as_boolean()


def _milliseconds() -> Any:
    return Turn.snapshot[("timings_ms", "total")].as_float()


def percentile(values: list[float], share: float) -> float | None:
    """The value below which this share of the values lies, one of them; None if there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _missed(session: Session, start: datetime, end: datetime) -> tuple[tuple[Missed, ...], tuple[Missed, ...]]:
    """The relations taken and the entities named in answers that were missed, the latest of them."""
    down = exists().where(Feedback.turn_id == Turn.id, Feedback.withdrawn.is_(False), Feedback.rating == -1)
    turns = select(Turn.snapshot).where(Turn.created_at >= start, Turn.created_at < end)
    missed = turns.where(or_(_abstained().is_(True), down)).order_by(Turn.created_at.desc(), Turn.id)
    relations: Counter[str] = Counter()
    entities: Counter[str] = Counter()
    for snapshot in session.scalars(missed.limit(MISSED_READ)):
        relations.update({hop["label"] for path in snapshot.get("paths", ()) for hop in path.get("hops", ())})
        entities.update({link["label"] for link in snapshot.get("links", ())})
    return _most(relations), _most(entities)


def _most(counts: Counter[str]) -> tuple[Missed, ...]:
    ranked: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Missed(label, count) for label, count in list(ranked)[:MISSED_SHOWN])


def _versions(session: Session, start: datetime, end: datetime) -> tuple[Version, ...]:
    within = (Turn.created_at >= start, Turn.created_at < end)
    names = {row.id: row for row in session.scalars(select(ModelVersion))}
    asked: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    abstained = _abstained()
    turns = select(Turn.model_version_id, abstained, func.count()).where(*within)
    for version, silent, count in session.execute(turns.group_by(Turn.model_version_id, abstained)):
        asked[version]["abstained" if silent else "answered"] += count
    votes = select(Turn.model_version_id, Feedback.rating, func.count()).join(Feedback, Feedback.turn_id == Turn.id)
    voted = votes.where(*within, Feedback.withdrawn.is_(False), Feedback.rating != 0)
    for version, rating, count in session.execute(voted.group_by(Turn.model_version_id, Feedback.rating)):
        asked[version]["up" if rating == 1 else "down"] += count
    found = [
        Version(row.name, row.created_at, *(asked[id_][name] for name in ("answered", "abstained", "up", "down")))
        for id_, row in names.items()
        if id_ in asked
    ]
    return tuple(sorted(found, key=lambda version: version.since, reverse=True))
