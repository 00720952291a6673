"""The three questions that the project is known by, over the model that it ships; and pictures to look at."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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
KINDS = [  # a question, what is answered, and what stands under "How I got this"
    pytest.param("How high is Mont Blanc?", "4,808", "Mont Blanc", id="value"),
    pytest.param("How many countries border Germany?", "9", "Poland", id="count"),
    pytest.param("Which is the largest country in Africa?", "Algeria", "2,381,740", id="superlative"),
    pytest.param(
        "What is the second largest country in Africa?", "Democratic Republic of the Congo", "Algeria", id="nth"
    ),
    pytest.param("Which countries have more than 200 million people?", "Indonesia", "200,000,000", id="threshold"),
    pytest.param("Which rivers are longer than the Rhine?", "Nile", "Rhine", id="comparison"),
    pytest.param("Which is higher, Mont Blanc or Mount Elbrus?", "Mount Elbrus", "4,808", id="which-of-two"),
    pytest.param("What is the combined population of Norway and Sweden?", "15,497,511", "Sweden", id="sum"),
    pytest.param("What is the average area of the countries that border France?", "154,736", "Spain", id="average"),
    pytest.param("How much higher is Mount Everest than K2?", "238", "8,849", id="difference"),
    pytest.param("Is Lyon in France?", "Yes", "Lyon", id="yes"),
    pytest.param("Is Lyon in Germany?", "No", "Lyon", id="no"),
    pytest.param("Which countries border Germany but not France?", "Denmark", "France", id="negation"),
    pytest.param("Which country borders the most countries?", "China", "14", id="most"),
    pytest.param("How high is the highest mountain in Asia?", "8,849", "Mount Everest", id="composed"),
]


def answered(card: Locator) -> str:
    """What is answered, as it is seen before anything is opened."""
    return " ".join(card.locator(".said, .answers").all_inner_texts())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(WORLD, tmp_path_factory.mktemp("world") / "chat.db") as server:
        yield server


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


@pytest.mark.parametrize(("question", "said", "told"), KINDS)
def test_every_kind_is_answered_and_explained(world: Server, page: Page, question: str, said: str, told: str) -> None:
    chat = Chat(page, world).open()
    card = chat.ask(question)
    expect(card.locator(".said")).to_be_visible()
    assert said in answered(card)
    card.get_by_text("How I got this").click()
    expect(card.locator("details.how")).to_contain_text(told)
    assert chat.foreign == []
    assert chat.errors == []


def test_what_was_answered_is_counted_and_ranked(world: Server, page: Page) -> None:
    chat = Chat(page, world).open()
    assert "Poland" in answered(chat.ask("Which countries border Germany?"))
    card = chat.ask("which of them is the largest?")
    expect(card.locator(".said")).to_contain_text("France")
    expect(card.locator(".said")).not_to_contain_text("Poland")
    chat = Chat(page, world).open()
    assert "Poland" in answered(chat.ask("Which countries border Germany?"))
    expect(chat.ask("how many are there?").locator(".said")).to_contain_text("9")
    chat = Chat(page, world).open()
    assert "140 answers" in answered(chat.ask("Which cities are in Peru?"))
    card = chat.ask("which is the biggest?")
    expect(card.locator(".said")).to_contain_text("Lima")
    expect(card.locator(".said")).not_to_contain_text("Arequipa")


def test_the_same_is_asked_of_another(world: Server, page: Page) -> None:
    chat = Chat(page, world).open()
    assert "Mount Everest" in answered(chat.ask("What is the highest mountain in Asia?"))
    assert "Mount Elbrus" in answered(chat.ask("and in Europe?"))
    chat = Chat(page, world).open()
    expect(chat.ask("How many countries border Germany?").locator(".said")).to_contain_text("9")
    expect(chat.ask("and Poland?").locator(".said")).to_contain_text("7")


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
