"""The course that the shipped model learned operations from: nothing of development in it, every kind of row."""

import json
from collections import Counter
from itertools import pairwise

from assets.world.graph import Graph
from assets.world.made import bare, made_operations
from assets.world.make_course import course
from assets.world.make_lessons import HERE, rows_of
from assets.world.operations import KINDS, read_operations
from assets.world.seeds import Seeds
from kgqa.training.questions import Question, read_questions


def test_made_operations_keep_from_what_development_asks(graph: Graph) -> None:
    made = list(made_operations(HERE / "graph.nt.gz", 300, seed=1))
    assert 200 < len(made) < 300
    assert {each.slice for each in made} == set(KINDS)
    seeds = Seeds(graph, False, None)  # type: ignore[arg-type]
    assert [each for each in made if not all(map(seeds.allows, each.entities))] == []
    worded = {bare(each.text) for each in read_operations("dev") if "{" not in each.text}
    assert [each.question for each in made if bare(each.question) in worded] == []


def test_a_course_has_questions_of_every_source_and_conversations_together() -> None:
    made = [json.loads(Question("m", "how many?", (3,)).to_line())]
    rows = list(course(40, 10, 0.5, made, 20, 100, seed=3))
    alone = [row for row in rows if not row.get("conversation")]
    ids = Counter(row["id"] for row in alone)
    files = Counter(name.removeprefix("world-").rstrip("0123456789") for name in ids.elements())
    assert ids["m"] == 1
    assert files["operations-train-"] == 12_000
    assert files["operations-none-train-"] == 4_000
    assert files["operations-more-"] == round(0.5 * len(list(rows_of("operations.more.jsonl.gz"))))
    assert sum(not row["answers"] for row in alone) >= 10 + 4_000
    talks = [row["conversation"] for row in rows if row.get("conversation")]
    changes = sum(one != other for one, other in pairwise(talks))
    assert changes == len(set(talks)) - 1
    assert rows == list(course(40, 10, 0.5, made, 20, 100, seed=3))
    development = {row.question for row in read_questions(HERE / "operations.dev.jsonl")}
    assert not development & {row["question"] for row in rows}
