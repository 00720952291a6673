"""The list of past conversations: groups, times of the person's clock, and titles as text."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest

from kgqa.chat.memory import PastConversation
from kgqa.chat.shelf import clock, period, shelf
from tests.chat.answers import HOSTILE
from tests.chat.test_markup import read

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def past(name: str, used: datetime = NOW, title: str = "", salt: str = "") -> PastConversation:
    return PastConversation(name, title or name, used, salt)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 26), "Today"),
        (date(2026, 11, 25), "Today"),
        (date(2026, 11, 24), "Yesterday"),
        (date(2026, 11, 19), "Last 7 days"),
        (date(2026, 11, 18), "November 2026"),
        (date(2025, 11, 25), "November 2025"),
    ],
)
def test_days_have_their_heading(day: date, name: str) -> None:
    assert period(day, date(2026, 11, 25)) == name


def test_the_list_is_grouped_and_marks_what_is_open_and_shared() -> None:
    rows = [past("a"), past("b", salt="s"), past("c", NOW - timedelta(days=1)), past("d", NOW - timedelta(days=40))]
    html = shelf(rows, "b", UTC, NOW)
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Today", "Yesterday", "October 2026"]
    assert re.findall(r'class="(open[^"]*)" id="(open-\w)"', html) == [
        ("open", "open-a"), ("open current", "open-b"), ("open", "open-c"), ("open", "open-d"),
    ]  # fmt: skip
    assert html.count('<span class="shared">shared</span>') == 1
    assert re.findall(r'class="when">([^<·]*)', html) == ["12:00", "12:00 ", "24 Nov", "16 Oct"]


def test_days_begin_at_the_persons_midnight() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert "<h3>Yesterday</h3>" in shelf([past("a", late)], "", UTC, NOW)
    tokyo = shelf([past("a", late)], "", clock("540"), NOW)
    assert ("<h3>Today</h3>" in tokyo, "08:30" in tokyo) == (True, True)


@pytest.mark.parametrize(
    ("minutes", "offset"),
    [("60", 60), ("-480", -480), ("", 0), (None, 0), ("99999", 0), ("1e3", 0), ("--5", 0), ("²", 0), ("9" * 9, 0)],
)
def test_a_clock_is_a_plausible_number_of_minutes(minutes: object, offset: int) -> None:
    assert clock(minutes).utcoffset(None) == timedelta(minutes=offset)


def test_a_hostile_title_is_text() -> None:
    html = shelf([past("a", title=HOSTILE)], "", UTC, NOW)
    assert set(read(html).tags) == {"nav", "h3", "ul", "li", "button", "span"}
    assert HOSTILE in unescape(html)
    assert "\n" not in shelf([past("a", title="x\n\n# y")], "", UTC, NOW).replace("x\n\n", "")
