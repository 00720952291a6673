"""Addresses beside the chat: shared conversations, and what a visitor downloads."""

import json
import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from kgqa.chat import leaflet
from kgqa.chat.memory import Archive, NotYoursError
from kgqa.chat.tickets import Ticket, Tickets

PRIVATE = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow", "cache-control": "no-store"}
TYPES = {"json": "application/json", "md": "text/markdown; charset=utf-8"}
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def router(archive: Archive, tickets: Tickets, site: str) -> APIRouter:
    """The routes `/shared/{token}` and `/download/{name}`; what they know nothing of is a page that says so."""
    routes = APIRouter()

    @routes.get("/shared/{token}")
    def shared(token: str) -> Response:
        try:
            title, answers = archive.shared(token)
        except NotYoursError:
            return _gone(site)
        return HTMLResponse(leaflet.shared(title, answers, site), headers=PRIVATE)

    @routes.get("/download/{name}")
    def download(name: str) -> Response:
        ticket = tickets.find(name)
        try:
            return _gone(site) if ticket is None else _served(archive, ticket, site)
        except NotYoursError:
            return _gone(site)

    return routes


def _served(archive: Archive, ticket: Ticket, site: str) -> Response:
    if ticket.form == "html":
        return HTMLResponse(leaflet.everything(archive.everything(ticket.visitor), site), headers=PRIVATE)
    if ticket.conversation:
        record = archive.record(ticket.visitor, ticket.conversation)
        text = leaflet.markdown(record) if ticket.form == "md" else _json(record)
        return _file(text, record["title"], ticket.form)
    return _file(_json(archive.everything(ticket.visitor)), "everything about me", "json")


def _file(text: str, title: str, form: str) -> Response:
    """A file to save, named after its title in plain letters."""
    name = _NOT_IN_A_NAME.sub("-", title.lower())[:60].strip("-") or "conversation"
    attached = {"content-disposition": f'attachment; filename="{name}.{form}"'}
    return Response(text, media_type=TYPES[form], headers={**PRIVATE, **attached})


def _json(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _gone(site: str) -> Response:
    return HTMLResponse(leaflet.gone(site), status_code=404, headers=PRIVATE)
