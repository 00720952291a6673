"""Markup in questions, corrections and labels is shown as text, and nothing runs or is fetched."""

import sqlite3

import pytest
from playwright.sync_api import expect

import db
from tests.browser.conftest import Chat
from tests.chat.answers import HOSTILE, hostile

pytestmark = pytest.mark.browser


def harmless(chat: Chat) -> None:
    assert chat.page.locator("#chat img, #chat script, #chat iframe, #chat .card a").count() == 0


def test_a_hostile_question_is_text(chat: Chat) -> None:
    chat.ask(HOSTILE)
    expect(chat.page.get_by_test_id("user").last).to_have_text(HOSTILE)
    harmless(chat)
    chat.reload()
    expect(chat.page.get_by_test_id("user").last).to_have_text(HOSTILE)
    harmless(chat)


def test_a_hostile_correction_is_text(chat: Chat) -> None:
    chat.correct(chat.ask("who directed Jaws?"), "<img src=x onerror=alert(1)>", comment=HOSTILE)
    expect(chat.cards.locator(".opinion")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(chat.cards.locator(".comment")).to_contain_text(HOSTILE)
    harmless(chat)


def test_hostile_labels_are_text(chat: Chat) -> None:
    """The turn is put into the store under this browser's visitor, as an answer of a hostile graph would be."""
    chat.ask("who directed Jaws?")
    file = chat.server.database
    connection = sqlite3.connect(file)
    visitor = connection.execute("SELECT visitor FROM conversations ORDER BY updated_at DESC").fetchone()[0]
    connection.close()
    database = db.open_database(f"sqlite:///{file}")
    with database.writer() as session:
        conversation = db.find_conversations(session=session, visitor=visitor)[0]
        (turn, _), *_ = db.load_turns(session=session, conversation_id=conversation.id, visitor=visitor)
        db.append_turn(
            session=session,
            conversation_id=conversation.id,
            visitor=visitor,
            question=HOSTILE,
            snapshot=hostile().to_dict(),
            model_version_id=turn.model_version_id,
        )
    database.close()
    chat.reload()
    card = chat.cards.last
    expect(card.locator(".said")).to_have_text(HOSTILE)
    card.get_by_text("How I got this").click()
    expect(card.locator(".facts")).to_contain_text(HOSTILE)
    expect(card.locator("svg.graph")).to_be_visible()
    harmless(chat)
