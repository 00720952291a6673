"""Model versions: which model gave an answer, and which one it came from."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import NotFoundError
from db.models import ModelVersion
from db.upsert import insert_if_absent


def register_model_version(
    *, session: Session, name: str, digest: str, parent_digest: str | None = None, figures: dict[str, Any] | None = None
) -> ModelVersion:
    """The version with this digest, made known first if it is new; a known one stays as it is."""
    parent = None if parent_digest is None else get_model_version(session=session, digest=parent_digest)
    row = {"name": name, "digest": digest, "parent_id": parent and parent.id, "figures": figures or {}}
    insert_if_absent(session, ModelVersion, row, unique=["digest"])
    return get_model_version(session=session, digest=digest)


def get_model_version(*, session: Session, digest: str) -> ModelVersion:
    """The version with this digest.

    Raises:
        NotFoundError: if it was never registered.
    """
    version = session.scalar(select(ModelVersion).where(ModelVersion.digest == digest))
    if version is None:
        raise NotFoundError(f"no model version with digest {digest[:16]}; register it first")
    return version
