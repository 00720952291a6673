"""What do names cost as people type them? Hits@1 of the same questions, with their mentions spelt in other ways.

Only questions with gold mentions and an answer take part: the mentions say where a name is, so that it can be changed,
and nothing else. Every way to spell is held against the same questions as they are. Numbers and short codes are not
misspelt. Names with another entity's name inside ("University of Washington") are counted by themselves, as they are.
"""

import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from kgqa.errors import InputError
from kgqa.linking.spans import spans_of
from kgqa.reasoning.answerer import Answerer
from kgqa.training.evaluate import hits, outcomes
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
        "names_inside": _names_inside(answerer, usable, count, seed),
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


def _names_inside(answerer: Answerer, questions: Sequence[Question], count: int, seed: int) -> dict[str, Any]:
    """How questions go that name an entity by a name with another one's inside: is the longest taken?"""
    rows = [row for row in questions if any(_holds_another(answerer, row, mention) for mention in row.mentions)]
    drawn = random.Random(seed).sample(rows, min(count, len(rows)))
    found = [outcome for outcome, _ in outcomes(answerer, drawn, "linked")]
    share = 100 / max(len(found), 1)
    return {
        "n": len(found),
        "hits@1": round(share * sum(outcome.hit for outcome in found), 2),
        "entity_accuracy": round(share * sum(bool(outcome.linked) for outcome in found), 2),
    }


def _holds_another(answerer: Answerer, question: Question, mention: tuple[int, int, str]) -> bool:
    """Whether a mention has the name of another entity among its words."""
    start, end, entity = mention
    name = question.question[start:end]
    inside = [span.text for span in spans_of(name) if len(span.text) < len(name)]
    own = answerer.graph.catalog.entity(entity)
    return any(found and own not in found for found in answerer.index.exact(inside))


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
