"""Somebody's own graph: a model for the files they bring, made once and found again by what is in them."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import kgqa
from kgqa.errors import InputError, ModelFormatError
from kgqa.graph.store import build_graph
from kgqa.manifest import MANIFEST, verify_manifest
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.pretrained import CONFIG, located
from kgqa.training.attach import attach
from kgqa.training.recipe import Recipe, train
from kgqa.training.trainer import TrainingArguments

Step = Callable[[str], None]
EPOCHS = 1.0  # of questions made from the graph, on top of what the parent learned


@dataclass(frozen=True)
class OwnGraph:
    """Graph files, and the trained model whose learning is taken over.

    `cache` holds a directory for each set of files; `trained` says whether the model is trained on questions made from
    the graph (minutes), and not only put onto it (seconds).
    """

    files: tuple[Path, ...]
    parent: Path
    cache: Path
    trained: bool = False

    @property
    def place(self) -> Path:
        """The directory of just these files, parent and way."""
        sha = hashlib.sha256(f"{kgqa.__version__} {self.trained} {_digest(located(self.parent) / MANIFEST)}".encode())
        for path in self.files:
            sha.update(f" {''.join(path.suffixes[-2:]).lower()} {_digest(path)}".encode())
        return self.cache / sha.hexdigest()[:16]

    def model(self, step: Step) -> Path:
        """The model directory, made unless it is there; `step` is told in words what is done.

        Raises:
            GraphFormatError: `file:line: reason`; nothing is left behind then.
            ModelFormatError: if the parent is no model.
        """
        place = self.place
        directory = place / "model"
        if _is_whole(directory):
            return directory
        with _nothing_left(place):
            graph = self._build(place / f"{self.files[0].name.split('.')[0]}.graph", step)
            self._learn(graph, directory, step)
            shutil.rmtree(graph)
        return directory

    def _build(self, directory: Path, step: Step) -> Path:
        names = ", ".join(path.name for path in self.files)
        step(f"Reading {names}")
        total = sum(path.stat().st_size for path in self.files)
        with tqdm(total=total, unit="B", unit_scale=True, desc="reading", leave=False) as bar:
            graph, report = build_graph(self.files, progress=bar.update)
        graph.save(directory)
        tqdm.write(f"{names}: {report.entities:,} entities, {report.relations} relations, {report.triples:,} triples")
        return directory

    def _learn(self, graph: Path, directory: Path, step: Step) -> None:
        command = f"python app.py --graph {' '.join(path.name for path in self.files)}"
        if not self.trained:
            step("Putting the trained model onto the graph")
            attach(_as_typed(self.parent), graph, directory, command)
            return
        step("Training on questions made from the graph")
        parent = located(self.parent)
        training = TrainingArguments(epochs=EPOCHS)
        config, _ = ModelConfig.load(parent / CONFIG)
        train(Recipe(graph, directory, model=config, training=training, start=parent, command=f"{command} --train"))


def _as_typed(parent: Path) -> Path:
    """The path from here, where it is below here: what a model card says of its parent holds elsewhere too."""
    return parent.relative_to(Path.cwd()) if parent.is_relative_to(Path.cwd()) else parent


def _is_whole(directory: Path) -> bool:
    try:
        verify_manifest(directory)
    except ModelFormatError:
        return False
    return True


@contextmanager
def _nothing_left(place: Path) -> Iterator[None]:
    """An empty place to work in, which is removed if the work is not done."""
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{place}: {error.strerror}; set KGQA_CACHE to a place that can be written") from None
    try:
        yield
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFormatError(f"{path}: {error.strerror}; check the path") from None
