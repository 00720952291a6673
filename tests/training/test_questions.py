"""Question files, good and bad."""

import gzip
import json
from pathlib import Path

import pytest

from kgqa.errors import QuestionFormatError
from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.shortlist import Mention
from kgqa.training.questions import answer_set, gold_mentions, read_questions
from tests import cinema


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return open_graph(cinema.write_graph(tmp_path_factory.mktemp("questions") / "graph.tsv"))


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_reads_plain_and_compressed(tmp_path: Path) -> None:
    rows = [{"question": "who?", "answers": ["a", 3]}, "", {"question": "é", "answers": []}]
    plain = write(tmp_path / "q.jsonl", *rows, {"question": "is it?", "answers": [True]})
    packed = tmp_path / "q.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_questions(plain) == read_questions(packed)
    assert [row.answers for row in read_questions(plain)] == [("a", 3), (), (True,)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not a JSON object"),
        ("[1]", "expected a JSON object, found list"),
        ({"answers": []}, '"question" must be a text'),
        ({"question": " ", "answers": []}, '"question" must be a text'),
        ({"question": "who?"}, '"answers" must be a list'),
        ({"question": "who?", "answers": [None]}, '"answers" must be a list'),
        ({"question": "who?", "answers": [], "mentions": [{"start": 1}]}, '"mentions" must hold objects'),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, reason: str) -> None:
    path = write(tmp_path / "q.jsonl", {"question": "fine", "answers": []}, line)
    with pytest.raises(QuestionFormatError) as error:
        read_questions(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert reason in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\n\n"])
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(content)
    with pytest.raises(QuestionFormatError, match=r"q\.jsonl"):
        read_questions(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionFormatError, match="absent"):
        read_questions(tmp_path / "absent.jsonl")


def test_answers_are_entities_or_values(tmp_path: Path, graph: KnowledgeGraph) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {"question": "a", "answers": ["Jaws", "unknown film"]},
        {"question": "b", "answers": [1975]},
        {"question": "c", "answers": ["1975"]},
    )
    named, number, text = (answer_set(row, graph.catalog) for row in read_questions(path))
    assert named == {graph.catalog.entity("Jaws")}
    assert number == text
    assert [graph.catalog.labels[entity] for entity in number] == ["1975"]


def test_gold_mentions_name_entities_only_in_the_gold_mode(tmp_path: Path, graph: KnowledgeGraph) -> None:
    row = {"question": "is Jaws good", "answers": [], "entities": ["Jaws", "Ana Sol"],
           "mentions": [{"start": 3, "end": 7, "entity": "Jaws"}]}  # fmt: skip
    question = read_questions(write(tmp_path / "q.jsonl", row))[0]
    jaws, ana = graph.catalog.entity("Jaws"), graph.catalog.entity("Ana Sol")
    assert gold_mentions(question, graph.catalog, "gold-span") == [Mention(3, 7)]
    assert gold_mentions(question, graph.catalog, "gold") == [Mention(3, 7, jaws), Mention(0, 12, ana)]
