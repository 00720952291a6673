"""What the shipped model learned operations from: questions that need them, beside many that it knew and conversations.

python -m assets.world.make_course > course.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from assets.world.made import made_operations
from assets.world.make_lessons import HERE, lessons, rows_of

Row = dict[str, Any]


def course(
    plain: int, unanswerable: int, operations: int, made: Iterable[Row], talks: int, turns: int, seed: int
) -> Iterator[Row]:
    """Questions of train.jsonl.gz with an answer and without, in seeded order with those of operations.train.jsonl.gz,
    over and over, and those made from the graph, twice; then turns of conversations that go on with operations, three
    times, and turns of others, one of ten of which end with a question that leans on nothing."""
    generator, rows = random.Random(seed), list(rows_of("train.jsonl.gz"))
    asked = generator.sample([row for row in rows if row["answers"]], plain)
    asked += generator.sample([row for row in rows if not row["answers"]], unanswerable)
    asked += islice(cycle(rows_of("operations.train.jsonl.gz")), operations)
    asked += 2 * list(made)
    yield from generator.sample(asked, len(asked))
    for number in range(3):
        for row in islice(rows_of("operation_talks.train.jsonl.gz"), talks):
            yield {**row, "conversation": f"{row['conversation']}-{number}"}
    yield from lessons(turns, turns // 10, seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz", help="what questions are made from")
    parser.add_argument("--plain", type=int, default=40_000, help="with an answer (%(default)s)")
    parser.add_argument("--unanswerable", type=int, default=10_000, help="without one (%(default)s)")
    parser.add_argument("--operations", type=int, default=30_000, help="(%(default)s)")
    parser.add_argument("--made", type=int, default=12_000, help="of which one in eight asks of dev (%(default)s)")
    parser.add_argument("--talks", type=int, default=1_200, help="turns that count, compare or rank (%(default)s)")
    parser.add_argument("--turns", type=int, default=8_000, help="of other conversations (%(default)s)")
    parser.add_argument("--seed", type=int, default=17)
    given = vars(parser.parse_args())
    made = made_operations(given.pop("graph"), given["made"], given["seed"])
    given["made"] = [json.loads(question.to_line()) for question in made]
    for row in course(**given):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
