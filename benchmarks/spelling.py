"""What do names cost as people type them? Hits@1 of the same questions, with their mentions spelt in other ways.

Only questions with gold mentions and an answer take part: the mentions say where a name is, so that it can be changed,
and nothing else. Every way to spell is held against the same questions as they are. Numbers and short codes are not
misspelt.
"""

import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from kgqa.errors import InputError
from kgqa.reasoning.answerer import Answerer
from kgqa.training.evaluate import hits
from kgqa.training.questions import Question
from kgqa.training.typing_errors import misspell

Spelling = Callable[[str, random.Random], str]

# Letters that a name needs to be misspelt so often: a wrong digit makes another number, a wrong letter another code.
RECOGNISABLE = {1: 5, 2: 8}

# What each way to spell may cost, in points of Hits@1.
TARGETS = {
    "lower_case": 0.0,
    "no_accents": 0.0,
    "the": 0.0,
    "possessive": 0.0,
    "plural": 0.0,
    "one_typing_error": 2.0,
    "two_typing_errors": 6.0,
}


def run(answerer: Answerer, questions: Sequence[Question], count: int, seed: int) -> dict[str, Any]:
    """Hits@1 for each way to spell, beside that of the same questions as they are.

    Args:
        count: how many questions are drawn.
    Raises:
        InputError: if no question has both mentions and answers.
    """
    usable = [row for row in questions if row.mentions and row.answers]
    if not usable:
        raise InputError("no question has both mentions and answers, so there are no names to spell in other ways")
    drawn = random.Random(seed).sample(usable, min(count, len(usable)))
    ways = {name: _changed(drawn, spell, seed) for name, spell in SPELLINGS.items()}
    plain = dict(zip((row.id for row in drawn), hits(answerer, drawn), strict=True))
    return {
        "seed": seed,
        "targets": TARGETS,
        "ways": {name: _held(answerer, rows, plain) for name, rows in ways.items()},
    }


def respelt(question: Question, spell: Callable[[str], str]) -> Question:
    """The question with every mention spelt in another way; gold entities and answers stay."""
    text, mentions, end = "", [], 0
    for start, stop, entity in sorted(question.mentions):
        text += question.question[end:start]
        name = spell(question.question[start:stop])
        mentions.append((len(text), len(text) + len(name), entity))
        text, end = text + name, stop
    return Question(
        question.id,
        text + question.question[end:],
        question.answers,
        question.entities,
        tuple(mentions),
        question.slice,
    )


def _changed(drawn: Sequence[Question], spell: Spelling, seed: int) -> list[Question]:
    """The questions that this way to spell changes."""
    generator = random.Random(seed)
    rows = [(row, respelt(row, lambda name: spell(name, generator))) for row in drawn]
    return [new for row, new in rows if new.question != row.question]


def _held(answerer: Answerer, rows: Sequence[Question], plain: dict[str, bool]) -> dict[str, Any]:
    """How the changed questions go, and how they went as they were."""
    before, after = sum(plain[row.id] for row in rows), sum(hits(answerer, rows))
    share = 100 / max(len(rows), 1)
    return {
        "n": len(rows),
        "as_it_is": round(share * before, 2),
        "hits@1": round(share * after, 2),
        "cost": round(share * (before - after), 2),
    }


def _no_accents(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))


def _with_errors(errors: int) -> Spelling:
    def spell(name: str, generator: random.Random) -> str:
        return misspell(name, errors, generator) if sum(map(str.isalpha, name)) >= RECOGNISABLE[errors] else name

    return spell


SPELLINGS: dict[str, Spelling] = {
    "lower_case": lambda name, _: name.lower(),
    "no_accents": lambda name, _: _no_accents(name),
    "the": lambda name, _: name if name.lower().startswith("the ") else f"the {name}",
    "possessive": lambda name, _: f"{name}'s",
    "plural": lambda name, _: name if name.endswith("s") else f"{name}s",
    "one_typing_error": _with_errors(1),
    "two_typing_errors": _with_errors(2),
}
