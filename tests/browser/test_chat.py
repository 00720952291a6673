"""Asking, reading and coming back, in a real browser."""

import json
import re
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import PHONE, Chat

pytestmark = pytest.mark.browser
QUESTION = "who directed Jaws?"


def test_an_example_is_answered_with_a_click(chat: Chat) -> None:
    chat.page.locator("#chat .example").first.click()
    expect(chat.cards).to_have_count(1)
    expect(chat.cards.locator(".sure")).to_have_text(re.compile(r"\d+ %"))


def test_an_answer_shows_how_sure_and_how_it_was_found(chat: Chat) -> None:
    card = chat.ask("who directed films starring Fay Moss?")
    expect(card.locator(".said")).to_have_text(re.compile("Bo Lind and Cy Marsh|Cy Marsh and Bo Lind"))
    expect(card.locator(".meta")).to_contain_text("2 answers")
    expect(card.locator("svg.graph")).to_be_hidden()
    card.get_by_text("How I got this").click()
    expect(card.locator(".steps")).to_contain_text("Find everything whose starring is Fay Moss")
    expect(card.locator(".facts")).to_contain_text("Red Desert directed by Cy Marsh")
    expect(card.locator("svg.graph")).to_be_visible()
    expect(card.locator("svg.graph")).to_contain_text("directed by")


def test_an_intersection_says_what_two_entities_have_in_common(chat: Chat) -> None:
    card = chat.ask("who did Fay Moss play in Red Desert?")
    expect(card.locator(".said")).to_have_text("Nurse Quill")
    card.get_by_text("How I got this").click()
    expect(card.locator(".steps")).to_contain_text("Keep what they have in common: Nurse Quill")
    expect(card.locator("svg.graph")).to_contain_text("Fay Moss")


def test_what_it_does_not_know_it_says_with_the_reason(chat: Chat) -> None:
    card = chat.ask("???")
    expect(card.locator(".said")).to_have_text("I don’t know.")
    expect(card.locator(".why")).to_have_text(re.compile(r"\w+"))


@pytest.mark.parametrize("bad", ["", "   ", "x" * 10_000])
def test_a_bad_question_gets_a_kind_word_and_nothing_is_lost(chat: Chat, bad: str) -> None:
    chat.ask(QUESTION)
    chat.box.fill(bad)
    chat.box.press("Enter")
    expect(chat.notice).to_contain_text("question")
    expect(chat.box).to_have_value(bad)
    expect(chat.cards).to_have_count(1)


def test_what_is_typed_while_an_answer_is_on_its_way_stays(chat: Chat) -> None:
    chat.box.fill(QUESTION)
    chat.box.press("Enter")
    expect(chat.box).to_have_value("")
    chat.box.fill("and then?")
    expect(chat.cards).to_have_count(1)
    expect(chat.page.get_by_role("button", name="Retry")).to_be_visible()
    expect(chat.box).to_have_value("and then?")


def first_answer(chat: Chat, instead: Callable[[Route], None]) -> None:
    """Let something else happen with the request for the first answer."""
    config = httpx.get(f"{chat.server.address}/config").json()["dependencies"]
    answered = next(event["id"] for event in config if event["api_name"] == "answered")
    held = []

    def seen(route: Route) -> None:
        is_first = json.loads(route.request.post_data or "{}").get("fn_index") == answered and not held
        if is_first:
            held.append(route)
        (instead if is_first else Route.continue_)(route)

    chat.page.route("**/run/predict", seen)


def test_a_stopped_question_goes_back_into_the_box(chat: Chat) -> None:
    held: list[Route] = []
    first_answer(chat, held.append)
    chat.box.fill(QUESTION)
    chat.box.press("Enter")
    chat.page.get_by_role("button", name="Stop", exact=True).click()
    expect(chat.box).to_have_value(QUESTION)
    held[0].continue_()
    chat.ask("films starring Emil Gray")
    expect(chat.cards).to_have_count(1)
    expect(chat.cards.locator(".said")).to_contain_text("Night Train")


