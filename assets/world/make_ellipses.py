"""Write ellipses.train.jsonl.gz and ellipses.dev.jsonl: an operation, and the same again of somebody or something else
("How many countries border Germany?", "and Poland?").

Run from the root of the repository, after make_operations: python -m assets.world.make_ellipses
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from assets.world.asked import Asked, write_lines
from assets.world.surface import Mention, Question
from kgqa.programs.quantities import quantities_of

HERE = Path(__file__).parent
SOURCES = {
    "train": ("operations.train.jsonl.gz", "operations.more.jsonl.gz"),
    "dev": ("operations.dev.jsonl",),
}
FOLLOWS = {
    "train": (
        "and {}?", "and {}", "And {}?", "What about {}?", "what about {}", "and what about {}?", "{}?", "And {}, then?",
        "now {}", "The same for {}, please", "same question for {}", "And if it were {}?", "then {}", "do {} as well",
        "and what of {}?", "Let's take {} next", "next: {}", "Could you say that of {} too?", "{} as well?",
    ),
    "dev": ("How about {}?", "and how about {}", "And for {}?", "{}, likewise?", "And now {}?", "or {}?"),
}  # fmt: skip
PREPOSITIONS = frozenset({"in", "of", "by", "for", "from", "to", "on", "with", "than", "at", "near", "after", "before"})
KEPT_SHARE = 0.7  # of the words before a name ("in", "than the") that are said again with the other one
LONGER_SHARE = 0.25  # of the conversations that ask of a third
COUNT = {"train": 3_000, "dev": 200}  # conversations

Row = dict[str, Any]


class Named(NamedTuple):
    """A question that names one thing: its line, the words around the name, and what is said before it."""

    row: Row
    frame: tuple[str, str]
    before: str

    @classmethod
    def of(cls, row: Row) -> Named | None:
        """None where it names more, or states a number, which nobody says again."""
        if len(row["mentions"]) != 1 or any(not each.is_word for each in quantities_of(row["question"])):
            return None
        text, start, end = row["question"], row["mentions"][0]["start"], row["mentions"][0]["end"]
        before = text[:start].split()
        article = before[-1:] if before[-1:] == ["the"] else []
        words = before[: len(before) - len(article)][-1:]
        kept = [*(words if words and words[0] in PREPOSITIONS else []), *article]
        return cls(row, (text[:start].casefold(), text[end:].casefold().rstrip("?. ")), " ".join(kept))

    @property
    def name(self) -> str:
        """As it stands in the question."""
        mention = self.row["mentions"][0]
        return str(self.row["question"][mention["start"] : mention["end"]])

    @property
    def entity(self) -> str:
        return str(self.row["mentions"][0]["entity"])


def conversations(rows: Sequence[Row], follows: Sequence[str], count: int, random: Random) -> Iterator[list[Asked]]:
    """So many at most: an opening, and one or two that ask the same of others; no opening comes twice."""
    alike: dict[tuple[str, str], list[Named]] = defaultdict(list)
    for row in rows:
        if named := Named.of(row):
            alike[named.frame].append(named)
    groups = [group for group in alike.values() if len({each.entity for each in group}) > 1]
    random.shuffle(groups)
    for group in groups[:count]:
        others = list({each.entity: each for each in random.sample(group, len(group))}.values())
        asked = others[: 3 if random.random() < LONGER_SHARE else 2]
        yield [_opening(asked[0]), *(_follow(each, random.choice(follows), random) for each in asked[1:])]


def _opening(named: Named) -> Asked:
    mentions = tuple(Mention(each["start"], each["end"], each["entity"]) for each in named.row["mentions"])
    question = Question(named.row["question"], mentions)
    return Asked(question, tuple(named.row["answers"]), tuple(named.row["entities"]), "opening")


def _follow(named: Named, follow: str, random: Random) -> Asked:
    """The other one asked of, with the words before its name or without."""
    before, after = follow.split("{}")
    takes_words = before[-4:].casefold() in ("and ", "now ") and random.random() < KEPT_SHARE
    said = f"{named.before} " if named.before and takes_words else ""
    text = f"{before}{said}{named.name}{after}"
    start = len(before) + len(said)
    question = Question(text, (Mention(start, start + len(named.name), named.entity),))
    return Asked(question, tuple(named.row["answers"]), tuple(named.row["entities"]), "ellipsis")


def to_lines(found: Iterator[list[Asked]], split: str) -> list[str]:
    return [
        asked.to_line(f"world-ellipsis-{split}-{number}-{turn}", f"ellipses-{split}-{number}")
        for number, turns in enumerate(found)
        for turn, asked in enumerate(turns)
    ]


def read(name: str) -> list[Row]:
    path = HERE / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> None:
    for split, names in SOURCES.items():
        rows = [row for name in names for row in read(name)]
        lines = to_lines(conversations(rows, FOLLOWS[split], COUNT[split], Random(f"ellipses-{split}")), split)
        write_lines(HERE / f"ellipses.{split}.jsonl{'' if split == 'dev' else '.gz'}", lines)


if __name__ == "__main__":
    main()
