"""The verbs of `python -m kgqa`: parse, call, and turn errors into one line and an exit code."""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.bench import add_bench
from kgqa.device import device_called
from kgqa.errors import InputError, KgqaError

if TYPE_CHECKING:
    from kgqa.training.finetune import Tuning
    from kgqa.training.recipe import Recipe

ENCODER_SHARE = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb. Exit codes: 0 fine, 1 the work failed, 2 the arguments or the input are wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    options.command = shlex.join(["python", "-m", "kgqa", *given])
    try:
        options.run(options)
    except KgqaError as error:
        print(f"kgqa: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("kgqa: stopped", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kgqa", description="Question answering over knowledge graphs.")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_build(verbs.add_parser("build", help="read graph files into a graph directory"))
    _add_synthesise(verbs.add_parser("synthesise", help="make questions and answers from a graph alone"))
    _add_train(verbs.add_parser("train", help="train a joint model from questions and answers"))
    _add_finetune(verbs.add_parser("finetune", help="let a trained model learn from corrections, or take that back"))
    _add_crossvalidate(verbs.add_parser("crossvalidate", help="train and measure by folds, where questions are few"))
    _add_attach(verbs.add_parser("attach", help="put a trained model onto another graph, with no training"))
    _add_facts(verbs.add_parser("facts", help="add facts, entities and names to a trained model, or take them away"))
    _add_card(verbs.add_parser("card", help="put figures that were measured later into a model's card"))
    _add_push(verbs.add_parser("push", help="put a trained model on the hub, with its card"))
    _add_evaluate(verbs.add_parser("evaluate", help="measure a model on questions it never saw"))
    _add_ask(verbs.add_parser("ask", help="ask a question"))
    _add_hash_password(verbs.add_parser("hash-password", help="make the password hash of the review page"))
    add_bench(verbs.add_parser("bench", help="time and measure the parts against named baselines"))
    return parser


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphs", nargs="+", metavar="GRAPH", help=".nt .ttl .tsv .csv .jsonl, each also .gz")
    parser.add_argument("--out", required=True, type=Path, metavar="GRAPH_DIR")
    parser.add_argument("--skip-bad-lines", action="store_true", help="leave malformed lines out and count them")
    parser.set_defaults(run=_build)


def _build(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from kgqa.graph.store import build_graph

    missing = [path for path in options.graphs if not Path(path).is_file()]
    if missing:
        raise InputError(f"{missing[0]}: no such file")
    total = sum(Path(path).stat().st_size for path in options.graphs)
    with tqdm(total=total, unit="B", unit_scale=True, desc="reading", leave=False) as bar:
        graph, report = build_graph(options.graphs, options.skip_bad_lines, bar.update)
    graph.save(options.out)
    for line in report.skipped_lines:
        print(f"skipped {line}", file=sys.stderr)
    print(
        f"{options.out}: {report.entities:,} entities, {report.values:,} values, {report.relations} relations, "
        f"{report.triples:,} triples" + (f"; {report.skipped:,} bad lines skipped" if report.skipped else "")
    )


def _add_synthesise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help=".jsonl or .jsonl.gz")
    parser.add_argument("--count", type=int, default=20_000, help="how many questions (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument("--encoder", help="path or hub id of the encoder whose vocabulary knows the words")
    parser.set_defaults(run=_synthesise)


def _synthesise(options: argparse.Namespace) -> None:
    from kgqa.graph.store import open_graph
    from kgqa.linking.encoder import DEFAULT_ENCODER
    from kgqa.training.recipe import synthesise

    if options.count < 1:
        raise InputError(f"--count {options.count}: at least one question must be made")
    encoder = options.encoder or DEFAULT_ENCODER
    made = synthesise(open_graph(options.graph), encoder, options.out, options.count, options.seed)
    print(f"{options.out}: {made:,} questions" + ("" if made == options.count else ", all that the graph is good for"))


def _add_train(parser: argparse.ArgumentParser) -> None:
    _add_training(parser, needs_questions=False)
    parser.add_argument("--dev", type=Path, help="development questions, never trained on (made from the graph)")
    parser.add_argument("--out", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--examples", type=Path, help="questions for the page to offer, one a line")
    parser.add_argument("--evaluations", type=int, default=0, help="how often to look at dev (once an epoch)")
    parser.add_argument("--watched", type=int, default=1000, help="dev questions looked at each time (%(default)s)")
    parser.add_argument("--patience", type=int, default=3, help="stop after so many looks without gain (%(default)s)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint beside MODEL_DIR, for more epochs if you like"
    )
    parser.set_defaults(run=_train)


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
        "--variants", type=int, default=0, metavar="N", help="the given questions asked of other entities (%(default)s)"
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


def _train(options: argparse.Namespace) -> None:
    from kgqa.training.recipe import train

    recipe = replace(
        _recipe(options, options.out, evaluations=options.evaluations, patience=options.patience),
        dev=options.dev,
        examples=options.examples,
        watched=options.watched,
    )
    train(recipe, options.resume)
    print(f'{options.out}: ready; ask it with: python -m kgqa ask --model {options.out} "..."')


def _recipe(options: argparse.Namespace, out: Path, **training: int) -> "Recipe":
    from kgqa.reasoning.config import ModelConfig
    from kgqa.training.recipe import Recipe
    from kgqa.training.trainer import TrainingArguments

    for name in ("synthetic", "variants"):
        if getattr(options, name) < 0:
            raise InputError(f"--{name} {getattr(options, name)}: must not be negative")
    if not 0 <= options.keep <= 1 or (options.keep and not options.start):
        raise InputError(f"--keep {options.keep}: must be a share from 0 to 1, of the weights that --start names")
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
        device=device_called(options.device),
        command=options.command,
    )


def _add_finetune(parser: argparse.ArgumentParser) -> None:
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


def _add_crossvalidate(parser: argparse.ArgumentParser) -> None:
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


def _add_attach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="MODEL_DIR", help="a trained model, or its id on the hub")
    parser.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    parser.add_argument("--out", required=True, type=Path, metavar="NEW_DIR")
    parser.set_defaults(run=_attach)


