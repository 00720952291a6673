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
RARE = ("narrowing", "place")


def lessons(
    turns: int | None, others: int, seed: int, skip: int = 0, copies: int = 0, name: str = "talks.train.jsonl.gz"
) -> Iterator[dict[str, Any]]:
    """So many turns of a file, or all, after those that are skipped, whole conversations after each other; at the end
    of so many stands one that leans on nothing. Of those of RARE kinds, copies come after the others."""
    rows = islice(rows_of(name), skip, None if turns is None else skip + turns)
    talks = [list(talk) for _, talk in groupby(rows, _conversation)]
    generator = random.Random(seed)
    apart = generator.sample(list(rows_of("train.jsonl.gz")), others)
    ending = dict(zip(generator.sample(sorted(map(_name, talks)), others), apart, strict=True))
    for talk in talks:
        yield from talk
        if other := ending.get(_name(talk)):
            identity = f"{other['id']}-after"
            yield {**other, "id": identity, "slice": "new subject", "conversation": _name(talk)}
    for number in range(copies):
        for talk in talks:
            if any(turn["slice"] in RARE for turn in talk):
                name = f"{_name(talk)}-copy-{number + 1}"
                yield from ({**turn, "id": f"{turn['id']}-copy-{number + 1}", "conversation": name} for turn in talk)


def rows_of(name: str) -> Iterator[dict[str, Any]]:
    """The rows of a packed file beside this one."""
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
    parser.add_argument("--skip", type=int, default=0, help="turns that are left out at the beginning (%(default)s)")
    parser.add_argument("--copies", type=int, default=0, help="more of conversations of rare kinds (%(default)s)")
    for row in lessons(**vars(parser.parse_args())):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
