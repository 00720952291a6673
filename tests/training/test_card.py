"""The card: figures that were measured later find their place, and the directory stays whole."""

import shutil
from pathlib import Path

import pytest

from kgqa.cli import main
from kgqa.manifest import verify_manifest
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.card import LATER_HEADING, LIMITS_HEADING
from tests.conftest import Trained


def test_later_figures_take_the_place_of_earlier_ones(trained: Trained, tmp_path: Path) -> None:
    model, figures = tmp_path / "model", tmp_path / "figures.md"
    shutil.copytree(trained.directory, model)
    before = (model / "README.md").read_text()
    for text in ("| typos | 3.4 |", "| typos | 1.9 |\n"):
        figures.write_text(text)
        assert main(["card", "--model", str(model), "--figures", str(figures)]) == 0
        verify_manifest(model)
    card = (model / "README.md").read_text()
    assert card == before.replace(LIMITS_HEADING, f"{LATER_HEADING}\n\n| typos | 1.9 |\n\n{LIMITS_HEADING}")
    assert from_pretrained(model).version == from_pretrained(trained.directory).version


def test_a_missing_file_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "--model", str(trained.directory), "--figures", "none.md"]) == 2
    assert "none.md: cannot be read" in capsys.readouterr().err
