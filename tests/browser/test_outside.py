"""The pages beside the chat: the manual for programs, and the page that waits for a graph."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import cinema
from tests.browser.conftest import PHONE, Server
from tests.test_app import running, until_ready

pytestmark = pytest.mark.browser


@pytest.fixture
def manual(films: Server, browser: Browser) -> Iterator[Page]:
    """The manual on a phone in the dark; nothing may be asked of another host, and no error reach the console."""
    context = browser.new_context(
        viewport=PHONE, color_scheme="dark", permissions=["clipboard-read", "clipboard-write"]
    )
    page, foreign, errors = context.new_page(), [], []
    page.on("request", lambda request: foreign.append(request.url))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{films.address}/api/docs")
    yield page
    assert [url for url in foreign if not url.startswith(films.address)] == []
    assert errors == []
    context.close()


def test_the_manual_fits_a_phone_and_its_examples_are_copied_by_keyboard(manual: Page) -> None:
    expect(manual.get_by_role("heading", name="Ask a question")).to_be_visible()
    assert manual.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button = manual.get_by_role("button", name="Copy the example").first
    button.focus()
    button.press("Enter")
    expect(manual.get_by_role("button", name="Copied")).to_be_visible()
    copied = manual.evaluate("navigator.clipboard.readText()")
    assert re.match(r"curl -s http://localhost:\d+/api/ask -H 'content-type: application/json'", copied)


@pytest.mark.endurance
def test_the_waiting_page_opens_the_chat_by_itself(trained_model: Path, tmp_path: Path, page: Page) -> None:
    graph = cinema.write_graph(tmp_path / "cinema.tsv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGQA_CACHE", str(tmp_path / "cache"))
        arguments = [
            "--model",
            str(trained_model),
            "--database",
            f"sqlite:///{tmp_path}/chat.db",
            "--graph",
            str(graph),
        ]
        with running(*arguments, ready=False) as address:
            page.set_viewport_size(PHONE)
            page.goto(address)
            expect(page.get_by_role("status")).to_contain_text("…")
            expect(page.get_by_role("progressbar")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            until_ready(address)
            question = page.get_by_label("Your question", exact=True).and_(page.locator("textarea"))
            expect(question).to_have_attribute("placeholder", "Ask a question", timeout=60_000)
