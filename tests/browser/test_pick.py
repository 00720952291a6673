"""Picking what was meant, in a real browser: answered anew where it stands, by mouse, by keyboard and on a phone."""

import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests import cinema
from tests.browser.conftest import PHONE, Chat, Server

pytestmark = pytest.mark.browser
QUESTION = f"who directed {cinema.AMBIGUOUS}?"
LATER = "films starring Emil Gray"
BOTH = {film: cinema.DIRECTED[film] for film in cinema.NAMESAKES}


def other(card: Locator) -> tuple[Locator, str, str]:
    """The offered reading that was not taken: its button, the film, and who directed that."""
    button = card.locator(".steps .offers button.pick").first
    film = next(film for film in BOTH if film in button.inner_text())
    return button, film, BOTH[film]


def test_a_pick_is_answered_in_place_and_undone(chat: Chat) -> None:
    chat.ask(QUESTION)
    before = chat.cards.first.locator(".said").inner_text()
    chat.ask(LATER)
    card = chat.cards.first
    card.get_by_text("How I got this").click()
    button, film, director = other(card)
    turn = card.locator("button.wrong").get_attribute("id")
    button.click()
    expect(card.locator(".said")).to_have_text(director)
    expect(card.locator(".chosen")).to_contain_text(f"You chose {film}")
    expect(card.locator("details.how")).to_have_attribute("open", "")
    expect(card.locator(".chosen button.pick")).to_be_focused()
    assert card.locator("button.wrong").get_attribute("id") == turn
    expect(chat.cards).to_have_count(2)
    expect(chat.cards.last.locator(".said")).to_contain_text("Night Train")
    chat.reload()
    expect(card.locator(".said")).to_have_text(director)
    card.get_by_role("button", name="Back to what I took it for").click()
    expect(card.locator(".said")).to_have_text(before)
    expect(card.locator(".chosen")).to_have_count(0)


def test_did_you_mean_appears_by_itself(chat: Chat) -> None:
    card = chat.ask(QUESTION)
    meant = card.locator(".offers.mean")
    expect(meant).to_contain_text("Did you mean")
    expect(meant.get_by_role("button")).to_have_count(2)
    for film, director in BOTH.items():
        card.locator(".mean button.pick", has_text=film).click()
        expect(card.locator(".said")).to_have_text(director)
        expect(meant).to_have_count(0)
        card.get_by_role("button", name="Back to what I took it for").click()
        expect(meant).to_have_count(1)
    expect(chat.ask("who directed Jaws?").locator(".offers.mean")).to_have_count(0)


def test_picks_add_up_and_are_made_by_keyboard(chat: Chat) -> None:
    card = chat.ask(QUESTION)
    card.locator(".mean button.pick", has_text="Salt Road").focus()
    chat.page.keyboard.press("Enter")
    expect(card.locator(".said")).to_have_text(cinema.DIRECTED["Salt Road"])
    card.locator("summary", has_text="How I got this").focus()
    chat.page.keyboard.press("Enter")
    card.locator(".steps button.pick", has_text="release year").focus()
    chat.page.keyboard.press("Space")
    expect(card.locator(".said")).to_have_text(cinema.YEARS["Salt Road"])
    expect(card.locator(".chosen")).to_have_count(2)
    expect(card.locator(".steps")).to_contain_text("release year, as chosen")


def test_a_next_question_is_asked_with_a_click(chat: Chat) -> None:
    chat.ask("who directed Jaws?")
    first = chat.page.locator("#next button:visible").first
    expect(first).to_have_text(re.compile(r"^\s*[A-Z].*\?\s*$"), timeout=30_000)
    text = first.inner_text().strip()
    first.click()
    expect(chat.cards).to_have_count(2)
    expect(chat.page.locator("#chat .user.message").last).to_contain_text(text)
    expect(chat.cards.last.locator(".said")).not_to_have_text("I don’t know.")
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.page.locator("#next")).to_be_hidden()


@pytest.mark.parametrize(("name", "size", "color"), [("pick-wide", (1280, 900), "light"), ("pick-phone", None, "dark")])
def test_it_fits_and_is_easy_to_hit(
    films: Server, browser: Browser, name: str, size: tuple[int, int] | None, color: str
) -> None:
    viewport = {"width": size[0], "height": size[1]} if size else PHONE
    context = browser.new_context(viewport=viewport, color_scheme=color)  # type: ignore[arg-type]
    chat = Chat(context.new_page(), films).open()
    card = chat.ask(QUESTION)
    chat.shot(f"{name}-meant")
    card.locator(".mean button.pick", has_text="Salt Road").click()
    expect(card.locator(".chosen")).to_have_count(1)
    card.get_by_text("How I got this").click()
    expect(chat.page.locator("#next button:visible").first).to_be_visible(timeout=30_000)
    for button in (*card.locator("button.pick:visible").all(), *chat.page.locator("#next button:visible").all()):
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 24
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert all(
        (box := button.bounding_box()) is not None and box["x"] + box["width"] <= viewport["width"]
        for button in card.locator("button.pick:visible").all()
    )
    card.locator(".steps").scroll_into_view_if_needed()
    chat.shot(f"{name}-picked")
    assert chat.errors == []
    context.close()
