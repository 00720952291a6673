"""A database: opened from its URL, brought up to date, and lent out as sessions that read or write."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session, sessionmaker

from db.errors import StoreError, StoreInputError, UnreachableError
from db.migrate import upgrade

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "kgqa.db"
AGAIN_SECONDS = 0.05
BUSY_MS = 30_000
FORGET_MS = 1_000
CONNECT_SECONDS = 5


class Database:
    """An open database; `reader()` and `writer()` lend sessions, and a writer commits when its block ends well.

    `changed` is set after each of them that did.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.changed = threading.Event()
        self._read = sessionmaker(engine, expire_on_commit=False)
        self._write = sessionmaker(engine.execution_options(writer=True), expire_on_commit=False)

    @contextmanager
    def reader(self) -> Iterator[Session]:
        """A session to read with."""
        with _speaking_plainly(self.engine.url), self._read() as session:
            yield session

    @contextmanager
    def writer(self) -> Iterator[Session]:
        """A session to write with: commits at the end of the block, rolls back on an error."""
        with _speaking_plainly(self.engine.url), self._write.begin() as session:
            yield session
        self.changed.set()

    def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            UnreachableError: if it gives none.
        """
        with self.reader() as session:
            session.connection().exec_driver_sql("SELECT 1")

    def forget(self) -> None:
        """Let nothing that was deleted linger in SQLite's journal; other databases see to that themselves.

        While others read, the journal can't be emptied; it then is by the next who closes or forgets.
        """
        if self.engine.dialect.name == "sqlite":
            with _speaking_plainly(self.engine.url), self.engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute(f"PRAGMA busy_timeout = {FORGET_MS}")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.execute(f"PRAGMA busy_timeout = {BUSY_MS}")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_database(url: str | None = None, create: bool = True) -> Database:
    """Open the database and run the migrations it lacks.

    Args:
        url: an SQLAlchemy URL; without it `KGQA_DATABASE_URL`, or else an SQLite file beside the app.
        create: whether an SQLite file that is not there is made.
    Raises:
        StoreInputError: if the URL cannot be understood.
        UnreachableError: if the database does not answer.
        StoreError: if it is not a database of this project, or of a newer version of it.
    """
    given = url or os.environ.get("KGQA_DATABASE_URL")
    target = parse_url(given) if given else URL.create("sqlite", database=str(DEFAULT_FILE))
    if target.get_backend_name() == "sqlite":
        _make_room(target, create)
    migrator = make_engine(target, migrating=True)
    try:
        with _speaking_plainly(target):
            upgrade(migrator)
    finally:
        migrator.dispose()
    return Database(make_engine(target))


def parse_url(url: str) -> URL:
    """The URL of a database that this project can use."""
    try:
        target = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise StoreInputError(
            "the database URL cannot be read; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if target.drivername == "postgres":
        target = target.set(drivername="postgresql")
    if target.drivername == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    if target.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreInputError(f"{masked(target)}: {target.drivername} is not supported; use sqlite or postgresql")
    if target.get_backend_name() == "sqlite" and (target.database or ":memory:").startswith((":", "file:")):
        raise StoreInputError(f"{masked(target)}: an SQLite database needs a file; write sqlite:///FILE")
    return target


def masked(target: URL) -> str:
    """The URL as it may be shown: without its password, wherever that stands."""
    query = {name: "***" if "pass" in name else value for name, value in target.query.items()}
    return target.set(query=query).render_as_string(hide_password=True)


def make_engine(target: URL, migrating: bool = False) -> Engine:
    """An engine; a migrating one begins by writing and has foreign keys off on SQLite, since it rewrites tables."""
    options: dict[str, Any] = {"json_serializer": _dump_json, "hide_parameters": True}
    if target.get_backend_name() == "postgresql":
        options["connect_args"] = {} if "connect_timeout" in target.query else {"connect_timeout": CONNECT_SECONDS}
    if migrating:
        options["poolclass"] = NullPool
    engine = create_engine(target, pool_pre_ping=True, **options)
    if engine.dialect.name == "sqlite":
        _listen(engine, foreign_keys=not migrating)
    return engine.execution_options(writer=True) if migrating else engine


def _listen(engine: Engine, foreign_keys: bool) -> None:
    """Begin transactions here and not in the driver: a deferred one that turns writer fails when others write."""

    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        connection.create_function("lower", 1, _lower, deterministic=True)

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Change to the journal beside which others can read.

    For one that writes meanwhile SQLite itself doesn't wait here, whatever its busy timeout says.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(AGAIN_SECONDS)
        else:
            return


def _lower(text: object) -> object:
    """Lower case of every alphabet: SQLite's own knows only the letters of ASCII."""
    return text.lower() if isinstance(text, str) else text


def _make_room(target: URL, create: bool) -> None:
    """Make the folder of an SQLite file, or insist that the file is there."""
    file = Path(target.database or "")
    if not create and not file.exists():
        raise StoreInputError(f"{file}: no such database; name another with --database or KGQA_DATABASE_URL")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreachableError(f"{file.parent}: {error.strerror}; set KGQA_DATABASE_URL to another place") from None


@contextmanager
def _speaking_plainly(target: URL) -> Iterator[None]:
    """Turn what the driver says into one line with a remedy."""
    remedy = "see that it runs, or set KGQA_DATABASE_URL"
    if target.get_backend_name() == "sqlite":
        remedy = "see that the file can be read and written, or set KGQA_DATABASE_URL"
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise UnreachableError(f"cannot use the database {masked(target)}: {_first_line(error)}; {remedy}") from None
    except IntegrityError as error:
        raise StoreInputError(f"not stored: {_first_line(error)}") from error
    except DatabaseError as error:
        raise StoreError(f"the database {masked(target)} refused: {_first_line(error)}; {remedy}") from error


def _first_line(error: SQLAlchemyError) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _dump_json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
