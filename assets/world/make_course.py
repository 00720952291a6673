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
    plain: int, unanswerable: int, times: float, made: Iterable[Row], talks: int, turns: int, seed: int
) -> Iterator[Row]:
    """Questions of train.jsonl.gz with an answer and without, in seeded order with those of operations.train.jsonl.gz,
    those of operations.more.jsonl.gz so many times, those about strangers twice, and those made from the graph.

    Then turns of conversations that go on with operations, those worded by other hands twice; turns of others, one of
    ten of which end with a question that leans on nothing; and all that are worded by other hands, those of rare kinds
    three times.
    """
    generator, rows = random.Random(seed), list(rows_of("train.jsonl.gz"))
    asked = generator.sample([row for row in rows if row["answers"]], plain)
    asked += generator.sample([row for row in rows if not row["answers"]], unanswerable)
    asked += rows_of("operations.train.jsonl.gz")
    more = list(rows_of("operations.more.jsonl.gz"))
    asked += islice(cycle(more), round(times * len(more)))
    asked += 2 * list(rows_of("operations.none.train.jsonl.gz"))
    asked += made
    yield from generator.sample(asked, len(asked))
    yield from _again("operation_talks.train.jsonl.gz", 1, talks)
    yield from _again("operation_talks.more.jsonl.gz", 2, talks)
    yield from lessons(turns, turns // 10, seed)
    yield from lessons(None, 0, seed, copies=2, name="talks.more.jsonl.gz")


def _again(name: str, times: int, turns: int) -> Iterator[Row]:
    """So many turns of a file, some times, each time as other conversations."""
    for number in range(times):
        for row in islice(rows_of(name), turns):
            yield {**row, "conversation": f"{row['conversation']}-{number}"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, default=HERE / "graph.nt.gz", help="what questions are made from")
    parser.add_argument("--plain", type=int, default=24_000, help="with an answer (%(default)s)")
    parser.add_argument("--unanswerable", type=int, default=6_000, help="without one (%(default)s)")
    parser.add_argument("--times", type=float, default=0.8, help="operations worded by other hands (%(default)s)")
    parser.add_argument("--made", type=int, default=4_600, help="of which one in eight asks of dev (%(default)s)")
    parser.add_argument("--talks", type=int, default=1_200, help="turns that count, compare or rank (%(default)s)")
    parser.add_argument("--turns", type=int, default=8_000, help="of other conversations (%(default)s)")
    parser.add_argument("--seed", type=int, default=18)
    given = vars(parser.parse_args())
    made = made_operations(given.pop("graph"), given["made"], given["seed"])
    given["made"] = [json.loads(question.to_line()) for question in made]
    for row in course(**given):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
