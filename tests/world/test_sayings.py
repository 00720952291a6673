"""Sayings: read strictly, and nothing of dev is said as it is in train."""

from pathlib import Path

import pytest

from assets.world.names import normalise
from assets.world.sayings import KINDS, TALKS, Sayings
from assets.world.tables import TableError


def said(split: str) -> set[tuple[str, str]]:
    """Each saying of a file with its kind."""
    lines = (TALKS / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(kind, normalise(text)) for kind, _, text in rows if kind not in ("word", "words")}


@pytest.mark.parametrize("split", ["train", "more"])
def test_nothing_of_dev_is_said_as_it_is_in_training(split: str) -> None:
    assert said("dev") & said(split) == set()


@pytest.mark.parametrize(("split", "least"), [("train", 5), ("more", 60), ("dev", 5)])
def test_each_place_is_called_something(split: str, least: int) -> None:
    found = Sayings.read(split)
    assert len(found.places) == 5
    assert all(found.places)
    assert sum(map(len, found.places)) >= least
    assert found.ellipsis
    assert found.narrowing


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("place\tsecond\tthe other one", "dev.tsv:1: no number of a place: 'second'"),
        ("ellipsis\t\tand that?", "dev.tsv:1: ellipsis with {a} in 'and that?'"),
        ("word\tStream\tit", "dev.tsv:1: unknown class 'Stream'"),
        ("shout\t\they", f"dev.tsv:1: expected one of {', '.join(KINDS)}, a class or program, and a text"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "dev.tsv").write_text(line + "\n")
    with pytest.raises(TableError) as raised:
        Sayings.read("dev", tmp_path)
    assert message in str(raised.value)
