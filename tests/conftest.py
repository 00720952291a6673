"""What several test files share: a small joint model, really trained, once a session."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kgqa.training.recipe import Recipe, train
from kgqa.training.trainer import TrainingArguments
from tests import cinema


@dataclass(frozen=True)
class Trained:
    """A model directory, the files it was made from, and its development figures."""

    directory: Path
    graph: Path
    questions: Path
    dev: Path
    figures: dict[str, Any]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A joint model trained on the tiny world of films; less than a minute."""
    place = tmp_path_factory.mktemp("cinema")
    graph = cinema.write_graph(place / "graph.tsv")
    questions = cinema.write_questions(place / "train.jsonl", cinema.TRAIN)
    dev = cinema.write_questions(place / "dev.jsonl", cinema.DEV)
    training = TrainingArguments(epochs=10, batch_size=16, evaluations=2, seed=1)
    recipe = Recipe(graph, place / "model", (questions,), dev, training=training, command="train the tests' model")
    figures = train(recipe)
    return Trained(place / "model", graph, questions, dev, figures)


@pytest.fixture(scope="session")
def trained_model(trained: Trained) -> Path:
    """Its model directory."""
    return trained.directory
