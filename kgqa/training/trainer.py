"""The trainer: joint model in, trained joint model out, from questions and answers and nothing else."""

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from kgqa.errors import InputError, ModelFormatError
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import load_trained, trained_state
from kgqa.training.loss import joint_loss
from kgqa.training.questions import Question, answer_set

STATE, PROGRESS = "state.safetensors", "progress.json"


@dataclass(frozen=True)
class TrainingArguments:
    """How to train. Rates are AdamW's, warmed up over `warmup` of the steps and then linearly lowered."""

    epochs: float = 3.0
    batch_size: int = 64
    rate: float = 1e-3
    encoder_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    patience: int = 3
    evaluations: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "rate", "encoder_rate", "patience"):
            if not getattr(self, name) > 0:
                raise InputError(f"training: {name}={getattr(self, name)!r}: must be more than 0")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


class Trainer:
    """Trains a joint model and keeps the best state seen on the development questions.

    `evaluate` gives the development figure (higher is better) and a line about it; it is called
    `evaluations` times, evenly spread, or once an epoch where that is 0.
    """

    def __init__(
        self,
        model: JointModel,
        questions: Sequence[Question],
        arguments: TrainingArguments,
        evaluate: Callable[[JointModel], tuple[float, str]],
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> None:
        self.model = model
        self.arguments = arguments
        self.evaluate = evaluate
        self.checkpoint = checkpoint
        self.questions = questions
        self.answers = [torch.tensor(sorted(answer_set(q, model.graph.catalog))) for q in questions]
        self.optimiser = torch.optim.AdamW(self._groups(), weight_decay=arguments.weight_decay)
        self.steps = max(1, math.ceil(arguments.epochs * len(questions) / arguments.batch_size))
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.step = 0
        self.best = -math.inf
        self.best_state: dict[str, Tensor] = {}
        self.lines: list[str] = []
        if resume:
            self._resume()

    def train(self) -> float:
        """Run to the end or to early stopping, and take the best state; returns the seconds it took."""
        losses: list[float] = []
        every = self._evaluation_interval()
        started, worse = time.monotonic(), 0
        with tqdm(total=self.steps, initial=self.step, unit="step", desc="training") as bar:
            for batch in self._batches():
                losses.append(self._update(batch))
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
                if self.step % every == 0 or self.step == self.steps:
                    figure = self._evaluate(np.mean(losses[-every:]), time.monotonic() - started, bar)
                    worse = 0 if figure else worse + 1
                    if worse >= self.arguments.patience:
                        break
        load_trained(self.model, self.best_state, "the best state")
        return time.monotonic() - started

    def remove_checkpoint(self) -> None:
        """Remove what was kept for resuming, once the model itself is saved."""
        if self.checkpoint is not None:
            for name in (STATE, PROGRESS):
                (self.checkpoint / name).unlink(missing_ok=True)
            self.checkpoint.rmdir()

    def _evaluation_interval(self) -> int:
        count = self.arguments.evaluations or max(1, round(self.arguments.epochs))
        return max(1, self.steps // count)

    def _evaluate(self, loss: float, seconds: float, bar: "tqdm[object]") -> bool:
        """One line of development figures; keeps the state if it is the best so far."""
        self.model.eval()
        figure, text = self.evaluate(self.model)
        self.model.train()
        line = f"step {self.step}/{self.steps}  {seconds:.0f} s  loss {loss:.4f}  dev {text}"
        self.lines.append(line)
        bar.write(line)
        better = figure > self.best
        if better:
            self.best, self.best_state = figure, trained_state(self.model)
        if self.checkpoint is not None:
            self._save_checkpoint(self.checkpoint)
        return better

    def _update(self, rows: list[int]) -> float:
        self.model.train()
        weighed = self.model([self.questions[row].question for row in rows])
        target = torch.zeros_like(weighed.weights, dtype=torch.bool)  # (B, E)
        for position, row in enumerate(rows):
            target[position, self.answers[row]] = True
        loss = joint_loss(weighed.weights, weighed.slots, target)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.scheduler.step()
        self.step += 1
        return float(loss.detach())

    def _batches(self) -> Iterator[list[int]]:
        """Row numbers in seeded order; the order of each pass depends on the seed and the pass alone."""
        size, passes = self.arguments.batch_size, 0
        per_pass = math.ceil(len(self.questions) / size)
        while self.step < self.steps:
            passes = self.step // per_pass
            order = np.random.default_rng((self.arguments.seed, passes)).permutation(len(self.questions)).tolist()
            for start in range((self.step % per_pass) * size, len(order), size):
                if self.step < self.steps:
                    yield order[start : start + size]

    def _groups(self) -> list[dict[str, object]]:
        encoder = [p for p in self.model.encoder.parameters() if p.requires_grad]
        own = {id(p) for p in encoder}
        rest = [p for p in self.model.parameters() if p.requires_grad and id(p) not in own]
        return [
            {"params": encoder, "lr": self.arguments.encoder_rate},
            {"params": rest, "lr": self.arguments.rate},
        ]

    def _rate(self, step: int) -> float:
        warmup = max(1, int(self.arguments.warmup * self.steps))
        return min((step + 1) / warmup, max(0.0, (self.steps - step) / max(1, self.steps - warmup)), 1.0)

    def _save_checkpoint(self, directory: Path) -> None:
        """Weights, optimiser and progress, each written beside and renamed."""
        directory.mkdir(parents=True, exist_ok=True)
        state = {f"model.{key}": value for key, value in trained_state(self.model).items()}
        state |= {f"best.{key}": value for key, value in self.best_state.items()}
        for number, slots in self.optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{number}.{key}": torch.as_tensor(value) for key, value in slots.items()}
        save_file(state, directory / f"{STATE}.new")
        (directory / f"{STATE}.new").rename(directory / STATE)
        progress = {"step": self.step, "best": self.best, "lines": self.lines, "arguments": asdict(self.arguments)}
        (directory / f"{PROGRESS}.new").write_text(json.dumps(progress, indent=2))
        (directory / f"{PROGRESS}.new").rename(directory / PROGRESS)

    def _resume(self) -> None:
        if self.checkpoint is None or not (self.checkpoint / PROGRESS).is_file():
            raise ModelFormatError(f"{self.checkpoint}: no checkpoint there; train without --resume")
        progress = json.loads((self.checkpoint / PROGRESS).read_text())
        if progress["arguments"] != asdict(self.arguments):
            raise ModelFormatError(
                f"{self.checkpoint}: was written with other arguments ({progress['arguments']}); "
                f"give the same ones, or another --out"
            )
        state = load_file(self.checkpoint / STATE)
        part = lambda name: {k.removeprefix(name): v for k, v in state.items() if k.startswith(name)}  # noqa: E731
        load_trained(self.model, part("model."), str(self.checkpoint))
        self.best_state = part("best.")
        optimiser = self.optimiser.state_dict()
        for key, value in part("optimiser.").items():
            number, slot = key.split(".", 1)
            optimiser["state"].setdefault(int(number), {})[slot] = value
        self.optimiser.load_state_dict(optimiser)
        self.step, self.best, self.lines = progress["step"], progress["best"], progress["lines"]
        for _ in range(self.step):
            self.scheduler.step()
        for line in self.lines:
            tqdm.write(line)
