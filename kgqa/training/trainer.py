"""The trainer: joint model in, trained joint model out, from questions and answers and nothing else."""

import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from kgqa.errors import InputError
from kgqa.reasoning.model import JointModel, Weighed
from kgqa.reasoning.pretrained import load_trained, trained_state
from kgqa.training.checkpoint import Checkpoint, Progress
from kgqa.training.conversations import contexts_of
from kgqa.training.derivations import Node, log_likelihood
from kgqa.training.lookout import Lookout
from kgqa.training.loss import MOST_MISSED, NO_PROGRAM, Target, answerable_loss, either_loss, joint_loss, linking_loss
from kgqa.training.questions import Question, answer_set
from kgqa.training.renaming import Explained, Renamer
from kgqa.training.typing_errors import slip_in_a_word

LAYER_DECAY = 0.8  # rate of an encoder layer over that of the layer after it
SLIPS = (1, 1, 2)  # typing errors of a question that has any
TREES = 2_000  # of programs that are remembered
RENAMED = 0.5  # of the questions that programs answer
POOL = 32  # batches whose questions are sorted by length together


@dataclass(frozen=True)
class TrainingArguments:
    """How to train. Rates are AdamW's, warmed up over `warmup` of the steps and then linearly lowered.

    `encoder_rate` is that of the encoder's last layer, `decoder_rate` that of what writes programs. `typos` is the
    share of questions that are asked with a typing error, another one in each pass.
    """

    epochs: float = 3.0
    batch_size: int = 64
    rate: float = 1e-3
    encoder_rate: float = 2e-4
    decoder_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    typos: float = 0.3
    patience: int = 3
    evaluations: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "rate", "encoder_rate", "decoder_rate", "patience"):
            if not getattr(self, name) > 0:
                raise InputError(f"training: {name}={getattr(self, name)!r}: must be more than 0")
        if not 0 <= self.typos <= 1:
            raise InputError(f"training: typos={self.typos!r}: must be a share, from 0 to 1")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


