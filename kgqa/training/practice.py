"""Practice: what a fine-tuning trains on and is measured on, beside the corrections themselves."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from kgqa.reasoning.answerer import Answerer
from kgqa.training.lessons import Lesson
from kgqa.training.own_questions import OwnQuestions
from kgqa.training.questions import Question, read_questions
from kgqa.training.recipe import made_questions, read_all
from kgqa.training.variants import Variants

COPIES = 4  # of a correction that counts in full
VARIANTS_EACH, LEAST_VARIANTS, MOST_VARIANTS = 30, 300, 1500
REPLAYED, LEAST_REPLAYED = 1.5, 600  # questions of its own training for each that is new
MADE_DEV = 1000
PARTS = 10  # that a weight is told apart by


def practised(variants: Variants, taught: Sequence[Lesson], unseen: Sequence[Question]) -> list[Question]:
    """The corrections, and their wordings asked of other entities, each by how much it counts.

    Args:
        unseen: questions whose text none of them has.
    """
    copies = [lesson.question for lesson in taught for _ in range(max(1, round(COPIES * lesson.weight)))]
    explained = [(lesson.question, lesson.way, lesson.weight) for lesson in taught if lesson.way]
    count = round(VARIANTS_EACH * sum(weight for _, _, weight in explained))
    chances = [(row, way) for row, way, weight in explained for _ in range(max(1, round(PARTS * weight)))]
    total = min(max(count, LEAST_VARIANTS), MOST_VARIANTS)
    return [*copies, *variants.of(chances, total, [*copies, *unseen])]


def own_questions(model: Path, replay: Sequence[Path], dev: Path | None, seed: int) -> OwnQuestions:
    """What a model directory keeps of its questions; where files are given, what is kept of theirs.

    Raises:
        QuestionFormatError: `file:line: reason`.
    """
    kept = OwnQuestions.of(model)
    given = OwnQuestions.sampled(read_all(replay), read_questions(dev) if dev else (), seed)
    return OwnQuestions(given.train or kept.train, given.dev or kept.dev)


def replayed(answerer: Answerer, own: OwnQuestions, new: int, seed: int, unseen: Sequence[Question]) -> list[Question]:
    """Questions of the model's own training for so many new ones; made from its graph where too few are known."""
    count = max(LEAST_REPLAYED, round(REPLAYED * new))
    taken = {row.question for row in unseen}
    known = [row for row in own.train if row.question not in taken]
    known = known[:: max(1, len(known) // count)][:count]
    return [*known, *made_questions(answerer.graph, answerer.model.names, count - len(known), seed, [*known, *unseen])]


def development(answerer: Answerer, own: OwnQuestions, seed: int) -> tuple[list[Question], bool]:
    """The development questions: its own, else made ones; and if they are made."""
    if own.dev:
        return list(own.dev), False
    tqdm.write("the model keeps no development questions and none are given (--dev): they are made", file=sys.stderr)
    return made_questions(answerer.graph, answerer.model.names, MADE_DEV, seed + 1), True
