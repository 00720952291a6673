"""A journal in a directory: a disk that stays, or a bucket that is mounted there."""

import os
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from db.errors import StoreError, StoreInputError
from db.journal.place import NAME


class Folder:
    """A `Place`: files are written beside their place, renamed, and gone when they are removed.

    Raises:
        StoreInputError: if there is no such directory that can be written; it isn't made, since that hides a mount
            that is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser()
        if not self.path.is_dir():
            raise StoreInputError(f"KGQA_JOURNAL: {path}: there is no such directory; mount it, or make it first")
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise StoreInputError(f"KGQA_JOURNAL: {path}: this directory can't be written; change whose it is")

    def __str__(self) -> str:
        return str(self.path)

    def names(self) -> set[str]:
        """The files that are there."""
        with _plainly(self.path):
            return {path.name for path in self.path.iterdir() if NAME.fullmatch(path.name)}

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Every file, in the order of their names; what a stopped process left half-written is removed."""
        with _plainly(self.path):
            for path in self.path.glob(".*.jsonl"):
                if NAME.fullmatch(path.name[1:]):
                    path.unlink(missing_ok=True)
        for name in sorted(self.names()):
            with _plainly(self.path):
                data = (self.path / name).read_bytes()
            yield name, data

    def put(self, files: Mapping[str, bytes], old: Set[str]) -> None:
        """Write new files, each whole or not at all, and then remove old ones."""
        with _plainly(self.path):
            for name, data in files.items():
                beside = self.path / f".{name}"
                with beside.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self.path / name)
            for name in old:
                (self.path / name).unlink(missing_ok=True)


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the journal {path} cannot be used: {error.strerror or error}; see that it is there"
        ) from None
