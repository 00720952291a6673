"""The interface for programs, over the tests' model and a real store."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import db
from app import build_app
from kgqa.chat.assistant import Assistant
from kgqa.chat.line import BusyError, Line
from kgqa.chat.served import load_assistant
from kgqa.config import Settings
from tests.chat.conftest import apart
from tests.conftest import Trained
from tests.kingdom import CITIES

QUESTION = {"question": "who directed Jaws?"}


@pytest.fixture(scope="module")
def assistant(trained_model: Path) -> Assistant:
    return load_assistant(trained_model)


@pytest.fixture(scope="module")
def api(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    database = db.open_database(f"sqlite:///{tmp_path_factory.mktemp('rest') / 'chat.db'}")
    settings = Settings(title='A "graph" & more', rate_per_minute=100_000, total_per_minute=100_000)
    yield TestClient(build_app(assistant, database, settings))
    database.close()


def test_the_answer_is_the_object_of_the_command_line(api: TestClient, assistant: Assistant) -> None:
    given = api.post("/api/ask", json=QUESTION).json()
    expected = json.loads(json.dumps(assistant.ask(QUESTION["question"]).to_dict()))
    for answer in (given, expected):
        del answer["timings_ms"]
    assert given == expected
    assert [entity["label"] for entity in given["answers"]] == ["Ana Sol"]


def test_entities_and_facts(api: TestClient) -> None:
    found = api.get("/api/entities", params={"prefix": "jaw"}).json()
    (entity,) = found["entities"]
    assert entity["label"] == "Jaws"
    page = api.get("/api/facts", params={"entity": entity["id"], "direction": "out", "limit": 2}).json()
    assert (len(page["facts"]), page["next_offset"], page["total"]) == (2, 2, 6)
    assert {fact["subject"]["id"] for fact in page["facts"]} == {entity["id"]}


REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (400, "not JSON", {"content": b'{"question":'}),
    (400, "not JSON", {"content": b"[" * 500_000}),
    (400, "not JSON", {"content": b'{"question": "\xff"}'}),
    (422, "Field required", {"content": b""}),
    (422, "the body", {"content": b"[]"}),
    (422, "question: Field required", {"content": b"{}"}),
    (422, "question: Input should be a valid string", {"content": b'{"question": ["who"]}'}),
    (422, "question: Input should be a valid string", {"content": b'{"question": null}'}),
    (422, "no field 'history'", {"content": b'{"question": "who", "history": []}'}),
    (422, "no question yet", {"content": b'{"question": " \\u0000 "}'}),
    (422, "10,000 characters", {"content": json.dumps({"question": "x" * 10_000}).encode()}),
    (413, "larger than 2,000,000", {"content": b"x" * 2_000_001}),
]


@pytest.mark.parametrize(("status", "said", "sent"), REFUSED)
def test_what_cannot_be_asked_is_refused_with_a_remedy(
    api: TestClient, status: int, said: str, sent: dict[str, Any]
) -> None:
    refused = api.post("/api/ask", headers={"content-type": "application/json"}, **sent)
    assert refused.status_code == status
    assert refused.json().keys() == {"error", "remedy"}
    assert said in refused.json()["error"]
    assert refused.json()["remedy"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/entities", 422),
        ("GET", "/api/entities?prefix=", 422),
        ("GET", f"/api/entities?prefix={'x' * 301}", 422),
        ("GET", "/api/entities?prefix=a&limit=51", 422),
        ("GET", "/api/entities?prefix=a&limit=many", 422),
        ("GET", "/api/facts?entity=urn:absent", 404),
        ("GET", f"/api/facts?entity={'x' * 2001}", 422),
        ("GET", "/api/facts?entity=a&limit=201", 422),
        ("GET", "/api/facts?entity=a&offset=-1", 422),
        ("GET", "/api/facts?entity=a&direction=up", 422),
        ("GET", "/api/numbers?question=who+directed+Jaws%3F&step=1", 404),
        ("GET", "/api/numbers?question=who+directed+Jaws%3F&step=0", 422),
        ("GET", "/api/numbers?step=1", 422),
        ("GET", "/api/ask", 405),
        ("DELETE", "/api/facts", 405),
        ("POST", "/api/docs", 405),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/../api/nothing/%2e%2e", 404),
    ],
)
def test_what_is_not_there_or_out_of_range_is_refused_with_a_remedy(
    api: TestClient, method: str, path: str, status: int
) -> None:
    refused = api.request(method, path)
    assert refused.status_code == status
    assert refused.json().keys() == {"error", "remedy"}
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_a_body_must_say_that_it_is_json(api: TestClient) -> None:
    assert api.post("/api/ask", content=json.dumps(QUESTION), headers={"content-type": "text/plain"}).status_code == 415
    assert api.post("/api/ask", data=QUESTION).status_code == 415
    assert api.get("/api/ask").headers["allow"] == "POST"


def test_all_numbers_of_a_step_are_a_page(ruled: Trained, tmp_path: Path) -> None:
    assistant, question = load_assistant(ruled.directory), "what is the largest city in Isfar?"
    step = 1 + next(place for place, each in enumerate(assistant.ask(question).program) if each.op == "largest")
    with closing(db.open_database(f"sqlite:///{tmp_path / 'chat.db'}")) as database:
        client = TestClient(build_app(assistant, database, Settings()))
        page = client.get("/api/numbers", params={"question": question, "step": step})
        assert page.headers["content-type"].startswith("text/html")
        for city, people in CITIES["Isfar"].items():
            assert f'<th scope="row">{city}</th><td>{people:,}</td>' in page.text
        hostile = client.get("/api/numbers", params={"question": f"<script>{question}</script>", "step": step})
        assert "<script>" not in hostile.text


def test_every_route_and_field_is_described(api: TestClient) -> None:
    schema = api.get("/api/openapi.json").json()
    assert list(schema["paths"]) == ["/api/ask", "/api/entities", "/api/facts"]
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
            assert all(parameter["description"] for parameter in operation.get("parameters", []))
            assert "429" in operation["responses"]
    for name in ("Answer", "Asked", "Problem", "Entities", "Entity", "Named"):
        fields = schema["components"]["schemas"][name]["properties"]
        assert [field for field, about in fields.items() if not about.get("description")] == [], name


def test_the_manual_shows_every_route_and_asks_no_other_host(api: TestClient) -> None:
    page = api.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in ("/api/ask", "/api/entities", "/api/facts"):
        assert f"<code>{path}</code>" in page.text
    assert "A &quot;graph&quot; &amp; more" in page.text
    assert "src=" not in page.text
    assert [link for link in page.text.split('href="')[1:] if not link.startswith(("openapi.json", "../"))] == []
    assert "MCP" not in page.text


def test_some_are_answered_some_wait_and_the_next_is_told_to() -> None:
    go, inside, most = threading.Event(), [0], [0]

    def answer(question: str) -> str:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        go.wait(10)
        inside[0] -= 1
        return question

    async def many() -> list[str]:
        line = Line(workers=2, places=3)
        waiting = [asyncio.create_task(line.run(partial(answer, str(number)))) for number in range(5)]
        await asyncio.sleep(0.2)
        with pytest.raises(BusyError):
            await line.run(lambda: answer("one more"))
        go.set()
        return [*await asyncio.gather(*waiting), await line.run(lambda: answer("afterwards"))]

    assert apart(many()) == ["0", "1", "2", "3", "4", "afterwards"]
    assert most[0] == 2
