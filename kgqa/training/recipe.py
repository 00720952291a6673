"""From a graph and question files to a model directory: the whole of `python -m kgqa train`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from kgqa.errors import InputError
from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.manifest import verify_manifest
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import CONFIG, save_pretrained
from kgqa.training.card import Card, digest, model_card
from kgqa.training.checkpoint import Checkpoint
from kgqa.training.english import Words
from kgqa.training.evaluate import evaluate, fitted, one_line, quick_outcomes, ways_to_answer
from kgqa.training.lookout import Lookout
from kgqa.training.metrics import summarise
from kgqa.training.operations import OperationSynthesiser
from kgqa.training.own_questions import OwnQuestions
from kgqa.training.questions import Question, in_context, read_questions, write_questions
from kgqa.training.start import blend, kept_index, only_training, start_from
from kgqa.training.synthesis import Synthesiser
from kgqa.training.talk import Talker
from kgqa.training.trainer import Trainer, TrainingArguments, seed_everything
from kgqa.training.variants import Variants

EXAMPLES = 6
SYNTHETIC, SYNTHETIC_DEV = 20_000, 1_000  # questions made where none are given
MADE_THRESHOLD = 0.2
REAL_SHARE, MOST_TIMES = 0.5, 8  # of few given questions beside many made ones; none comes more often than that


@dataclass(frozen=True)
class Recipe:
    """What to train on, and how. `watched` development questions are asked after every evaluation interval.

    `start` is a model directory to begin with, instead of the base encoder alone. Of its weights the share `keep`
    is kept: halfway between the weights before and after, a model knows what it learned and forgets less of what it
    knew (Wortsman et al. 2022, robust fine-tuning).

    Without `questions` they are synthesised from the graph, and without `dev` so are the development questions, into
    files beside the model. `synthetic` questions are made from the graph besides those given, and `variants` are those
    given, asked of other entities; `operations` ask for counts, superlatives and what else takes a program. With
    `only_conversations` nothing is trained but what questions after others meet: those that stand alone are answered
    exactly as before. Training runs on the `device`; what is answered, on the CPU.
    """

    graph: Path
    out: Path
    questions: tuple[Path, ...] = ()
    dev: tuple[Path, ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingArguments = field(default_factory=TrainingArguments)
    examples: Path | None = None
    watched: int = 1000
    start: Path | None = None
    keep: float = 0.0
    synthetic: int = 0
    variants: int = 0
    conversations: int = 0
    operations: int = 0
    only_conversations: bool = False
    device: str = "cpu"
    command: str = ""


def train(recipe: Recipe, resume: bool = False) -> dict[str, Any]:
    """Train, calibrate, measure on all development questions, and write the model directory.

    Returns:
        the development figures.
    """
    graph = open_graph(recipe.graph)
    files, dev_files = _question_files(recipe, graph)
    questions, dev = read_all(files), read_all(dev_files)
    checkpoint = Checkpoint(recipe.out.with_name(recipe.out.name + ".checkpoint"))
    encoder = NameEncoder.from_pretrained(recipe.model.encoder)
    model, seconds = fit(recipe, graph, encoder, questions, dev, checkpoint=checkpoint, resume=resume)
    answerer = Answerer(model, _calibration(recipe, model, dev), digest(*files)[:12], _examples(recipe, dev))
    figures = evaluate(answerer, dev)
    tqdm.write(one_line(figures))
    card = Card(
        recipe.command,
        recipe.training,
        files,
        dev_files,
        len(questions),
        recipe.synthetic,
        recipe.variants,
        recipe.conversations,
        recipe.operations,
        seconds,
        figures,
    )
    own = OwnQuestions.sampled(questions, dev, recipe.training.seed)
    save_pretrained(answerer, recipe.out, model_card(card, model), figures, own.write)
    checkpoint.remove()
    return figures


def fit(
    recipe: Recipe,
    graph: KnowledgeGraph,
    encoder: NameEncoder,
    questions: Sequence[Question],
    dev: Sequence[Question],
    index: EntityIndex | None = None,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    unseen: Sequence[Question] = (),
) -> tuple[JointModel, float]:
    """The model of a recipe trained on these questions and those made besides, and the seconds that it took.

    The best state on the watched development questions is taken. `index` saves making one. What is made has the text
    of none of the `unseen` questions nor of those for development.
    """
    seed = recipe.training.seed
    seed_everything(seed)
    model, before = _first_model(recipe, graph, encoder, index)
    model.to(recipe.device)
    taken = [*questions, *dev, *unseen]
    made = made_questions(graph, encoder, recipe.synthetic, seed, taken)
    varied = tqdm(
        Variants(graph, model.index, seed).make(questions, recipe.variants, taken),
        total=recipe.variants, desc="asking of others", unit="", leave=False,
    )  # fmt: skip
    talked = made_conversations(graph, encoder, recipe.conversations, seed)
    worked = made_operations(graph, encoder, recipe.operations, seed, taken)
    asked = mixed(questions, [*made, *varied, *talked, *worked], seed)
    if recipe.only_conversations:
        asked = [row for row in asked if row.context]
        if not asked:
            raise InputError("no question follows another; give --questions with conversations, or --conversations N")
    lookout = Lookout.of(model)
    if lookout is not None and not lookout.is_needed(model, asked):
        lookout = None
        if recipe.start is None:
            model.leave_out_programs()
            seed_everything(seed)  # as if they had never been there
    with only_training(model, model.of_conversations() if recipe.only_conversations else {}):
        watch = _watcher(dev[:: max(1, math.ceil(len(dev) / max(1, recipe.watched)))])
        trainer = Trainer(
            model, asked, recipe.training, watch, checkpoint, resume, lookout=lookout, trained_before=bool(recipe.start)
        )
        seconds = trainer.train()
    blend(model, before, recipe.keep)
    return model.to("cpu").eval(), seconds


def _first_model(
    recipe: Recipe, graph: KnowledgeGraph, encoder: NameEncoder, index: EntityIndex | None
) -> tuple[JointModel, dict[str, Tensor]]:
    """The model that training begins with, untrained or with what another one learned, and the parameters of that."""
    if recipe.start is None:
        return new_model(recipe.model, graph, encoder, index), {}
    verify_manifest(recipe.start)
    model = new_model(recipe.model, graph, encoder, index or kept_index(recipe.start, graph, encoder))
    return model, start_from(model, recipe.start)


def made_questions(
    graph: KnowledgeGraph, encoder: NameEncoder, count: int, seed: int, taken: Sequence[Question] = ()
) -> list[Question]:
    """So many questions made from a graph alone, none with the text of one that is taken."""
    words = Words.of(encoder)
    made = Synthesiser(graph, words, seed).make(count, {row.question for row in taken})
    return list(tqdm(made, total=count, desc="making questions", unit="", leave=False))


def made_conversations(graph: KnowledgeGraph, encoder: NameEncoder, count: int, seed: int) -> list[Question]:
    """So many turns of conversations made from a graph alone."""
    made = Talker(Synthesiser(graph, Words.of(encoder), seed)).make(count) if count else ()
    return in_context(tqdm(made, total=count, desc="making conversations", unit="", leave=False))


def made_operations(
    graph: KnowledgeGraph, encoder: NameEncoder, count: int, seed: int, taken: Sequence[Question] = ()
) -> list[Question]:
    """So many questions made from a graph alone that take a program, none with the text of one that is taken."""
    if not count:
        return []
    made = OperationSynthesiser(graph, Words.of(encoder), seed).make(count, {row.question for row in taken})
    return list(tqdm(made, total=count, desc="making operations", unit="", leave=False))


def mixed(given: Sequence[Question], made: Sequence[Question], seed: int) -> list[Question]:
    """Given and made questions in seeded order; few that are given come several times, up to about half of all."""
    times = round(len(made) * REAL_SHARE / (1 - REAL_SHARE) / len(given))
    rows = [*list(given) * min(max(times, 1), MOST_TIMES), *made]
    return Random(seed).sample(rows, len(rows)) if made else rows


def synthesise(
    graph: KnowledgeGraph, encoder: str, out: Path, count: int, seed: int, taken: Sequence[Question] = ()
) -> int:
    """Write questions made from a graph alone, none with a text that is taken; returns how many there were to make.

    Raises:
        InputError: if the graph gives none, or the file cannot be written.
    """
    written = write_questions(out, made_questions(graph, NameEncoder.from_pretrained(encoder), count, seed, taken))
    if not written:
        out.unlink()
        raise InputError("the graph has no facts between named entities, so there is nothing to ask about it")
    return written


def _question_files(recipe: Recipe, graph: KnowledgeGraph) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Training and development questions: those given, or synthesised with two seeds and no text in common."""
    seed, encoder = recipe.training.seed, recipe.model.encoder
    questions = recipe.questions or (recipe.out.with_name(f"{recipe.out.name}.questions.jsonl"),)
    dev = recipe.dev or (recipe.out.with_name(f"{recipe.out.name}.dev.jsonl"),)
    if not recipe.dev:
        synthesise(graph, encoder, dev[0], SYNTHETIC_DEV, seed + 1, read_all(recipe.questions))
    if not recipe.questions:
        synthesise(graph, encoder, questions[0], SYNTHETIC, seed, read_all(dev))
    return questions, dev


