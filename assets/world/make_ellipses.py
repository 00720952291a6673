"""Write ellipses.train.jsonl.gz and ellipses.dev.jsonl: an operation, and the same again of somebody or something else
("How many countries border Germany?", "and Poland?").

Run from the root of the repository, after make_operations: python -m assets.world.make_ellipses
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

from assets.world.asked import write_lines
from kgqa.programs.quantities import quantities_of
from kgqa.training.questions import Question, read_questions

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


class Named(NamedTuple):
    """A question that names one thing, how that is called there, the words around it, and what is said before it."""

    row: Question
    name: str
    frame: tuple[str, str]
    before: str

    @classmethod
    def of(cls, row: Question) -> Named | None:
        """None where it names more, or states a number, which nobody says again."""
        if len(row.mentions) != 1 or any(not each.is_word for each in quantities_of(row.question)):
            return None
        start, end, _ = row.mentions[0]
        left, right = row.question[:start], row.question[end:]
        before = left.split()
        article = before[-1:] if before[-1:] == ["the"] else []
        words = before[: len(before) - len(article)][-1:]
        kept = [*(words if words and words[0] in PREPOSITIONS else []), *article]
        frame = (left.casefold(), right.casefold().rstrip("?. "))
        return cls(row, row.question[start:end], frame, " ".join(kept))

    @property
    def entity(self) -> str:
        return self.row.mentions[0][2]


def conversations(
    rows: Sequence[Question], follows: Sequence[str], count: int, random: Random
) -> Iterator[list[Question]]:
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
        opening = replace(asked[0].row, slice="opening")
        yield [opening, *(_follow(each, random.choice(follows), random) for each in asked[1:])]


def _follow(named: Named, follow: str, random: Random) -> Question:
    """The other one asked of, with the words before its name or without."""
    before, after = follow.split("{}")
    takes_words = before[-4:].casefold() in ("and ", "now ") and random.random() < KEPT_SHARE
    said = f"{named.before} " if named.before and takes_words else ""
    start = len(before) + len(said)
    mention = (start, start + len(named.name), named.entity)
    return replace(named.row, question=f"{before}{said}{named.name}{after}", mentions=(mention,), slice="ellipsis")


def to_lines(found: Iterator[list[Question]], split: str) -> list[str]:
    return [
        replace(row, id=f"world-ellipsis-{split}-{number}-{turn}", conversation=f"ellipses-{split}-{number}").to_line()
        for number, turns in enumerate(found)
        for turn, row in enumerate(turns)
    ]


def sources(split: str) -> list[Question]:
    return [row for name in SOURCES[split] for row in read_questions(HERE / name)]


def main() -> None:
    for split in SOURCES:
        found = conversations(sources(split), FOLLOWS[split], COUNT[split], Random(f"ellipses-{split}"))
        write_lines(HERE / f"ellipses.{split}.jsonl{'' if split == 'dev' else '.gz'}", to_lines(found, split))


if __name__ == "__main__":
    main()
