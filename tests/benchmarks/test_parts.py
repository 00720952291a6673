"""Every part of the way is timed, the parts make the whole, and nothing is left watched."""

import json

import pytest

from kgqa.cli import main
from kgqa.reasoning import model as model_module
from tests.conftest import Trained


def test_the_parts_make_the_whole(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    walk = model_module.walk
    command = ["bench", "parts", "--model", str(trained.directory), "--questions", str(trained.dev), "--json"]
    assert main(command) == 0
    figures = json.loads(capsys.readouterr().out)
    parts = ["read", "encode", "spans", "shortlist", "rank", "plan", "answerable", "walk", "explain"]
    assert list(figures) == ["questions", *parts, "rest", "total", "p95"]
    assert all(0 < figures[part] < figures["total"] for part in parts)
    assert figures["total"] <= figures["p95"]
    assert model_module.walk is walk
