"""The verbs of `python -m kgqa bench`: what to measure, and how its figures are printed."""

import argparse
import json
from pathlib import Path
from typing import Any

from kgqa.device import device_called
from kgqa.errors import InputError, KgqaError


def add_bench(parser: argparse.ArgumentParser) -> None:
    """The verbs and their options."""
    benches = parser.add_subparsers(title="what to measure", required=True, metavar="WHAT")
    drawn = [*_add_engine(benches), *_add_asked(benches), _add_learning(benches)]
    for bench in drawn:
        bench.add_argument("--seed", type=int, default=0)
    for bench in (*drawn, *_add_programs(benches), _add_parts(benches)):
        bench.add_argument("--json", action="store_true", help="print JSON")


def _add_engine(benches: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """What is measured without a model."""
    follow = benches.add_parser("follow", help="a 2-hop follow against the reified formula (COO, CSR)")
    follow.add_argument("--triples", default="1e5,1e6,1e7", help="sizes, separated by commas (%(default)s)")
    follow.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (%(default)s)")
    follow.set_defaults(run=_follow)
    linking = benches.add_parser("linking", help="recall of the shortlist, and the time a question takes")
    linking.add_argument("--names", type=int, default=2000)
    linking.set_defaults(run=_linking)
    return [follow, linking]


def _add_asked(benches: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """What is measured by questions that are drawn."""
    spelling = benches.add_parser(
        "spelling", help="what misspelt, lower-case, plural and possessive names cost a model, and names inside names"
    )
    _add_model(spelling, "development questions with gold mentions")
    spelling.add_argument("--count", type=int, default=1000, help="questions that are drawn (%(default)s)")
    spelling.set_defaults(run=_spelling)
    unanswerable = benches.add_parser("unanswerable", help="whether a model knows what it doesn't know")
    _add_model(unanswerable, "development questions with gold entities")
    unanswerable.add_argument("--foreign", required=True, type=Path, help="questions about another graph")
    unanswerable.add_argument("--count", type=int, default=500, help="questions of each kind (%(default)s)")
    unanswerable.set_defaults(run=_unanswerable)
    load = benches.add_parser("load", help="people at the page of `python app.py`, all at once; status 1 on an error")
    _add_model(load, "questions to ask")
    load.add_argument("--people", type=int, default=20, help="at once (%(default)s)")
    load.add_argument("--seconds", type=int, default=60, help="how long they stay (%(default)s)")
    load.add_argument("--database", metavar="URL", help="an empty one (an SQLite file that is gone afterwards)")
    load.set_defaults(run=_load)
    return [spelling, unanswerable, load]


def _add_learning(benches: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    learning = benches.add_parser("learning", help="what a model learns from corrections of known errors")
    learning.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    learning.add_argument("--place", required=True, type=Path, metavar="DIR", help="for its files; may be removed")
    learning.add_argument("--dev", type=Path, help="development questions (those that the model keeps, else made)")
    learning.add_argument(
        "--replay", action="append", default=[], type=Path, metavar="FILE", help="questions of its own training"
    )
    learning.add_argument(
        "--errors", default="wording,nickname,ambiguity", help="which, separated by commas (%(default)s)"
    )
    learning.add_argument("--sizes", default="5,20,100", help="numbers of corrections (%(default)s)")
    learning.add_argument("--dev-count", type=int, default=3000, help="development questions asked (%(default)s)")
    learning.add_argument("--epochs", type=float, default=2.0, help="of each fine-tuning (%(default)s)")
    learning.add_argument(
        "--tolerance", type=float, default=0.3, help="points that a published model may lose (%(default)s)"
    )
    learning.set_defaults(run=_learning)
    return learning


def _add_programs(benches: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    programs = benches.add_parser("programs", help="how many questions some program of exact steps answers")
    programs.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    programs.add_argument(
        "--questions", required=True, action="append", type=Path, metavar="FILE", help="may be given several times"
    )
    programs.set_defaults(run=_programs)
    extreme = benches.add_parser("extreme", help="what a superlative over the largest class adds to an answer")
    extreme.add_argument("--graph", required=True, type=Path, help="a graph directory or one graph file")
    extreme.set_defaults(run=_extreme)
    heads = benches.add_parser("heads", help="what each operation is good for: questions asked without it")
    _add_model(heads, "development questions")
    heads.set_defaults(run=_heads)
    return [programs, extreme, heads]


def _add_parts(benches: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    parts = benches.add_parser("parts", help="where the time of an answer goes")
    _add_model(parts, "questions to ask")
    parts.set_defaults(run=_parts)
    return parts


def _add_model(parser: argparse.ArgumentParser, questions: str) -> None:
    parser.add_argument("--model", required=True, metavar="MODEL_DIR")
    parser.add_argument("--questions", required=True, type=Path, help=questions)


def _follow(options: argparse.Namespace) -> None:
    from benchmarks.follow import run

    try:
        sizes = [int(float(size)) for size in options.triples.split(",")]
    except ValueError as error:
        raise InputError(f"--triples {options.triples!r}: expected numbers separated by commas") from error
    rows = run(sizes, options.seed, device_called(options.device))
    print(json.dumps(rows) if options.json else _table(rows))


def _linking(options: argparse.Namespace) -> None:
    from benchmarks.linking import run

    _print_figures(run(options.seed, options.names), options.json)


def _spelling(options: argparse.Namespace) -> None:
    from benchmarks.spelling import run
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.questions import read_questions

    questions = read_questions(options.questions)
    figures = run(from_pretrained(options.model), questions, options.count, options.seed)
    if options.json:
        print(json.dumps(figures))
        return
    print(_table([{"spelling": name, **row} for name, row in figures["ways"].items()]))
    print("\nquestions with a name inside a name")
    _print_figures(figures["names_inside"], as_json=False)


def _parts(options: argparse.Namespace) -> None:
    from benchmarks.parts import run
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.questions import read_questions

    _print_figures(run(from_pretrained(options.model), read_questions(options.questions)), options.json)


def _programs(options: argparse.Namespace) -> None:
    from benchmarks.programs import run
    from kgqa.graph.store import open_graph
    from kgqa.training.recipe import read_all

    rows = list(run(open_graph(options.graph), read_all(options.questions)))
    print(json.dumps(rows) if options.json else _table(rows))


def _extreme(options: argparse.Namespace) -> None:
    from benchmarks.extreme import run
    from kgqa.graph.store import open_graph

    _print_figures(run(open_graph(options.graph)), options.json)


def _heads(options: argparse.Namespace) -> None:
    from benchmarks.heads import run
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.questions import read_questions

    rows = list(run(from_pretrained(options.model).model, read_questions(options.questions)))
    print(json.dumps(rows) if options.json else _table(rows))


def _unanswerable(options: argparse.Namespace) -> None:
    from benchmarks.unanswerable import run
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.questions import read_questions

    questions, foreign = read_questions(options.questions), read_questions(options.foreign)
    figures = run(from_pretrained(options.model), questions, foreign, options.count, options.seed)
    _print_figures(figures, options.json)


def _load(options: argparse.Namespace) -> None:
    from benchmarks.load import run
    from kgqa.training.questions import read_questions

    questions = read_questions(options.questions)
    figures = run(options.model, questions, options.people, options.seconds, options.seed, options.database)
    _print_figures(figures, options.json)
    if figures["errors"]:
        raise KgqaError(
            f"{figures['errors']} of {figures['requests']} requests failed; the first: {figures['first_error']}"
        )


def _learning(options: argparse.Namespace) -> None:
    from benchmarks.learning import TARGETS, Plan, run

    try:
        sizes = tuple(int(size) for size in options.sizes.split(","))
    except ValueError as error:
        raise InputError(f"--sizes {options.sizes!r}: expected numbers separated by commas") from error
    plan = Plan(
        options.model,
        options.place,
        options.dev,
        tuple(options.replay),
        tuple(options.errors.split(",")),
        sizes,
        options.dev_count,
        options.epochs,
        options.tolerance,
        options.seed,
    )
    rows: list[dict[str, Any]] = []
    for row in run(plan):
        if not options.json:
            print(_table([row]) if not rows else "\t".join(map(str, row.values())), flush=True)
        rows.append(row)
    if options.json:
        print(json.dumps({"seed": options.seed, "targets": TARGETS, "rows": rows}))


def _print_figures(figures: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _table(rows: list[dict[str, Any]]) -> str:
    return "\n".join("\t".join(map(str, cells)) for cells in (rows[0], *(row.values() for row in rows)))
