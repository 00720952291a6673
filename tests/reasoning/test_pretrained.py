"""Model directories: whole ones load, others are refused in one line."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from kgqa.errors import ModelFormatError
from kgqa.manifest import write_manifest
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import EVIDENCE
from kgqa.reasoning.pretrained import CONFIG, WEIGHTS, from_pretrained, save_pretrained, trained_state
from tests.conftest import Trained


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.directory, tmp_path / "model"))


def refused(directory: Path) -> str:
    with pytest.raises(ModelFormatError) as error:
        from_pretrained(directory)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_saving_and_loading_keeps_answers(trained: Trained, tmp_path: Path) -> None:
    first = from_pretrained(trained.directory)
    save_pretrained(first, tmp_path / "again", "# A card\n")
    second = from_pretrained(tmp_path / "again")
    for name, value in trained_state(first.model).items():
        assert torch.equal(value, trained_state(second.model)[name]), name
    question = "who did Fay Moss play in Red Desert?"
    assert first.answer(question).answers == second.answer(question).answers
    assert second.version == first.version
    assert second.examples == first.examples


def test_the_card_states_data_seed_figures_and_limits(trained: Trained) -> None:
    card = (trained.directory / "README.md").read_text()
    for part in ("train the tests' model", "| seed | 3 |", "train.jsonl", "dev.jsonl", "| role |", "## Limits"):
        assert part in card


def test_a_missing_directory(tmp_path: Path) -> None:
    assert str(tmp_path / "absent") in refused(tmp_path / "absent")


def test_a_foreign_directory(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert "manifest.json" in refused(tmp_path)


@pytest.mark.parametrize("name", [WEIGHTS, "encoder-0.safetensors", CONFIG, "graph/objects.npy"])
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert name in refused(copy)


@pytest.mark.parametrize("name", [WEIGHTS, "encoder-0.safetensors", "graph/objects.npy"])
def test_a_flipped_bit(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[-3] ^= 4
    (copy / name).write_bytes(content)
    assert name in refused(copy)


def test_a_truncated_file(copy: Path) -> None:
    content = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(content[: len(content) // 2])
    assert WEIGHTS in refused(copy)


def test_a_missing_parameter_with_a_manifest_that_agrees(copy: Path) -> None:
    weights = load_file(copy / WEIGHTS)
    del weights["ranker.similarity"]
    save_file(weights, copy / WEIGHTS)
    write_manifest(copy)
    assert "'ranker.similarity' is missing" in refused(copy)


def test_an_encoder_that_is_not_the_one_trained_on(copy: Path) -> None:
    config = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps({**config, "encoder_sha256": "0" * 64}))
    write_manifest(copy)
    assert "trained on other weights" in refused(copy)


@pytest.mark.parametrize("content", ["", "[]", '{"encoder": 3}'])
def test_a_config_of_something_else(copy: Path, content: str) -> None:
    (copy / CONFIG).write_text(content)
    write_manifest(copy)
    assert "not the configuration of a kgqa model" in refused(copy)


@pytest.mark.parametrize(
    "calibration",
    [
        None,
        {"weights": [1.0] * EVIDENCE, "shift": 0.0, "threshold": 0.3},
        {"weights": [1.0], "shift": 0.0, "threshold": 0.3, "of_programs": 0.3},
    ],
)
def test_a_calibration_of_another_version(copy: Path, calibration: object) -> None:
    config = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps({**config, "calibration": calibration}))
    write_manifest(copy)
    assert "train the model again" in refused(copy)


def test_nothing_is_written_over_a_foreign_directory(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    answerer: Answerer = from_pretrained(trained.directory)
    with pytest.raises(ModelFormatError):
        save_pretrained(answerer, tmp_path, "# A card\n")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
