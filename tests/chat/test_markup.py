"""Untrusted text is shown and never read as HTML or Markdown."""

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.chat.markup import escape, escape_html, escape_markdown, shorten, visible
from tests.chat.answers import HOSTILE


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_every_special_character_becomes_a_numeric_entity() -> None:
    assert escape("<a> & \"b\" 'c'") == "&#60;a&#62; &#38; &#34;b&#34; &#39;c&#39;"
    assert not set(escape(HOSTILE)) & set("<>\"'`*_[]()!|$")


def test_ordinary_names_stay_readable() -> None:
    assert escape("Padmé Amidala, St. Mary-le-Bow 東京 😀") == "Padmé Amidala, St. Mary-le-Bow 東京 😀"


@given(st.text())
def test_escaped_text_reads_back_as_itself_without_any_tag(text: str) -> None:
    for html in (escape(text), escape_html(text)):
        assert read(f"<p>{html}</p>").tags == ["p"]
        assert unescape(html) == visible(text)


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\x1b[31mb", "a\ud800b", "a\x85b"])
def test_what_cannot_be_seen_is_left_out(text: str) -> None:
    assert visible(text) in ("ab", "a[31mb")


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abc defg", 5) == "abc…"


def test_markdown_is_escaped_on_one_line() -> None:
    assert escape_markdown("a *b*\n# c") == "a \\*b\\* \\# c"
    assert escape_markdown("http://x WWW.y a@b") == "http\\://x www\\.y a\\@b"
    assert escape_markdown("Who wrote “Emma” in 1815, St. Mary-le-Bow?") == "Who wrote “Emma” in 1815, St. Mary-le-Bow?"