def read_all(files: Sequence[Path]) -> list[Question]:
    """The questions of several files, in their order."""
    return [row for path in files for row in read_questions(path)]


def synthetic_examples(model: JointModel) -> list[str]:
    """Questions made from a model's graph, for its page to offer."""
    words = Words.of(model.names)
    made = Synthesiser(model.graph, words).make(20 * EXAMPLES)
    return [question.question for question in made if question.slice == "1-hop"][:EXAMPLES]


def new_model(
    config: ModelConfig,
    graph: KnowledgeGraph,
    encoder: NameEncoder | None = None,
    index: EntityIndex | None = None,
) -> JointModel:
    """An untrained model over a graph, its names indexed by this encoder or the one that the config names."""
    encoder = encoder or NameEncoder.from_pretrained(config.encoder)
    return JointModel(config, graph, index or indexed(graph, encoder), encoder)


def indexed(graph: KnowledgeGraph, encoder: NameEncoder) -> EntityIndex:
    """The names of a graph, indexed."""
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    with tqdm(unit="name", desc="indexing names", leave=False) as bar:
        return EntityIndex.build(graph.catalog, degrees, encoder, _advance(bar))


def _calibration(recipe: Recipe, model: JointModel, dev: Sequence[Question]) -> Calibration:
    """Fitted on the development questions, where they are made also on made ones that take programs; where only
    conversations were trained, that of the model before."""
    if recipe.start is None or not recipe.only_conversations:
        count = 0 if recipe.dev or model.decoder is None else len(dev)
        worked = made_operations(model.graph, model.names, count, recipe.training.seed + 1, dev)
        return calibrate(model, [*dev, *worked], made=not recipe.dev)
    _, rest = ModelConfig.load(recipe.start / CONFIG)
    return Calibration.read(rest.get("calibration"), str(recipe.start / CONFIG))


def calibrate(model: JointModel, questions: Sequence[Question], made: bool = False) -> Calibration:
    """Fit the confidence on how development questions go.

    On questions that were made from the graph a model is surer than on people's: the threshold is then no higher than
    MADE_THRESHOLD.
    """
    found = fitted(list(ways_to_answer(model, questions)), questions)
    return replace(found, threshold=min(found.threshold, MADE_THRESHOLD)) if made else found


def _watcher(dev: Sequence[Question]) -> Callable[[JointModel], tuple[float, str]]:
    def watch(model: JointModel) -> tuple[float, str]:
        figures = summarise(quick_outcomes(model, dev))
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
