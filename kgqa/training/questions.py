"""Question files: one JSON object a line, `question` and `answers` required."""

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kgqa.errors import InputError, QuestionFormatError, UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.linking.shortlist import Mention
from kgqa.reasoning.context import TURNS

AnswerValue = str | int | float | bool


@dataclass(frozen=True)
class Question:
    """One row of a question file. `entities` and `mentions` serve gold modes only, `slice` only reports.

    Rows of one `conversation` follow each other in the file; `context` are the rows before this one, the newest first.
    """

    id: str
    question: str
    answers: tuple[AnswerValue, ...]
    entities: tuple[str, ...] = ()
    mentions: tuple[tuple[int, int, str], ...] = ()
    slice: str = "all"
    conversation: str = ""
    context: tuple["Question", ...] = ()

    def to_line(self) -> str:
        """The row as a line of a question file."""
        mentions = [{"start": start, "end": end, "entity": entity} for start, end, entity in self.mentions]
        row = {**asdict(replace(self, context=())), "mentions": mentions}
        del row["context"]
        if not self.conversation:
            del row["conversation"]
        return json.dumps(row, ensure_ascii=False) + "\n"


def read_questions(path: Path) -> list[Question]:
    """Read a .jsonl or .jsonl.gz question file.

    Raises:
        QuestionFormatError: `file:line: reason`.
    """
    questions = [_question(path, number, line) for number, line in _lines(path)]
    if not questions:
        raise QuestionFormatError(f"{path}: no questions in it; one JSON object a line is expected")
    return in_context(questions)


def in_context(questions: Iterable[Question]) -> list[Question]:
    """The questions, each with those before it in its conversation, the newest first."""
    rows: list[Question] = []
    for row in questions:
        before = rows[-1] if rows and row.conversation and rows[-1].conversation == row.conversation else None
        context = (before, *before.context)[:TURNS] if before else ()
        rows.append(replace(row, context=context))
    return rows


def write_questions(path: Path, questions: Iterable[Question]) -> int:
    """Write a .jsonl or .jsonl.gz question file, which takes its place only when it is whole; returns how many."""
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        with part.open("wb") as raw, _packed(raw, path.suffix == ".gz") as file:
            for question in questions:
                file.write(question.to_line().encode())
                count += 1
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    part.replace(path)
    return count


@contextmanager
def _packed(raw: BinaryIO, packed: bool) -> Iterator[BinaryIO | gzip.GzipFile]:
    if not packed:
        yield raw
        return
    with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        yield file


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise QuestionFormatError(f"{path}: cannot be read as a question file: {error}") from error


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects of a .jsonl or .jsonl.gz file, each with its place, `file:line`.

    Raises:
        QuestionFormatError: `file:line: reason`.
    """
    for number, line in _lines(path):
        yield f"{path}:{number}", _object(path, number, line)


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise QuestionFormatError(f"{path}:{number}: not a JSON object: {error}") from error
    if not isinstance(row, dict):
        raise QuestionFormatError(f"{path}:{number}: expected a JSON object, found {type(row).__name__}")
    return row


def _question(path: Path, number: int, line: str) -> Question:
    row = _object(path, number, line)
    text, answers = row.get("question"), row.get("answers")
    if not isinstance(text, str) or not text.strip():
        raise QuestionFormatError(f'{path}:{number}: "question" must be a text that is not empty, found {text!r}')
    if not isinstance(answers, list) or not all(is_answer(answer) for answer in answers):
        raise QuestionFormatError(
            f'{path}:{number}: "answers" must be a list of entity ids, numbers, or true or false, found {answers!r}'
        )
    return Question(
        str(row.get("id", number)), text, tuple(answers), *_gold(path, number, row), str(row.get("slice", "all")),
        str(row.get("conversation") or ""),
    )  # fmt: skip


def is_answer(answer: Any) -> bool:
    """Whether it can be an answer: the id of an entity, a number, or yes or no."""
    return isinstance(answer, str | int | float)


def _gold(path: Path, number: int, row: dict[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[int, int, str], ...]]:
    try:
        mentions = tuple((int(m["start"]), int(m["end"]), str(m["entity"])) for m in row.get("mentions") or ())
        return tuple(map(str, row.get("entities") or ())), mentions
    except (KeyError, TypeError, ValueError) as error:
        raise QuestionFormatError(
            f'{path}:{number}: "mentions" must hold objects with start, end and entity ({error!r})'
        ) from error


def answer_set(question: Question, catalog: Catalog) -> frozenset[int]:
    """The answers as entities of the graph; a number stands for the values of that number.

    Answers that the graph lacks are left out: no path can lead to them.
    """
    return frozenset(entity for answer in question.answers for entity in _entities(answer, catalog))


def _entities(answer: AnswerValue, catalog: Catalog) -> list[int]:
    if isinstance(answer, bool):
        return []
    try:
        return [catalog.entity(str(answer))]
    except UnknownEntityError:
        pass
    try:
        number = float(answer)
    except ValueError:
        return []
    found: list[int] = np.flatnonzero(np.isclose(catalog.values, number, rtol=1e-9, atol=0.0)).tolist()
    return found


def gold_mentions(question: Question, catalog: Catalog, mode: str) -> list[Mention]:
    """What the mode `gold` or `gold-span` lets the linker use of a question."""
    if mode == "gold-span":
        return [Mention(start, end) for start, end, _ in question.mentions]
    mentions = [Mention(start, end, catalog.entity(entity)) for start, end, entity in question.mentions]
    located = {entity for _, _, entity in question.mentions}
    rest = [catalog.entity(entity) for entity in question.entities if entity not in located]
    return mentions + [Mention(0, len(question.question), entity) for entity in rest]
