"""Pushing to a small hub of our own and serving from it, in processes of their own."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgqa.cli import main
from tests.hub import TOKEN, Hub, running_hub

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


def run(address: str, home: Path, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(home), "HF_TOKEN": token}
    command = [sys.executable, "-m", "kgqa", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


def refusal(address: str, home: Path, *arguments: str, token: str = TOKEN) -> tuple[int, str]:
    """Exit status and the one line that says what is wrong."""
    done = run(address, home, *arguments, token=token)
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return done.returncode, lines[0]


def test_a_model_is_pushed_with_its_card_and_answers_from_there(hub: Hub, trained_model: Path, tmp_path: Path) -> None:
    hub.repositories["ana/films"] = {"encoder-9.safetensors": b"of an older model", ".gitattributes": b"kept"}
    done = run(hub.address, tmp_path, "push", "--model", str(trained_model), "--to", "ana/films")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{hub.address}/ana/films: serve it with: python app.py --model ana/films")
    files = {str(path.relative_to(trained_model)) for path in trained_model.rglob("*") if path.is_file()}
    assert hub.repositories["ana/films"].keys() == files | {".gitattributes"}
    assert hub.repositories["ana/films"]["README.md"].startswith(b"---\nlibrary_name: kgqa")
    asked = run(hub.address, tmp_path, "ask", "who directed Jaws?", "--model", "ana/films")
    assert "Ana Sol" in asked.stdout, asked.stderr


def test_a_new_one_can_be_private(hub: Hub, trained_model: Path, tmp_path: Path) -> None:
    done = run(hub.address, tmp_path, "push", "--model", str(trained_model), "--to", "ana/films", "--private")
    assert done.returncode == 0, done.stderr
    assert hub.visibility == {"ana/films": "private"}


@pytest.mark.parametrize("name", ["films", "a/b/c", "ana/", "ana/fi lms", "../films", "ana/--"])
def test_a_bad_name_is_one_line(name: str, trained_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", "--model", str(trained_model), "--to", name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"kgqa: --to {name!r}: ")
    assert said.err.count("\n") == 1
    assert "user/name" in said.err


def test_who_is_not_logged_in_is_told_how(trained_model: Path, tmp_path: Path) -> None:
    arguments = ("push", "--model", str(trained_model), "--to", "ana/films")
    status, said = refusal("http://127.0.0.1:9", tmp_path, *arguments, token="")
    assert status == 2
    assert "hf auth login" in said


@pytest.mark.parametrize(
    ("refused", "said"), [(0, "does not let you write"), (403, "does not let you"), (400, "(400)")]
)
def test_what_the_hub_refuses_is_one_line(
    refused: int, said: str, hub: Hub, trained_model: Path, tmp_path: Path
) -> None:
    hub.refuse = refused
    arguments = ("push", "--model", str(trained_model), "--to", "ana/films")
    status, line = refusal(hub.address, tmp_path, *arguments, token=TOKEN if refused else "hf_wrong")
    assert status == 1
    assert said in line
    assert "hf_" not in line


def test_a_hub_that_cannot_be_reached_is_one_line(trained_model: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ("push", "--model", str(trained_model), "--to", "ana/films")
    status, said = refusal(f"http://127.0.0.1:{port}", tmp_path, *arguments)
    assert status == 1
    assert "cannot be reached" in said


def test_what_is_no_whole_model_is_not_pushed(hub: Hub, trained_model: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    (model / "model.safetensors").write_bytes(b"cut off")
    for directory, word in ((model, "model.safetensors"), (model / "graph", "no model directory")):
        status, said = refusal(hub.address, tmp_path, "push", "--model", str(directory), "--to", "ana/films")
        assert status == 2
        assert word in said
    assert hub.repositories == {}
