"""The docket: the queue as a list, with its filter, and what is done with many entries at once."""

from collections.abc import Mapping, Sequence

from kgqa.chat import explain
from kgqa.chat.desk import Entry
from kgqa.chat.dossier import answer_of, right_words
from kgqa.chat.frame import STATUSES, address, badge, form, key, moment, people
from kgqa.chat.markup import escape, shorten
from kgqa.chat.view import KINDS, View

PAGE = 25
HELP = (
    ("j", "next"), ("k", "previous"), ("Enter", "open, ask the model now"), ("a", "accept"), ("e", "edit"),
    ("r", "reject"), ("f", "the graph lacks this fact"), ("x", "select"), ("u", "undo"), ("Esc", "leave a field"),
)  # fmt: skip


def listing(entries: Sequence[Entry], total: int, view: View, current: str, form_token: str) -> str:
    """Filter, entries, pages, and what can be done with many at once."""
    shown = _entries(entries, total, view, current, form_token)
    return f'<section class="list" aria-label="Queue">{_filter(view)}{shown}</section>'


def _filter(view: View) -> str:
    statuses = _options({"pending": "Waiting", **STATUSES, "any": "Any status"}, view.status or "any")
    kinds = _options(KINDS, view.kind)
    return (
        f'<form method="get" action="{address("", {})}" class="filter" role="search">'
        f'<label>Status <select name="status">{statuses}</select></label>'
        f'<label>Kind <select name="kind">{kinds}</select></label>'
        f'<label class="wide">Question <input type="search" name="q" value="{escape(view.search)}" '
        'placeholder="contains …"></label><button class="quiet">Show</button></form>'
    )


def _options(choices: Mapping[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{label}</option>'
        for value, label in choices.items()
    )


def _entries(entries: Sequence[Entry], total: int, view: View, current: str, form_token: str) -> str:
    undo = form("/undo", form_token, f"{view.fields()}<button class='quiet'>Undo last{key('u')}</button>", "undo")
    if not entries:
        nothing = "Nothing waits for you here." if view.status == "pending" and not view.search else "Nothing found."
        return f'<div class="bar"><p class="count">{nothing}</p>{undo}</div>'
    rows = "".join(_row(entry, view, str(entry.id) == current) for entry in entries)
    first = (view.number - 1) * PAGE + 1
    count = f"{total:,} {'entry' if total == 1 else 'entries'}"
    count = count if total <= PAGE else f"{first:,} to {first + len(entries) - 1:,} of {total:,}"
    everything = (
        '<label class="everything"><input type="checkbox" id="everything" hidden><span>Select all</span></label>'
    )
    return (
        f'<div class="bar"><p class="count">{count}</p>{everything}{undo}</div>'
        f'<ol class="entries" start="{first}">{rows}</ol>{_pages(total, view)}{_bulk(view, form_token)}'
    )


def _row(entry: Entry, view: View, here: bool) -> str:
    link = address("", view.query(at=str(entry.id)))
    status = "" if view.status else badge(entry.status)
    return (
        f'<li class="{"here" if here else ""}"><input type="checkbox" name="id" value="{entry.id}" form="bulk" '
        f'aria-label="Select: {escape(shorten(entry.question, 80))}">'
        f'<a href="{link}" data-id="{entry.id}"{" aria-current=true" if here else ""}>'
        f'<span class="asked">{escape(shorten(entry.question, 140))}</span>'
        f'<span class="said">{_gist(entry)}</span>'
        f'<span class="small">{people(entry.visitors)} · {moment(entry.said_at)} {status}</span></a></li>'
    )


def _gist(entry: Entry) -> str:
    """An entry in a line: what was shown, and what is said to be right."""
    shown = answer_of(entry.snapshot)
    was = escape(shorten(explain.plain(shown), 60)) if shown else "?"
    right = right_words(entry)
    thumb = {1: "right", -1: "wrong"}.get(entry.rating, "")
    said = escape(shorten(right, 80)) or thumb or "a comment"
    return f'{was} <span class="arrow" role="img" aria-label="should be">→</span> <b>{said}</b>'


def _pages(total: int, view: View) -> str:
    last = (total + PAGE - 1) // PAGE
    if last <= 1:
        return ""
    links = [
        f'<a rel="{rel}" href="{address("", {**view.query(), "page": str(number)})}">{label}</a>'
        for rel, label, number in (("prev", "‹ Earlier", view.number - 1), ("next", "Later ›", view.number + 1))
        if 1 <= number <= last
    ]
    return f'<nav class="pages" aria-label="Pages of the queue">{"".join(links)}</nav>'


def _bulk(view: View, form_token: str) -> str:
    buttons = "".join(
        f'<button name="action" value="{action}" class="{css}">{label}</button>'
        for action, label, css in (
            ("accept", "Accept", "main"), ("reject", "Reject", "quiet"), ("lacks_fact", "Graph lacks it", "quiet"),
        )
    )  # fmt: skip
    inside = f'{view.fields()}<span class="chosen" aria-live="polite">With the selected ones:</span>{buttons}'
    return form("/decide", form_token, inside, "bulk", "bulk")


def keys() -> str:
    """The line that says what the keys do, with a switch for those who don't want them."""
    named = " ".join(f"<span><kbd>{name}</kbd> {does}</span>" for name, does in HELP)
    switch = '<label><input type="checkbox" id="keys" checked> Keys</label>'
    return f'<footer class="keys" aria-label="What the keys do">{switch}{named}</footer>'
