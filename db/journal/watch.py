"""The rows of the store as the journal sees them: what can change in each, and their lines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, Text, cast, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from db.journal.line import Key, write_row
from db.models import Conversation, Decision, Feedback, ModelVersion, Turn, Visitor

AT_ONCE = 500

Parent = aliased(ModelVersion)
DERIVED = {Feedback: {"question_key", "correction_key"}, Turn: {"model_version_id"}, ModelVersion: {"id", "parent_id"}}

# Children first: whatever is written while this is read, a row that is seen has its parent seen after it.
# Of each table what its rows are known by, and what else can change; edits and corrections change with the times.
WATCHED: dict[str, tuple[Any, ...]] = {
    "decisions": (Decision.id,),
    "feedback": (Feedback.id, Feedback.updated_at, Feedback.review_status, Feedback.reviewed_at),
    "turns": (Turn.id, Turn.replaced_at, cast(Turn.anew, Text)),
    "conversations": (Conversation.id, Conversation.updated_at, Conversation.title, Conversation.share_digest),
    "visitors": (Visitor.id, Visitor.created_at, Visitor.asked_at, Visitor.decided_at),
    "model_versions": (ModelVersion.digest, ModelVersion.parent_id),
}


def _columns(table: Any) -> list[InstrumentedAttribute[Any]]:
    left_out = DERIVED.get(table, set())
    return [getattr(table, column.name) for column in table.__table__.columns if column.name not in left_out]


ROWS: dict[str, Select[Any]] = {
    "decisions": select(*_columns(Decision)),
    "feedback": select(*_columns(Feedback)),
    "turns": select(*_columns(Turn), ModelVersion.digest.label("model_version")).join(
        ModelVersion, ModelVersion.id == Turn.model_version_id
    ),
    "conversations": select(*_columns(Conversation)),
    "visitors": select(*_columns(Visitor)),
    "model_versions": select(*_columns(ModelVersion), Parent.digest.label("parent")).outerjoin(
        Parent, Parent.id == ModelVersion.parent_id
    ),
}


def states(session: Session) -> dict[Key, int]:
    """Every row that is there, with a number that differs when the row does."""
    found: dict[Key, int] = {}
    for table, columns in WATCHED.items():
        for known_by, *rest in session.execute(select(*columns).execution_options(yield_per=5_000)):
            found[table, str(known_by)] = hash(tuple(rest))
    return found


def lines(session: Session, keys: Iterable[Key]) -> Iterator[tuple[Key, str]]:
    """The lines of these rows; of one that was deleted in the meantime there is none."""
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for table, known_by in keys:
        wanted[table].append(known_by)
    for table, names in wanted.items():
        column = WATCHED[table][0]
        as_stored = column.type.python_type
        for start in range(0, len(names), AT_ONCE):
            some = [as_stored(name) for name in names[start : start + AT_ONCE]]
            for row in session.execute(ROWS[table].where(column.in_(some))).mappings():
                yield (table, str(row[column.key])), write_row(table, {**row})
