"""From a graph and question files to a model directory: the whole of `python -m kgqa train`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import save_pretrained
from kgqa.training.card import Card, digest, model_card
from kgqa.training.checkpoint import Checkpoint
from kgqa.training.evaluate import evaluate, one_line, quick_outcomes
from kgqa.training.metrics import summarise
from kgqa.training.questions import Question, read_questions
from kgqa.training.trainer import Trainer, TrainingArguments, seed_everything

EXAMPLES = 6


@dataclass(frozen=True)
class Recipe:
    """What to train on, and how. `watched` development questions are asked after every evaluation interval."""

    graph: Path
    questions: Path
    dev: Path
    out: Path
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingArguments = field(default_factory=TrainingArguments)
    examples: Path | None = None
    watched: int = 1000
    command: str = ""


def train(recipe: Recipe, resume: bool = False) -> dict[str, Any]:
    """Train, calibrate, measure on all development questions, and write the model directory.

    Returns:
        the development figures.
    """
    questions, dev = read_questions(recipe.questions), read_questions(recipe.dev)
    examples = _examples(recipe, dev)
    checkpoint = Checkpoint(recipe.out.with_name(recipe.out.name + ".checkpoint"))
    seed_everything(recipe.training.seed)
    model = new_model(recipe.model, open_graph(recipe.graph))
    trainer = Trainer(model, questions, recipe.training, _watcher(dev[: recipe.watched]), checkpoint, resume)
    seconds = trainer.train()
    model.eval()
    answerer = Answerer(model, calibrate(model, dev), digest(recipe.questions)[:12], examples)
    figures = evaluate(answerer, dev)
    tqdm.write(one_line(figures))
    card = Card(recipe.command, recipe.training, recipe.questions, recipe.dev, len(questions), seconds, figures)
    save_pretrained(answerer, recipe.out, model_card(card, model), figures)
    checkpoint.remove()
    return figures


def new_model(config: ModelConfig, graph: KnowledgeGraph) -> JointModel:
    """An untrained model over a graph, its names indexed."""
    encoder = NameEncoder.from_pretrained(config.encoder)
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    with tqdm(unit="name", desc="indexing names", leave=False) as bar:
        index = EntityIndex.build(graph.catalog, degrees, encoder, _advance(bar))
    return JointModel(config, graph, index, encoder)


def calibrate(model: JointModel, questions: Sequence[Question]) -> Calibration:
    """Fit the confidence on how development questions go."""
    rows = list(quick_outcomes(model, questions))
    right = torch.tensor([row.hit for row, _ in rows])
    answerable = torch.tensor([bool(question.answers) for question in questions])
    return Calibration.fit(torch.stack([found for _, found in rows]).clone(), right, answerable)


def _watcher(dev: Sequence[Question]) -> Callable[[JointModel], tuple[float, str]]:
    def watch(model: JointModel) -> tuple[float, str]:
        figures = summarise(row for row, _ in quick_outcomes(model, dev))
        return figures["hits@1"] + figures["f1"], one_line(figures)

    return watch


def _advance(bar: "tqdm[Any]") -> Callable[[int, int], None]:
    def advance(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return advance


def _examples(recipe: Recipe, dev: Sequence[Question]) -> list[str]:
    """Questions for the page to offer: those given, or some of the development questions."""
    if recipe.examples is not None:
        return [line.strip() for line in recipe.examples.read_text(encoding="utf-8").splitlines() if line.strip()]
    answerable = [row.question for row in dev if row.answers]
    return answerable[:: max(1, len(answerable) // EXAMPLES)][:EXAMPLES]