class Trainer:
    """Trains a joint model and keeps the best state seen on the development questions.

    `evaluate` gives the development figure (higher is better) and a line about it; it is called
    `evaluations` times, evenly spread, or once an epoch where that is 0. `hints` say for the text of a question which
    entity people mean by a name in it; without them, who is meant is learned from the answers alone. A `lookout` finds
    the programs that answer the questions; without one, walks are all that is learned from. A model that was
    `trained_before` has a say in which of the programs that answer a question is meant.
    """

    def __init__(
        self,
        model: JointModel,
        questions: Sequence[Question],
        arguments: TrainingArguments,
        evaluate: Callable[[JointModel], tuple[float, str]],
        checkpoint: Checkpoint | None = None,
        resume: bool = False,
        hints: Mapping[str, int] | None = None,
        lookout: Lookout | None = None,
        trained_before: bool = False,
    ) -> None:
        self.model = model
        self.hints = hints or {}
        self.arguments = arguments
        self.evaluate = evaluate
        self.checkpoint = checkpoint
        self.questions = questions
        self.answers = [torch.tensor(sorted(answer_set(q, model.graph.catalog)), dtype=torch.long) for q in questions]
        self.contexts = contexts_of(model, questions)
        model.know_other_names()
        self.explained: list[Explained | None] = [None] * len(questions)
        if lookout is not None:
            self.explained = lookout.explain(questions, self.contexts, model if trained_before else None)
            model.know(lookout.space.thresholds)
        self._tree = lru_cache(maxsize=TREES)(self._derived)
        self.renamer = Renamer(model.decoder.space, model.index) if any(self.explained) and model.decoder else None
        self.optimiser = torch.optim.AdamW(self._groups(), weight_decay=arguments.weight_decay, fused=True)
        self.steps = max(1, math.ceil(arguments.epochs * len(questions) / arguments.batch_size))
        self.step = 0
        self.best = -math.inf
        self.best_state: dict[str, Tensor] = {}
        self.lines: list[str] = []
        self.seconds = 0.0
        if resume:
            self._resume()

    def train(self) -> float:
        """Run to the end or to early stopping, and take the best state; returns the seconds it took in all."""
        losses: list[float] = []
        every = self._evaluation_interval()
        started, worse = time.monotonic() - self.seconds, 0
        with tqdm(total=self.steps, initial=self.step, unit="step", desc="training") as bar:
            for batch in self._batches():
                losses.append(self._update(batch))
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
                if self.step % every == 0 or self.step == self.steps:
                    self.seconds = time.monotonic() - started
                    figure = self._evaluate(float(np.mean(losses[-every:])), bar)
                    worse = 0 if figure else worse + 1
                    if worse >= self.arguments.patience:
                        break
        load_trained(self.model, self.best_state, "the best state")
        return self.seconds

    def _evaluation_interval(self) -> int:
        count = self.arguments.evaluations or max(1, round(self.arguments.epochs))
        return math.ceil(self.steps / count)

    def _evaluate(self, loss: float, bar: "tqdm[object]") -> bool:
        """One line of development figures; keeps the state if it is the best so far."""
        self.model.eval()
        figure, text = self.evaluate(self.model)
        self.model.train()
        line = f"step {self.step}/{self.steps}  {self.seconds:.0f} s  loss {loss:.4f}  dev {text}"
        self.lines.append(line)
        bar.write(line, file=sys.stderr)
        better = figure > self.best
        if better:
            self.best, self.best_state = figure, trained_state(self.model)
        self._keep()
        return better

    def _update(self, rows: list[int]) -> float:
        self.model.train()
        explained = self._renamed(rows)
        weighed = self.model(self._typed(rows, explained), contexts=[self.contexts[row] for row in rows])
        entities, device = self.model.graph.sparse.num_entities, self.model.device
        target = Target.of([self.answers[row] for row in rows], entities, device)
        loss = self._missed(weighed, target, rows, explained)
        has_answer = torch.tensor([bool(self.questions[row].answers) for row in rows], device=device)
        loss = loss + answerable_loss(weighed.thought.answerable, has_answer)
        if self.hints:
            told = [self.hints.get(self.questions[row].question, -1) for row in rows]
            meant = torch.tensor(told, device=device)  # (B,)
            loss = loss + linking_loss(weighed.thought.cells, weighed.thought.candidates.entities, meant)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * self._rate(self.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def _missed(
        self, weighed: Weighed, target: Target, rows: list[int], explained: Sequence[Explained | None]
    ) -> Tensor:
        """What the answers lack: of a walk, or of a program where the model writes any."""
        walk = joint_loss(weighed.combined, weighed.slots, weighed.thought.counts, target)  # (B,)
        decoder, draft = self.model.decoder, weighed.thought.draft
        if decoder is None or draft is None:
            return walk.mean()
        is_value = torch.tensor([bool(self.questions[row].answers) and not len(self.answers[row]) for row in rows])
        is_value = is_value.to(walk.device)  # a number, or yes or no, which no walk reaches
        written = log_likelihood(decoder, draft, [None if each is None else self._tree(each) for each in explained])
        renamed = [own is not self.explained[row] for row, own in zip(rows, explained, strict=True)]
        walked = [own is None or own.walked for own in explained]
        known = torch.tensor([renamed, walked], device=walk.device)
        missed = either_loss(walk.masked_fill(is_value, MOST_MISSED), draft.needed, written, *known)
        teaches = ~is_value | (written > NO_PROGRAM)  # else nothing is known that answers it
        return missed.masked_fill(~teaches, 0.0).mean()

    def _derived(self, explained: Explained) -> Node | None:
        assert self.model.decoder is not None
        return explained.tree(self.model.decoder.space)

    def _renamed(self, rows: list[int]) -> list[Explained | None]:
        """The questions that programs answer, half of them asked of others, by the seed and the step alone."""
        generator = Random(f"{self.arguments.seed} {self.step} names")
        found = []
        for row in rows:
            explained = self.explained[row]
            if explained is not None and self.renamer is not None and generator.random() < RENAMED:
                explained = self.renamer.renamed(explained, generator)
            found.append(explained)
        return found

    def _typed(self, rows: list[int], explained: Sequence[Explained | None]) -> list[str]:
        """The questions as people type them; which are misspelt, and how, depends on the seed and the step alone.

        Programs know where their questions name what, so these are taken as they are.
        """
        generator, share = Random(f"{self.arguments.seed} {self.step}"), self.arguments.typos
        texts = []
        for row, own in zip(rows, explained, strict=True):
            if own is not None:
                texts.append(own.question)
                continue
            text = self.questions[row].question
            for _ in range(generator.choice(SLIPS) if generator.random() < share else 0):
                text = slip_in_a_word(text, generator)
            texts.append(text)
        return texts

    def _batches(self) -> Iterator[list[int]]:
        """Row numbers in seeded order; the order of each pass depends on the seed and the pass alone."""
        while self.step < self.steps:
            number, done = divmod(self.step, math.ceil(len(self.questions) / self.arguments.batch_size))
            for batch in self._pass(number)[done:]:
                if self.step < self.steps:
                    yield batch

    def _pass(self, number: int) -> list[list[int]]:
        """All rows once, in batches of what is about as long to read, so that little of them is padding."""
        generator, size = np.random.default_rng((self.arguments.seed, number)), self.arguments.batch_size
        order = generator.permutation(len(self.questions)).tolist()
        pools = [order[start : start + POOL * size] for start in range(0, len(order), POOL * size)]
        rows = [row for pool in pools for row in sorted(pool, key=lambda row: _length(self.questions[row]))]
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        return [batches[place] for place in generator.permutation(len(batches))]

    def _groups(self) -> list[dict[str, object]]:
        """What is trained, with its rate: the encoder's layers slower the further they are from the last."""
        layers = self.model.encoder.trainable
        decoder = [] if self.model.decoder is None else list(self.model.decoder.parameters())
        known = {id(parameter) for parameter in decoder} | {id(p) for layer in layers for p in layer.parameters()}
        rest = [parameter for parameter in self.model.parameters() if id(parameter) not in known]
        groups: list[tuple[list[nn.Parameter], float]] = [
            (list(layer.parameters()), self.arguments.encoder_rate * LAYER_DECAY**depth)
            for depth, layer in enumerate(reversed(layers))
        ]
        groups += [(rest, self.arguments.rate), (decoder, self.arguments.decoder_rate)]
        trained = [([each for each in own if each.requires_grad], rate) for own, rate in groups]
        return [{"params": own, "peak": rate} for own, rate in trained if own]

    def _rate(self, step: int) -> float:
        warmup = max(1, int(self.arguments.warmup * self.steps))
        return min((step + 1) / warmup, max(0.0, (self.steps - step) / max(1, self.steps - warmup)), 1.0)

    def _keep(self) -> None:
        """Leave a checkpoint, if there is a place for it."""
        if self.checkpoint is None:
            return
        slots = self.optimiser.state_dict()["state"]
        tensors = {f"{n}.{key}": torch.as_tensor(value) for n, slot in slots.items() for key, value in slot.items()}
        progress = Progress(self.step, self.best, tuple(self.lines), asdict(self.arguments), self.seconds)
        self.checkpoint.save(progress, trained_state(self.model), self.best_state, tensors)

    def _resume(self) -> None:
        if self.checkpoint is None:
            raise InputError("training: there is no place for a checkpoint to go on from")
        progress, current, self.best_state, slots = self.checkpoint.load(asdict(self.arguments))
        load_trained(self.model, current, str(self.checkpoint.directory))
        optimiser = self.optimiser.state_dict()
        for name, value in slots.items():
            number, key = name.split(".", 1)
            optimiser["state"].setdefault(int(number), {})[key] = value
        self.optimiser.load_state_dict(optimiser)
        self.step, self.best, self.seconds = progress.step, progress.best, progress.seconds
        self.lines = list(progress.lines)
        for line in self.lines:
            tqdm.write(line, file=sys.stderr)


def _length(row: Question) -> int:
    """The characters of a question and of what was asked before it, which is read with it."""
    return len(row.question) + sum(len(before.question) for before in row.context)