def test_where_the_answer_is_refused_the_question_is_given_back(chat: Chat) -> None:
    first_answer(chat, lambda route: route.fulfill(status=429, body="Too many requests."))
    chat.box.fill(QUESTION)
    with chat.page.expect_response(lambda response: response.status == 429):
        chat.box.press("Enter")
    expect(chat.box).to_have_value(QUESTION)
    assert len(chat.errors) == 1
    assert "429" in chat.errors.pop()
    chat.box.press("Enter")
    expect(chat.cards.locator(".said")).to_have_text("Ana Sol")


def test_questions_that_follow_at_once_are_all_answered(chat: Chat) -> None:
    def see(cards: int) -> None:
        """Wait for so many answers, and not a moment longer."""
        until = time.monotonic() + 20
        while chat.cards.count() != cards:
            assert time.monotonic() < until, f"{chat.cards.count()} answers, not {cards}"

    for place in range(12):
        chat.box.fill(QUESTION)
        chat.box.press("Enter")
        see(place + 1)
    chat.page.get_by_role("button", name="New chat").click()
    see(0)
    chat.box.fill(QUESTION)
    chat.box.press("Enter")
    see(1)


def test_a_conversation_is_there_after_reload_and_a_new_chat_is_empty(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.ask("films starring Emil Gray")
    chat.reload()
    expect(chat.cards).to_have_count(2)
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.cards).to_have_count(0)
    expect(chat.page.locator("#chat .example").first).to_be_visible()
    chat.reload()
    expect(chat.page.locator("#chat .example").first).to_be_visible()
    expect(chat.cards).to_have_count(0)


def test_retry_asks_again_in_place(chat: Chat) -> None:
    chat.ask(QUESTION)
    turn = chat.cards.last.locator("button.wrong").get_attribute("id") or ""
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.page.locator(f"#{turn}")).to_have_count(0)
    expect(chat.cards).to_have_count(1)
    expect(chat.cards.last.locator(".said")).to_have_text("Ana Sol")


def test_an_edited_question_replaces_what_followed(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.ask("films starring Emil Gray")
    chat.page.get_by_role("button", name="Edit").first.click()
    chat.page.locator("#chat textarea").fill("release year of Jaws")
    chat.page.get_by_role("button", name="Submit").click()
    expect(chat.cards).to_have_count(1)
    expect(chat.cards.last.locator(".said")).to_have_text("1975")


def test_a_card_is_copied_as_plain_text(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.ask("films starring Emil Gray")
    chat.page.get_by_role("button", name="Copy message").last.click()
    chat.page.wait_for_timeout(200)
    copied = chat.page.evaluate("navigator.clipboard.readText()")
    assert "Night Train" in copied
    assert "<" not in copied
    assert "Wrong answer" not in copied


def test_everything_is_done_by_keyboard(chat: Chat) -> None:
    chat.page.keyboard.type(QUESTION)
    chat.page.keyboard.press("Enter")
    expect(chat.cards).to_have_count(1)
    chat.cards.locator("summary", has_text="How I got this").focus()
    chat.page.keyboard.press("Enter")
    expect(chat.cards.locator("svg.graph")).to_be_visible()
    chat.page.keyboard.press("Tab")
    chat.cards.locator("button.wrong").focus()
    chat.page.keyboard.press("Enter")
    right = chat.page.get_by_role("combobox", name="The right answer")
    expect(right).to_be_focused()
    chat.page.keyboard.type("bo li", delay=60)
    expect(chat.page.get_by_role("option", name="Bo Lind")).to_be_visible()
    chat.page.keyboard.press("ArrowDown")
    chat.page.keyboard.press("Enter")
    chat.page.get_by_role("button", name="Save correction").press("Enter")
    expect(chat.cards.locator(".opinion")).to_contain_text("Bo Lind")


def test_escape_closes_the_correction(chat: Chat) -> None:
    chat.ask(QUESTION).locator("button.wrong").click()
    expect(chat.panel).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.box).to_be_visible()


def test_it_fits_a_phone(chat: Chat) -> None:
    chat.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    card = chat.ask("who did Dora Finch play in Jaws?")
    card.get_by_text("How I got this").click()
    wide = chat.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    card.locator("button.wrong").click()
    expect(chat.panel).to_be_in_viewport()
    expect(chat.page.get_by_role("button", name="Save correction")).to_be_in_viewport()
