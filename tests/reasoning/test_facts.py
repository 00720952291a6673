"""A living model: what is added is found, ranked and reached at once; what is taken away is gone; all or nothing."""

import fcntl
import shutil
from pathlib import Path

import pytest
import torch

from kgqa.errors import InputError, KgqaError
from kgqa.graph.formats import Statement
from kgqa.manifest import verify_manifest
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.facts import change_facts
from kgqa.reasoning.pretrained import from_pretrained, trained_state
from kgqa.reasoning.relations import CORRECTION
from tests.conftest import Trained

NEW = [
    ("Silver Lining", "directed by", "Vera Holm"),
    ("Silver Lining", "release year", "1999"),
    ("Silver Lining", "starring", "Fay Moss"),
]


@pytest.fixture
def model(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.directory, tmp_path / "model"))


def add(model: Path, *facts: tuple[str, str, str], take: bool = False) -> None:
    change_facts(model, [Statement(s, r, o, True) for s, r, o in facts], take)


def labels(answerer: Answerer, question: str) -> list[str]:
    """The labels of what was reached, whatever the confidence says."""
    found = answerer.solve(question)
    return [answerer.graph.catalog.labels[entity] for entity in found.entities.tolist()]


def test_what_was_added_is_answered_at_once(model: Path) -> None:
    add(model, *NEW)
    answerer = from_pretrained(model)
    assert labels(answerer, "who directed Silver Lining?") == ["Vera Holm"]
    assert labels(answerer, "who directed silver linning?")[0] == "Vera Holm"
    assert labels(answerer, "what year did Silver Lining come out") == ["1999"]
    assert "Silver Lining" in labels(answerer, "movies starring Fay Moss")
    assert "Vera Holm" in labels(answerer, "who directed the movies starring Fay Moss")


def test_an_alias_is_found_until_it_is_taken_away(model: Path) -> None:
    add(model, ("Jaws", "skos:altLabel", "Le Grand Requin"))
    assert from_pretrained(model).index.exact(["le grand requin"])[0]
    assert labels(from_pretrained(model), "who directed Le Grand Requin?") == ["Ana Sol"]
    add(model, ("Jaws", "skos:altLabel", "Le Grand Requin"), take=True)
    assert from_pretrained(model).index.exact(["le grand requin"]) == [[]]


def test_a_fact_that_was_taken_away_is_gone(model: Path) -> None:
    add(model, ("Jaws", "directed by", "Ana Sol"), take=True)
    assert "Ana Sol" not in labels(from_pretrained(model), "who directed Jaws?")


def test_an_entity_that_was_taken_away_is_neither_found_nor_suggested(model: Path) -> None:
    change_facts(model, [], take=True, entities=["Jaws"])
    answerer = from_pretrained(model)
    assert answerer.index.exact(["Jaws"]) == [[]]
    assert answerer.index.suggest("jaw") == []
    assert "Jaws" not in labels(answerer, "movies starring Dora Finch")


def test_a_new_relation_has_a_row_of_its_own(model: Path) -> None:
    before = trained_state(from_pretrained(model).model)[CORRECTION]
    add(model, ("Jaws", "shot in", "Lund"))
    after = trained_state(from_pretrained(model).model)[CORRECTION]
    assert torch.equal(after[: len(before)], before)
    assert torch.equal(after[len(before) :], torch.zeros(2, before.shape[1]))


def test_the_version_changes_and_the_directory_is_whole(model: Path) -> None:
    old = from_pretrained(model).version
    add(model, *NEW)
    verify_manifest(model)
    assert from_pretrained(model).version != old
    assert [path.name for path in model.parent.iterdir() if path.name.startswith(".model.new")] == []


def test_a_mistake_changes_nothing(model: Path) -> None:
    before = (model / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="does not state"):
        add(model, ("Jaws", "starring", "Dora Finch"), ("Jaws", "starring", "Ana Sol"), take=True)
    assert (model / "manifest.json").read_bytes() == before
    assert labels(from_pretrained(model), "who directed Jaws?") == ["Ana Sol"]


def test_two_changes_at_once_are_not_mixed(model: Path) -> None:
    with (model.parent / ".model.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(KgqaError, match="another change is under way"):
            add(model, *NEW)


def test_a_hundred_facts_at_once(model: Path) -> None:
    add(model, *((f"Film {number}", "directed by", f"Director {number}") for number in range(100)))
    assert labels(from_pretrained(model), "who directed Film 57?") == ["Director 57"]
