"""Does a model know what it doesn't know? Questions with an answer beside three kinds that have none.

A question loses its answer when the facts between its entities and its answers are taken out of the graph; a question
about another graph has none here; and some of what people type is no question (`no_questions.txt`). The confidence is
fitted anew on half of all these and measured on the other half, and the other way round: nothing is measured on
questions that it was fitted on. The threshold that the model ships with is measured as it is.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from kgqa.errors import InputError
from kgqa.graph.sparse import SparseGraph
from kgqa.graph.store import KnowledgeGraph
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import load_trained, trained_state
from kgqa.training.questions import Question, answer_set

NO_QUESTIONS = Path(__file__).with_name("no_questions.txt")
BINS = 15
AUROC, CALIBRATION_ERROR, RIGHT, ANSWERED = 95.0, 5.0, 97.0, 90.0  # what is asked for, in percent


@dataclass(frozen=True)
class Asked:
    """How one question went. `right` is whether its top answer is, were it given."""

    kind: str
    answerable: bool
    right: bool
    evidence: Tensor  # (EVIDENCE,)


def run(
    answerer: Answerer, questions: Sequence[Question], foreign: Sequence[Question], count: int, seed: int
) -> dict[str, Any]:
    """Area under the ROC curve, expected calibration error, and what the shipped threshold lets through, in percent.

    Args:
        foreign: questions about another graph.
        count: questions of each kind, as far as there are so many.
    Raises:
        InputError: if no question has answers in the graph.
    """
    generator, catalog = random.Random(seed), answerer.graph.catalog
    answerable = [row for row in questions if answer_set(row, catalog)]
    if not answerable:
        raise InputError("no question has an answer in the graph of the model")
    known = generator.sample(answerable, min(2 * count, len(answerable)))
    lonely = [row for row in known if _direct(row, answerer.graph)][:count]
    others = generator.sample(list(foreign), min(count, len(foreign)))
    typed = [Question("", line, ()) for line in NO_QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = [
        *_ask(answerer, known, "answerable"),
        *_ask(without_answers(answerer, lonely), lonely, "facts removed"),
        *_ask(answerer, [Question(row.id, row.question, ()) for row in others], "another graph"),
        *_ask(answerer, typed, "no question"),
    ]
    return {"seed": seed, **_scaled(asked, generator), **_shipped(asked, answerer.calibration)}


def without_answers(answerer: Answerer, questions: Sequence[Question]) -> Answerer:
    """The same model over its graph without the facts between the entities and the answers of these questions."""
    graph, model = answerer.graph, answerer.model
    subjects, relations, objects = (column.cpu().numpy() for column in graph.sparse.triples())
    size = graph.sparse.num_entities
    pairs = np.array([pair for row in questions for pair in _direct(row, graph)], dtype=np.int64).reshape(-1, 2)
    gone = np.concatenate([pairs @ [size, 1], pairs @ [1, size]])
    kept = ~np.isin(subjects * size + objects, gone)
    rest = (subjects[kept], relations[kept], objects[kept])
    sparse = SparseGraph.from_triples(*rest, size, graph.sparse.num_relations // 2)
    reduced = JointModel(model.config, KnowledgeGraph(graph.catalog, sparse), model.index, model.names)
    load_trained(reduced, trained_state(model), "the model")
    return Answerer(reduced, answerer.calibration)


def _direct(question: Question, graph: KnowledgeGraph) -> list[tuple[int, int]]:
    """Pairs of an entity of the question and an answer one fact apart; none unless every answer is in one."""
    catalog, pairs = graph.catalog, []
    answers = answer_set(question, catalog)
    for entity in map(catalog.entity, question.entities):
        first, last = (
            int(graph.sparse.group_pointers[int(graph.sparse.entity_pointers[entity + end])]) for end in (0, 1)
        )
        near = answers.intersection(graph.sparse.objects[first:last].tolist())
        pairs += [(entity, answer) for answer in near]
    return pairs if {answer for _, answer in pairs} == answers else []


def _ask(answerer: Answerer, questions: Sequence[Question], kind: str) -> Iterator[Asked]:
    catalog = answerer.graph.catalog
    for row in tqdm(questions, desc=kind, unit="question", leave=False):
        solution = answerer.solve(row.question)
        hit = len(solution.entities) > 0 and int(solution.entities[0]) in answer_set(row, catalog)
        if kind != "facts removed":
            yield Asked(kind, kind == "answerable", hit, solution.evidence)
        elif not hit:  # else the answer was found another way
            yield Asked(kind, False, False, solution.evidence)


def _scaled(asked: Sequence[Asked], generator: random.Random) -> dict[str, Any]:
    """How well a confidence tells right from wrong or unanswerable, on questions that it was not fitted on."""
    rows = generator.sample(list(asked), len(asked))
    halves = rows[::2], rows[1::2]
    right, confidence = [], []
    for fitted, measured in (halves, halves[::-1]):
        calibration = Calibration.fit(*_columns(fitted))
        evidence, hits, _ = _columns(measured)
        confidence.append(calibration.confidence(evidence))
        right.append(hits)
    scores, known = torch.cat(confidence).numpy(), torch.cat(right).numpy()
    return {
        "auroc": _percent(auroc(scores, known)),
        "calibration_error": _percent(calibration_error(scores, known)),
        "asked": {"auroc": AUROC, "calibration_error": CALIBRATION_ERROR, "right": RIGHT, "answered": ANSWERED},
    }


def _shipped(asked: Sequence[Asked], calibration: Calibration) -> dict[str, Any]:
    """What the shipped confidence and threshold let through: over all, and the share of each kind that is answered."""
    evidence, right, answerable = _columns(asked)
    given = calibration.gives(evidence)
    kinds = dict.fromkeys(row.kind for row in asked)
    of_kind = {kind: torch.tensor([row.kind == kind for row in asked]) for kind in kinds}
    return {
        "threshold": calibration.threshold,
        "threshold_of_programs": calibration.of_programs,
        "right": _percent(float(right[given].float().mean())),
        "answered": _percent(float(given[answerable].float().mean())),
        "kinds": {
            kind: {"n": int(own.sum()), "answered": _percent(float(given[own].float().mean()))}
            for kind, own in of_kind.items()
        },
    }


def _columns(rows: Sequence[Asked]) -> tuple[Tensor, Tensor, Tensor]:
    right, answerable = ([getattr(row, part) for row in rows] for part in ("right", "answerable"))
    return torch.stack([row.evidence for row in rows]).clone(), torch.tensor(right), torch.tensor(answerable)


def auroc(scores: np.ndarray, right: np.ndarray) -> float:
    """The chance that a right answer has the higher score than a wrong one, ties counting half: shapes (N,)."""
    order = np.unique(scores, return_inverse=True)[1]
    counts = np.bincount(order)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[order]  # mean rank of ties, from 1
    hits, misses = int(right.sum()), int((~right).sum())
    if not hits or not misses:
        return float("nan")
    return float((ranks[right].sum() - hits * (hits + 1) / 2) / (hits * misses))


def calibration_error(scores: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error: the mean gap of confidence and rate of right answers over BINS equal bins."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = [
        abs(scores[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean() for one in np.unique(bins)
    ]
    return float(sum(gaps))


def _percent(share: float) -> float:
    return round(100 * share, 2)