def _attach(options: argparse.Namespace) -> None:
    from kgqa.training.attach import attach

    attach(options.model, options.graph, options.out, options.command)
    print(f'{options.out}: ready; ask it with: python -m kgqa ask --model {options.out} "..."')


def _add_facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("add", "remove"))
    parser.add_argument(
        "--fact",
        action="append",
        default=[],
        nargs=3,
        metavar=("SUBJECT", "RELATION", "OBJECT"),
        help="a fact, in names or ids; another name of an entity is skos:altLabel",
    )
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument(
        "--file", action="append", default=[], type=Path, help="facts: .nt .ttl .tsv .csv .jsonl, each also .gz"
    )
    parser.add_argument(
        "--entity", action="append", default=[], metavar="NAME", help="remove this entity, its names and its facts"
    )
    parser.set_defaults(run=_facts)


def _facts(options: argparse.Namespace) -> None:
    from kgqa.graph.formats import GraphFile, Statement
    from kgqa.reasoning.facts import change_facts

    if empty := [fact for fact in options.fact if not all(map(str.strip, fact))]:
        raise InputError(f"--fact {shlex.join(empty[0])}: subject, relation and object must not be empty")
    if options.what == "add" and options.entity:
        raise InputError("--entity goes with remove; an entity is added by a fact or a name of it")
    if not (options.fact or options.file or options.entity):
        raise InputError("nothing to do; give --fact, --file or --entity")
    statements = [Statement(subject, relation, object_, True) for subject, relation, object_ in options.fact]
    statements += [statement for path in options.file for statement in GraphFile(path).statements()]
    started = time.perf_counter()
    report = change_facts(options.model, statements, options.what == "remove", options.entity)
    new = f"{report.entities} new entities or values, {report.relations} new relations"
    seconds = time.perf_counter() - started
    print(f"{options.model}: {report.added} added, {report.removed} removed; {new}; {seconds:.2f} s")


def _add_card(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--figures", required=True, type=Path, metavar="FILE.md", help="Markdown")
    parser.set_defaults(run=_card)


def _card(options: argparse.Namespace) -> None:
    from kgqa.training.card import amend_card

    try:
        text = options.figures.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{options.figures}: cannot be read: {error}") from error
    amend_card(options.model, text)


def _add_push(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="its id on the hub")
    parser.add_argument("--private", action="store_const", const=True, help="only you can see it, if it is new")
    parser.set_defaults(run=_push)


def _push(options: argparse.Namespace) -> None:
    from kgqa.reasoning.hub import push

    print(f"{push(options.model, options.to, options.private)}: serve it with: python app.py --model {options.to}")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="MODEL_DIR")
    parser.add_argument("--questions", required=True, type=Path)
    parser.add_argument(
        "--entities",
        default="linked",
        choices=("linked", "gold-span", "gold", "ladder"),
        help="what is given away; ladder: each in turn, with the gaps",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.evaluate import evaluate, ladder, ladder_table, one_line
    from kgqa.training.questions import read_questions

    questions = read_questions(options.questions)
    answerer = from_pretrained(options.model)
    if options.entities == "ladder":
        rungs = ladder(answerer, questions)
        print(json.dumps(rungs) if options.json else ladder_table(rungs))
        return
    figures = evaluate(answerer, questions, options.entities)
    print(json.dumps(figures) if options.json else one_line(figures))


def _add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", help='"-" reads one question a line from standard input')
    parser.add_argument("--model", metavar="MODEL_DIR", help="default: the model of the world in assets/")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each question")
    parser.set_defaults(run=_ask)


def _ask(options: argparse.Namespace) -> None:
    from kgqa.chat.assistant import Assistant
    from kgqa.chat.explain import plain
    from kgqa.config import read_settings
    from kgqa.reasoning.pretrained import from_pretrained

    assistant = Assistant(from_pretrained(options.model or read_settings().model))
    questions = (line.strip() for line in sys.stdin) if options.question == "-" else [options.question]
    for question in questions:
        if question or options.question != "-":
            answer = assistant.ask(question)
            print(json.dumps(answer.to_dict(), ensure_ascii=False) if options.json else plain(answer), flush=True)


def _add_hash_password(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_hash_password)


def _hash_password(_: argparse.Namespace) -> None:
    from getpass import getpass

    from kgqa.chat.password import PasswordHash

    try:
        first = getpass("Password: ", stream=sys.stderr)
        second = getpass("Once more: ", stream=sys.stderr)
    except EOFError:
        raise InputError("no password was given") from None
    if first != second:
        raise InputError("the two are not the same; try again")
    print(f"KGQA_REVIEW_PASSWORD_HASH={PasswordHash.of(first)}")
