"""The verbs of `python -m kgqa`: parse, call, and turn errors into one line and an exit code."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from kgqa.errors import KgqaError
from kgqa.verbs import bench, graphs, models, training


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
    graphs.add_build(verbs.add_parser("build", help="read graph files into a graph directory"))
    graphs.add_synthesise(verbs.add_parser("synthesise", help="make questions and answers from a graph alone"))
    training.add_train(verbs.add_parser("train", help="train a joint model from questions and answers"))
    training.add_finetune(
        verbs.add_parser("finetune", help="let a trained model learn from corrections, or take that back")
    )
    training.add_crossvalidate(
        verbs.add_parser("crossvalidate", help="train and measure by folds, where questions are few")
    )
    training.add_attach(verbs.add_parser("attach", help="put a trained model onto another graph, with no training"))
    graphs.add_facts(
        verbs.add_parser("facts", help="add facts, entities and names to a trained model, or take them away")
    )
    models.add_card(verbs.add_parser("card", help="put figures that were measured later into a model's card"))
    models.add_push(verbs.add_parser("push", help="put a trained model on the hub, with its card"))
    models.add_evaluate(verbs.add_parser("evaluate", help="measure a model on questions it never saw"))
    models.add_ask(verbs.add_parser("ask", help="ask a question"))
    models.add_hash_password(verbs.add_parser("hash-password", help="make the password hash of the review page"))
    bench.add_bench(verbs.add_parser("bench", help="time and measure the parts against named baselines"))
    return parser
