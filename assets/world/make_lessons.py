"""What the shipped model learned conversations from: the first of them, some with a question of none at their end.

python -m assets.world.make_lessons > lessons.jsonl
"""

import gzip
import json
import random
import sys
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TURNS = 12_001  # of conversations, the first ones: a whole number of them
OTHERS = 1_500
SEED = 14


def lessons() -> Iterator[dict[str, Any]]:
    """Turns, whole conversations after each other; at the end of some stands a question that leans on nothing."""
    talks = [list(turns) for _, turns in groupby(islice(_rows("talks.train.jsonl.gz"), TURNS), _conversation)]
    generator = random.Random(SEED)
    others = generator.sample(list(_rows("train.jsonl.gz")), OTHERS)
    ending = dict(zip(generator.sample(sorted(map(_name, talks)), OTHERS), others, strict=True))
    for turns in talks:
        yield from turns
        if other := ending.get(_name(turns)):
            identity = f"{other['id']}-after"
            yield {**other, "id": identity, "slice": "new subject", "conversation": _name(turns)}


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(HERE / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _conversation(turn: dict[str, Any]) -> str:
    return str(turn["conversation"])


def _name(turns: list[dict[str, Any]]) -> str:
    return _conversation(turns[0])


if __name__ == "__main__":
    for row in lessons():
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
