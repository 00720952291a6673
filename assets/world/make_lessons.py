"""What the shipped model learned conversations from: the first of them, some with a question of none at their end.

python -m assets.world.make_lessons > lessons.jsonl
"""

import argparse
import gzip
import json
import random
import sys
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def lessons(turns: int, others: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many turns, whole conversations after each other; at the end of so many stands one that leans on nothing."""
    talks = [list(talk) for _, talk in groupby(islice(_rows("talks.train.jsonl.gz"), turns), _conversation)]
    generator = random.Random(seed)
    apart = generator.sample(list(_rows("train.jsonl.gz")), others)
    ending = dict(zip(generator.sample(sorted(map(_name, talks)), others), apart, strict=True))
    for talk in talks:
        yield from talk
        if other := ending.get(_name(talk)):
            identity = f"{other['id']}-after"
            yield {**other, "id": identity, "slice": "new subject", "conversation": _name(talk)}


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(HERE / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _conversation(turn: dict[str, Any]) -> str:
    return str(turn["conversation"])


def _name(talk: list[dict[str, Any]]) -> str:
    return _conversation(talk[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=12_001, help="of conversations, the first ones (%(default)s)")
    parser.add_argument("--others", type=int, default=1_500, help="conversations that end apart (%(default)s)")
    parser.add_argument("--seed", type=int, default=14)
    for row in lessons(**vars(parser.parse_args())):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
