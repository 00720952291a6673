"""Corrections: what people say is right, as `python -m db export` writes it, and what of it may be learned from."""

import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kgqa.errors import InputError, QuestionFormatError, UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.training.questions import AnswerValue, Question, is_answer, read_rows

STATUSES = ("pending", "accepted", "rejected", "lacks_fact")
_WORDS = re.compile(r"\w+")

NOT_ALLOWED = "not allowed to be trained on"
REJECTED = "rejected"
NOT_REVIEWED = "not reviewed"
LACKING = "the graph lacks the fact"
SILENT = "without an answer or a linking choice"
UNKNOWN = "with answers that the graph lacks"
TOO_MANY = "beyond what one person may contribute"
OUTVOTED = "outweighed by what others say"


@dataclass(frozen=True)
class Hint:
    """A linking choice: what a mention in the question means."""

    mention: str
    entity: str


@dataclass(frozen=True)
class Correction:
    """What one or more people say is the answer to a question, or what a mention in it means, or both.

    `agreeing` and `dissenting` are how many people say so and say otherwise, of all that the store knows of, whether
    or not they allow training on their words. `contributors` are the pseudonyms of those whose words are here.
    """

    question: str
    answers: tuple[AnswerValue, ...]
    hint: Hint | None = None
    contributors: frozenset[str] = frozenset()
    reviewed: bool = True
    agreeing: int = 1
    dissenting: int = 0
    context: tuple[Question, ...] = ()
    leans: bool = False

    @property
    def key(self) -> str:
        """Equal for questions that differ in case, spaces and punctuation alone, and so do those that they lean on."""
        leaned_on = [before.question for before in self.context] if self.leans else []
        return "\n".join(map(_folded, (self.question, *leaned_on)))

    @property
    def as_question(self) -> Question:
        """The row that training reads; its slice only reports."""
        return Question("", self.question, self.answers, slice="corrections", context=self.context)

    def meant(self, catalog: Catalog) -> int | None:
        """The entity that the linking choice names; None where there is none, or the graph lacks it."""
        if self.hint is None:
            return None
        try:
            return catalog.entity(self.hint.entity)
        except UnknownEntityError:
            return None

    def to_line(self) -> str:
        """All that training depends on, as one line."""
        hint = (self.hint.mention, self.hint.entity) if self.hint else None
        said = (self.question, sorted(map(str, self.answers)), hint, sorted(self.contributors), self.reviewed)
        before = [(each.question, each.answers) for each in self.context]
        return json.dumps((*said, self.agreeing, self.dissenting, before, self.leans)) + "\n"


@dataclass(frozen=True)
class Chosen:
    """The corrections to learn from, how many rows they were, and how many rows were left out, by reason."""

    corrections: tuple[Correction, ...]
    rows: int
    left_out: Counter[str]

    @property
    def people(self) -> int:
        """How many people contributed."""
        return len(frozenset[str]().union(*(each.contributors for each in self.corrections)))

    @property
    def digest(self) -> str:
        """SHA-256 of all that training depends on."""
        lines = sorted(each.to_line() for each in self.corrections)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def but(self, kept: Sequence[bool], reason: str) -> "Chosen":
        """Without those that are not kept, for this reason."""
        rest = tuple(each for each, keep in zip(self.corrections, kept, strict=True) if keep)
        lost = Counter({reason: len(self.corrections) - len(rest)})
        return replace(self, corrections=rest, left_out=self.left_out + lost)

    def reasons(self) -> str:
        """Why what was left out was left out."""
        return ", ".join(f"{count} {reason}" for reason, count in self.left_out.most_common())


def choose(path: Path, unreviewed: bool, most: int) -> Chosen:
    """What may be learned from a feedback file: accepted by a reviewer, and allowed by the person.

    Args:
        unreviewed: take what waits for a review as well.
        most: rows that one person may contribute; those that were reviewed come first, then the latest.
    Raises:
        QuestionFormatError: `file:line: reason`.
        InputError: if nothing is left to learn from.
    """
    left_out: Counter[str] = Counter()
    taken: dict[str, list[Correction]] = defaultdict(list)
    for place, row in read_rows(path):
        reason = _reason(place, row, unreviewed)
        if reason:
            left_out[reason] += 1
        else:
            taken[_contributor(place, row)].append(_correction(place, row))
    kept = [each for rows in taken.values() for each in _latest(rows, most)]
    left_out[TOO_MANY] += sum(map(len, taken.values())) - len(kept)
    return Chosen(_merged(kept), len(kept), +left_out)


