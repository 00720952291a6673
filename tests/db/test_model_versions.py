import pytest

from db import Database, NotFoundError, get_model_version, register_model_version


def test_a_version_is_registered_once(database: Database) -> None:
    with database.writer() as session:
        first = register_model_version(session=session, name="world-1", digest="d1", figures={"hits@1": 0.97})
    with database.writer() as session:
        again = register_model_version(session=session, name="another name", digest="d1")
    assert again.id == first.id
    assert (again.name, again.figures) == ("world-1", {"hits@1": 0.97})


def test_a_version_knows_its_parent(database: Database) -> None:
    with database.writer() as session:
        parent = register_model_version(session=session, name="world-1", digest="d1")
        child = register_model_version(session=session, name="world-2", digest="d2", parent_digest="d1")
    assert child.parent_id == parent.id


def test_an_unknown_parent_is_refused(database: Database) -> None:
    with pytest.raises(NotFoundError, match="digest d0"), database.writer() as session:
        register_model_version(session=session, name="world-2", digest="d2", parent_digest="d0")
    with database.reader() as session, pytest.raises(NotFoundError):
        get_model_version(session=session, digest="d2")
