"""Reading in the review: the queue, what the model answers now, the dashboard, the decisions, and exports.

The gate has looked at the login before any of these routes, and the desk looks at it again.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from kgqa.chat import docket, dossier, ledger
from kgqa.chat.assistant import Assistant
from kgqa.chat.dashboard import PERIODS, dashboard
from kgqa.chat.desk import Desk, Entry
from kgqa.chat.docket import PAGE
from kgqa.chat.dossier import Open
from kgqa.chat.frame import PATH, STATUSES, page, trouble
from kgqa.chat.living import LivingGraph
from kgqa.chat.login import Login, Pass
from kgqa.chat.markup import escape
from kgqa.chat.view import View, read_view, whole_number
from kgqa.errors import KgqaError
from kgqa.types import Answer

LOGINS_NOTED = 1_000


class Notes:
    """What is to be said on the next page of a login, as markup; each is said once."""

    def __init__(self) -> None:
        self._notes: OrderedDict[str, str] = OrderedDict()

    def leave(self, login: Pass, markup: str) -> None:
        """Say this next."""
        self._notes[login.id] = markup
        while len(self._notes) > LOGINS_NOTED:
            self._notes.popitem(last=False)

    def take(self, login: Pass) -> str:
        """What was to be said."""
        return self._notes.pop(login.id, "")


class Reading:
    """The routes that read, over a desk, a login, the model that answers and its living graph.

    `refusals` are the exceptions by which the desk says no; their messages are for people.
    """

    def __init__(
        self, desk: Desk, login: Login, assistant: Assistant, living: LivingGraph, refusals: tuple[type[Exception], ...]
    ) -> None:
        self.desk, self.login, self.assistant, self.living, self.refusals = desk, login, assistant, living, refusals
        self.failures: tuple[type[Exception], ...] = (*refusals, KgqaError, OSError)
        self.notes = Notes()
        self._asking = threading.Semaphore(1)

    def queue(self, request: Request) -> Response:
        """The queue, and the entry that is open."""
        view = read_view(request.query_params)
        return self.open_queue(
            request.state.login, view, request.query_params.get("at", ""), asked="now" in request.query_params
        )

    def open_queue(
        self, login: Pass, view: View, at: str, asked: bool = False, open_: Open | None = None, said: str = ""
    ) -> Response:
        """The queue with an entry open, and beside it what `open_` holds; `asked` asks the model too."""
        seen_at = self.desk.time().isoformat()
        offset = (view.number - 1) * PAGE
        entries, total = self.desk.queue(
            login.token, status=view.status, kind=view.kind, search=view.search, limit=PAGE, offset=offset
        )
        view = replace(view, seen_at=seen_at)
        chosen, said = self._chosen(login, at, entries, said)
        open_ = open_ or Open()
        if asked and chosen is not None:
            open_ = replace(open_, now=self._ask(chosen.question))
        token = self.login.form_token(login)
        current = str(chosen.id) if chosen else ""
        listed = docket.listing(entries, total, view, current, token)
        shown = dossier.detail(chosen, view, token, _following(entries, current), open_, bool(at)) if chosen else ""
        inside = f'<div class="desk">{listed}{shown}</div>{docket.keys()}'
        return self.page("Queue", inside, login, said, "chosen" if at and chosen else "")

    def _chosen(self, login: Pass, at: str, entries: Any, said: str) -> tuple[Entry | None, str]:
        """The entry to show, the first one where none is named; and what is to be said."""
        if not at:
            return (entries[0] if entries else None), said
        try:
            return self.desk.entry(login.token, at), said
        except self.refusals as error:
            return (entries[0] if entries else None), said or trouble(error)

    def now(self, request: Request) -> Response:
        """What the model answers now, as a part of the page."""
        try:
            entry = self.desk.entry(request.state.login.token, request.query_params.get("at", ""))
        except self.refusals as error:
            return HTMLResponse(f"<p>{escape(str(error))}</p>", 404)
        return HTMLResponse(dossier.answered_now(entry, self._ask(entry.question)))

    def _ask(self, question: str) -> Answer:
        """One at a time: the chat goes first."""
        with self._asking:
            try:
                return self.assistant.ask(question)
            except KgqaError:
                return Answer(question, "none", abstained=True, why="no_question")

    def names(self, request: Request) -> Response:
        """Entities whose name goes on like this."""
        found = self.assistant.suggest(request.query_params.get("q", ""))
        return JSONResponse([{"id": each.id, "label": each.label, "about": each.description} for each in found])

    def relations(self, request: Request) -> Response:
        """Relations whose label goes on like this."""
        found = self.living.relations(request.query_params.get("q", ""))
        return JSONResponse([{"id": each.id, "label": each.label, "about": each.about} for each in found])

    def dashboard(self, request: Request) -> Response:
        """How it goes."""
        days = whole_number(request.query_params.get("days"), 30)
        days = days if days in PERIODS else 30
        figures = self.desk.figures(request.state.login.token, days=days)
        return self.page("Dashboard", dashboard(figures, days), request.state.login)

    def decisions(self, request: Request) -> Response:
        """The audit."""
        number = whole_number(request.query_params.get("page"), 1)
        token, offset = request.state.login.token, (number - 1) * ledger.PAGE
        lines = self.desk.audit(token, limit=ledger.PAGE + 1, offset=offset)
        more = len(lines) > ledger.PAGE
        inside = ledger.ledger(lines[: ledger.PAGE], number, more, self.login.form_token(request.state.login))
        return self.page("Decisions", inside, request.state.login)

    def export(self, request: Request) -> Response:
        """What can be taken home."""
        options = "".join(f'<option value="{value}">{label}</option>' for value, label in STATUSES.items())
        choice = (
            f'<label class="field">Which<select name="status"><option value="">All</option>{options}</select></label>'
        )
        forms = "".join(
            f'<button class="{css}" formaction="{PATH}/export.{ending}">{label}</button>'
            for ending, label, css in (("jsonl", "JSON lines", "main"), ("csv", "CSV sheet", "quiet"))
        )
        inside = (
            "<h1>Export</h1><p>Feedback as question rows: JSON lines are what training reads, the sheet is for people. "
            "On the server, <code>python -m db export</code> writes the same.</p>"
            f'<form method="get" class="export">{choice}<div class="buttons">{forms}</div></form>'
        )
        return self.page("Export", inside, request.state.login)

    def download(self, request: Request, ending: str) -> Response:
        """An export as a file."""
        kinds = {"csv": "text/csv", "jsonl": "application/jsonl"}
        status = request.query_params.get("status", "")
        if ending not in kinds or (status and status not in STATUSES):
            return PlainTextResponse("There is no such export.", 404)
        lines: Iterator[str] = self.desk.export(request.state.login.token, form=ending, status=status)
        name = f"feedback-{status or 'all'}-{self.desk.time():%Y-%m-%d}.{ending}"
        attached = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(lines, media_type=f"{kinds[ending]}; charset=utf-8", headers=attached)

    def page(self, title: str, inside: str, login: Pass, said: str = "", body_class: str = "") -> Response:
        """A page of somebody who has logged in, with what was left to be said to them."""
        notice = said or self.notes.take(login)
        token = self.login.form_token(login)
        return HTMLResponse(
            page(title, inside, name=login.name, form_token=token, notice=notice, body_class=body_class)
        )


def _following(entries: Any, current: str) -> str:
    """The entry after this one, or the one before it at the end."""
    ids = [str(entry.id) for entry in entries]
    if current not in ids:
        return ids[0] if ids else ""
    place = ids.index(current)
    return next(iter([*ids[place + 1 :], *reversed(ids[:place])]), "")
