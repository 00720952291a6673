"""The same tests on SQLite and on a real PostgreSQL, which tests/conftest.py starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from db import Database, Reviewer, admit, append_turn, open_database, register_model_version, start_conversation
from db.models import now

SNAPSHOT = {
    "question": "who directed Big?",
    "kind": "entities",
    "answers": [{"id": "urn:e:Penny_Marshall", "label": "Penny Marshall", "score": 0.98}],
    "value": None,
    "abstained": False,
}


@dataclass(frozen=True)
class Asked:
    """A turn in a conversation of the visitor `ann`."""

    conversation: UUID
    turn: UUID
    version: UUID


def rita(name: str = "rita", minutes: int = 60) -> Reviewer:
    """A reviewer who has logged in."""
    return admit("token", lambda _: (name, now() + timedelta(minutes=minutes)))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open, migrated, empty database."""
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def asked(database: Database) -> Asked:
    """Ann's conversation of one turn."""
    with database.writer() as session:
        version = register_model_version(session=session, name="world-1", digest="d1", figures={"hits@1": 0.97})
        conversation = start_conversation(session=session, visitor="ann")
        turn = append_turn(
            session=session,
            conversation_id=conversation.id,
            visitor="ann",
            question="who directed Big?",
            snapshot=SNAPSHOT,
            model_version_id=version.id,
        )
    return Asked(conversation.id, turn.id, version.id)
