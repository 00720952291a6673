"""The server from outside: signs of life, headers, limits, the public endpoint, and errors before it opens."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

import app
from kgqa.config import read_settings
from kgqa.errors import InputError
from kgqa.graph.formats import Statement
from kgqa.reasoning.facts import change_facts

ROOT = Path(app.__file__).parent


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """`python app.py` on a free port; gives its address."""
    command = [sys.executable, "app.py", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://localhost:\d+", line)
            assert found, f"the server said {line!r} and not where it is"
            wait(found[0])
            yield found[0]
        finally:
            process.terminate()


def wait(address: str) -> None:
    """Until the server answers; it has its socket before, so the request is held and not refused."""
    assert httpx.get(f"{address}/readyz", timeout=30).status_code == 200


@pytest.fixture(scope="module")
def address(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("app") / "chat.db"
    with running("--model", str(trained_model), "--database", f"sqlite:///{database}") as found:
        yield found


def test_signs_of_life(address: str) -> None:
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{address}/readyz").json()
    assert ready["status"] == "ok"
    assert ready["model"]


def test_the_page_has_its_headers_and_no_documents_of_the_framework(address: str) -> None:
    page = httpx.get(address, headers={"accept": "text/html", "accept-encoding": "br, gzip"})
    assert "script-src 'self' 'nonce-" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "server" not in page.headers
    for path in ("/docs", "/redoc", "/openapi.json", "/gradio_api/upload", "/gradio_api/monitoring"):
        assert httpx.get(f"{address}{path}").status_code in (404, 405), path


def test_addresses_beside_the_page(address: str) -> None:
    for name in ("page.js", "history.js", "style.css", "history.css"):
        assert httpx.get(f"{address}/{name}").text == (ROOT / "assets" / name).read_text(), name
    for path in ("shared", "download"):
        nowhere = httpx.get(f"{address}/{path}/{'x' * 43}", headers={"accept": "text/html"})
        assert (nowhere.status_code, nowhere.headers["referrer-policy"]) == (404, "no-referrer")
        assert "This link does not work" in nowhere.text


def test_a_body_that_is_too_large_is_refused(address: str) -> None:
    assert httpx.post(f"{address}/gradio_api/queue/join", content=b"x" * 2_000_001).status_code == 413


def test_the_public_endpoint_answers_with_the_whole_object(address: str) -> None:
    client = Client(address, verbose=False)
    answer = client.predict("who directed Jaws?", api_name="/ask")
    assert [entity["label"] for entity in answer["answers"]] == ["Ana Sol"]
    assert {"kind", "confidence", "abstained", "why", "links", "paths", "facts", "timings_ms"} <= set(answer)
    with pytest.raises(Exception, match="10,000 characters"):
        client.predict("x" * 10_000, api_name="/ask")


def test_facts_added_to_a_running_server_are_answered(trained_model: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    with running("--model", str(model), "--database", f"sqlite:///{tmp_path}/chat.db") as address:
        before = httpx.get(f"{address}/readyz").json()["model"]
        change_facts(model, [Statement("Silver Lining", "directed by", "Vera Holm", True)])
        deadline = time.monotonic() + 60
        while httpx.get(f"{address}/readyz").json()["model"] == before:
            assert time.monotonic() < deadline, "the server did not notice"
            time.sleep(0.2)
        answer = Client(address, verbose=False).predict("who directed Silver Lining?", api_name="/ask")
        assert [link["label"] for link in answer["links"]] == ["Silver Lining"]


def test_a_broken_replacement_leaves_the_old_model_answering(trained_model: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    assistant = app.load_assistant(model)
    known = assistant.model
    with app.watched(model, assistant, every=0.05):
        (model / "config.json").write_text("{}")
        (model / "manifest.json").touch()
        time.sleep(1)
        assert assistant.model is known


def failure(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "app.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("damage", ["missing", "foreign", "truncated", "flipped"])
def test_a_bad_model_directory_is_one_clear_line(
    damage: str, trained_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = damaged(damage, trained_model, tmp_path / "model")
    assert app.main(["--model", str(model), "--port", "0", "--database", f"sqlite:///{tmp_path}/chat.db"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("app.py: ")
    assert said.count("\n") == 1
    assert str(model) in said


def damaged(damage: str, source: Path, target: Path) -> Path:
    if damage == "missing":
        return target
    target.mkdir()
    if damage == "foreign":
        (target / "config.json").write_text(json.dumps({"architectures": ["Other"]}))
        return target
    for path in source.rglob("*"):
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    weights = bytearray((target / "model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (target / "model.safetensors").write_bytes(weights[:-100] if damage == "truncated" else weights)
    return target


def test_an_unreachable_database_is_one_clear_line(trained_model: Path) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    status, said = failure("--model", str(trained_model), "--port", "0", "--database", url)
    assert status == 1
    assert said.startswith("app.py: cannot use the database")
    assert said.count("\n") == 1
    assert "secret" not in said


def test_a_port_that_is_taken_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert app.main(["--port", str(port)]) == 2
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_the_command_line_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGQA_PORT", "8001")
    monkeypatch.setenv("KGQA_TITLE", "Ask the films")
    assert (app.parse([]).port, app.parse(["--port", "8002"]).port) == (8001, 8002)
    assert app.parse([]).title == "Ask the films"


def test_a_space_says_where_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().trusted_proxies == "127.0.0.1"
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("SPACE_ID", "someone/something")
    assert (read_settings().host, read_settings().trusted_proxies) == ("0.0.0.0", "*")
    monkeypatch.setenv("KGQA_HOST", "127.0.0.2")
    assert read_settings().host == "127.0.0.2"


def test_a_bad_setting_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGQA_PORT", "http")
    with pytest.raises(InputError, match=r"KGQA_PORT: .*'http'"):
        read_settings()
