"""The one statement that SQLite and PostgreSQL share in meaning but not in module."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Base


def insert_if_absent(session: Session, model: type[Base], row: Mapping[str, Any], unique: Sequence[str]) -> None:
    """Insert a row unless one with the same unique columns is there, whoever else writes at the same time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(model).values(**row).on_conflict_do_nothing(index_elements=list(unique)))
