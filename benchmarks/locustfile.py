"""A person at the page, as locust plays them: opens it, asks as the browser does, votes now and then.

Locust patches the process that it runs in, so `benchmarks/load.py` starts one of its own for it.
"""

import argparse
import itertools
import json
import random
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from locust import HttpUser, between, events, task
from locust.env import Environment

API = "/gradio_api"
CONFIG = "window.gradio_config = "
VOTES = 0.2  # of the answers get one
LONGEST = 60  # seconds to wait for an answer
NUMBERS = itertools.count()

ROWS: list[dict[str, Any]] = []  # of every request: what it was for, milliseconds, and what went wrong


@events.init_command_line_parser.add_listener
def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--questions", required=True, help="a JSON list of texts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", required=True, help="where the list of requests is written to")


@events.test_start.add_listener
def _started(environment: Environment, **_: Any) -> None:
    random.seed(environment.parsed_options.seed)  # what the waits between questions are drawn with
    environment.questions = json.loads(Path(environment.parsed_options.questions).read_text())


@events.request.add_listener
def _requested(name: str, response_time: float, exception: BaseException | None, **_: Any) -> None:
    ROWS.append({"name": name, "ms": response_time, "error": str(exception) if exception else ""})


@events.user_error.add_listener
def _failed(exception: BaseException, **_: Any) -> None:
    ROWS.append({"name": "person", "ms": 0.0, "error": f"{type(exception).__name__}: {exception}"})


@events.quitting.add_listener
def _ended(environment: Environment, **_: Any) -> None:
    Path(environment.parsed_options.rows).write_text(json.dumps(ROWS))


class Person(HttpUser):
    """Someone with a browser of their own, who thinks for 2 to 5 seconds before each question."""

    wait_time = between(2, 5)

    def on_start(self) -> None:
        """Open the page: itself, what it names, and what Gradio's script then asks for."""
        self.generator = random.Random(f"{self.environment.parsed_options.seed} {next(NUMBERS)}")
        self.session, self.kept = secrets.token_hex(6), {}
        page = self.client.get("/", headers={"accept": "text/html"}, name="page").text
        for part in re.findall(r'(?:src|href)="\.?(/[^"]+\.(?:js|css))"', page):
            self.client.get(part, name="part of the page")
        config, _ = json.JSONDecoder().raw_decode(page, page.index(CONFIG) + len(CONFIG))
        self.events = config["dependencies"]
        self.browser_state = next(each["id"] for each in config["components"] if each["type"] == "browserstate")
        Thread(target=self._stay, daemon=True).start()
        self.queued("opened", self.kept)
        self._at_once(self._event("listed"))

    @task
    def ask(self) -> None:
        """Send a question and read its whole answer; one in five is voted on."""
        question = self.generator.choice(self.environment.questions)
        messages: list[Any] = []
        with self._timed("question"):
            self.kept, chat, _, notice, _ = self.queued("asked", question, self.kept)
            messages = chat["value"]
            if notice or messages[-1]["role"] != "assistant":
                raise ValueError(f"no answer to {question!r}: {notice}")
        if messages and self.generator.random() < VOTES:
            with self._timed("vote"):
                self._vote(messages)

    def _vote(self, messages: list[Any]) -> None:
        """A thumb up or down on the last answer; after one down, a comment on it."""
        liked = self.generator.random() < 0.5
        about = {"index": len(messages) - 1, "value": "", "liked": liked}
        thumbs = self.queued("voted", messages, self.kept, about=about)[0]["feedback_value"]
        if thumbs[-1] != ("Like" if liked else "Dislike"):
            raise ValueError(f"the vote is not shown: {thumbs}")
        if not liked:
            self.queued("saved", None, [], "not what I meant", self.kept)

    def queued(self, name: str, *data: Any, about: Any = None) -> list[Any]:
        """Join the queue and read the stream to its end, then do what the page does after the event."""
        event = self._event(name)
        joined = self.client.post(f"{API}/queue/join", json=self._body(event, data, about), name="join")
        joined.raise_for_status()
        outputs = self._read(joined.json()["event_id"])
        for later in self.events:
            if later["trigger_after"] == event["id"]:
                self._at_once(later)
        return outputs

    def _read(self, event: str) -> list[Any]:
        """What the event puts out, from the stream of this session."""
        output: dict[str, Any] = {}
        where = {"params": {"session_hash": self.session}, "name": "stream", "stream": True, "timeout": LONGEST}
        with closing(self.client.get(f"{API}/queue/data", **where)) as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():
                message = json.loads(line[5:]) if line.startswith(b"data:") else {}
                if message.get("msg") == "process_completed" and message["event_id"] == event:
                    output = message["output"]
        if "data" not in output:
            raise ValueError(f"the stream ended without an answer: {output}")
        return output["data"]

    def _at_once(self, event: dict[str, Any]) -> None:
        """An event that goes past the queue."""
        data = [self.kept if each == self.browser_state else "" for each in event["inputs"]]
        self.client.post(f"{API}/run/predict", json=self._body(event, data), name="at once").raise_for_status()

    def _body(self, event: dict[str, Any], data: Any, about: Any = None) -> dict[str, Any]:
        return {"data": list(data), "fn_index": event["id"], "session_hash": self.session, "event_data": about}

    def _event(self, name: str) -> dict[str, Any]:
        return next(each for each in self.events if each["api_name"] == name)

    def _stay(self) -> None:
        """Hold the stream by which Gradio knows that the page is open."""
        where = {"name": "heartbeat", "stream": True}
        with suppress(OSError), closing(self.client.get(f"{API}/heartbeat/{self.session}", **where)) as stream:
            for _ in stream.iter_lines():
                pass

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes, and what goes wrong in it."""
        started, error = time.perf_counter(), None
        try:
            yield
        except Exception as found:
            error = found
        taken = 1000 * (time.perf_counter() - started)
        self.environment.events.request.fire(
            request_type="page", name=name, response_time=taken, response_length=0, exception=error, context={}
        )
