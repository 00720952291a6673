"""Leaflets: conversations outside the chat, as a page to read and as Markdown. All text in them is escaped."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kgqa.chat import explain
from kgqa.chat.card import face
from kgqa.chat.markup import escape, escape_markdown
from kgqa.chat.phrases import series, unmarked
from kgqa.types import Answer

SCHEME = 'matchMedia("(prefers-color-scheme: dark)").matches && document.documentElement.classList.add("dark")'
THUMBS = {1: "Thumb up", -1: "Thumb down", 0: "No thumb"}
Row = dict[str, Any]


def page(heading: str, body: str, site: str) -> str:
    """A whole HTML document in the style of the chat, with a way to the chat itself; `body` is HTML."""
    title = escape(heading)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer">'
        f"<title>{title} · {escape(site)}</title><script>{SCHEME}</script>"
        '<link rel="icon" href="../favicon.ico"><link rel="stylesheet" href="../style.css">'
        '<link rel="stylesheet" href="../history.css"></head><body class="leaflet">'
        f'<header><a class="home" href="../">{escape(site)}</a></header>'
        f"<main><h1>{title}</h1>{body}</main></body></html>"
    )


def shared(title: str, answers: list[Answer], site: str) -> str:
    """A conversation as whoever has its link may read it."""
    turns = "".join(_turn(answer.question, face(answer)) for answer in answers) or "<p>There is nothing in it yet.</p>"
    note = '<p class="note">A conversation that someone shared with you, to read. Answers can be wrong.</p>'
    return page(title, f'{note}{turns}<p class="note">Places: GeoNames, CC BY 4.0.</p>', site)


def gone(site: str) -> str:
    """What stands where a link leads nowhere."""
    text = (
        "<p>This link does not work, or no longer does: whoever shared it can take it back at any time, "
        "and links to downloads last an hour.</p>"
        '<p>Ask them for a new one, or <a href="../">ask a question yourself</a>.</p>'
    )
    return page("Nothing is here", text, site)


def everything(data: Row, site: str) -> str:
    """All that is stored about a visitor, to read."""
    use = data["training_use"]
    decided = f", decided on {_day(use['decided_at'])}" if use["decided_at"] else ""
    allowed = "allowed" if use["allowed"] else "not allowed"
    facts = (
        "<p>You are known only by a random key that your browser keeps; the store has a fingerprint of it: "
        f'<code class="key">{escape(data["visitor"])}</code></p>'
        f"<p>Training on your votes and corrections: <strong>{allowed}</strong>{escape(decided)}.</p>"
    )
    return page("Everything stored about you", facts + "".join(map(_stored, data["conversations"])), site)


def _stored(row: Row) -> str:
    shared = f", shared by a link since {_day(row['shared_at'])}" if row["shared_at"] else ""
    dates = f"Begun on {_day(row['created_at'])}, last used on {_day(row['updated_at'])}{shared}."
    turns = "".join(map(_stored_turn, row["turns"]))
    return f'<section><h2>{escape(row["title"])}</h2><p class="note">{escape(dates)}</p>{turns}</section>'


def _stored_turn(row: Row) -> str:
    replaced = '<p class="note">No longer shown in the chat: you edited or asked it again.</p>'
    said = f'<p class="opinion">{escape(_opinion(row["feedback"]))}</p>' if row["feedback"] else ""
    inside = face(Answer.from_dict(row["answer"]))
    if row["answered_anew"]:
        inside += f'<p class="note">After what you chose:</p>{face(Answer.from_dict(row["answered_anew"]))}'
    return _turn(row["question"], inside + said, replaced if row["replaced_at"] else "")


def _turn(question: str, inside: str, note: str = "") -> str:
    return f'<article>{note}<h3 class="asked">{escape(question)}</h3><div class="card">{inside}</div></article>'


def markdown(record: Row) -> str:
    """One conversation as a Markdown file: what it shows, how it was found, and what the visitor said to it."""
    shown = (turn for turn in record["turns"] if not turn["replaced_at"])
    head = f"# {escape_markdown(record['title'])}\n\nLast used on {_day(record['updated_at'])}. Answers can be wrong.\n"
    return head + "".join(map(_section, shown))


def _section(turn: Row) -> str:
    answer = Answer.from_dict(turn["answered_anew"] or turn["answer"])
    lines = [f"\n## {escape_markdown(turn['question'])}\n", f"**{escape_markdown(explain.plain(answer))}**\n"]
    if not answer.abstained:
        lines += [*_because(answer), f"{escape_markdown(explain.sureness(answer.confidence))}\n", *_found(answer)]
    if len(answer.answers) > explain.SHOWN:
        lines.append(f"All {len(answer.answers)}:\n\n" + _bullets(entity.label for entity in answer.answers))
    if turn["feedback"]:
        lines.append(f"Your opinion: {escape_markdown(_opinion(turn['feedback']))}\n")
    return "\n".join(lines)


def _found(answer: Answer) -> list[str]:
    """The way from the question to the answer, with its numbers, and the facts it rests on."""
    ways = [f"- Way: {escape_markdown(way)}" for way in explain.ways(answer)]
    facts = [f"- Fact: {escape_markdown(fact)}" for fact in explain.plain_facts(answer)]
    numbers = [f"- Number: {escape_markdown(line)}" for line in explain.numbers(answer)]
    return ["\n".join(ways + numbers + facts) + "\n"] if ways or facts else []


def _because(answer: Answer) -> list[str]:
    basis = unmarked(explain.basis(answer))
    return [f"{escape_markdown(basis)}\n"] if basis else []


def _bullets(labels: Iterable[str]) -> str:
    return "".join(f"- {escape_markdown(label)}\n" for label in labels)


def _opinion(row: Row) -> str:
    """A visitor's feedback in one line."""
    right = [each["label"] for each in row["corrected_answers"]] + [row["corrected_text"]] * bool(row["corrected_text"])
    parts = [THUMBS[row["rating"]]]
    parts += [f"right would be {series(right)}"] if right else []
    parts += [f"“{row['comment']}”"] if row["comment"] else []
    parts += ["taken back"] if row["withdrawn"] else []
    return ", ".join(parts) + "."


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d")