def check_not_empty(chosen: Chosen, path: Path) -> None:
    """Refuse to learn from nothing; raises `InputError` with what would help."""
    if chosen.corrections:
        return
    if not chosen.left_out:
        raise InputError(f"{path}: empty, so there is nothing to learn from; nobody has corrected an answer yet")
    remedy = "accept some on the review page and export again"
    if chosen.left_out[NOT_REVIEWED]:
        remedy += ", or give --unreviewed"
    raise InputError(f"{path}: nothing to learn from ({chosen.reasons()}); {remedy}")


def _latest(rows: Sequence[Correction], most: int) -> list[Correction]:
    order = sorted(range(len(rows)), key=lambda place: (not rows[place].reviewed, -place))
    return [rows[place] for place in order[:most]]


def _merged(rows: Sequence[Correction]) -> tuple[Correction, ...]:
    """One correction for all who say the same."""
    found: dict[tuple[object, ...], Correction] = {}
    for row in rows:
        said = row.key, frozenset(map(str, row.answers)), row.hint
        known = found.get(said, row)
        found[said] = replace(
            known,
            contributors=known.contributors | row.contributors,
            reviewed=known.reviewed or row.reviewed,
            agreeing=max(known.agreeing, row.agreeing),
            dissenting=max(known.dissenting, row.dissenting),
        )
    return tuple(found.values())


def _reason(place: str, row: dict[str, Any], unreviewed: bool) -> str:
    """Why a row is not learned from; empty if it is."""
    status, allowed = row.get("status", "pending"), row.get("consent", False)
    if status not in STATUSES:
        raise QuestionFormatError(f'{place}: "status" must be one of {", ".join(STATUSES)}, found {status!r}')
    if not isinstance(allowed, bool):
        raise QuestionFormatError(f'{place}: "consent" must be true or false, found {allowed!r}')
    if not allowed:
        return NOT_ALLOWED
    if status == "pending" and not unreviewed:
        return NOT_REVIEWED
    if status in ("rejected", "lacks_fact"):
        return REJECTED if status == "rejected" else LACKING
    return "" if _answers(place, row) or _hint(place, row) else SILENT


def _correction(place: str, row: dict[str, Any]) -> Correction:
    return Correction(
        _question(place, row),
        _answers(place, row),
        _hint(place, row),
        frozenset([_contributor(place, row)]),
        row.get("status") == "accepted",
        _number(place, row, "agreeing", 1),
        _number(place, row, "dissenting", 0),
        _context(place, row),
        row.get("leans") is True,
    )


def _folded(question: str) -> str:
    folded = unicodedata.normalize("NFKC", question).casefold()
    return " ".join(_WORDS.findall(folded)) or folded


def _context(place: str, row: dict[str, Any]) -> tuple[Question, ...]:
    """The turns before it, the newest first, each with those before it."""
    rows = row.get("context", [])
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise QuestionFormatError(f'{place}: "context" must be a list of objects with question and answers')
    context: tuple[Question, ...] = ()
    for each in reversed(rows):
        context = (Question("", _question(place, each), _answers(place, each), context=context), *context)
    return context


def _answers(place: str, row: dict[str, Any]) -> tuple[AnswerValue, ...]:
    """Entities and numbers; what is answered by yes or no teaches this model nothing."""
    answers = row.get("answers")
    if not isinstance(answers, list) or not all(isinstance(answer, str | int | float) for answer in answers):
        raise QuestionFormatError(f'{place}: "answers" must be a list of entity ids or numbers, found {answers!r}')
    return tuple(answers) if all(is_answer(each) and not isinstance(each, bool) for each in answers) else ()


def _hint(place: str, row: dict[str, Any]) -> Hint | None:
    meant = row.get("corrected_entity")
    if not meant:
        return None
    if not isinstance(meant, dict) or not all(isinstance(meant.get(name), str) for name in ("mention", "id")):
        raise QuestionFormatError(f'{place}: "corrected_entity" must have a mention and an id, found {meant!r}')
    return Hint(meant["mention"].strip(), meant["id"])


def _question(place: str, row: dict[str, Any]) -> str:
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise QuestionFormatError(f'{place}: "question" must be a text that is not empty, found {text!r}')
    return text


def _contributor(place: str, row: dict[str, Any]) -> str:
    """The pseudonym of who said it; all whose name is not given count as one person."""
    name = row.get("contributor", "")
    if not isinstance(name, str):
        raise QuestionFormatError(f'{place}: "contributor" must be a text, found {name!r}')
    return name


def _number(place: str, row: dict[str, Any], name: str, least: int) -> int:
    value = row.get(name, least)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise QuestionFormatError(f'{place}: "{name}" must be a whole number of at least {least}, found {value!r}')
    return value
