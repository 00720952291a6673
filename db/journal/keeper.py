"""The keeper of the journal: writes it in the background while the app runs, and once more at the end."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from db.errors import StoreError, StoreInputError
from db.journal.contents import Check
from db.journal.dataset import DataSet
from db.journal.folder import Folder
from db.journal.journal import Journal, open_journal
from db.journal.place import Place
from db.models import now
from db.session import Database

log = logging.getLogger(__name__)


class Keeper:
    """Flushes a journal every so many seconds; what goes wrong is logged, and tried again the next time."""

    def __init__(self, journal: Journal, seconds: float) -> None:
        self.journal = journal
        self.seconds = seconds
        self.behind_since: datetime | None = None
        self._reason = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a last flush."""
        self._done.set()
        self._thread.join()
        self.flush()

    @property
    def state(self) -> str:
        """Whether all that was stored is written, but for the last seconds."""
        return "ok" if self.behind_since is None else f"not written since {self.behind_since:%Y-%m-%d %H:%M} UTC"

    def flush(self) -> None:
        """Write what was stored; never raises, since nobody who asks something can do anything about it."""
        try:
            self.journal.flush()
        except StoreError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("the journal")
            self._fail(repr(error))
        else:
            if self.behind_since is not None:
                log.warning("the journal is written again; nothing was lost")
            self.behind_since, self._reason = None, ""

    def _run(self) -> None:
        self.flush()
        while not self._done.wait(self.seconds):
            self.flush()

    def _fail(self, reason: str) -> None:
        self.behind_since = self.behind_since or now()
        if reason != self._reason:
            log.warning("the journal could not be written, and will be: %s", reason)
        self._reason = reason


@contextmanager
def journaled(database: Database, place: str, seconds: float, check: Check) -> Iterator[Keeper]:
    """While this lasts, what the database holds is kept in a journal; an empty one gets what the journal holds first.

    Args:
        place: a directory (`/…` or `./…`), or a data set on the hub (`user/name`).
        seconds: how often it is written.
        check: raises `ValueError` where a dictionary is not the snapshot of an answer.
    Raises:
        StoreInputError: if it can be neither, or is the journal of another database.
        StoreError: if it cannot be read; what was erased could else not be erased in it.
    """
    keeper = Keeper(open_journal(database, find_place(place), check), seconds)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()


def find_place(given: str) -> Place:
    """The place that a setting names."""
    if Path(given).is_absolute() or given.startswith((".", "~")):
        return Folder(Path(given))
    if given.count("/") != 1:
        raise StoreInputError(f"KGQA_JOURNAL: {given!r}: write a directory as /… or ./…, or a data set as user/name")
    return DataSet(given)
