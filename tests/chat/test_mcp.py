"""What assistants ask over MCP, over the tests' model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import db
from app import build_app
from kgqa.chat.served import load_assistant
from kgqa.config import Settings

HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}


@pytest.fixture(scope="module")
def mcp(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    database = db.open_database(f"sqlite:///{tmp_path_factory.mktemp('mcp') / 'chat.db'}")
    settings = Settings(mcp=True, rate_per_minute=100_000, total_per_minute=100_000)
    yield TestClient(build_app(load_assistant(trained_model), database, settings), headers=HEADERS)
    database.close()


def send(mcp: TestClient, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters or {}}
    answered = mcp.post("/mcp", json=message)
    assert answered.headers["content-type"] == "application/json"
    body: dict[str, Any] = answered.json()
    assert (body["jsonrpc"], body["id"]) == ("2.0", 7)
    return body


def call(mcp: TestClient, tool: str, **arguments: object) -> dict[str, Any]:
    result: dict[str, Any] = send(mcp, "tools/call", {"name": tool, "arguments": arguments})["result"]
    return result


@pytest.mark.parametrize(
    ("wanted", "given"), [("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")]
)
def test_it_introduces_itself_in_a_version_it_speaks(mcp: TestClient, wanted: str, given: str) -> None:
    client = {"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    result = send(mcp, "initialize", client)["result"]
    assert result["protocolVersion"] == given
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "kgqa"
    told = mcp.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (told.status_code, told.content) == (202, b"")


def test_its_tools_say_what_they_take_and_give(mcp: TestClient) -> None:
    tools = {tool["name"]: tool for tool in send(mcp, "tools/list")["result"]["tools"]}
    assert list(tools) == ["ask", "search_entities", "facts_about"]
    for tool in tools.values():
        assert len(tool["description"]) > 40
        assert tool["annotations"]["readOnlyHint"] is True
        assert tool["outputSchema"]["type"] == tool["inputSchema"]["type"] == "object"
        assert all(field["description"] for field in tool["inputSchema"]["properties"].values())


def test_a_question_is_answered_in_words_and_as_an_object(mcp: TestClient) -> None:
    result = call(mcp, "ask", question="who directed Jaws?")
    assert result["isError"] is False
    assert "Ana Sol" in result["content"][0]["text"]
    assert [entity["label"] for entity in result["structuredContent"]["answers"]] == ["Ana Sol"]


def test_an_entity_is_found_and_its_facts_are_read(mcp: TestClient) -> None:
    found = call(mcp, "search_entities", prefix="jaws")["structuredContent"]["entities"]
    result = call(mcp, "facts_about", entity=found[0]["id"], direction="out", limit=1)
    page = result["structuredContent"]
    assert page["facts"][0]["subject"]["label"] == "Jaws"
    assert page["next_offset"] == 1
    assert json.loads(result["content"][0]["text"]) == page


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": 3}, "valid string"),
        ("ask", {"question": ""}, "no question yet"),
        ("ask", {"question": "x" * 400}, "400 characters"),
        ("ask", {"question": "who", "history": []}, "history"),
        ("search_entities", {"prefix": ""}, "prefix"),
        ("facts_about", {"entity": "urn:absent"}, "search_entities"),
        ("facts_about", {"entity": "a", "limit": 1000}, "limit"),
    ],
)
def test_a_call_that_goes_wrong_says_so_in_words(
    mcp: TestClient, tool: str, arguments: dict[str, object], said: str
) -> None:
    result = call(mcp, tool, **arguments)
    assert result["isError"] is True
    assert said in result["content"][0]["text"]


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("tools/call", {"name": "rm"}, -32602),
        ("tools/call", {"name": ["ask"]}, -32602),
        ("server/discover", {}, -32601),
        ("resources/list", {}, -32601),
    ],
)
def test_what_it_does_not_know_is_an_error_of_the_protocol(
    mcp: TestClient, method: str, parameters: dict[str, Any], code: int
) -> None:
    assert send(mcp, method, parameters)["error"]["code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[" * 100_000, -32700),
        (b"\xff", -32700),
        (b"[]", -32600),
        (b'{"id": 1, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600),
    ],
)
def test_what_is_no_message_is_refused(mcp: TestClient, body: bytes, code: int) -> None:
    refused = mcp.post("/mcp", content=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == code


def test_another_version_is_refused_with_those_it_speaks(mcp: TestClient) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    refused = mcp.post("/mcp", json=message, headers={"mcp-protocol-version": "2031-01-01"})
    assert refused.status_code == 400
    assert refused.json()["error"]["data"]["supported"] == ["2025-11-25", "2025-06-18"]


def test_there_is_no_stream_and_no_page_of_another_site_may_ask(mcp: TestClient) -> None:
    assert mcp.get("/mcp").status_code == 405
    assert mcp.delete("/mcp").headers["allow"] == "POST"
    assert send(mcp, "ping")["result"] == {}
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert mcp.post("/mcp", json=message, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert mcp.post("/mcp", json=message, headers={"origin": "http://testserver"}).status_code == 200


def test_it_is_off_unless_it_is_wanted(trained_model: Path, tmp_path: Path) -> None:
    database = db.open_database(f"sqlite:///{tmp_path / 'chat.db'}")
    page = TestClient(build_app(load_assistant(trained_model), database, Settings()))
    assert page.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code in (404, 405)
    database.close()
