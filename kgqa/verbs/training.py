"""The verbs that make models: train, crossvalidate, attach, finetune."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.device import device_called
from kgqa.errors import InputError

if TYPE_CHECKING:
    from kgqa.training.finetune import Tuning
    from kgqa.training.recipe import Recipe


ENCODER_SHARE = 5


def add_train(parser: argparse.ArgumentParser) -> None:
    _add_training(parser, needs_questions=False)
    parser.add_argument(
        "--dev",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="development questions, never trained on; may be given several times (made from the graph)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--examples", type=Path, help="questions for the page to offer, one a line")
    parser.add_argument("--evaluations", type=int, default=0, help="how often to look at dev (once an epoch)")
    parser.add_argument("--watched", type=int, default=1000, help="dev questions looked at each time (%(default)s)")
    parser.add_argument("--patience", type=int, default=3, help="stop after so many looks without gain (%(default)s)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint beside MODEL_DIR, for more epochs if you like"
    )
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    from kgqa.training.recipe import train

    recipe = replace(
        _recipe(options, options.out, evaluations=options.evaluations, patience=options.patience),
        dev=tuple(options.dev),
        examples=options.examples,
        watched=options.watched,
    )
    train(recipe, options.resume)
    print(f'{options.out}: ready; ask it with: python -m kgqa ask --model {options.out} "..."')


def add_crossvalidate(parser: argparse.ArgumentParser) -> None:
    _add_training(parser, needs_questions=True)
    parser.add_argument("--folds", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_crossvalidate)


def _crossvalidate(options: argparse.Namespace) -> None:
    from kgqa.training.evaluate import ladder_table, one_line
    from kgqa.training.folds import cross_validate

    rungs = cross_validate(_recipe(options, Path(), evaluations=1), options.folds)
    if options.json:
        print(json.dumps(rungs))
        return
    spread = "  ".join(f"{name} {value:.1f}" for name, value in rungs["linked"]["spread"].items())
    print(f"{ladder_table(rungs)}\n{one_line(rungs['linked'])}\nspread of hits@1 over {options.folds} folds: {spread}")


def add_attach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="MODEL_DIR", help="a trained model, or its id on the hub")
    parser.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    parser.add_argument("--out", required=True, type=Path, metavar="NEW_DIR")
    parser.set_defaults(run=_attach)


def _attach(options: argparse.Namespace) -> None:
    from kgqa.training.attach import attach

    attach(options.model, options.graph, options.out, options.command)
    print(f'{options.out}: ready; ask it with: python -m kgqa ask --model {options.out} "..."')


def add_finetune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR", help="what is to learn")
    parser.add_argument("--feedback", type=Path, metavar="FILE", help="what python -m db export wrote")
    parser.add_argument("--out", type=Path, metavar="NEW_DIR", help="the new version")
    parser.add_argument("--dev", type=Path, help="development questions (those that the model keeps, else made)")
    parser.add_argument(
        "--replay",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="questions of its own training to mix in (those that the model keeps, else made)",
    )
    parser.add_argument("--unreviewed", action="store_true", help="take corrections too that nobody reviewed")
    parser.add_argument(
        "--equal-weights", action="store_true", help="count every correction in full, whoever else says what"
    )
    parser.add_argument("--most", type=int, default=10, help="corrections taken of one person (%(default)s)")
    parser.add_argument(
        "--held-out", type=float, default=0.2, metavar="SHARE", help="corrections to measure on (%(default)s)"
    )
    parser.add_argument(
        "--keep", type=float, metavar="SHARE", help="of the old weights (as little as leaves dev no worse)"
    )
    parser.add_argument(
        "--tolerance", type=float, default=0.0, metavar="POINTS", help="of Hits@1 that it may lose (%(default)s)"
    )
    parser.add_argument("--epochs", type=float, default=2.0, help="passes over all questions (%(default)s)")
    parser.add_argument(
        "--rate", type=float, default=3e-4, help="peak learning rate, a fifth of it for the encoder (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument(
        "--publish", type=Path, metavar="SERVED_DIR", help="put it in the place of this directory, which an app serves"
    )
    parser.add_argument("--rollback", action="store_true", help="take back what was published in the place of --model")
    parser.set_defaults(run=_finetune)


def _finetune(options: argparse.Namespace) -> None:
    from kgqa.training.finetune import finetune
    from kgqa.training.publish import publish, rollback

    if options.rollback:
        left, answers = rollback(options.model)
        print(f"{options.model}: version {answers} answers again, {left} was taken back")
        return
    tuned = finetune(_tuning(options))
    for line in tuned.lines():
        print(line)
    print(f"{options.out}: version {tuned.answerer.version}, tuned from {tuned.answerer.lineage.parent}")
    if options.publish:
        kept = publish(options.out, options.publish)
        print(f"{options.publish}: published; the version before is kept in {kept}")


def _tuning(options: argparse.Namespace) -> "Tuning":
    from kgqa.training.finetune import Tuning, gently

    if options.feedback is None or options.out is None:
        raise InputError("finetune takes --feedback and --out, or --rollback")
    if options.most < 1:
        raise InputError(f"--most {options.most}: at least one correction of each person must be taken")
    for name in ("held_out", "keep"):
        share = getattr(options, name)
        if share is not None and not 0 <= share < 1:
            raise InputError(f"--{name.replace('_', '-')} {share}: must be a share, from 0 up to 1")
    if options.tolerance < 0:
        raise InputError(f"--tolerance {options.tolerance}: must not be negative")
    return Tuning(
        model=options.model,
        feedback=options.feedback,
        out=options.out,
        dev=options.dev,
        replay=tuple(options.replay),
        unreviewed=options.unreviewed,
        agreement=not options.equal_weights,
        most=options.most,
        held_out=options.held_out,
        keep=options.keep,
        tolerance=options.tolerance,
        training=gently(options.epochs, options.rate, options.seed),
        command=options.command,
    )


def _add_training(parser: argparse.ArgumentParser, needs_questions: bool) -> None:
    """The options of every verb that trains."""
    parser.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    parser.add_argument(
        "--questions",
        action="append",
        default=[],
        required=needs_questions,
        type=Path,
        metavar="FILE",
        help="questions with their answers, .jsonl or .jsonl.gz; may be given several times"
        + ("" if needs_questions else " (made from the graph)"),
    )
    parser.add_argument(
        "--synthetic", type=int, default=0, metavar="N", help="questions made from the graph besides (%(default)s)"
    )
    parser.add_argument(
        "--conversations", type=int, default=0, metavar="N", help="turns of conversations made besides (%(default)s)"
    )
    parser.add_argument(
        "--only-conversations",
        action="store_true",
        help="train nothing but what questions after others meet; all others are answered exactly as --start does",
    )
    parser.add_argument(
        "--variants", type=int, default=0, metavar="N", help="the given questions asked of other entities (%(default)s)"
    )
    parser.add_argument(
        "--operations",
        type=int,
        default=0,
        metavar="N",
        help="counts, superlatives, comparisons and the like, made from the graph besides (%(default)s)",
    )
    parser.add_argument("--start", type=Path, metavar="MODEL_DIR", help="begin with what this model learned")
    parser.add_argument(
        "--keep", type=float, default=0.0, metavar="SHARE", help="of its weights, 0 to 1, that is kept (%(default)s)"
    )
    parser.add_argument("--encoder", help="path or hub id of the base encoder")
    parser.add_argument(
        "--trainable-layers", type=int, default=2, help="last layers of the encoder that training changes (%(default)s)"
    )
    parser.add_argument("--slots", type=int, default=4, help="entities that a question may name (%(default)s)")
    parser.add_argument("--epochs", type=float, default=3.0, help="passes over the training questions (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=64, help="(%(default)s)")
    parser.add_argument(
        "--typos", type=float, default=0.3, help="share of questions trained on with a typing error (%(default)s)"
    )
    parser.add_argument(
        "--rate", type=float, default=1e-3, help="peak learning rate, a fifth of it for the encoder (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="PART",
        help="switch a part of the model off, to see what it does",
    )
    parser.add_argument("--device", default="cpu", help="where to train: cpu, cuda or cuda:N (%(default)s)")


def _recipe(options: argparse.Namespace, out: Path, **training: int) -> "Recipe":
    from kgqa.reasoning.config import ModelConfig
    from kgqa.training.recipe import Recipe
    from kgqa.training.trainer import TrainingArguments

    for name in ("synthetic", "variants", "conversations", "operations"):
        if getattr(options, name) < 0:
            raise InputError(f"--{name} {getattr(options, name)}: must not be negative")
    if not 0 <= options.keep <= 1 or (options.keep and not options.start):
        raise InputError(f"--keep {options.keep}: must be a share from 0 to 1, of the weights that --start names")
    if options.only_conversations and (not options.start or options.keep):
        raise InputError("--only-conversations leaves all else as it was: give --start, and no --keep")
    encoder = {"encoder": options.encoder} if options.encoder else {}
    return Recipe(
        graph=options.graph,
        questions=tuple(options.questions),
        out=out,
        model=ModelConfig(
            trainable_layers=options.trainable_layers,
            slots=options.slots,
            without=tuple(options.without),
            **encoder,
        ),
        training=TrainingArguments(
            epochs=options.epochs,
            batch_size=options.batch_size,
            rate=options.rate,
            encoder_rate=options.rate / ENCODER_SHARE,
            typos=options.typos,
            seed=options.seed,
            **training,
        ),
        start=options.start,
        keep=options.keep,
        synthetic=options.synthetic,
        variants=options.variants,
        conversations=options.conversations,
        operations=options.operations,
        only_conversations=options.only_conversations,
        device=device_called(options.device),
        command=options.command,
    )
