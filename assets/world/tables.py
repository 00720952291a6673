"""Tables: tab-separated files with a header, read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class TableError(ValueError):
    """A table cannot be read; the message begins with `file:line:`."""


@dataclass(frozen=True)
class Row:
    path: Path
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def values(self, column: str) -> list[str]:
        """The values of a cell, in which `;` separates several."""
        return [value.strip() for value in self.cells.get(column, "").split(";") if value.strip()]

    def error(self, reason: str) -> TableError:
        return TableError(f"{self.path.name}:{self.line}: {reason}")


def read_header(path: Path) -> list[str]:
    header = path.read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
    if len(set(header)) != len(header) or not all(header):
        raise TableError(f"{path.name}:1: an empty or repeated column name in {header}")
    return header


def read_rows(path: Path) -> Iterator[Row]:
    """Every row; a wrong number of fields, an empty key or stray white space is an error."""
    header = read_header(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(header):
            raise TableError(
                f"{path.name}:{number}: expected {len(header)} tab-separated fields, found {len(fields)}: {line[:80]!r}"
            )
        row = Row(path, number, dict(zip(header, (text.strip() for text in fields), strict=True)))
        if not fields[0].strip():
            raise row.error("the first field is empty")
        yield row
