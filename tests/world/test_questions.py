"""The shipped questions: right in form, true to the graph, and split so that dev measures something."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from assets.world.graph import Graph
from assets.world.make_questions import make_split
from assets.world.seeds import SMALLEST_SPLIT_CLASS, is_dev_entity
from assets.world.templates import TEMPLATES

Questions = dict[str, list[dict[str, Any]]]


def test_there_are_enough_of_every_kind(questions: Questions) -> None:
    slices = Counter(question["slice"] for question in questions["dev"])
    assert len(questions["train"]) >= 60_000
    assert len(questions["dev"]) == 3_000
    kinds = {"1-hop", "2-hop", "3-hop", "intersection", "ambiguous", "typo", "unanswerable"}
    assert set(slices) == kinds
    assert min(slices.values()) >= 100


def test_no_text_is_in_both_splits_or_twice(questions: Questions) -> None:
    texts = [question["question"] for split in questions.values() for question in split]
    assert len(texts) == len(set(texts))


def test_mentions_lie_in_the_text_and_name_the_entities(questions: Questions) -> None:
    for split in questions.values():
        for question in split:
            mentioned = [mention["entity"] for mention in question["mentions"]]
            assert sorted(mentioned) == sorted(question["entities"])
            for mention in question["mentions"]:
                assert 0 <= mention["start"] < mention["end"] <= len(question["question"])


def test_answers_are_of_the_graph_and_never_the_question_itself(graph: Graph, questions: Questions) -> None:
    for question in questions["train"] + questions["dev"]:
        iris = [one for one in question["answers"] if isinstance(one, str)]
        assert all(iri in graph.labels for iri in iris)
        assert len(set(map(str, question["answers"]))) == len(question["answers"])
        assert bool(question["answers"]) == (question["slice"] != "unanswerable")


def test_training_never_asks_about_a_dev_entity(graph: Graph, questions: Questions) -> None:
    def is_shared(node: str) -> bool:
        return node in graph.kinds and len(graph.members[graph.kinds[node]]) < SMALLEST_SPLIT_CLASS

    for question in questions["train"]:
        assert all(is_shared(node) or not is_dev_entity(node) for node in question["entities"])
    for question in questions["dev"]:
        if "-seen-" not in question["id"]:
            assert all(is_dev_entity(node) and not is_shared(node) for node in question["entities"])


def test_every_entity_of_a_question_exists(graph: Graph, questions: Questions) -> None:
    for split in questions.values():
        for question in split:
            assert all(node in graph.labels or node in graph.degrees for node in question["entities"])


def test_the_same_seed_makes_the_same_questions(graph: Graph, tmp_path: Path) -> None:
    lines = (TEMPLATES / "geography.dev.tsv").read_text(encoding="utf-8").splitlines()[:40]
    (tmp_path / "geography.dev.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    one, two = (make_split(graph, "dev", 60, 3, set(), tmp_path) for _ in range(2))
    assert [asked.to_line("x") for asked in one] == [asked.to_line("x") for asked in two]
    assert json.loads(one[0].to_line("x"))["id"] == "x"


def test_the_examples_of_the_page_include_those_of_the_issue() -> None:
    examples = (TEMPLATES.parent / "examples.txt").read_text(encoding="utf-8").splitlines()
    assert 8 <= len(examples) <= 10
    assert "What city is the Mona Lisa in?" in examples
    assert "Who wrote films starring Tom Hanks?" in examples
    assert "Who did Natalie Portman play in Star Wars?" in examples
