"""The review in a real browser: by keyboard alone, in bulk, without scripts, hostile text, and pictures to look at."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete

import db
from kgqa.types import Answer, Hop, Link, ScoredEntity
from kgqa.types import Path as Way
from tests.browser.conftest import PHONE, SCREENSHOTS, Server
from tests.chat.answers import HOSTILE, hostile
from tests.chat.test_login import HASH, PASSWORD, SECRET

pytestmark = pytest.mark.browser
WIDE = {"width": 1280, "height": 860}
QUESTION = "who directed Jaws?"
ANA = Answer(
    question=QUESTION,
    kind="entities",
    answers=(ScoredEntity("Ana Sol", "Ana Sol", 0.9),),
    confidence=0.9,
    links=(Link("Jaws", 13, 17, "Jaws", "Jaws", 0.95),),
    paths=(Way(0, (Hop("directed by", "directed by", False, 0.9, ("Ana Sol",)),)),),
    facts=(("Jaws", "directed by", "Ana Sol"),),
    labels={"Jaws": "Jaws", "directed by": "directed by", "Ana Sol": "Ana Sol"},
    timings_ms={"total": 41.5},
)
BO = [{"id": "Bo Lind", "label": "Bo Lind"}]


class Reviewer:
    """The review as its owner uses it; what people say is put into the store as the chat would."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._requested)
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _requested(self, request: Any) -> None:
        if not request.url.startswith(self.server.address):
            self.foreign.append(request.url)

    def enter(self) -> "Reviewer":
        self.page.goto(f"{self.server.address}/review")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("button", name="Log out")).to_be_visible()
        return self

    def say(self, visitor: str, question: str = QUESTION, answer: Answer = ANA, **said: Any) -> None:
        database = db.open_database(f"sqlite:///{self.server.database}")
        with database.writer() as session:
            version = db.register_model_version(session=session, name="m1", digest="m1")
            db.set_consent(session=session, visitor=visitor, given=True)
            conversation = db.start_conversation(session=session, visitor=visitor)
            turn = db.append_turn(
                session=session, conversation_id=conversation.id, visitor=visitor, question=question,
                snapshot=answer.to_dict(), model_version_id=version.id,
            )  # fmt: skip
            db.give_feedback(session=session, turn_id=turn.id, visitor=visitor, **{"rating": -1, **said})
        database.close()

    def statuses(self) -> dict[str, str]:
        """The status of what each visitor said."""
        connection = sqlite3.connect(self.server.database)
        try:
            return dict(connection.execute("SELECT visitor, review_status FROM feedback"))
        finally:
            connection.close()

    @property
    def rows(self) -> Any:
        return self.page.locator(".entries li")

    @property
    def entry(self) -> Any:
        return self.page.locator("#entry")

    @property
    def notice(self) -> Any:
        return self.page.get_by_role("status")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def served(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a review, over a model directory of its own, which a test adds a fact to."""
    place = tmp_path_factory.mktemp("review")
    model = Path(shutil.copytree(trained_model, place / "model"))
    settings = {"KGQA_REVIEW_PASSWORD_HASH": str(HASH), "KGQA_SECRET": SECRET}
    with Server(model, place / "chat.db", **settings) as running:
        yield running


@pytest.fixture
def server(served: Server) -> Server:
    """That app, and nobody has asked it anything."""
    database = db.open_database(f"sqlite:///{served.database}")
    with database.writer() as session:
        session.execute(delete(db.Conversation))
    database.close()
    return served


@pytest.fixture
def reviewer(server: Server, page: Page) -> Iterator[Reviewer]:
    """Logged in, over three entries; no request may leave the host and no error may reach the console."""
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    found = Reviewer(page, server)
    found.say("cat", "who made Heat Wave?", corrected_text="nobody")
    found.say("dan", "who made Salt Road?")
    found.say("ann", corrected_answers=BO)
    found.say("bob", corrected_answers=BO, comment="I was there")
    yield found.enter()
    assert found.foreign == []
    assert found.errors == []


def test_an_entry_says_what_was_seen_what_is_right_and_who_agrees(reviewer: Reviewer) -> None:
    expect(reviewer.rows).to_have_count(3)
    for words in (QUESTION, "Ana Sol", "Bo Lind", "2 people say so", "I was there"):
        expect(reviewer.entry).to_contain_text(words)
    reviewer.page.get_by_role("link", name="Ask it").click()
    expect(reviewer.page.locator("#now .verdict")).to_have_text("The same as then.")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["1280", "390"])
def test_everything_is_done_by_keyboard(reviewer: Reviewer, viewport: Any) -> None:
    page = reviewer.page
    page.set_viewport_size(viewport)
    page.reload()
    reviewer.press("j")
    expect(reviewer.entry).to_contain_text("Salt Road")
    reviewer.press("r")
    expect(reviewer.notice).to_contain_text("rejected")
    assert reviewer.statuses() == {"ann": "pending", "bob": "pending", "cat": "pending", "dan": "rejected"}
    reviewer.press("u")
    expect(reviewer.notice).to_contain_text("Undone: 1 back as before.")
    assert reviewer.statuses()["dan"] == "pending"
    page.goto(f"{reviewer.server.address}/review")
    reviewer.press("j", "k", "Enter")
    expect(page.locator("#now .verdict")).to_have_text("The same as then.")
    reviewer.press("a")
    expect(reviewer.notice).to_contain_text("2 pieces of feedback accepted.")
    assert reviewer.statuses() == {"ann": "accepted", "bob": "accepted", "cat": "pending", "dan": "pending"}
    reviewer.press("e")
    another = page.get_by_role("combobox", name="Add an entity")
    expect(another).to_be_focused()
    page.keyboard.type("cy ma", delay=40)
    expect(page.get_by_role("option", name="Cy Marsh")).to_be_visible()
    reviewer.press("ArrowDown", "Enter")
    expect(page.locator("#edit .chip", has_text="Cy Marsh")).to_be_visible()
    expect(another).to_have_value("")
    page.get_by_role("button", name="Save and accept").press("Enter")
    expect(reviewer.notice).to_contain_text("edited and accepted")


def test_a_letter_that_is_typed_into_a_field_decides_nothing(reviewer: Reviewer) -> None:
    reviewer.page.get_by_role("searchbox").focus()
    reviewer.page.keyboard.type("area")
    reviewer.press("Escape")
    expect(reviewer.entry).to_be_focused()
    reviewer.page.get_by_role("checkbox", name="Keys").uncheck()
    reviewer.press("Tab", "a", "r")
    reviewer.page.reload()
    expect(reviewer.page.get_by_role("checkbox", name="Keys")).not_to_be_checked()
    assert set(reviewer.statuses().values()) == {"pending"}


def test_many_are_selected_and_decided_at_once(reviewer: Reviewer) -> None:
    page = reviewer.page
    expect(page.locator(".bulk")).to_be_hidden()
    reviewer.press("x", "j", "x")
    expect(page.locator(".bulk .chosen")).to_have_text("With the 2 selected:")
    page.get_by_label("Select all").check()
    expect(page.locator(".bulk .chosen")).to_have_text("With the 3 selected:")
    page.locator(".bulk").get_by_role("button", name="Reject").click()
    expect(reviewer.notice).to_contain_text("4 pieces of feedback rejected.")
    assert set(reviewer.statuses().values()) == {"rejected"}
    expect(page.get_by_text("Nothing waits for you here.")).to_be_visible()
    reviewer.notice.get_by_role("button", name="Undo").click()
    expect(reviewer.rows).to_have_count(3)
    assert set(reviewer.statuses().values()) == {"pending"}


def test_a_fact_that_the_graph_lacks_is_added_and_the_chat_knows_it(reviewer: Reviewer) -> None:
    page, address = reviewer.page, reviewer.server.address
    before = version(address)
    reviewer.press("f")
    expect(page.get_by_role("combobox", name="Subject")).to_have_value("Jaws")
    expect(page.get_by_role("combobox", name="Relation")).to_have_value("directed by")
    expect(page.get_by_role("combobox", name="Object")).to_have_value("Bo Lind")
    reviewer.press("Enter")
    expect(page.locator(".proposed")).to_contain_text("Jaws")
    expect(page.get_by_role("button", name="Add it to the graph")).to_be_focused()
    reviewer.press("Enter")
    expect(reviewer.notice).to_contain_text("Added to the graph: Jaws · directed by · Bo Lind.", timeout=60_000)
    until_changed(address, before)
    page.goto(f"{address}/review?status=lacks_fact")
    page.get_by_role("link", name="Ask it").click()
    expect(page.locator("#now .card .said")).to_contain_text("Bo Lind")
    now = version(address)
    reviewer.press("u")
    expect(reviewer.notice).to_contain_text("The fact was taken out of the graph again.", timeout=60_000)
    until_changed(address, now)
    page.goto(f"{address}/review/decisions")
    for done in ("took a fact away", "undid a decision", "added a fact", "noted that the graph lacks the fact"):
        expect(page.get_by_text(done).first).to_be_visible()


def version(address: str) -> str:
    return str(httpx.get(f"{address}/readyz").json()["model"])


def until_changed(address: str, before: str) -> None:
    deadline = time.monotonic() + 90
    while version(address) == before:
        assert time.monotonic() < deadline, "the server did not notice"
        time.sleep(0.3)


def test_without_scripts_it_works_as_well(server: Server, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)  # type: ignore[arg-type]
    plain = Reviewer(context.new_page(), server)
    plain.say("bob", "who made Salt Road?")
    plain.say("ann", corrected_answers=BO)
    plain.enter()
    plain.page.get_by_role("link", name="Ask it").click()
    expect(plain.page.locator("#now .card")).to_contain_text("Ana Sol")
    plain.entry.get_by_role("button", name="Accept").first.click()
    expect(plain.notice).to_contain_text("1 piece of feedback accepted.")
    assert plain.statuses() == {"ann": "accepted", "bob": "pending"}
    context.close()


def test_logging_out_closes_the_way_back(reviewer: Reviewer) -> None:
    reviewer.page.get_by_role("button", name="Log out").click()
    expect(reviewer.page.get_by_label("Password")).to_be_visible()
    reviewer.page.go_back()
    reviewer.page.goto(f"{reviewer.server.address}/review/dashboard")
    expect(reviewer.page.get_by_label("Password")).to_be_visible()


def test_an_export_is_downloaded(reviewer: Reviewer) -> None:
    reviewer.page.goto(f"{reviewer.server.address}/review/export")
    for name, ending in (("JSON lines", "jsonl"), ("CSV sheet", "csv")):
        with reviewer.page.expect_download() as download:
            reviewer.page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename.endswith(f".{ending}")
        assert QUESTION in Path(download.value.path()).read_text()


@pytest.mark.parametrize("color", ["light", "dark"])
@pytest.mark.parametrize(("size", "viewport"), [("wide", WIDE), ("phone", PHONE)])
def test_every_page_fits_shows_hostile_text_as_text_and_asks_nobody_else(
    server: Server, browser: Browser, size: str, viewport: Any, color: Any
) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=color)
    found = Reviewer(context.new_page(), server)
    said = {"corrected_text": '=HYPERLINK("http://evil.example")', "comment": HOSTILE, "reason": HOSTILE}
    found.say("mallory", HOSTILE, hostile(), corrected_answers=[{"id": HOSTILE, "label": HOSTILE}], **said)
    found.say("ann", corrected_answers=BO)
    found.say("bob", corrected_answers=BO, comment="I was there, " * 12)
    found.say("cat", "w" * 290, rating=1)
    SCREENSHOTS.mkdir(exist_ok=True)
    page = found.page
    page.goto(f"{server.address}/review")
    page.screenshot(path=SCREENSHOTS / f"review-{size}-{color}-login.png")
    found.enter()
    hostile_row = page.locator(".entries a", has_text="onerror")
    expect(hostile_row.locator(".asked")).to_contain_text("<img src=x onerror=alert(1)>")
    page.screenshot(path=SCREENSHOTS / f"review-{size}-{color}-queue.png")
    hostile_row.click()
    expect(found.entry.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    found.entry.get_by_text("How it was found").first.click()
    page.get_by_role("link", name="Ask it").click()
    expect(page.locator("#now .verdict")).to_be_visible()
    page.locator("#edit summary").click()
    page.get_by_role("combobox", name="Add an entity").press_sequentially("<img", delay=20)
    page.locator("#edit").get_by_role("button", name="Save and accept").scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"review-{size}-{color}-entry.png")
    fits(page, viewport)
    page.get_by_role("combobox", name="Add an entity").fill("")
    page.locator("#edit .chip input").uncheck()
    page.get_by_label("In words, where no entity fits").fill(HOSTILE)
    page.get_by_role("button", name="Save and accept").click()
    expect(found.notice).to_contain_text("edited and accepted")
    for name in ("", "/dashboard", "/decisions", "/export", "?status=any&kind=all"):
        page.goto(f"{server.address}/review{name}")
        for fold in page.locator("details").all():
            fold.evaluate("fold => { fold.open = true; }")
        fits(page, viewport)
        path = SCREENSHOTS / f"review-{size}-{color}-{name.strip('/?').split('=')[0] or 'after'}.png"
        page.screenshot(path=path, full_page=True)
    assert found.foreign == []
    assert found.errors == []
    context.close()


def fits(page: Page, viewport: dict[str, int]) -> None:
    """Nothing is wider than the screen, and there is no element that text has become."""
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.locator("img, iframe, body script, a[href*='evil'], a[href^='javascript']").count() == 0
