"""Migrations: bring a database to the tables of this version."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db.errors import StoreError

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
LOCK = 0x6B677161  # any number, as long as every process takes the same


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations that are missing, in one transaction; a second process waits and then has none to run."""
    _run(engine, revision, command.upgrade)


def downgrade(engine: Engine, revision: str) -> None:
    """Take migrations back, down to a revision or `base`."""
    _run(engine, revision, command.downgrade)


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config() -> Config:
    """Alembic's configuration, which is only where the migrations lie."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(engine: Engine, revision: str, direction: Callable[[Config, str], None]) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        _refuse_newer(connection, config)
        config.attributes["connection"] = connection
        direction(config, revision)
        if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise StoreError("a migration would leave rows without what they refer to; nothing was changed")


def _refuse_newer(connection: Connection, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = current_revision(connection)
    if found is not None and found not in known:
        raise StoreError(f"the database is at revision {found}, which this version does not know; update the program")
