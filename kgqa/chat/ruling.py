"""Ruling in the review: decisions about entries, facts for the graph, and undoing them.

The gate has looked at the login and at where the form came from before any of these routes; the desk looks at the
login again.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from kgqa.chat import ledger
from kgqa.chat.dossier import Open
from kgqa.chat.frame import PATH, address, form, hidden, said, trouble
from kgqa.chat.gate import Form
from kgqa.chat.living import PARTS
from kgqa.chat.login import Pass
from kgqa.chat.markup import escape, visible
from kgqa.chat.reading import Reading
from kgqa.chat.view import read_view
from kgqa.errors import InputError, KgqaError, UnknownEntityError

LONGEST_TEXT = 500
MOST_ANSWERS = 20

log = logging.getLogger(__name__)


class Ruling:
    """The routes that change something."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.desk, self.login = reading.desk, reading.login
        self.assistant, self.living = reading.assistant, reading.living

    def decide(self, request: Request) -> Response:
        """A decision about one entry or many."""
        login, sent = request.state.login, request.state.form
        action, ids = sent.one("action"), sent.get("id", [])
        if not ids:
            return self._back(sent, login, said("Select entries first: with their boxes, or with x.", "trouble"))
        try:
            edited = self._edited(sent) if action == "edit" else None
            done = self.desk.decide(login.token, ids, action, seen_at=_time(sent.one("seen_at")), edited=edited)
        except self.reading.failures as error:
            return self._back(sent, login, trouble(error), stay=True)
        return self._back(sent, login, self._decided(action, done, login))

    def _decided(self, action: str, done: Any, login: Pass, more: str = "") -> str:
        words = ledger.DONE.get(action, action)
        count = f"{done.changed} pieces of feedback" if done.changed != 1 else "1 piece of feedback"
        text = f"{count} {words}." if done.changed else "Nothing changed: it was so already."
        if done.stale:
            text += f" {done.stale} had been changed by its person in the meantime and was left as it is."
        undo = form("/undo", self.login.form_token(login), f"{hidden('batch', str(done.batch))}<button>Undo</button>")
        return f"<p>{escape(text)}{more}</p>{undo if done.changed else ''}"

    def _edited(self, sent: Form) -> dict[str, Any]:
        """The right answers of an edit; each must be in the graph, or is said in words."""
        ids = [each for each in sent.get("answer", []) if each]
        typed = visible(sent.one("another_label")).strip()
        if typed:
            ids.append(self._entity_id(sent.one("another"), typed))
        answers = [self._answer(each) for each in list(dict.fromkeys(ids))[:MOST_ANSWERS]]
        return {"answers": answers, "text": visible(sent.one("text")).strip()[:LONGEST_TEXT]}

    def _answer(self, identifier: str) -> dict[str, str]:
        entity = self.assistant.entity(identifier)
        return {"id": entity.id, "label": entity.label}

    def _entity_id(self, identifier: str, typed: str) -> str:
        """The id that was picked, or that of the one entity which is called what was typed."""
        named = [each for each in self.assistant.suggest(typed, 20) if each.label.casefold() == typed.casefold()]
        if identifier in [each.id for each in named] or not named:
            return identifier or typed
        if len(named) > 1:
            raise InputError(f"Several entities are called “{typed}”; pick one from the list.")
        return named[0].id

    def fact(self, request: Request) -> Response:
        """The graph lacks a fact: show it as it would be added, and then add it."""
        login, sent = request.state.login, request.state.form
        typed = {name: self._part(sent, name) for name in PARTS}
        labels = {f"{name}_label": sent.one(f"{name}_label") or typed[name] for name in PARTS}
        view, at = read_view({name: values[-1] for name, values in sent.items()}), sent.one("id")
        if sent.one("again"):
            return self.reading.open_queue(login, view, at, open_=Open(typed={**typed, **labels}))
        try:
            proposal = self.living.propose(typed)
        except InputError as error:
            return self.reading.open_queue(login, view, at, open_=Open(typed={**typed, **labels}), said=trouble(error))
        if not sent.one("confirmed") or proposal.stated:
            return self.reading.open_queue(login, view, at, open_=Open(proposal=proposal))
        return self._add(sent, login, proposal.to_dict())

    def _part(self, sent: Form, name: str) -> str:
        """The id that was picked, unless the name was typed over afterwards."""
        picked, typed = sent.one(name), visible(sent.one(f"{name}_label")).strip()
        label = self._label(name, picked) if picked else None
        return picked if picked and (not typed or typed in (label, picked)) else typed

    def _label(self, name: str, identifier: str) -> str | None:
        if name == "relation":
            return self.living.relation_label(identifier)
        try:
            return self.assistant.entity(identifier).label
        except UnknownEntityError:
            return None

    def _add(self, sent: Form, login: Pass, fact: dict[str, str]) -> Response:
        """Note the decision, then change the graph, then note what became of it."""
        try:
            done = self.desk.decide(
                login.token, [sent.one("id")], "lacks_fact", seen_at=_time(sent.one("seen_at")), fact=fact
            )
        except self.reading.refusals as error:
            return self._back(sent, login, trouble(error), stay=True)
        if not done.changed:
            return self._back(sent, login, self._decided("lacks_fact", done, login), stay=True)
        try:
            changed = self.living.change(fact)
            self.desk.record_fact(login.token, str(done.batch), fact, taken=False, changed=changed)
        except self.reading.failures as error:
            log.warning("a fact of the review could not be added: %s", error)
            more = escape(f" But the fact could not be added: {error}")
            return self._back(sent, login, self._decided("lacks_fact", done, login, more), stay=True)
        named = " · ".join(fact[f"{name}_label"] for name in PARTS)
        return self._back(
            sent, login, self._decided("lacks_fact", done, login, escape(f" Added to the graph: {named}."))
        )

    def undo(self, request: Request) -> Response:
        """Take a decision back, the latest one where none is named, and the fact that it added with it."""
        login, sent = request.state.login, request.state.form
        try:
            undone, fact = self.desk.undo(login.token, sent.one("batch"))
            text = f"Undone: {undone.changed} back as before."
            if undone.stale:
                text += f" {undone.stale} had been changed since and stays."
            if fact is not None:
                text += self._take(login, fact)
        except self.reading.failures as error:
            return self._back(sent, login, trouble(error), stay=True)
        return self._back(sent, login, said(text), stay=True)

    def _take(self, login: Pass, fact: Mapping[str, str]) -> str:
        try:
            changed = self.living.change(fact, take=True)
        except (KgqaError, OSError) as error:
            return f" But the fact stays in the graph: {error}"
        kept = {name: value for name, value in fact.items() if name != "batch"}
        self.desk.record_fact(login.token, fact["batch"], kept, taken=True, changed=changed)
        return " The fact was taken out of the graph again."

    def _back(self, sent: Form, login: Pass, note: str, stay: bool = False) -> Response:
        """To the queue as it was looked at: the same entry, or the following one after a decision."""
        self.reading.notes.leave(login, note)
        if sent.one("to") == "decisions":
            return RedirectResponse(f"{PATH}/decisions", 303)
        view = read_view({name: values[-1] for name, values in sent.items()})
        at = sent.one("id") if stay else sent.one("next")
        query = view.query(at=at) if at else view.query()
        return RedirectResponse(address("", query, escaped=False), 303)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
