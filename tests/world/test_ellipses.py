"""Ellipses: the same operation asked again of somebody or something else."""

import gzip
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from assets.world.make_ellipses import COUNT, FOLLOWS, SOURCES, Named, conversations, sources, to_lines
from kgqa.training.questions import Question, read_questions

HERE = Path("assets/world")
FILES = {"train": HERE / "ellipses.train.jsonl.gz", "dev": HERE / "ellipses.dev.jsonl"}


def lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        return list(stream)


@pytest.fixture(scope="module", params=SOURCES)
def split(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def asked(split: str) -> list[Question]:
    return sources(split)


def test_the_files_are_those_that_are_made(split: str, asked: list[Question]) -> None:
    made = conversations(asked, FOLLOWS[split], COUNT[split], Random(f"ellipses-{split}"))
    assert to_lines(made, split) == lines(FILES[split])


def test_what_follows_is_answered_as_the_whole_question_is(split: str, asked: list[Question]) -> None:
    known = {(row.entities[0], row.answers) for row in asked if len(row.entities) == 1}
    rows = read_questions(FILES[split])
    for row in rows:
        ((start, end, entity),) = row.mentions
        assert (entity, row.answers) in known
        assert row.question[start:end].strip()
    openings = Counter(row.conversation for row in rows if row.slice == "opening")
    assert set(openings.values()) == {1}
    assert {row.conversation for row in rows if row.slice == "ellipsis"} == set(openings)


def test_development_words_are_no_training_words() -> None:
    words = [{follow.casefold().strip(" ?.") for follow in FOLLOWS[split]} for split in ("train", "dev")]
    assert words[0].isdisjoint(words[1])


@pytest.mark.parametrize(
    ("question", "name", "before"),
    [
        ("What is the highest mountain in Asia?", "Asia", "in"),
        ("Which cities lie on the Rhine?", "Rhine", "on the"),
        ("How many countries border Germany?", "Germany", ""),
        ("Who has more than 3 films by Ang Lee?", "Ang Lee", None),
        ("Which is larger, Peru or Chile?", "Chile", ""),
    ],
)
def test_the_words_before_a_name_are_said_again(question: str, name: str, before: str | None) -> None:
    start = question.index(name)
    named = Named.of(Question("1", question, (), mentions=((start, start + len(name), "e"),)))
    assert (named and (named.name, named.before)) == (
        before if before is None else (name, before if before != "or" else "")
    )
