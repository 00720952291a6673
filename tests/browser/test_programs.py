"""Counts, sums, superlatives, yes and no, in a real browser: the answer, and the steps and numbers that led to it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import kingdom
from tests.browser.conftest import PHONE, Chat, Server
from tests.conftest import Trained

pytestmark = pytest.mark.browser
KELDA, ISFAR = kingdom.CITIES["Kelda"], kingdom.CITIES["Isfar"]


@pytest.fixture(scope="module")
def throne(ruled: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app over the model that writes programs."""
    with Server(ruled.directory, tmp_path_factory.mktemp("throne") / "chat.db") as server:
        yield server


@pytest.fixture
def court(throne: Server, page: Page) -> Iterator[Chat]:
    chat = Chat(page, throne).open()
    yield chat
    assert chat.foreign == []
    assert chat.errors == []


def explained(card: Locator) -> str:
    """What stands under "How I got this"."""
    card.get_by_text("How I got this").click()
    return card.locator("details.how").inner_text()


@pytest.mark.parametrize(
    ("question", "said", "told"),
    [
        ("how many cities are in Kelda?", str(len(KELDA)), next(iter(KELDA))),
        (
            "how many people live in all cities of Kelda together?",
            f"{sum(KELDA.values()):,}",
            f"{next(iter(KELDA.values())):,}",
        ),
        ("what is the largest city in Isfar?", max(ISFAR, key=lambda city: ISFAR[city]), f"{max(ISFAR.values()):,}"),
        ("does Kelda border Lorne?", "Yes", "Lorne"),
        ("does Kelda border Dunmor?", "No", "Dunmor"),
    ],
)
def test_every_kind_is_answered_and_can_be_checked(court: Chat, question: str, said: str, told: str) -> None:
    card = court.ask(question)
    expect(card.locator(".said")).to_contain_text(said)
    assert told in explained(card)


def test_numbers_of_those_that_took_part_fit_a_phone(court: Chat) -> None:
    court.page.set_viewport_size(PHONE)
    card = court.ask("what is the largest city in Isfar?")
    text = explained(card)
    for city, people in ISFAR.items():
        assert city in text
        assert f"{people:,}" in text
    assert court.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    court.shot("program-phone")


def test_an_answer_of_a_program_is_kept(court: Chat) -> None:
    court.ask("how many cities are in Kelda?")
    court.reload()
    expect(court.cards.last.locator(".said")).to_contain_text(str(len(KELDA)))
    assert next(iter(KELDA)) in explained(court.cards.last)
