"""The templates are many, parse, and those of dev are other wordings than those of train."""

from collections import Counter
from pathlib import Path

import pytest

from assets.world.graph import Graph
from assets.world.names import normalise
from assets.world.schema import RELATIONS
from assets.world.tables import TableError
from assets.world.templates import Template, parse_line, read_templates, read_unanswerable


def directions(templates: list[Template]) -> Counter[tuple[str, bool]]:
    """How many one-hop phrasings each relation has forwards and backwards."""
    steps = [template.branches[0].path[0] for template in templates if template.shape == "1-hop"]
    return Counter((relation.partition(".")[0], inverse) for relation, inverse in steps)


def test_there_are_at_least_a_thousand(templates: dict[str, list[Template]]) -> None:
    assert len({normalise(template.text) for template in templates["train"]}) >= 1_000


def test_every_relation_and_direction_has_enough_phrasings(templates: dict[str, list[Template]]) -> None:
    train, dev = directions(templates["train"]), directions(templates["dev"])
    assert {relation for relation, inverse in train if not inverse} == set(RELATIONS)
    assert {key: count for key, count in train.items() if count < 15} == {}
    assert {key: dev[key] for key in train if dev[key] < 4} == {}


def test_every_shape_is_there(templates: dict[str, list[Template]]) -> None:
    for split in templates.values():
        assert {template.shape for template in split} == {"1-hop", "2-hop", "3-hop", "intersection"}


def test_dev_repeats_no_training_text(templates: dict[str, list[Template]]) -> None:
    train = {normalise(template.text) for template in templates["train"]}
    assert [template.text for template in templates["dev"] if normalise(template.text) in train] == []


def test_every_program_leads_somewhere(graph: Graph, templates: dict[str, list[Template]]) -> None:
    for branch in {branch for split in templates.values() for template in split for branch in template.branches}:
        relation, inverse = branch.path[0]
        starts = (graph.backward if inverse else graph.forward)[relation]
        assert any(graph.walk(node, branch.path) for node in starts), branch


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Film:directed_by", "x:1: expected 2 tab-separated fields"),
        ("Film:filmed_by\twho filmed {a}?", "x:1: unknown relation 'filmed_by'"),
        ("Movie:directed_by\twho made {a}?", "x:1: no known class"),
        ("Film:directed_by\twho directed it?", r"x:1: expected each of \['\{a\}'\] once"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse_line(line, "x:1")


def test_a_text_stands_only_once_under_a_program(tmp_path: Path) -> None:
    lines = "Film:directed_by\twho directed {a}?\nFilm:directed_by\tWho directed {a}\n"
    (tmp_path / "films.train.tsv").write_text(lines, encoding="utf-8")
    with pytest.raises(TableError, match=r"films\.train\.tsv:2: this text stands twice"):
        read_templates("train", tmp_path)


def test_the_class_that_a_text_names_narrows_the_last_step() -> None:
    (branch,) = parse_line("City:~located_in_city\twhich museums are in {a}?", "x:1").branches
    assert branch.path == (("located_in_city.Museum", True),)
    (branch,) = parse_line("City:~located_in_city\twhat is there in {a}?", "x:1").branches
    assert branch.path == (("located_in_city", True),)


def test_unanswerable_lines_are_split(tmp_path: Path) -> None:
    (tmp_path / "x.none.tsv").write_text(
        "dev\thello\ntrain\tbye\ntrain:City\twhat does {a} cost?\nFilm\tis {a} any good?\nwhy?\n", encoding="utf-8"
    )
    found = read_unanswerable(tmp_path)
    assert [(one.split, one.kind, one.text) for one in found] == [
        ("dev", "", "hello"),
        ("train", "", "bye"),
        ("train", "City", "what does {a} cost?"),
        ("train", "Film", "is {a} any good?"),
        ("train", "", "why?"),
    ]
