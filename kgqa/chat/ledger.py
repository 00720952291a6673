"""The decisions as a reviewer reads them: the audit, newest first, with what can still be undone."""

from collections.abc import Sequence
from typing import Any

from kgqa.chat.desk import Line
from kgqa.chat.frame import STATUSES, address, form, hidden, moment
from kgqa.chat.markup import escape

PAGE = 50
DONE = {
    "accept": "accepted",
    "edit": "edited and accepted",
    "reject": "rejected",
    "lacks_fact": "noted that the graph lacks the fact",
    "undo": "undid a decision",
    "add_fact": "added a fact",
    "remove_fact": "took a fact away",
}


def ledger(lines: Sequence[Line], number: int, more: bool, form_token: str) -> str:
    """A page of the audit."""
    rows = "".join(_row(line, form_token) for line in lines)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("When", "Who", "What", "Before → after", "About", ""))
    table = f"<table class='ledger'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    shown = f'<div class="scroll" tabindex="0">{table}</div>' if rows else "<p>Nothing has been decided yet.</p>"
    links = [(number - 1, "prev", "‹ Newer")] if number > 1 else []
    links += [(number + 1, "next", "Older ›")] if more else []
    pages = "".join(
        f'<a rel="{rel}" href="{address("/decisions", {"page": str(to)})}">{name}</a>' for to, rel, name in links
    )
    note = '<p class="small">Every decision is written down here, and nothing is ever taken out.</p>'
    return f'<h1>Decisions</h1>{note}{shown}<nav class="pages" aria-label="Pages of decisions">{pages}</nav>'


def _row(line: Line, form_token: str) -> str:
    undo = ""
    if line.action in ("accept", "edit", "reject", "lacks_fact"):
        back = hidden("batch", str(line.batch)) + hidden("to", "decisions")
        undo = form("/undo", form_token, f'{back}<button class="quiet" aria-label="Undo this decision">Undo</button>')
    about = address("", {"status": "any", "kind": "all", "at": str(line.feedback_id)})
    return (
        f"<tr><td>{moment(line.made_at)}</td><td>{escape(line.reviewer)}</td>"
        f"<td>{DONE.get(line.action, escape(line.action))}{_fact(line.fact)}</td>"
        f'<td>{_state(line.before)} → {_state(line.after)}</td><td><a href="{about}">open</a></td><td>{undo}</td></tr>'
    )


def _state(state: dict[str, Any] | None) -> str:
    if not state or "status" not in state:
        return "–"
    words = STATUSES.get(str(state["status"]), escape(str(state["status"])))
    edited = state.get("edited")
    if not edited:
        return words
    said = "; ".join([*(each["label"] for each in edited["answers"]), *filter(None, [edited["text"]])])
    return f"{words}: <b>{escape(said)}</b>"


def _fact(fact: dict[str, Any] | None) -> str:
    if not fact:
        return ""
    parts = (escape(str(fact.get(f"{name}_label") or fact.get(name, ""))) for name in ("subject", "relation", "object"))
    return f'<br><span class="fact">{" · ".join(parts)}</span>'
