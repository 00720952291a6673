"""The three questions that the project is known by, over the model that it ships; and pictures to look at."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, SCREENSHOTS, WORLD, Chat, Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not WORLD.exists(), reason="assets/world/model has not been made yet"),
]
THREE = [
    ("What city is the Mona Lisa in?", "Paris"),
    ("Who wrote films starring Tom Hanks?", "answers"),
    ("Who did Natalie Portman play in Star Wars?", "Padmé Amidala"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(WORLD, tmp_path_factory.mktemp("world") / "chat.db")
    server.start()
    yield server
    server.stop()


def test_the_three_questions(world: Server, page: Page) -> None:
    chat = Chat(page, world).open()
    for question, said in THREE:
        card = chat.ask(question)
        expect(card.locator(".said")).to_contain_text(said)
        card.get_by_text("How I got this").click()
        expect(card.locator("svg.graph")).to_be_visible()
    expect(chat.cards.last.locator(".steps")).to_contain_text("Keep what they have in common: Padmé Amidala")
    chat.correct(chat.cards.first, "lyon", pick="Lyon", comment="to see that it is kept")
    chat.reload()
    expect(chat.cards).to_have_count(3)
    expect(chat.cards.first.locator(".opinion")).to_contain_text("Lyon")
    assert chat.foreign == []
    assert chat.errors == []


def test_what_it_is_follows_from_what_was_said(world: Server, page: Page) -> None:
    chat = Chat(page, world).open()
    for question, said in (("What is the capital of Peru?", "Lima"), ("and of Chile?", "Santiago"), THREE[0]):
        expect(chat.ask(question).locator(".said")).to_contain_text(said)
    card = chat.ask("what is its population?")
    expect(card.locator(".said")).to_have_text("2,138,551")
    card.get_by_text("How I got this").click()
    expect(card.locator(".steps")).to_contain_text("its is taken for Paris")
    expect(card.locator(".steps")).to_contain_text("said before")
    card.locator(".steps button.pick", has_text="Santiago").first.click()
    expect(card.locator(".chosen")).to_contain_text("You chose Santiago")
    expect(card.locator(".steps")).to_contain_text("its means Santiago")
    expect(card.locator(".said")).not_to_have_text("2,138,551")
    assert chat.foreign == []
    assert chat.errors == []


@pytest.mark.endurance
@pytest.mark.parametrize("color", ["light", "dark"])
@pytest.mark.parametrize(("size", "viewport"), [("wide", {"width": 1200, "height": 860}), ("phone", PHONE)])
def test_pictures_to_look_at(world: Server, browser: Browser, size: str, viewport: Any, color: Any) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=color)
    chat = Chat(context.new_page(), world).open()
    name = f"{size}-{color}"
    chat.shot(f"{name}-welcome")
    for number, (question, _) in enumerate(THREE, start=1):
        card = chat.ask(question)
        chat.shot(f"{name}-answer{number}")
        card.get_by_text("How I got this").click()
        card.locator(".drawing").scroll_into_view_if_needed()
        chat.shot(f"{name}-how{number}")
    chat.ask("who is the tallest wizard of my street?")
    chat.shot(f"{name}-unknown")
    chat.cards.nth(2).locator("button.wrong").click()
    right = chat.page.get_by_role("combobox", name="The right answer")
    expect(right).to_be_focused()
    right.press_sequentially("leia", delay=60)
    expect(chat.page.get_by_role("option", name="Leia").first).to_be_visible()
    chat.shot(f"{name}-correction")
    context.close()
    assert len(list(SCREENSHOTS.glob(f"{name}-*.png"))) >= 9
