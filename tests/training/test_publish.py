"""Publishing: the served directory is exchanged, what was there is kept, and what would be lost is not risked."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kgqa.cli import main
from kgqa.errors import InputError, KgqaError, ModelFormatError
from kgqa.graph.formats import Statement
from kgqa.manifest import verify_manifest
from kgqa.reasoning.facts import change_facts
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.pretrained import from_pretrained, save_pretrained
from kgqa.training.publish import publish, rollback, version_of
from tests.conftest import Trained

pytestmark = pytest.mark.slow


@pytest.fixture
def served(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.directory, tmp_path / "served"))


def tuned(parent: Path, out: Path, version: str) -> Path:
    """The same model as a version that was tuned from its parent."""
    answerer = from_pretrained(parent)
    answerer.lineage, answerer.version = replace(Lineage(), parent=answerer.version), version
    save_pretrained(answerer, out, "a card")
    return out


def test_versions_are_published_and_taken_back_one_by_one(served: Path, tmp_path: Path) -> None:
    first = version_of(served)
    kept = publish(tuned(served, tmp_path / "second", "second"), served)
    assert (version_of(served), version_of(kept)) == ("second", first)
    assert kept.parent == served.with_name("served.before")
    publish(tuned(served, tmp_path / "third", "third"), served)
    shutil.rmtree(tmp_path / "third")
    verify_manifest(served)
    assert rollback(served) == ("third", "second")
    assert rollback(served) == ("second", first)
    verify_manifest(served)
    assert from_pretrained(served).answer("who directed Jaws?").answers[0].label == "Ana Sol"
    kept_back = sorted(path.name for path in served.with_name("served.taken-back").iterdir())
    assert kept_back == ["0001-third", "0002-second"]
    with pytest.raises(InputError, match="no version before"):
        rollback(served)
    assert [path.name for path in tmp_path.iterdir() if ".new-" in path.name] == []


def test_what_a_killed_publishing_left_is_not_taken_back(served: Path, tmp_path: Path) -> None:
    first = version_of(served)
    publish(tuned(served, tmp_path / "second", "second"), served)
    shutil.copytree(served, served.with_name("served.before") / "0002-second")
    assert rollback(served) == ("second", first)


def test_facts_that_were_added_meanwhile_are_not_lost(served: Path, tmp_path: Path) -> None:
    new = tuned(served, tmp_path / "second", "second")
    change_facts(served, [Statement("Silver Lining", "directed by", "Vera Holm", True)])
    now = version_of(served)
    with pytest.raises(KgqaError, match=f"is version {now}, but .* was tuned from"):
        publish(new, served)
    assert version_of(served) == now


def test_what_is_no_model_is_refused(served: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFormatError):
        publish(tmp_path / "empty", served)
    with pytest.raises(InputError, match="no such model directory"):
        publish(tuned(served, tmp_path / "second", "second"), tmp_path / "nowhere")


def test_the_command_takes_back(served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(tuned(served, tmp_path / "second", "second"), served)
    assert main(["finetune", "--rollback", "--model", str(served)]) == 0
    assert "answers again, second was taken back" in capsys.readouterr().out
    assert main(["finetune", "--rollback", "--model", str(served)]) == 2
    assert "there is no version before" in capsys.readouterr().err
