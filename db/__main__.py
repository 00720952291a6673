"""Commands of the store: `python -m db export` and `python -m db upgrade`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from db.errors import StoreError
from db.export import export_feedback
from db.migrate import current_revision
from db.models import REVIEW_STATUSES
from db.session import masked, open_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except StoreError as error:
        print(f"db: {error}", file=sys.stderr)
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """The verbs and their options."""
    top = argparse.ArgumentParser(prog="python -m db", description="The store of conversations and feedback.")
    verbs = top.add_subparsers(required=True, metavar="COMMAND")
    export = verbs.add_parser("export", help="write feedback as question rows")
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file to write: JSON lines, or a sheet if it ends in .csv",
    )
    export.add_argument(
        "--status", action="append", choices=REVIEW_STATUSES, help="only feedback so reviewed (default: all)"
    )
    export.add_argument(
        "--all",
        action="store_true",
        help="also feedback that its authors do not allow to be trained on, to look at: its rows say consent false",
    )
    export.set_defaults(command=run_export)
    upgrade = verbs.add_parser("upgrade", help="run the migrations that the database lacks")
    upgrade.set_defaults(command=run_upgrade)
    for verb in (export, upgrade):
        verb.add_argument("--database", metavar="URL", help="instead of KGQA_DATABASE_URL")
    return top


def run_export(options: argparse.Namespace) -> int:
    """Write the file and say how much is in it."""
    database = open_database(options.database, create=False)
    try:
        with database.reader() as session:
            report = export_feedback(
                session=session,
                path=options.out,
                statuses=options.status or REVIEW_STATUSES,
                only_allowed=not options.all,
            )
    finally:
        database.close()
    rows = "1 row" if report.rows == 1 else f"{report.rows} rows"
    print(f"{rows} written to {options.out}, {report.without_answers} without answers")
    if report.left_out:
        print(f"{report.left_out} left out: not allowed to be trained on; --all writes them too, to look at")
    return 0


def run_upgrade(options: argparse.Namespace) -> int:
    """Open the database, which migrates it, and say where it is now."""
    database = open_database(options.database)
    try:
        with database.engine.connect() as connection:
            revision = current_revision(connection)
    finally:
        database.close()
    print(f"{masked(database.engine.url)} is at revision {revision}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
