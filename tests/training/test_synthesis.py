"""What is synthesised is true of the graph, varied, and the same for the same seed."""

from collections import Counter
from pathlib import Path

import pytest

from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.linking.vectors import normalise
from kgqa.training.english import Words
from kgqa.training.questions import Question, read_questions, write_questions
from kgqa.training.synthesis import SHARES, Synthesiser
from tests import cinema

LEXICON = "direct directed director write writer wrote star starred play player"
WORDS = Words(LEXICON.split())
TOTAL = 800


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return build_graph([cinema.write_graph(tmp_path_factory.mktemp("films") / "films.tsv")])[0]


@pytest.fixture(scope="module")
def made(graph: KnowledgeGraph) -> list[Question]:
    return list(Synthesiser(graph, WORDS, seed=3).make(TOTAL))


def reached(graph: KnowledgeGraph, starts: set[str], hops: int) -> set[str]:
    """Everything within so many steps of all of the starts."""
    catalog = graph.catalog
    each = []
    for start in starts:
        found, edge = {catalog.entity(start)}, {catalog.entity(start)}
        for _ in range(hops):
            steps = [(node, r) for node in edge for r in range(graph.sparse.num_relations)]
            edge = {other for node, r in steps for other in graph.sparse.objects_of(node, r).tolist()}
            found |= edge
        each.append(found)
    return {catalog.entity_ids[node] for node in set.intersection(*each)}


def test_every_kind_is_there_and_no_text_twice(made: list[Question]) -> None:
    kinds = Counter(question.slice for question in made)
    assert len({question.question for question in made}) == len(made) == len({question.id for question in made})
    assert kinds["unanswerable"] == round(TOTAL * SHARES["unanswerable"])
    assert {"1-hop", "2-hop", "2 entities", "3 entities", "typo"} <= set(kinds)


def test_answers_follow_from_the_graph(graph: KnowledgeGraph, made: list[Question]) -> None:
    for question in made:
        assert bool(question.answers) == (question.slice != "unanswerable")
        if question.answers:
            hops = 1 if question.slice.endswith(("1-hop", "entities", "ambiguous")) else 2
            assert set(question.answers) <= reached(graph, set(question.entities), hops), question


def test_mentions_stand_where_they_are_said_to(graph: KnowledgeGraph, made: list[Question]) -> None:
    catalog = graph.catalog
    for question in made:
        for start, end, entity in question.mentions:
            said = normalise(question.question[start:end])
            number = catalog.entity(entity)
            names = {normalise(name) for name in (catalog.labels[number], *catalog.aliases(number))}
            assert said in names or question.slice in ("typo", "unanswerable"), question


def test_what_is_shared_is_less_than_what_each_leads_to(graph: KnowledgeGraph, made: list[Question]) -> None:
    shared = [question for question in made if question.slice.endswith("entities")]
    assert {len(question.entities) for question in shared} >= {2, 3}
    for question in shared:
        assert question.slice == f"{len(question.entities)} entities"
        for entity in question.entities:
            assert set(question.answers) < reached(graph, {entity}, 1)


def test_the_seed_decides(graph: KnowledgeGraph, made: list[Question]) -> None:
    assert list(Synthesiser(graph, WORDS, seed=3).make(TOTAL)) == made
    assert list(Synthesiser(graph, WORDS, seed=4).make(TOTAL)) != made


@pytest.mark.parametrize("name", ["made.jsonl", "made.jsonl.gz"])
def test_written_questions_are_read_again(made: list[Question], tmp_path: Path, name: str) -> None:
    assert write_questions(tmp_path / name, made) == len(made)
    assert read_questions(tmp_path / name) == made
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_class_that_looks_like_a_slot_does_no_harm(tmp_path: Path) -> None:
    label, kind = "<http://www.w3.org/2000/01/rdf-schema#label>", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    lines = [f'<urn:x:r> {label} "directed by" .', f'<urn:x:c> {label} "{{7}} {{a}}" .']
    for number in range(6):
        lines += [f'<urn:x:{number}> {label} "Name {number}" .', f"<urn:x:{number}> {kind} <urn:x:c> ."]
        lines += [f"<urn:x:{number}> <urn:x:r> <urn:x:{(number + 1) % 6}> ."]
    (tmp_path / "graph.nt").write_text("\n".join(lines) + "\n")
    graph = build_graph([tmp_path / "graph.nt"])[0]
    assert "{7} {a}" in graph.catalog.classes(graph.catalog.entity("urn:x:0"))
    made = list(Synthesiser(graph, WORDS).make(100))
    assert any("7 a" in question.question for question in made)
    assert not any("{" in question.question for question in made)
