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
        self.sent("opened", self.kept)
        self.sent("listed", self.kept, "", "", None)

    @task
    def ask(self) -> None:
        """Send a question and read its whole answer; one in five is voted on."""
        question = self.generator.choice(self.environment.questions)
        messages: list[Any] = []
        with self._timed("question"):
            self.kept, *_ = self._post("asked", question, self.kept, None)
            self.kept, chat, _, notice, *_ = self.sent("answered", None)
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
        thumbs = self.sent("voted", messages, self.kept, about=about)[0]["feedback_value"]
        if thumbs[-1] != ("Like" if liked else "Dislike"):
            raise ValueError(f"the vote is not shown: {thumbs}")
        if not liked:
            self.sent("saved", None, [], "not what I meant", self.kept)

    def sent(self, name: str, *data: Any, about: Any = None) -> list[Any]:
        """Send an event, and then what the page sends after it."""
        outputs = self._post(name, *data, about=about)
        last = [self._event(name)]
        while last:
            event = last.pop()
            for later in self.events:
                if later["trigger_after"] == event["id"] and not later["trigger_only_on_failure"]:
                    own = [self.kept if each == self.browser_state else "" for each in later["inputs"]]
                    self._post(later["api_name"], *own)
                    last.append(later)
        return outputs

    def _post(self, name: str, *data: Any, about: Any = None) -> list[Any]:
        """What an event puts out."""
        body = self._body(self._event(name), data, about)
        answer = self.client.post(f"{API}/run/predict", json=body, name=name, timeout=LONGEST)
        answer.raise_for_status()
        return list(answer.json()["data"])

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
