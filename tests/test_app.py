"""The server from outside: signs of life, headers, limits, the public endpoint, and errors before it opens."""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

import app
import db
from kgqa.chat.served import load_assistant, read_model, watched
from kgqa.config import read_settings
from kgqa.errors import InputError
from kgqa.graph.formats import Statement
from kgqa.manifest import replace_directory
from kgqa.reasoning.facts import change_facts
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.pretrained import from_pretrained, save_pretrained
from kgqa.training.publish import publish, rollback
from stored import StoredMemory
from tests import cinema

pytestmark = pytest.mark.slow

ROOT = Path(app.__file__).parent


@contextmanager
def running(*arguments: str, ready: bool = True) -> Iterator[str]:
    """`python app.py` on a free port; gives its address, once it is ready or as soon as it is there."""
    command = [sys.executable, "app.py", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://localhost:\d+", line)
            assert found, f"the server said {line!r} and not where it is"
            if ready:
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


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_model_that_is_replaced_while_it_is_read_is_one_or_the_other(
    trained_model: Path, tmp_path: Path, share: float
) -> None:
    model, other = (Path(shutil.copytree(trained_model, tmp_path / name)) for name in ("model", "other"))
    change_facts(other, [Statement("Silver Lining", "directed by", "Vera Holm", True)])
    began = time.monotonic()
    old = read_model(model).version
    replacing = threading.Timer(share * (time.monotonic() - began), replace_directory, (other, model))
    replacing.start()
    found = read_model(model)
    replacing.join()
    assert ("Silver Lining" in found.graph.catalog.labels) == (found.version != old)


def test_a_broken_replacement_leaves_the_old_model_answering(trained_model: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    assistant = load_assistant(model)
    known = assistant.model
    with watched(model, assistant, every=0.05):
        (model / "config.json").write_text("{}")
        (model / "manifest.json").touch()
        time.sleep(1)
        assert assistant.model is known


def test_a_published_version_answers_and_the_store_knows_where_it_comes_from(
    trained_model: Path, tmp_path: Path
) -> None:
    served = Path(shutil.copytree(trained_model, tmp_path / "served"))
    assistant = load_assistant(served)
    database = db.open_database(f"sqlite:///{tmp_path}/chat.db")
    memory = StoredMemory(database, assistant)
    first, conversation = assistant.version, memory.start("ann")
    memory.keep("ann", conversation, assistant.ask("who directed Jaws?"))
    tuned = from_pretrained(served)
    tuned.version = "two"
    tuned.lineage = Lineage(first, "d4ta", 7, {"development set": 97.0}, {"development set": 98.0})
    save_pretrained(tuned, tmp_path / "new", "a card", tuned.figures)
    with watched(served, assistant, every=0.05):
        publish(tmp_path / "new", served)
        wait_for(lambda: assistant.version == "two")
        memory.keep("ann", conversation, assistant.ask("who directed Heat Wave?"))
        assert [turn.answer.answers[0].label for turn in memory.turns("ann", conversation)] == ["Ana Sol"] * 2
        with database.reader() as session:
            row, parent = (db.get_model_version(session=session, digest=version) for version in ("two", first))
        assert row.parent_id == parent.id
        assert parent.figures["hits@1"] == row.figures["hits@1"] == tuned.figures["hits@1"]
        assert row.figures["lineage"]["data"] == "d4ta"
        assert row.figures["lineage"]["after"] == {"development set": 98.0}
        rollback(served)
        wait_for(lambda: assistant.version == first)
    database.close()


def test_a_parent_that_never_answered_here_is_made_known(trained_model: Path, tmp_path: Path) -> None:
    assistant = load_assistant(trained_model)
    tuned = from_pretrained(trained_model)
    tuned.lineage = Lineage("somewhere else")
    assistant.take(tuned)
    database = db.open_database(f"sqlite:///{tmp_path}/chat.db")
    StoredMemory(database, assistant)
    with database.reader() as session:
        row, parent = (db.get_model_version(session=session, digest=v) for v in (tuned.version, "somewhere else"))
    assert row.parent_id == parent.id
    database.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the app did not notice"
        time.sleep(0.05)


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


def until_ready(address: str) -> list[str]:
    """The steps that the server says it is at, until it is ready."""
    steps: list[str] = []
    deadline = time.monotonic() + 480  # machines that test are often busy
    while (answered := httpx.get(f"{address}/readyz", timeout=30)).status_code == 503:
        assert time.monotonic() < deadline, steps
        steps.append(answered.json()["step"])
        time.sleep(0.5)
    assert answered.status_code == 200
    return steps


def test_graph_files_are_one_command_to_a_chat(trained_model: Path, tmp_path: Path) -> None:
    first = tmp_path / "cinema.tsv"
    rows = ["\t".join(row) + "\n" for row in cinema.triples()]
    first.write_text("".join(rows[::2]), encoding="utf-8")
    second = tmp_path / "more.tsv.gz"
    second.write_bytes(gzip.compress("".join(rows[1::2]).encode()))
    arguments = ["--model", str(trained_model), "--database", f"sqlite:///{tmp_path}/chat.db"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGQA_CACHE", str(tmp_path / "cache"))
        with running(*arguments, "--graph", str(first), str(second), ready=False) as address:
            page = httpx.get(address, headers={"accept": "text/html"}, timeout=30)
            assert page.status_code == 503
            assert "getting ready" in page.text
            assert "Putting the trained model onto the graph" in until_ready(address)
            client = Client(address, verbose=False)
            answer = client.predict("who directed Jaws?", api_name="/ask")
            assert [entity["label"] for entity in answer["answers"]] == ["Ana Sol"]
            config = httpx.get(f"{address}/config").json()
            assert config["title"] == "Ask cinema"
            (chat,) = [part for part in config["components"] if part["type"] == "chatbot"]
            labels = {name.casefold() for row in cinema.triples() for name in row}
            for example in chat["props"]["examples"]:
                assert any(label in example["text"].casefold() for label in labels), example
            assert "GeoNames" not in json.dumps(config)


def test_a_bad_graph_file_is_one_clear_line_and_leaves_nothing(trained_model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> oops\n")
    database = f"sqlite:///{tmp_path}/chat.db"
    command = [sys.executable, "app.py", "--port", "0", "--model", str(trained_model), "--database", database]
    environment = {**os.environ, "KGQA_CACHE": str(tmp_path / "cache")}
    for graph, said in ((bad, f"{bad}:2: "), (tmp_path / "none.tsv", "none.tsv: no such file")):
        done = subprocess.run(
            [*command, "--graph", str(graph)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 2
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("app.py: ")]
        assert said in line
        assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("cache/*")) == []


def test_training_without_a_graph_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--train"]) == 2
    assert "--train goes with --graph" in capsys.readouterr().err


def test_graph_files_are_a_setting_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGQA_GRAPH", "a.ttl, b.tsv.gz")
    assert read_settings().graph == (Path("a.ttl"), Path("b.tsv.gz"))
    assert app.parse(["--graph", "c.nt"]).graph == (Path("c.nt"),)
    assert not read_settings().answers_for_the_world
