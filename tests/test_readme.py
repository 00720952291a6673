"""The examples of the README, run as they stand there against a server that answers from the world."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_app import running

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "http://127.0.0.1:7860"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(language: str, word: str) -> str:
    """The one block of the README in this language that holds this word."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    assert ADDRESS in found
    return str(found)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("readme") / "chat.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGQA_MCP", "1")
        with running("--database", f"sqlite:///{database}") as found:
            yield found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "NO_PROXY": "*"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(script: str) -> list[dict[str, Any]]:
    """What each command of a script prints, as JSON."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    reader, rows, text = json.JSONDecoder(), [], run("bash", "-ec", script).strip()
    while text:
        row, end = reader.raw_decode(text)
        rows.append(row)
        text = text[end:].strip()
    return rows


def test_python(address: str) -> None:
    said = run(sys.executable, "-c", example("python", "gradio_client").replace(ADDRESS, address))
    assert said.strip().splitlines()[-1] == "['Paris']"


def test_http(address: str) -> None:
    answer, found, page = shell(example("bash", "/api/ask").replace(ADDRESS, address))
    assert [entity["label"] for entity in answer["answers"]] == ["Paris"]
    assert "Mona Lisa" in {entity["label"] for entity in found["entities"]}
    assert page["entity"]["label"] == "Mona Lisa"
    assert page["facts"]


def test_mcp_by_hand(address: str) -> None:
    (answered,) = shell(example("bash", "/mcp").replace(ADDRESS, address))
    assert answered["id"] == 1
    assert "Paris" in answered["result"]["content"][0]["text"]
    assert answered["result"]["structuredContent"]["answers"][0]["label"] == "Paris"


def test_the_settings_of_an_assistant_name_the_endpoint_that_is_there() -> None:
    settings = json.loads(example("json", "mcpServers"))
    assert settings["mcpServers"]["kgqa"] == {"type": "http", "url": f"{ADDRESS}/mcp"}


def test_the_front_matter_is_that_of_a_space() -> None:
    front = dict(line.split(": ", 1) for line in README.split("---\n")[1].splitlines())
    assert (front["sdk"], front["app_port"]) == ("docker", "7860")
    version = re.search(r"sdk_version: ([\d.]+)", README)
    assert version is not None
    assert f"gradio=={version[1]}\n" in (ROOT / "requirements.txt").read_text()
    assert "EXPOSE 7860" in (ROOT / "Dockerfile").read_text()
