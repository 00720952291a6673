"""What a journal says: of each row the last line, which rows each file speaks of, and what could not be read."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from db.errors import StoreInputError
from db.journal.line import Gone, Key, Row, TurnLine, key_of, mark, read_line
from db.journal.place import Place

log = logging.getLogger(__name__)

Check = Callable[[dict[str, Any]], object]  # raises `ValueError` where a dictionary is no snapshot


@dataclass
class Held:
    """A file: its size in bytes, and the rows that it speaks of."""

    size: int
    keys: set[Key] = field(default_factory=set)


@dataclass
class Contents:
    """All files together; `lines` has the place (`file:line`) of each row's last line, and the row."""

    lines: dict[Key, tuple[str, Row]] = field(default_factory=dict)
    files: dict[str, Held] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    erased: bool = False

    @property
    def damaged(self) -> set[str]:
        """The files that hold a refused line."""
        return {place.partition(":")[0] for place in self.refused}

    @property
    def keys(self) -> set[Key]:
        """The rows that are there by what was read."""
        return {key for key, (place, _) in self.lines.items() if place not in self.refused}

    def refuse(self, place: str, reason: object) -> None:
        """Leave a line out, and its file as it is, for somebody to repair."""
        log.warning("journal: %s: %s; the line is left out; the file stays until something is erased", place, reason)
        self.refused.add(place)


def read_contents(place: Place, check: Check) -> Contents:
    """Read every file; a line that the store could not have written is named in a warning and left out."""
    contents, keys = Contents(), dict[str, Key]()
    for name, data in place.read():
        held = contents.files[name] = Held(len(data))
        for number, text in enumerate(data.splitlines(), 1):
            try:
                line = _read(text, check)
            except StoreInputError as error:
                contents.refuse(f"{name}:{number}", error)
                continue
            if isinstance(line, Gone):
                contents.erased = True
                contents.lines.pop(keys.get(line.mark, ("", "")), None)
                continue
            key = key_of(line)
            keys[mark(key)] = key
            held.keys.add(key)
            contents.lines[key] = (f"{name}:{number}", line)
    return contents


def _read(text: bytes, check: Check) -> Row | Gone:
    line = read_line(text)
    snapshots = {"snapshot": line.snapshot, "anew": line.anew} if isinstance(line, TurnLine) else {}
    for name, snapshot in snapshots.items():
        try:
            if snapshot is not None:
                check(snapshot)
        except ValueError as error:
            raise StoreInputError(f"turns.{name}: {' '.join(str(error).split())[:200]}") from None
    return line
