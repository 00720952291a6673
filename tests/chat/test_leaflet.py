"""Conversations outside the chat: as a page and as Markdown, every text of them as text."""

import re
from typing import Any

from kgqa.chat import leaflet
from kgqa.types import Answer
from tests.chat.answers import HANKS, HOSTILE, MONA_LISA, STAR_WARS, UNKNOWN, hostile
from tests.chat.test_markup import read

TIME = "2026-11-25T12:00:00+00:00"
OPINION = {
    "rating": -1,
    "comment": "no, it moved",
    "corrected_answers": [{"id": "lens", "label": "Lens"}],
    "corrected_text": "a town",
    "withdrawn": False,
}
HARMLESS = {
    "html", "head", "meta", "title", "script", "link", "body", "header", "a", "main", "h1", "h2", "h3", "p", "article",
    "section", "div", "span", "strong", "em", "q", "ol", "ul", "li", "details", "summary", "code",
    "svg", "desc", "g", "rect", "text", "path", "polygon",
}  # fmt: skip


def record(*answers: Answer, title: str = "Paintings", feedback: dict[str, Any] | None = None) -> dict[str, Any]:
    turn = {"replaced_at": None, "feedback": feedback, "asked_at": TIME}
    turns = [
        {**turn, "question": answer.question, "answer": answer.to_dict(), "answered_anew": None} for answer in answers
    ]
    dates = {"created_at": TIME, "updated_at": TIME, "shared_at": TIME}
    return {"id": "c1", "title": title, "turns": turns, **dates}


def everything(*records: dict[str, Any]) -> dict[str, Any]:
    use = {"allowed": True, "asked_at": TIME, "decided_at": TIME}
    return {"visitor": "f00d", "training_use": use, "conversations": list(records)}


def test_a_shared_page_shows_answers_as_the_card_does_and_nothing_of_the_visitor() -> None:
    html = leaflet.shared("Paintings", [MONA_LISA, STAR_WARS, UNKNOWN], "Ask")
    text = read(html).text
    for part in ("Paintings", "What city is the Mona Lisa in?", "Paris", "located in city", "I don’t know.", "97 %"):
        assert part in text, part
    assert html.count('<article><h3 class="asked">') == 3
    assert '<svg class="graph"' in html
    for private in ('class="wrong"', 'class="opinion"', "Thank you, noted"):
        assert private not in html, private
    assert 'content="noindex, nofollow"' in html


def test_an_empty_one_says_so() -> None:
    assert "There is nothing in it yet." in leaflet.shared("Empty", [], "Ask")


def test_hostile_text_is_text_on_every_page() -> None:
    bad = {
        **OPINION,
        "comment": HOSTILE,
        "corrected_text": HOSTILE,
        "corrected_answers": [{"id": "x", "label": HOSTILE}],
    }
    everywhere = record(hostile(), title=HOSTILE, feedback=bad)
    pages = [
        leaflet.shared(HOSTILE, [hostile()], HOSTILE),
        leaflet.everything(everything(everywhere), HOSTILE),
        leaflet.gone(HOSTILE),
    ]
    for html in pages:
        found = read(html)
        assert set(found.tags) <= HARMLESS
        assert found.tags.count("script") == 1
        assert HOSTILE in found.text
        assert "evil.example)" not in html


def test_everything_is_told_with_opinions_and_what_was_replaced() -> None:
    whole = record(MONA_LISA, HANKS, feedback=OPINION)
    whole["turns"][1].update(replaced_at=TIME, feedback=None)
    text = read(leaflet.everything(everything(whole), "Ask")).text
    for part in (
        "f00d", "allowed, decided on 2026-11-25", "shared by a link since 2026-11-25", "No longer shown in the chat",
        "Thumb down, right would be Lens and a town, “no, it moved”.",
    ):  # fmt: skip
        assert part in text, part


def test_markdown_shows_what_the_chat_shows() -> None:
    whole = record(MONA_LISA, HANKS, UNKNOWN, STAR_WARS, feedback=OPINION)
    whole["turns"][3]["replaced_at"] = TIME
    text = leaflet.markdown(whole)
    assert text.startswith("# Paintings\n\nLast used on 2026-11-25.")
    for line in (
        "## What city is the Mona Lisa in?", "**Paris**", "Very sure · 97 %",
        "- Way: Mona Lisa → housed in → located in city", "- Fact: Mona Lisa housed in Louvre Museum",
        "All 24:", "- Film 23", "**I don’t know.**",
        "Your opinion: Thumb down, right would be Lens and a town, “no, it moved”.",
    ):  # fmt: skip
        assert line in text.split("\n"), line
    assert "Star Wars" not in text


def test_markdown_holds_no_markup_of_others() -> None:
    text = leaflet.markdown(record(hostile(), title=f"=1+1 {HOSTILE} www.evil.example", feedback=None))
    assert "\\<img src\\=x onerror\\=alert\\(1\\)\\> \\!\\[\\]\\(http\\://evil.example\\)" in text
    for markup in ("<img", "](", "http:", "www.", " `b`", " $x$"):
        assert markup not in re.sub(r"\\.", "", text), markup
    assert text.split("\n")[0].startswith("# \\=1\\+1 ")
