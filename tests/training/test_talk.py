"""Conversations made from a graph: true of it, leaning on what was before, and the same for the same seed."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.training.english import Words
from kgqa.training.questions import Question, in_context, read_questions, write_questions
from kgqa.training.synthesis import Synthesiser
from kgqa.training.talk import KINDS, Talker, spoken
from tests import cinema

TOTAL = 600


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return build_graph([cinema.write_graph(tmp_path_factory.mktemp("films") / "films.tsv")])[0]


def talk(graph: KnowledgeGraph, seed: int) -> list[Question]:
    return in_context(Talker(Synthesiser(graph, Words(()), seed)).make(TOTAL))


@pytest.fixture(scope="module")
def made(graph: KnowledgeGraph) -> list[Question]:
    return talk(graph, 1)


def test_every_kind_is_there_in_whole_conversations(made: list[Question]) -> None:
    kinds = Counter(row.slice for row in made)
    assert set(KINDS) | {"opening"} == set(kinds)
    assert len(made) >= TOTAL
    lengths = Counter(row.conversation for row in made).values()
    assert (min(lengths), max(lengths)) == (2, 5)
    assert all(bool(row.context) == (row.slice != "opening") for row in made)


def test_what_is_kept_was_answered_before(made: list[Question]) -> None:
    narrowed = [row for row in made if row.slice == "narrowing"]
    assert narrowed
    assert all(set(row.answers) < set(row.context[0].answers) for row in narrowed)


def test_answers_are_a_step_from_what_was_said(graph: KnowledgeGraph, made: list[Question]) -> None:
    catalog, sparse = graph.catalog, graph.sparse
    around: dict[str, set[str]] = defaultdict(set)
    for subject, _, object_ in zip(*(part.tolist() for part in sparse.triples()), strict=True):
        around[catalog.entity_ids[subject]].add(catalog.entity_ids[object_])
        around[catalog.entity_ids[object_]].add(catalog.entity_ids[subject])
    for row in made:
        if row.slice in ("it", "place"):
            assert row.entities == ()
            said = {one for before in row.context for one in (*before.entities, *before.answers)}
            assert set(row.answers) <= {near for one in said for near in around[str(one)]} or len(row.context) > 1, row


def test_the_same_seed_gives_the_same_conversations(graph: KnowledgeGraph, made: list[Question]) -> None:
    assert talk(graph, 1) == made
    assert talk(graph, 2) != made


def test_a_file_keeps_who_follows_whom(made: list[Question], tmp_path: Path) -> None:
    write_questions(tmp_path / "talk.jsonl", made)
    assert read_questions(tmp_path / "talk.jsonl") == made


@pytest.mark.parametrize(
    ("pattern", "called", "text"),
    [
        ("who directed {a}?", "it", "who directed it?"),
        ("what is {a}'s genre", "they", "what is their genre"),
        ("{a}'s cast", "that film", "that film's cast"),
    ],
)
def test_a_word_stands_where_the_name_would(pattern: str, called: str, text: str) -> None:
    assert spoken(pattern, called) == text
