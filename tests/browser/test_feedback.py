"""Votes and corrections: kept, shown again after a reload and a restart, and found in the database."""

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chat, Server

pytestmark = pytest.mark.browser


@pytest.fixture
def own(trained_model: Path, tmp_path: Path, page: Page) -> Chat:
    """A server of its own, since it is restarted."""
    server = Server(trained_model, tmp_path / "chat.db")
    server.start()
    return Chat(page, server).open()


def row(database: Path) -> tuple[int, str, str, str]:
    """The one row of feedback: rating, corrected answers, corrected text, comment."""
    connection = sqlite3.connect(database)
    try:
        (found,) = connection.execute(
            "SELECT rating, corrected_answers, corrected_text, comment FROM feedback"
        ).fetchall()
    finally:
        connection.close()
    return tuple(found)  # type: ignore[return-value]


def test_a_correction_outlives_reload_and_restart_and_can_be_changed(own: Chat) -> None:
    try:
        card = own.ask("who directed Jaws?")
        own.correct(card, "bo li", pick="Bo Lind", comment="I was <b>there</b>")
        expect(own.notice).to_contain_text("Thank you")
        expect(own.cards.locator(".opinion")).to_contain_text("Bo Lind")
        assert '"Bo Lind"' in row(own.server.database)[1]
        assert row(own.server.database)[3] == "I was <b>there</b>"
        own.reload()
        expect(own.cards.locator(".opinion")).to_contain_text("I was <b>there</b>")
        own.server.stop()
        own.server.start()
        own.reload()
        expect(own.cards.locator(".said")).to_have_text("Ana Sol")
        expect(own.cards.locator(".opinion")).to_contain_text("Bo Lind")
        expect(own.page.get_by_role("button", name="Disliked")).to_be_visible()
        own.page.get_by_role("button", name="Change your correction").click()
        expect(own.page.get_by_label("Comment")).to_have_value("I was <b>there</b>")
        own.page.get_by_role("button", name="Take back").click()
        expect(own.cards.locator(".opinion")).to_have_count(0)
    finally:
        own.server.stop()
    assert own.foreign == []


def test_a_thumb_up_is_shown_again_and_can_be_taken_back(chat: Chat) -> None:
    chat.ask("who directed Jaws?")
    chat.page.get_by_role("button", name="Like", exact=True).click()
    expect(chat.page.get_by_role("button", name="Liked", exact=True)).to_be_visible()
    chat.page.wait_for_timeout(400)
    chat.reload()
    chat.page.get_by_role("button", name="Liked", exact=True).click()
    expect(chat.page.get_by_role("button", name="Like", exact=True)).to_be_visible()
    chat.page.wait_for_timeout(400)
    chat.reload()
    expect(chat.cards).to_have_count(1)
    expect(chat.page.get_by_role("button", name="Liked", exact=True)).to_have_count(0)


def test_a_thumb_down_asks_what_would_be_right(chat: Chat) -> None:
    chat.ask("who directed Jaws?")
    chat.page.get_by_role("button", name="Dislike", exact=True).click()
    expect(chat.panel).to_be_visible()
    chat.page.get_by_role("button", name="Cancel").click()
    expect(chat.panel).to_be_hidden()


def test_words_that_are_no_entity_are_taken_too(chat: Chat) -> None:
    chat.correct(chat.ask("who directed Jaws?"), "Nobody whom you know")
    expect(chat.cards.locator(".opinion")).to_contain_text("Nobody whom you know")


def test_an_empty_correction_is_asked_for_again(chat: Chat) -> None:
    chat.ask("who directed Jaws?").locator("button.wrong").click()
    chat.page.get_by_role("button", name="Save correction").click()
    expect(chat.notice).to_contain_text("Say what would be right")
    expect(chat.panel).to_be_visible()
