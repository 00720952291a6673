"""Lessons: corrections as questions to train on, each with the way to its answers and how much it counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.context import Context
from kgqa.training.agreement import SURE, Voice, weights
from kgqa.training.conversations import contexts_of
from kgqa.training.corrections import OUTVOTED, UNKNOWN, Chosen, Correction, check_not_empty
from kgqa.training.questions import Question, answer_set
from kgqa.training.variants import Variants, Way
from kgqa.types import Choices, EntityChoice


@dataclass(frozen=True)
class Lesson:
    """A correction with answers that the graph has."""

    correction: Correction
    way: Way | None
    weight: float

    @property
    def question(self) -> Question:
        """The row that training reads."""
        return self.correction.as_question


def lessons(
    answerer: Answerer, variants: Variants, chosen: Chosen, path: Path, agreement: bool = True
) -> tuple[list[Lesson], Chosen]:
    """What there is to learn, and the choice without what is outweighed or says nothing about this graph.

    Args:
        agreement: whether it counts how many people say so; otherwise every correction counts in full.
    Raises:
        InputError: if nothing is left to learn from.
    """
    chosen = replace(chosen, corrections=tuple(_answered(answerer, each) for each in chosen.corrections))
    catalog = answerer.graph.catalog
    chosen = chosen.but([bool(answer_set(each.as_question, catalog)) for each in chosen.corrections], UNKNOWN)
    ways = dict(variants.explained([each.as_question for each in chosen.corrections]))
    voices = [Voice(e, ways.get(e.as_question), _contradicted(answerer, e)) for e in chosen.corrections]
    counted = weights(voices) if agreement else [1.0] * len(voices)
    chosen = chosen.but([weight > 0 for weight in counted], OUTVOTED)
    check_not_empty(chosen, path)
    found = zip(voices, counted, strict=True)
    return [Lesson(voice.correction, voice.way, weight) for voice, weight in found if weight > 0], chosen


def held_out(found: Sequence[Lesson], share: float, seed: int) -> tuple[list[Lesson], list[Lesson]]:
    """Lessons to learn, and a share of them to be measured on; all about one question are on one side."""
    groups: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in found:
        groups[lesson.correction.key].append(lesson)
    keys = sorted(groups)
    count = min(max(1, round(share * len(keys))), len(keys) - 1) if share else 0
    back = set(Random(seed).sample(keys, count))
    taught = [lesson for key in keys if key not in back for lesson in groups[key]]
    return taught, [lesson for key in keys if key in back for lesson in groups[key]]


def explained_anew(variants: Variants, taught: Sequence[Lesson]) -> list[Lesson]:
    """The lessons with the ways that names which were learned since open."""
    ways = dict(variants.explained([lesson.question for lesson in taught]))
    return [replace(lesson, way=ways.get(lesson.question)) for lesson in taught]


def hints(answerer: Answerer, taught: Sequence[Lesson]) -> dict[str, int]:
    """For the text of a question the entity that people say is meant in it."""
    catalog = answerer.graph.catalog
    meant = ((lesson.question.question, lesson.correction.meant(catalog)) for lesson in taught)
    return {text: entity for text, entity in meant if entity is not None}


def _answered(answerer: Answerer, correction: Correction) -> Correction:
    """A linking choice alone has the answers that the model comes to from the entity that was chosen."""
    if correction.answers or correction.hint is None or correction.meant(answerer.graph.catalog) is None:
        return correction
    start = correction.question.casefold().find(correction.hint.mention.casefold())
    if start < 0 or not correction.hint.mention:
        return correction
    meant = EntityChoice(start, start + len(correction.hint.mention), correction.hint.entity)
    answer = answerer.answer(correction.question, Choices((meant,)), _context(answerer, correction))
    return replace(correction, answers=tuple(each.id for each in answer.answers))


def _context(answerer: Answerer, correction: Correction) -> Context:
    """What was said before."""
    return contexts_of(answerer.model, [correction.as_question])[0]


def _contradicted(answerer: Answerer, correction: Correction) -> bool:
    """Whether the model is sure of another answer."""
    answer = answerer.answer(correction.question, context=_context(answerer, correction))
    catalog = answerer.graph.catalog
    if answer.abstained or answer.confidence < SURE:
        return False
    return catalog.entity(answer.answers[0].id) not in answer_set(correction.as_question, catalog)
