"""Fine-tuning: a model learns from corrections, and is published only if it is worse at nothing.

The corrections teach by themselves and by their wording: asked of other entities, twenty of them become hundreds. The
model's own training questions are mixed in, so that it forgets nothing; and of its new weights only as much is taken
as the development set allows, on the line from the old ones (Wortsman et al. 2022, robust fine-tuning).
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from tqdm import tqdm

from kgqa.errors import InputError, KgqaError
from kgqa.manifest import check_replaceable
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import from_pretrained, located, save_pretrained, trained_state
from kgqa.training.card import tuned_card
from kgqa.training.comparison import DEVELOPMENT, HELD_OUT, Comparison, Hits, percent, relations_on_the_way
from kgqa.training.corrections import Chosen, check_not_empty, choose
from kgqa.training.evaluate import quick_outcomes
from kgqa.training.lessons import Lesson, explained_anew, held_out, hints, lessons
from kgqa.training.lookout import Lookout
from kgqa.training.measure import Measured, measured
from kgqa.training.metrics import summarise
from kgqa.training.nicknames import Nickname, nicknames, with_nicknames
from kgqa.training.own_questions import OwnQuestions
from kgqa.training.practice import development, own_questions, practised, replayed
from kgqa.training.questions import Question
from kgqa.training.start import blend
from kgqa.training.trainer import Trainer, TrainingArguments, seed_everything
from kgqa.training.variants import Variants

KEPT = (0.0, 0.25, 0.5, 0.7, 0.85)  # shares of the old weights that are tried, until the development set is no worse
EPOCHS, BATCH, RATE, ENCODER_SHARE = 2.0, 32, 3e-4, 5


class WorseError(KgqaError):
    """The new model is worse than the one before; it was not written."""


def gently(epochs: float = EPOCHS, rate: float = RATE, seed: int = 0) -> TrainingArguments:
    """How to train a model that knows most of it already."""
    return TrainingArguments(epochs, BATCH, rate, rate / ENCODER_SHARE, evaluations=1, seed=seed)


@dataclass(frozen=True)
class Tuning:
    """What to learn from, and how.

    `replay` are question files to mix in instead of those that the model keeps, `dev` one to measure on; the new
    version keeps a sample of both. `most` rows are taken of one person. `keep` is the share of the old weights to keep;
    without it the least that leaves the development set no worse. `tolerance` is how many points of Hits@1 the new
    model may lose.
    """

    model: Path
    feedback: Path
    out: Path
    dev: Path | None = None
    replay: tuple[Path, ...] = ()
    unreviewed: bool = False
    agreement: bool = True
    most: int = 10
    held_out: float = 0.2
    keep: float | None = None
    tolerance: float = 0.0
    training: TrainingArguments = field(default_factory=gently)
    command: str = ""


@dataclass(frozen=True)
class Tuned:
    """What came of it."""

    answerer: Answerer
    chosen: Chosen
    names: tuple[Nickname, ...]
    comparison: Comparison
    rows: int
    kept: float
    seconds: float

    def lines(self) -> Iterator[str]:
        """What a person is told of it."""
        catalog, lineage = self.answerer.graph.catalog, self.answerer.lineage
        left_out = f"; left out: {self.chosen.reasons()}" if self.chosen.left_out else ""
        yield f"{lineage.corrections} corrections of {self.chosen.people} people{left_out}"
        for each in self.names:
            yield f"learned that {each.name!r} is {catalog.labels[each.entity]!r} ({catalog.entity_ids[each.entity]})"
        yield f"trained on {self.rows:,} questions in {self.seconds:.0f} s; {self.kept:.0%} of the old weights kept"
        yield self.comparison.table()


def finetune(tuning: Tuning) -> Tuned:
    """Learn, measure before and after, and write the new model directory if it is worse at nothing.

    Raises:
        QuestionFormatError: `file:line: reason`.
        InputError: if there is nothing to learn, or nothing new.
        WorseError: if the new model is worse; nothing was written then.
    """
    if tuning.out.absolute() == located(tuning.model).absolute():
        raise InputError(f"{tuning.out}: a new version is a new directory; give another --out")
    check_replaceable(tuning.out)
    chosen = choose(tuning.feedback, tuning.unreviewed, tuning.most)
    check_not_empty(chosen, tuning.feedback)
    answerer = from_pretrained(tuning.model)
    if answerer.lineage.data == chosen.digest:
        raise InputError(f"{tuning.feedback}: nothing new; version {answerer.version} has learned from just that")
    own = own_questions(located(tuning.model), tuning.replay, tuning.dev, tuning.training.seed)
    tuned = _tuned(tuning, answerer, own, chosen)
    if worse := tuned.comparison.worse(tuning.tolerance):
        lost = ", ".join(f"{line.name} {line.before:.2f} to {line.after:.2f}" for line in worse)
        raise WorseError(
            f"{tuning.out} was not written, since it would be worse than {tuning.model}: {lost}\n"
            f"{tuned.comparison.table()}"
        )
    save_pretrained(tuned.answerer, tuning.out, _card(tuning, tuned), tuned.answerer.figures, own.write)
    return tuned


def _tuned(tuning: Tuning, answerer: Answerer, own: OwnQuestions, chosen: Chosen) -> Tuned:
    digest, seed = chosen.digest, tuning.training.seed
    variants = Variants(answerer.graph, answerer.index, seed, ambiguous=True)
    found, chosen = lessons(answerer, variants, chosen, tuning.feedback, tuning.agreement)
    taught, held = held_out(found, tuning.held_out, seed)
    asked = [lesson.question for lesson in held]
    dev, is_made = development(answerer, own, seed)
    relations = relations_on_the_way(variants, answerer.graph.catalog, dev)
    before = [measured(answerer.model, questions, answerer.calibration) for questions in (asked, dev)]
    trusting = not tuning.agreement
    names = nicknames(answerer, [lesson.correction for lesson in taught], trusting)
    named = with_nicknames(answerer, names)
    old, rows, seconds = _learned(tuning, named, own, taught, [*asked, *dev])
    kept, after = _settle(tuning, named.model, old, dev, before[1], refit=not is_made)
    comparison = Comparison(
        {HELD_OUT: before[0].hits, DEVELOPMENT: before[1].hits},
        {HELD_OUT: measured(named.model, asked, after.calibration).hits, DEVELOPMENT: after.hits},
        relations,
    )
    lineage = Lineage(answerer.version, digest, len(found), _figures(comparison.before), _figures(comparison.after))
    figures = summarise(after.outcomes)
    new = Answerer(named.model, after.calibration, _version(lineage, named.model), named.examples, figures, lineage)
    # Now that they have been measured, those that were held out may say of more names which entity they mean.
    more = nicknames(answerer, [lesson.correction for lesson in found], trusting)
    return Tuned(with_nicknames(new, more), chosen, (*names, *more), comparison, rows, kept, seconds)


def _learned(
    tuning: Tuning, answerer: Answerer, own: OwnQuestions, taught: Sequence[Lesson], unseen: Sequence[Question]
) -> tuple[dict[str, torch.Tensor], int, float]:
    """Train the model; returns its weights before, how many questions it was trained on, and the seconds it took."""
    seed = tuning.training.seed
    variants = Variants(answerer.graph, answerer.index, seed, ambiguous=True)
    new = practised(variants, explained_anew(variants, taught), unseen)
    rows = [*new, *replayed(answerer, own, len(new), seed, [*new, *unseen])]
    old, meant = trained_state(answerer.model), hints(answerer, taught)
    return old, len(rows), _train(tuning, answerer.model, rows, taught, meant)


def _figures(hits: Mapping[str, Hits]) -> dict[str, float]:
    return {name: percent(each) for name, each in hits.items() if each}


def _train(
    tuning: Tuning, model: JointModel, rows: Sequence[Question], taught: Sequence[Lesson], meant: dict[str, int]
) -> float:
    """Train on the rows, to the end; returns the seconds that it took."""
    seed_everything(tuning.training.seed)
    questions = [lesson.question for lesson in taught]

    def watch(model: JointModel) -> tuple[float, str]:
        hits = [outcome.hit for outcome in quick_outcomes(model, questions)]
        return percent(hits), f"none; of the corrections trained on {percent(hits):.1f} % are right"

    lookout = Lookout.of(model)
    seconds = Trainer(model, rows, tuning.training, watch, hints=meant, lookout=lookout, trained_before=True).train()
    model.eval()
    return seconds


def _settle(
    tuning: Tuning,
    model: JointModel,
    old: dict[str, torch.Tensor],
    dev: Sequence[Question],
    before: Measured,
    refit: bool,
) -> tuple[float, Measured]:
    """Keep as little of the old weights as leaves the development set no worse; the share, and how dev goes then."""
    new = trained_state(model)
    for share in KEPT if tuning.keep is None else (tuning.keep,):
        _load(model, new)
        blend(model, old, share)
        after = measured(model, dev, before.calibration, refit)
        line = f"keeping {share:.0%} of the old weights: development set {percent(after.hits):.2f}"
        line += f", before {percent(before.hits):.2f}"
        tqdm.write(line, file=sys.stderr)
        if percent(after.hits) >= percent(before.hits) - tuning.tolerance:
            break
    return share, after


def _load(model: JointModel, state: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in state:
                parameter.copy_(state[name])


def _version(lineage: Lineage, model: JointModel) -> str:
    sha = hashlib.sha256(f"{lineage.parent} {lineage.data}".encode())
    for name, value in trained_state(model).items():
        sha.update(name.encode() + value.numpy().tobytes())
    return sha.hexdigest()[:12]


def _card(tuning: Tuning, tuned: Tuned) -> str:
    names = [f"“{each.name}” for {tuned.answerer.graph.catalog.labels[each.entity]}" for each in tuned.names]
    facts = {
        "parent": f"version `{tuned.answerer.lineage.parent}`, whose card has its training",
        "corrections": f"{tuned.answerer.lineage.corrections:,} of {tuned.chosen.people:,} people, "
        f"SHA-256 `{tuned.answerer.lineage.data}`",
        "left out": tuned.chosen.reasons() or "none",
        "names learned": ", ".join(names) or "none",
        "trained on": f"{tuned.rows:,} questions: the corrections, their wordings asked of other entities, and "
        f"questions of its own training",
        "old weights kept": f"{tuned.kept:.0%}",
        "time": f"{tuned.seconds / 60:.1f} minutes on {torch.get_num_threads()} threads",
        "arguments": f"`{asdict(tuning.training)}`",
    }
    return tuned_card(tuned.answerer.model, tuning.command, facts, tuned.comparison.table(), tuned.answerer.figures)
