"""Coverage by programs: counted by slice, and what the graph lacks has none."""

import json
from pathlib import Path

import pytest

from kgqa.cli import main
from tests.programs.conftest import land_file

__all__ = ["land_file"]

ROWS = [
    {"question": "how many cities are in Ada?", "answers": [2], "slice": "count"},
    {"question": "the smallest city", "answers": ["urn:x:cob"], "slice": "superlative"},
    {"question": "how many moons has Ada?", "answers": [77], "slice": "count"},
    {"question": "who rules Bor?", "answers": ["urn:x:nobody"], "slice": "plain"},
]


def test_questions_are_counted_by_slice(land_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert main(["bench", "programs", "--graph", str(land_file), "--questions", str(asked), "--json"]) == 0
    rows = {row["slice"]: (row["explained"], row["questions"]) for row in json.loads(capsys.readouterr().out)}
    assert rows == {"count": (1, 2), "superlative": (1, 1), "plain": (0, 1), "all": (2, 4)}


def test_a_superlative_is_timed_over_the_largest_class(land_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "extreme", "--graph", str(land_file), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["class"], figures["entities"], figures["against"]) == ("city", 4, "state, 3")
    parts = figures["extreme_ms"] + figures["valid_ms"] + figures["unfold_ms"]
    assert figures["total_ms"] == pytest.approx(parts, abs=0.01)
