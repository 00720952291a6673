"""The journal: what differs from what it says is written, and files that hold what is gone are replaced."""

import secrets
import threading
from collections.abc import Iterable, Iterator, Set

from db.errors import StoreInputError
from db.journal.contents import Check, Contents, Held, read_contents
from db.journal.line import Key, write_gone
from db.journal.place import Place
from db.journal.restore import is_empty, restore
from db.journal.watch import lines, states
from db.models import now
from db.session import Database

FILE_SIZE = 4_000_000  # a data set keeps files of more than ten million bytes elsewhere, beyond its history
MOST_FILES = 100


class Journal:
    """What the files of a place say, and what the database held when that was written.

    The last line about a row holds. A flush writes the rows that differ. What was deleted must not be read again, nor
    by anybody: the files that speak of it are replaced by one with what else they hold.
    """

    def __init__(self, database: Database, place: Place, contents: Contents) -> None:
        self.database = database
        self.place = place
        self._files = contents.files
        self._damaged = set() if contents.erased else contents.damaged
        self._known: dict[Key, int | None] = dict.fromkeys(contents.keys)
        self._old = contents.files.keys() - self._damaged
        self._process = secrets.token_hex(4)
        self._last = max((int(name[:20]) for name in contents.files), default=0)
        self._flushing = threading.Lock()

    def flush(self) -> None:
        """Write what was stored since the last flush; if that fails, the next one writes it.

        Raises:
            StoreError: if the database or the place cannot be used.
        """
        changed = self.database.changed
        with self._flushing:
            if not changed.is_set() and not self._old:
                return
            changed.clear()
            try:
                self._write()
            except BaseException:
                changed.set()
                raise

    def _write(self) -> None:
        with self.database.reader() as session:
            there = states(session)
            gone = self._known.keys() - there.keys()
            old = self._old | self._speaking_of(gone) | self._small()
            kept = {key for name in old & self._files.keys() for key in self._files[name].keys if key in there}
            differ = {key for key, state in there.items() if self._known.get(key) != state}
            files = dict(self._packed([*lines(session, kept | differ), *((key, write_gone(key)) for key in gone)]))
        self._old = old | files.keys()  # if the place fails, nobody knows which of them are there
        self.place.put({name: data for name, (data, _) in files.items()}, old)
        self._old, self._known = set(), dict(there)
        self._files = {name: held for name, held in self._files.items() if name not in old}
        self._files |= {name: Held(len(data), keys) for name, (data, keys) in files.items()}
        self._damaged -= old

    def _speaking_of(self, gone: Set[Key]) -> Set[str]:
        """Files that hold what is gone, or may: what could not be read may be anything."""
        if not gone:
            return set()
        return self._damaged | {name for name, held in self._files.items() if not gone.isdisjoint(held.keys)}

    def _small(self) -> Set[str]:
        """Files to be made one, if there are too many."""
        if len(self._files) < MOST_FILES:
            return set()
        return {name for name, held in self._files.items() if held.size < FILE_SIZE // 2} - self._damaged

    def _packed(self, written: Iterable[tuple[Key, str]]) -> Iterator[tuple[str, tuple[bytes, set[Key]]]]:
        """The lines as files, by name: bytes, and the rows that they speak of."""
        self._last = max(int(now().strftime("%Y%m%d%H%M%S%f")), self._last + 1)
        number, data, keys = 0, bytearray(), set[Key]()
        for key, line in written:
            if len(data) > FILE_SIZE:
                yield self._name(number), (bytes(data), keys)
                number, data, keys = number + 1, bytearray(), set()
            data += line.encode() + b"\n"
            keys.add(key)
        if data:
            yield self._name(number), (bytes(data), keys)

    def _name(self, number: int) -> str:
        return f"{self._last:020d}-{self._process}-{number:03d}.jsonl"


def open_journal(database: Database, place: Place, check: Check) -> Journal:
    """The journal of a database; one without rows gets those of the journal.

    A database that has rows is the newer one: what the journal has beyond it was deleted.

    Raises:
        StoreInputError: if the database has rows, and the journal is one of other rows.
        StoreError: if the database or the place cannot be used.
    """
    contents = read_contents(place, check)
    with database.writer() as session:
        if is_empty(session):
            restore(session, contents)
        elif _said(contents.keys) and _said(contents.keys).isdisjoint(states(session)):
            raise StoreInputError(
                f"KGQA_JOURNAL: {place} is the journal of another database; name another place, or an empty database"
            )
    return Journal(database, place, contents)


def _said(keys: Set[Key]) -> set[Key]:
    """All but the model versions, which different databases have in common."""
    return {key for key in keys if key[0] != "model_versions"}
