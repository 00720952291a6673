from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from db import StoreError, open_database
from db.migrate import alembic_config, current_revision, downgrade, upgrade
from db.models import Base
from db.session import make_engine, parse_url

REVISIONS = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    migrating = make_engine(parse_url(url), migrating=True)
    yield migrating
    migrating.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def shape(engine: Engine) -> dict[str, Any]:
    """All that the database says of its tables, in an order that does not depend on how they were made."""
    look = inspect(engine)
    described = {}
    for table in sorted(tables(engine)):
        columns = [(each["name"], str(each["type"]), each["nullable"]) for each in look.get_columns(table)]
        keys = [(each["name"], each["constrained_columns"], each["options"]) for each in look.get_foreign_keys(table)]
        checks = [(each["name"], each["sqltext"]) for each in look.get_check_constraints(table)]
        uniques = [(each["name"], each["column_names"]) for each in look.get_unique_constraints(table)]
        indexes = [(each["name"], each["column_names"], each["unique"]) for each in look.get_indexes(table)]
        primary = look.get_pk_constraint(table)
        described[table] = [columns, primary, *(sorted(part, key=str) for part in (keys, checks, uniques, indexes))]
    return described


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert current_revision(connection) == REVISIONS[-1]
    migrated = shape(engine)
    downgrade(engine, "base")
    Base.metadata.create_all(engine)
    assert shape(engine) == migrated


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_migration_goes_up_and_down_and_up(engine: Engine, revision: str) -> None:
    upgrade(engine, revision)
    assert tables(engine)
    downgrade(engine, "base")
    assert tables(engine) == set()
    upgrade(engine)
    assert tables(engine) == set(Base.metadata.tables)


def test_a_second_upgrade_does_nothing(engine: Engine) -> None:
    upgrade(engine)
    before = shape(engine)
    upgrade(engine)
    assert shape(engine) == before


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine, url: str) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="revision 9999, which this version does not know; update the program"):
        open_database(url)
