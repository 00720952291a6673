"""A line of the journal: a row of the store as JSON, or a mark that a row is gone."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from db.errors import StoreInputError
from db.models import TITLE_LENGTH, VISITOR_LENGTH
from db.sharing import SALT
from db.text import clean_json, clean_text

Key = tuple[str, str]  # a table, and what the row is known by in it

MOST_POSITIONS = 2**31
Status = Literal["pending", "accepted", "rejected", "lacks_fact"]


def _plain(text: str) -> str:
    if clean_text(text) != text:
        raise ValueError("holds characters that cannot be stored")
    return text


def _plain_json(value: Any) -> Any:
    if clean_json(value) != value:
        raise ValueError("holds characters that cannot be stored")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no time that can be stored") from None


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Text = Annotated[str, AfterValidator(_plain)]
Json = Annotated[dict[str, Any], AfterValidator(_plain_json)]
VisitorId = Annotated[str, Field(min_length=1, max_length=VISITOR_LENGTH), AfterValidator(_plain)]
Digest = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_plain)]


class Part(BaseModel):
    """Read from JSON without guessing: another type, a missing or an unknown name is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Named(Part):
    """A right answer."""

    id: Text
    label: Text


class Meant(Named):
    """What a mention means."""

    mention: Text


class Followed(Part):
    """The relation that a hop from a mention, counted from 0, follows."""

    mention: Text
    hop: int
    relation: Text
    label: Text
    inverse: bool


class Edited(Part):
    """What a reviewer made of a correction."""

    answers: list[Named]
    text: Text


class State(Part):
    """How feedback was before or after a decision."""

    status: Status
    edited: Edited | None


class Changed(Part):
    """How many statements of the graph an added or removed fact changed."""

    changed: int


class ModelLine(Part):
    """A model version, and the digest of the one it was tuned from."""

    table: Literal["model_versions"]
    digest: Digest
    name: Text
    parent: Digest | None
    figures: Json
    created_at: Moment


class VisitorLine(Part):
    """What a visitor said about training use."""

    table: Literal["visitors"]
    id: VisitorId
    training_consent: bool
    asked_at: Moment | None
    decided_at: Moment | None
    created_at: Moment


class ConversationLine(Part):
    """A conversation, and whether it is shared."""

    table: Literal["conversations"]
    id: UUID
    visitor: VisitorId
    title: Annotated[Text, Field(max_length=TITLE_LENGTH)]
    created_at: Moment
    updated_at: Moment
    share_salt: Annotated[str, Field(pattern=f"^{SALT.pattern}$")] | None
    share_digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    shared_at: Moment | None


class TurnLine(Part):
    """A turn, and the digest of the model version that answered."""

    table: Literal["turns"]
    id: UUID
    conversation_id: UUID
    position: Annotated[int, Field(ge=0, lt=MOST_POSITIONS)]
    question: Text
    snapshot: Json
    model_version: Digest
    created_at: Moment
    replaced_at: Moment | None
    anew: Json | None


class FeedbackLine(Part):
    """A vote with its review; the keys of those who say the same are worked out again."""

    table: Literal["feedback"]
    id: UUID
    turn_id: UUID
    visitor: VisitorId
    rating: Annotated[int, Field(ge=-1, le=1)]
    reason: Text
    comment: Text
    corrected_answers: list[Named]
    corrected_text: Text
    corrected_entity: Meant | None
    withdrawn: bool
    review_status: Status
    reviewer: Text | None
    reviewed_at: Moment | None
    created_at: Moment
    updated_at: Moment
    edited: Edited | None
    chosen: list[Meant | Followed]


class DecisionLine(Part):
    """A line of the audit."""

    table: Literal["decisions"]
    id: UUID
    batch: UUID
    feedback_id: UUID
    made_at: Moment
    reviewer: Text
    action: Literal["accept", "edit", "reject", "lacks_fact", "undo", "add_fact", "remove_fact"]
    before: State | None
    after: State | Changed | None
    fact: Annotated[dict[str, str], AfterValidator(_plain_json)] | None
    undoes: UUID | None


class Gone(Part):
    """A row that was deleted."""

    table: Literal["gone"]
    mark: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


Row = ModelLine | VisitorLine | ConversationLine | TurnLine | FeedbackLine | DecisionLine
_LINE: TypeAdapter[Row | Gone] = TypeAdapter(Annotated[Row | Gone, Field(discriminator="table")])


def key_of(row: Row) -> Key:
    """What a row is known by: a model version by its digest, all else by its id."""
    return row.table, row.digest if isinstance(row, ModelLine) else str(row.id)


def mark(key: Key) -> str:
    """What a row that is gone is known by: nothing can be read off it."""
    return hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()


def write_row(table: str, row: Mapping[str, Any]) -> str:
    """The line of a row."""
    return json.dumps({"table": table, **row}, default=_words, ensure_ascii=False, separators=(",", ":"))


def write_gone(key: Key) -> str:
    """The line that says that a row is gone."""
    return json.dumps({"table": "gone", "mark": mark(key)}, separators=(",", ":"))


def read_line(text: bytes) -> Row | Gone:
    """What a line says.

    Raises:
        StoreInputError: if that is nothing that the store could have written; the message has one line.
    """
    try:
        return _LINE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise StoreInputError(f"{place}: {first['msg']}" if place else first["msg"]) from None


def _words(value: UUID | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
