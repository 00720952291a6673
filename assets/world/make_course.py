"""What the shipped model learned operations from: questions that need them, beside some that it knew and conversations.

python -m assets.world.make_course > course.jsonl
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from assets.world.make_lessons import lessons, rows_of


def course(plain: int, operations: int, talks: int, turns: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many questions of train.jsonl.gz, the first of operations.train.jsonl.gz, turns of conversations that go on
    with such, and turns of others, one of ten of which end with a question that leans on nothing."""
    generator = random.Random(seed)
    asked = generator.sample(list(rows_of("train.jsonl.gz")), plain)
    asked += islice(rows_of("operations.train.jsonl.gz"), operations)
    yield from generator.sample(asked, len(asked))
    yield from islice(rows_of("operation_talks.train.jsonl.gz"), talks)
    yield from lessons(turns, turns // 10, seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", type=int, default=6_000, help="(%(default)s)")
    parser.add_argument("--operations", type=int, default=12_000, help="(%(default)s)")
    parser.add_argument("--talks", type=int, default=1_200, help="turns that count, compare or rank (%(default)s)")
    parser.add_argument("--turns", type=int, default=3_000, help="of other conversations (%(default)s)")
    parser.add_argument("--seed", type=int, default=16)
    for row in course(**vars(parser.parse_args())):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
