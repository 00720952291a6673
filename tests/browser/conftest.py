"""A real Chromium, and the real app as a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
WORLD = ROOT / "assets" / "world" / "model"
SCREENSHOTS = ROOT / "screenshots"
PHONE = {"width": 390, "height": 844}
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


expect.set_options(timeout=15_000)  # machines that test are often busy


class Server:
    """`python app.py` on a port that stays the same when it is started again."""

    def __init__(self, model: Path, database: Path, **settings: str) -> None:
        self.model, self.database, self.port = model, database, 0
        self.environment = {**os.environ, **settings}
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        arguments = ["--model", str(self.model), "--database", f"sqlite:///{self.database}", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, "app.py", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://localhost:(\d+)", line)
        assert found, f"the server said {line!r} and not where it is"
        self.port = int(found[1])
        assert httpx.get(f"{self.address}/readyz", timeout=60).status_code == 200

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Chat:
    """The page as a person uses it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._requested)
        page.on("console", self._logged)
        page.on("pageerror", self._failed)
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def _logged(self, message: Any) -> None:
        cut_off = ("AbortError", "Connection errored out")  # Gradio's own words for a reload that came in between
        if message.type == "error" and not any(words in message.text for words in cut_off):
            self.errors.append(message.text)

    def _failed(self, error: Any) -> None:
        if "AbortError" not in str(error):  # Gradio's own stream, cut off by a reload or a new chat
            self.errors.append(str(error))

    def open(self) -> "Chat":
        self.page.goto(self.server.address)
        self.wait()
        return self

    def reload(self) -> None:
        self.page.reload()
        self.wait()

    def wait(self) -> None:
        """Until the page has heard from the server and invites to ask."""
        expect(self.box).to_have_attribute("placeholder", "Ask a question", timeout=30_000)

    def ask(self, question: str) -> Locator:
        """Type a question and send it; returns the card with its answer."""
        before = self.cards.count()
        self.box.fill(question)
        self.box.press("Enter")
        expect(self.cards).to_have_count(before + 1, timeout=20_000)
        return self.cards.last

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Your question", exact=True).and_(self.page.locator("textarea"))

    @property
    def cards(self) -> Locator:
        return self.page.locator("#chat .card")

    @property
    def notice(self) -> Locator:
        return self.page.get_by_role("status").filter(has_text=re.compile(r"\w"))

    @property
    def panel(self) -> Locator:
        return self.page.locator("#correction")

    def correct(self, card: Locator, typed: str, pick: str = "", comment: str = "") -> None:
        """Say what would be right: an entity picked from the list, or the typed words."""
        card.locator("button.wrong").click()
        right = self.page.get_by_role("combobox", name="The right answer")
        expect(right).to_be_focused()
        right.press_sequentially(typed, delay=40)
        if pick:
            self.page.get_by_role("option", name=pick).first.click()
        else:
            right.press("Enter")
        self.page.get_by_label("Comment").fill(comment)
        self.page.get_by_role("button", name="Save correction").click()
        expect(self.panel).to_be_hidden()

    def shot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.wait_for_timeout(350)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture(scope="session")
def base_url() -> None:
    """No test has a server in common with all others."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": FLAGS.split()}


@pytest.fixture(scope="session")
def films(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app over the tests' small model, one for all tests that leave it running."""
    with Server(trained_model, tmp_path_factory.mktemp("films") / "chat.db") as server:
        yield server


@pytest.fixture
def chat(films: Server, page: Page) -> Iterator[Chat]:
    """The page of a new visitor; no request may leave the host and no error may reach the console."""
    chat = Chat(page, films).open()
    yield chat
    assert chat.foreign == []
    assert chat.errors == []
