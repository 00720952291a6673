"""The verbs about graphs: build, synthesise, facts."""

import argparse
import shlex
import sys
import time
from pathlib import Path

from kgqa.errors import InputError


def add_build(parser: argparse.ArgumentParser) -> None:
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


def add_synthesise(parser: argparse.ArgumentParser) -> None:
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


def add_facts(parser: argparse.ArgumentParser) -> None:
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
