"""Heads left out one by one: what needs one is lost without it, what does not is kept."""

import json
from pathlib import Path

import pytest

from kgqa.cli import main
from tests import kingdom
from tests.conftest import Trained

COUNTED = [f"how many cities are in {name}?" for name in kingdom.CITIES]
BORDERING = [("does Kelda border Lorne?", True), ("does Kelda border Dunmor?", False)]


def test_what_needs_a_head_is_lost_without_it(
    ruled: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"question": text, "answers": [len(kingdom.CITIES[text[23:-1]])], "slice": "count"} for text in COUNTED]
    rows += [{"question": text, "answers": [truth], "slice": "yes-no"} for text, truth in BORDERING]
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["bench", "heads", "--model", str(ruled.directory), "--questions", str(asked), "--json"]) == 0
    found = {row["without"]: row for row in json.loads(capsys.readouterr().out)}
    assert (found["nothing"]["count"], found["nothing"]["yes-no"]) == (100, 100)
    assert found["count"]["count"] < 50
    assert found["count"]["yes-no"] == 100
    assert found["any"]["yes-no"] == 0


def test_a_model_of_walks_alone_has_no_heads(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"question": "how many?", "answers": [1]}\n')
    assert main(["bench", "heads", "--model", str(trained.directory), "--questions", str(asked)]) == 2
    assert "writes no programs" in capsys.readouterr().err
