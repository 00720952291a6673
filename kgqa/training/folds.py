"""Cross-validation: every question is asked of a model that was trained without it."""

import sys
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
from tqdm import tqdm

from kgqa.errors import InputError
from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.reasoning.answerer import Answerer
from kgqa.training.evaluate import MODES, figures_of, one_line, outcomes
from kgqa.training.metrics import Outcome
from kgqa.training.questions import Question
from kgqa.training.recipe import Recipe, calibrate, fit, indexed, made_operations, made_questions, read_all
from kgqa.training.start import kept_index

KEPT_BACK = 10  # one in so many of a fold's training questions chooses the threshold instead, with so
MADE_BACK = 500  # many made ones that a walk answers, and as many that take a program

Asked = list[tuple[Outcome, float]]


def cross_validate(recipe: Recipe, folds: int) -> dict[str, Any]:
    """Train once for each fold without its questions, and ask it those, with what each mode gives away.

    The last state of each training is taken. Nothing about a fold is chosen by its own questions: its confidence is
    fitted on questions kept back from its training and on made ones.

    Returns:
        `evaluate --json` over all questions for each mode, as each was asked of the model that had not seen it, with
        `folds`, Hits@1 of each fold by slice, and `spread`, their standard deviation.
    """
    questions = read_all(recipe.questions)
    if not 2 <= folds <= len(questions):
        raise InputError(f"--folds {folds}: expected 2 to {len(questions)}, the number of questions")
    graph = open_graph(recipe.graph)
    encoder = NameEncoder.from_pretrained(recipe.model.encoder)
    index = (recipe.start and kept_index(recipe.start, graph, encoder)) or indexed(graph, encoder)
    asked: dict[str, list[Asked]] = {mode: [] for mode in reversed(MODES)}
    for number, (seen, unseen) in enumerate(parted(questions, folds, recipe.training.seed)):
        answerer = _answerer(recipe, graph, encoder, index, seen, unseen)
        for mode, rows in asked.items():
            rows.append(list(outcomes(answerer, unseen, mode)))
        done = figures_of(asked["linked"][-1])
        tqdm.write(f"fold {number + 1}/{folds}  {one_line(done)}", file=sys.stderr)
    return {mode: _together(rows) for mode, rows in asked.items()}


def parted(questions: Sequence[Question], folds: int, seed: int) -> Iterator[tuple[list[Question], list[Question]]]:
    """For each fold the questions of the others and its own; every slice is spread evenly over the folds."""
    shuffled = Random(seed).sample(list(questions), len(questions))
    order = sorted(shuffled, key=lambda row: row.slice)
    for fold in range(folds):
        own = order[fold::folds]
        rest = [row for place, row in enumerate(order) if place % folds != fold]
        yield Random(seed).sample(rest, len(rest)), own


def _answerer(
    recipe: Recipe,
    graph: KnowledgeGraph,
    encoder: NameEncoder,
    index: EntityIndex,
    seen: Sequence[Question],
    unseen: Sequence[Question],
) -> Answerer:
    back, kept = list(seen[::KEPT_BACK]), [row for place, row in enumerate(seen) if place % KEPT_BACK]
    back += made_questions(graph, encoder, MADE_BACK, recipe.training.seed + 1, [*seen, *unseen])
    model, _ = fit(recipe, graph, encoder, kept, back, index, unseen=unseen)
    count = 0 if model.decoder is None else MADE_BACK
    back += made_operations(graph, encoder, count, recipe.training.seed + 1, [*seen, *unseen])
    return Answerer(model, calibrate(model, back, made=True))


def _together(folds: Sequence[Asked]) -> dict[str, Any]:
    figures = figures_of(row for fold in folds for row in fold)
    each = [figures_of(fold) for fold in folds]
    hits = {
        name: [row["slices"][name]["hits@1"] for row in each if name in row["slices"]] for name in figures["slices"]
    } | {"all": [row["hits@1"] for row in each]}
    spread = {name: round(float(np.std(values, ddof=1)), 2) for name, values in hits.items() if len(values) > 1}
    return {**figures, "folds": hits, "spread": spread}
