"""Votes and corrections: kept, shown again after a reload and a restart, and found in the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chat

pytestmark = pytest.mark.browser


def corrected(database: Path, comment: str) -> str:
    """The corrected answers in the one row of feedback with this comment."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT corrected_answers FROM feedback WHERE comment = ?", (comment,))
        ((answers,),) = found.fetchall()
    return str(answers)


def test_a_correction_outlives_reload_and_restart_and_can_be_changed(chat: Chat) -> None:
    comment = "I was <b>there</b>"
    chat.correct(chat.ask("who directed Jaws?"), "bo li", pick="Bo Lind", comment=comment)
    expect(chat.notice).to_contain_text("Thank you")
    expect(chat.cards.locator(".opinion")).to_contain_text("Bo Lind")
    assert '"Bo Lind"' in corrected(chat.server.database, comment)
    chat.reload()
    expect(chat.cards.locator(".opinion")).to_contain_text(comment)
    chat.server.stop()
    chat.server.start()
    chat.reload()
    chat.errors.clear()  # the page may have missed the server
    expect(chat.cards.locator(".said")).to_have_text("Ana Sol")
    expect(chat.cards.locator(".opinion")).to_contain_text("Bo Lind")
    expect(chat.page.get_by_role("button", name="Disliked")).to_be_visible()
    chat.page.get_by_role("button", name="Change your correction").click()
    expect(chat.page.get_by_label("Comment")).to_have_value(comment)
    chat.page.get_by_role("button", name="Take back").click()
    expect(chat.cards.locator(".opinion")).to_have_count(0)


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
