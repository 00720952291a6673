"""Graph files as a stream of statements: N-Triples, Turtle, TSV, CSV and JSON lines, each also gzipped."""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import pyoxigraph

from kgqa.errors import GraphFormatError
from kgqa.graph.literals import XSD, Literal

Progress = Callable[[int], None]
BYTES_AT_ONCE = 1 << 19
SUFFIXES = (".nt", ".ttl", ".tsv", ".csv", ".jsonl")
FIELDS = ("subject", "relation", "object")
HEADERS = ({"subject", "head"}, {"relation", "predicate"}, {"object", "tail"})
POSITION = re.compile(r"^Parser error (?:at|between) .*?: | \(line \d+\)$")


class Statement(NamedTuple):
    """One line of a graph: ids of subject and relation, and the object's id or literal.

    In a table (`named`) the ids are names, and an object may be a number in the form of a name.
    """

    subject: str
    relation: str
    object: str | Literal
    named: bool


class BadLine(ValueError):
    """A line that is no statement; the message is the reason."""


class GraphFile:
    """A graph file by its name: `films.tsv`, `world.nt.gz`."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        self.gzipped = suffixes[-1:] == [".gz"]
        self.suffix = "".join(suffixes[-2:-1] if self.gzipped else suffixes[-1:])
        if self.suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise GraphFormatError(f"{self.path}: unknown kind of graph file; known are {known}, each also with .gz")
        if not self.path.is_file():
            raise GraphFormatError(f"{self.path}: no such file")

    def statements(
        self, progress: Progress | None = None, on_bad_line: Callable[[str], None] | None = None
    ) -> Iterator[Statement]:
        """Read the file from start to end.

        Args:
            progress: called with the number of bytes of the file (compressed, if it is) that were read.
            on_bad_line: called with `file:line: reason` for a line that is no statement, which is then skipped.
                Turtle is not made of lines: there, the first mistake always ends the reading.
        Raises:
            GraphFormatError: `file:line: reason` for the first bad line, without `on_bad_line`.
        """
        try:
            with self.path.open("rb", buffering=0) as raw:
                watched = io.BufferedReader(_Watched(raw, progress), 1 << 16)
                file = io.BufferedReader(gzip.GzipFile(fileobj=watched), 1 << 16) if self.gzipped else watched
                yield from self._read(file, on_bad_line or self._fail)
        except (OSError, EOFError, zlib.error) as error:
            raise GraphFormatError(f"{self.path}: {error}") from None

    def _read(self, file: IO[bytes], bad: Callable[[str], None]) -> Iterator[Statement]:
        if self.suffix == ".ttl":
            return self._turtle(file)
        if self.suffix == ".nt":
            return self._n_triples(file, bad)
        rows = {".tsv": _tab_separated, ".csv": _comma_separated, ".jsonl": _json_object}
        return self._table(file, rows[self.suffix], bad)

    def _turtle(self, file: IO[bytes]) -> Iterator[Statement]:
        try:
            for quad in pyoxigraph.parse(file, format=pyoxigraph.RdfFormat.TURTLE, lenient=True):
                yield _statement(quad)
        except SyntaxError as error:
            raise GraphFormatError(f"{self.path}:{error.lineno}: {_reason(error)}") from None
        except BadLine as error:
            raise GraphFormatError(f"{self.path}: {error}") from None

    def _n_triples(self, file: IO[bytes], bad: Callable[[str], None]) -> Iterator[Statement]:
        """Parse many lines at once; where that fails, one by one, to tell which."""
        number = 0
        while lines := file.readlines(BYTES_AT_ONCE):
            try:
                yield from _parse_lines(b"".join(lines))
            except (SyntaxError, BadLine):
                yield from self._line_by_line(lines, number, _parse_lines, bad)
            number += len(lines)

    def _table(
        self, file: IO[bytes], row: Callable[[bytes], list[Statement]], bad: Callable[[str], None]
    ) -> Iterator[Statement]:
        first = next(file, b"").removeprefix(b"\xef\xbb\xbf")
        if not _is_header(first):
            yield from self._line_by_line([first], 0, row, bad)
        yield from self._line_by_line(file, 1, row, bad)

    def _line_by_line(
        self,
        lines: Iterable[bytes],
        before: int,
        parse: Callable[[bytes], list[Statement]],
        bad: Callable[[str], None],
    ) -> Iterator[Statement]:
        for number, line in enumerate(lines, start=before + 1):
            try:
                yield from parse(line)
            except (SyntaxError, BadLine) as error:
                bad(f"{self.path}:{number}: {_reason(error)}")

    def _fail(self, message: str) -> None:
        raise GraphFormatError(message)


class _Watched(io.RawIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: io.FileIO, progress: Progress | None) -> None:
        self.file = file
        self.progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self.file.readinto(buffer) or 0
        if self.progress and count:
            self.progress(count)
        return count


def _reason(error: Exception) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return POSITION.sub("", text)


def _parse_lines(lines: bytes) -> list[Statement]:
    """Lenient about what is inside an IRI (real files have spaces there), not about the shape of a line."""
    quads = pyoxigraph.parse(lines, format=pyoxigraph.RdfFormat.N_TRIPLES, lenient=True)
    return [_statement(quad) for quad in quads]


def _statement(quad: pyoxigraph.Quad) -> Statement:
    return Statement(_id(quad.subject), quad.predicate.value, _object(quad.object), False)


def _object(term: object) -> str | Literal:
    if isinstance(term, pyoxigraph.NamedNode):
        return term.value
    if isinstance(term, pyoxigraph.Literal):
        if term.language:
            return Literal(term.value, language=term.language)
        datatype = term.datatype.value
        return Literal(term.value, "" if datatype == XSD + "string" else datatype)
    return _id(term)


def _id(term: object) -> str:
    if isinstance(term, pyoxigraph.NamedNode):
        return term.value
    if isinstance(term, pyoxigraph.BlankNode):
        return f"_:{term.value}"
    raise BadLine("a statement about a statement is not supported")


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start + 1} of the line") from None


def _is_header(line: bytes) -> bool:
    words = [word.strip().strip('"').casefold() for word in re.split("[\t,]", line.decode("utf-8", "replace"))]
    return len(words) == 3 and all(word in names for word, names in zip(words, HEADERS, strict=True))


def _tab_separated(line: bytes) -> list[Statement]:
    text = _decoded(line)
    fields = text.split("\t")
    if len(fields) != 3 and text.strip():
        shown = text[:80].replace("\t", "<TAB>")
        raise BadLine(f'expected 3 tab-separated fields, found {len(fields)}: "{shown}"')
    return _row(fields)


def _comma_separated(line: bytes) -> list[Statement]:
    text = _decoded(line)
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise BadLine(f'{error}: "{text[:80]}"') from None
    if len(fields) != 3 and text.strip():
        raise BadLine(f'expected 3 comma-separated fields, found {len(fields)}: "{text[:80]}"')
    return _row(fields)


def _row(fields: list[str]) -> list[Statement]:
    if not any(field.strip() for field in fields):
        return []
    subject, relation, object_ = (field.strip() for field in fields)
    for name, text in zip(FIELDS, (subject, relation, object_), strict=True):
        if not text:
            raise BadLine(f"the {name} is empty")
    return [Statement(subject, relation, object_, True)]


def _json_object(line: bytes) -> list[Statement]:
    text = _decoded(line)
    if not text.strip():
        return []
    try:
        row = json.loads(text)
        text.encode() if "\\u" not in text else json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadLine("half of a surrogate pair") from None
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from None
    values = row if isinstance(row, list) else [row.get(name) for name in FIELDS] if isinstance(row, dict) else []
    if len(values) != 3 or None in values:
        raise BadLine('expected {"subject": …, "relation": …, "object": …}')
    subject, relation, object_ = values
    if not isinstance(subject, str) or not isinstance(relation, str):
        raise BadLine("subject and relation must be strings")
    if isinstance(object_, str):
        return _row([subject, relation, object_])
    return [statement._replace(object=_json_number(object_)) for statement in _row([subject, relation, "value"])]


def _json_number(value: object) -> Literal:
    if isinstance(value, bool):
        return Literal("true" if value else "false", XSD + "boolean")
    if isinstance(value, int):
        return Literal(str(value), XSD + "integer")
    if isinstance(value, float):
        return Literal(repr(value), XSD + ("double" if "e" in repr(value) else "decimal"))
    raise BadLine("the object must be a string or a number")
