"""A conversation with the world in a real browser: what "it" was taken for is said, and a click changes it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WORLD, Chat, Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not WORLD.exists(), reason="assets/world/model has not been made yet"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(WORLD, tmp_path_factory.mktemp("talk") / "chat.db")
    server.start()
    yield server
    server.stop()


def test_what_it_is_follows_from_what_was_said(world: Server, page: Page) -> None:
    chat = Chat(page, world).open()
    expect(chat.ask("what is the capital of Peru?").locator(".said")).to_contain_text("Lima")
    expect(chat.ask("and of Chile?").locator(".said")).to_contain_text("Santiago")
    card = chat.ask("which country is it in?")
    expect(card.locator(".said")).to_contain_text("Chile")
    card.get_by_text("How I got this").click()
    expect(card.locator(".steps")).to_contain_text("said before")
    assert chat.foreign == []
    assert chat.errors == []
