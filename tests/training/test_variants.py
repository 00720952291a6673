"""Variants: other entities, the same words, and the answers that the same way leads to."""

from pathlib import Path

import pytest
import torch

from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.index import EntityIndex
from kgqa.training.questions import Question
from kgqa.training.variants import Variants
from tests import cinema


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The films without the name that two of them go by."""
    path = tmp_path_factory.mktemp("variants") / "graph.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in cinema.triples()), encoding="utf-8")
    return open_graph(path)


@pytest.fixture(scope="module")
def index(graph: KnowledgeGraph) -> EntityIndex:
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    return EntityIndex.build(graph.catalog, degrees, None)


def ids(graph: KnowledgeGraph, *labels: str) -> tuple[str, ...]:
    return tuple(graph.catalog.entity_ids[list(graph.catalog.labels).index(label)] for label in labels)


def asked(graph: KnowledgeGraph, text: str, *answers: str) -> Question:
    return Question("1", text, ids(graph, *answers))


def films_of(actor: str) -> set[str]:
    return {film for film, other, _ in cinema.PLAYED if other == actor}


def test_over_one_relation(graph: KnowledgeGraph, index: EntityIndex) -> None:
    given = asked(graph, "who was the boss of Jaws?", "Ana Sol")
    made = list(Variants(graph, index).make([given], 8))
    assert len({row.question for row in made}) == 8
    for row in made:
        film = row.question.removeprefix("who was the boss of ").removesuffix("?")
        assert film != "Jaws"
        assert row.answers == ids(graph, cinema.DIRECTED[film])


def test_over_two_relations(graph: KnowledgeGraph, index: EntityIndex) -> None:
    directors = {cinema.DIRECTED[film] for film in films_of("Dora Finch")}
    given = asked(graph, "who bossed dora finch around", *directors)
    for row in (made := list(Variants(graph, index).make([given], 5))):
        actor = row.question.removeprefix("who bossed ").removesuffix(" around")
        assert actor == actor.lower()
        expected = {cinema.DIRECTED[film] for film in films_of(actor.title())}
        assert set(row.answers) == set(ids(graph, *expected))
    assert len(made) == 5


def test_what_two_names_have_in_common(graph: KnowledgeGraph, index: EntityIndex) -> None:
    given = asked(graph, "Dora Finch was whom in Jaws?", "Captain Rook")
    made = list(Variants(graph, index).make([given], 10))
    roles = {f"{actor} was whom in {film}?": role for film, actor, role in cinema.PLAYED}
    assert {row.question: row.answers for row in made} == {
        row.question: ids(graph, roles[row.question]) for row in made
    }
    assert len(made) == 10


def test_what_nothing_explains_and_what_is_taken_is_left_out(graph: KnowledgeGraph, index: EntityIndex) -> None:
    odd = asked(graph, "who was the boss of Jaws?", "Ana Sol", "Captain Rook")
    unanswered = Question("2", "who was the boss of Jaws?", ())
    assert list(Variants(graph, index).make([odd, unanswered], 5)) == []
    given = asked(graph, "who was the boss of Jaws?", "Ana Sol")
    taken = [asked(graph, f"who was the boss of {film}?") for film in cinema.DIRECTED if film != "Red Desert"]
    assert [row.question for row in Variants(graph, index).make([given], 5, taken)] == [
        "who was the boss of Red Desert?"
    ]


def test_the_same_seed_gives_the_same_questions(graph: KnowledgeGraph, index: EntityIndex) -> None:
    given = [asked(graph, "who was the boss of Jaws?", "Ana Sol")]
    made = [[row.question for row in Variants(graph, index, seed).make(given, 6)] for seed in (0, 0, 1)]
    assert made[0] == made[1] != made[2]


def test_a_command_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kgqa.cli import main

    files = ["--graph", "g", "--questions", "q", "--out", str(tmp_path / "m")]
    assert main(["train", *files, "--variants", "-1"]) == 2
    assert "--variants -1: must not be negative" in capsys.readouterr().err
