"""Training: it learns, from answers alone, and goes on where it was stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kgqa.errors import InputError, ModelFormatError
from kgqa.graph.store import open_graph
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.context import Said
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import trained_state
from kgqa.training.checkpoint import Checkpoint
from kgqa.training.lookout import Lookout
from kgqa.training.questions import Question, read_questions
from kgqa.training.recipe import new_model
from kgqa.training.trainer import Trainer, TrainingArguments, seed_everything
from tests import cinema
from tests.conftest import Trained


class Stop(Exception):
    """What interrupts a training."""


def trainer(
    trained: Trained, checkpoint: Path | None, stop_at: int = 0, resume: bool = False, device: str = "cpu"
) -> Trainer:
    """Three batches of questions, looked at after each; interrupted at the look `stop_at`."""
    seed_everything(3)
    model = new_model(ModelConfig(without=("programs",)), open_graph(trained.graph)).to(device)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # its draws are not part of a checkpoint
    looks = iter(range(1, 100))

    def look(_: JointModel) -> tuple[float, str]:
        if next(looks) == stop_at:
            raise Stop
        return 1.0, "fine"

    arguments = TrainingArguments(epochs=1, batch_size=8, evaluations=3, seed=3, patience=9)
    questions = read_questions(trained.questions)[:24]
    return Trainer(model, questions, arguments, look, Checkpoint(checkpoint) if checkpoint else None, resume)


def test_it_learned(trained: Trained) -> None:
    assert trained.figures["hits@1"] >= 90
    assert trained.figures["slices"]["directors"]["hits@1"] == 100
    assert trained.figures["slices"]["role"]["hits@1"] >= 80


def test_resuming_ends_where_an_uninterrupted_run_does(trained: Trained, tmp_path: Path) -> None:
    whole = trainer(trained, tmp_path / "whole")
    whole.train()
    with pytest.raises(Stop):
        trainer(trained, tmp_path / "cut", stop_at=2).train()
    resumed = trainer(trained, tmp_path / "cut", resume=True)
    assert resumed.step == 1
    assert resumed.seconds > 0
    resumed.train()
    assert resumed.step == whole.step == 3
    for name, value in trained_state(whole.model).items():
        assert torch.allclose(value, trained_state(resumed.model)[name], atol=1e-5), name


def test_the_same_seed_gives_the_same_model(trained: Trained) -> None:
    first, second = trainer(trained, None), trainer(trained, None)
    first.train()
    second.train()
    for name, value in trained_state(first.model).items():
        assert torch.equal(value, trained_state(second.model)[name]), name


def test_only_the_last_layers_of_the_encoder_change(trained: Trained) -> None:
    names = {name for name in trained_state(trainer(trained, None).model) if name.startswith("encoder.transformer.")}
    assert names
    assert {name.split("layer.")[1].split(".")[0] for name in names} == {"4", "5"}


def test_gradient_reaches_every_part(trained: Trained) -> None:
    step = trainer(trained, None)
    step.model.zero_grad()
    questions = [str(row["question"]) for row in cinema.questions(cinema.DEV)]
    before = [(Said("who directed Jaws?", (1,), (2, 3), (0,)),) if row % 2 else () for row in range(len(questions))]
    step.model(questions, contexts=before).combined.weight.sum().backward()
    for name, parameter in step.model.named_parameters():
        if parameter.requires_grad and "pooler" not in name:
            assert parameter.grad is not None, name


def test_gold_entities_play_no_part_in_training(trained: Trained) -> None:
    def one_step(questions: list[Question]) -> dict[str, torch.Tensor]:
        run = trainer(trained, None)
        run.questions = questions
        run._update([0, 1, 2, 3])
        return trained_state(run.model)

    rows = read_questions(trained.questions)[:24]
    bare = [Question(row.id, row.question, row.answers) for row in rows]
    first, second = one_step(rows), one_step(bare)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_other_arguments_are_refused(trained: Trained, tmp_path: Path) -> None:
    first = trainer(trained, tmp_path)
    first.train()
    with pytest.raises(ModelFormatError, match="other arguments"):
        Checkpoint(tmp_path).load({"seed": 99})


def test_resuming_without_a_checkpoint_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="no checkpoint to go on from"):
        trainer(trained, tmp_path / "none", resume=True)


@pytest.mark.parametrize("name", ["epochs", "batch_size", "rate", "decoder_rate"])
def test_bad_arguments_are_named_with_their_value(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}=-1"):
        TrainingArguments(**{name: -1})


def test_some_questions_are_misspelt_and_others_each_time(trained: Trained) -> None:
    taught = trainer(trained, None)
    rows = list(range(24))
    taught.arguments = replace(taught.arguments, typos=0.5)
    first = taught._typed(rows, [None] * 24)
    assert taught._typed(rows, [None] * 24) == first
    plain = [taught.questions[row].question for row in rows]
    assert 4 < sum(typed != text for typed, text in zip(first, plain, strict=True)) < 20
    taught.step += 1
    assert taught._typed(rows, [None] * 24) != first
    taught.arguments = replace(taught.arguments, typos=0.0)
    assert taught._typed(rows, [None] * 24) == plain
    with pytest.raises(InputError, match="typos=2"):
        TrainingArguments(typos=2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_learns_what_the_cpu_learns(trained: Trained) -> None:
    slow, fast = trainer(trained, None), trainer(trained, None, device="cuda")
    slow.train()
    fast.train()
    assert fast.model.device.type == fast.model.graph.sparse.device.type == "cuda"
    losses = [[float(line.split("loss ")[1].split()[0]) for line in one.lines] for one in (slow, fast)]
    assert losses[1] == pytest.approx(losses[0], abs=0.02)
    assert losses[1][-1] < losses[1][0]


def test_a_number_that_nothing_explains_says_nothing_of_programs(trained: Trained) -> None:
    seed_everything(0)
    model = new_model(ModelConfig(), open_graph(trained.graph))
    assert model.decoder is not None
    known = read_questions(trained.questions)[0]
    unexplained = Question("n", "how many guests came to the premiere of it?", (98765.25,))
    for rows, is_told in (([unexplained], False), ([unexplained, known], True)):
        arguments, lookout = TrainingArguments(epochs=1, batch_size=2), Lookout.of(model)
        Trainer(model, rows, arguments, lambda model: (0.0, ""), lookout=lookout).train()
        *_, bias = model.decoder.chosen.parameters()
        gradient = bias.grad
        assert gradient is not None
        assert bool(gradient.abs().sum() > 0) == is_told
