"""The waiting page: there at once, gives way to the application, and says when there will be none."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tqdm import tqdm

from kgqa.chat.opening import Opening, Steps
from tests.chat.conftest import apart

HTML = {"accept": "text/html"}


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_waits_with_its_steps_and_gives_way_to_the_application() -> None:
    go, lived = threading.Event(), []

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        lived.append("begun")
        yield
        lived.append("ended")

    def prepare(steps: Steps) -> Any:
        steps("Reading <films>.tsv")
        steps("Putting it together")
        with tqdm(total=8, desc="indexing names", leave=False) as bar:
            bar.update(2)
            go.wait(20)
        return Starlette(routes=[Route("/", hello)], lifespan=life)

    with TestClient(Opening(prepare, "Ask <b>", "'self'")) as client:
        until(lambda: "indexing" in client.get("/", headers=HTML).text)
        page = client.get("/", headers=HTML)
        assert (page.status_code, page.headers["retry-after"]) == (503, "2")
        assert "Ask &lt;b&gt;" in page.text
        assert "✓ Reading &lt;films&gt;.tsv" in page.text
        assert "Putting it together …" in page.text
        assert 'indexing names: 25%</p><progress aria-label="Putting it together" max="1" value="0.250">' in page.text
        assert 'http-equiv="refresh"' in page.text
        assert "script-src" in page.headers["content-security-policy"]
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["step"]) == (503, "Putting it together")
        asked = client.post("/api/ask", json={"question": "who"})
        assert (asked.status_code, asked.json().keys()) == (503, {"error", "remedy"})
        assert lived == []
        go.set()
        until(lambda: client.get("/").status_code == 200)
        assert client.get("/").text == "hello"
        assert lived == ["begun"]
    assert lived == ["begun", "ended"]


def test_what_goes_wrong_is_kept_and_the_server_told_to_stop() -> None:
    stopped = threading.Event()

    def prepare(_: Steps) -> Any:
        raise ValueError("films.tsv:2: bad")

    opening = Opening(prepare, "Ask", "'self'")
    opening.stop = stopped.set
    with TestClient(opening):
        assert stopped.wait(20)
    assert str(opening.error) == "films.tsv:2: bad"


def test_it_can_be_told_to_end_while_it_prepares() -> None:
    go = threading.Event()

    def prepare(_: Steps) -> Any:
        go.wait(20)

    async def quickly() -> float:
        started = time.monotonic()
        messages = iter(["lifespan.startup", "lifespan.shutdown"])
        sent = []

        async def receive() -> dict[str, str]:
            await asyncio.sleep(0.05)
            return {"type": next(messages)}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await Opening(prepare, "Ask", "'self'")({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        return time.monotonic() - started

    assert apart(quickly()) < 10
    go.set()


@pytest.mark.parametrize("path", ["/", "/gradio_api/queue/join", "/api/docs"])
def test_programs_are_told_in_a_line(path: str) -> None:
    go = threading.Event()
    with TestClient(Opening(lambda _: go.wait(20) and Starlette(), "Ask", "'self'")) as client:
        refused = client.get(path, headers={"accept": "*/*"})
        assert refused.status_code == 503
        assert "still getting ready" in refused.text
    go.set()
