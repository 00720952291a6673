"""The review: the owner's pages under /review, which are all behind a login; without one there are none."""

import logging
import threading
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, PlainTextResponse, Response

from kgqa.chat.entrance import Entrance
from kgqa.chat.frame import PATH
from kgqa.chat.gate import Gate, GatedRoute
from kgqa.chat.login import HOW
from kgqa.chat.reading import Reading
from kgqa.chat.ruling import Ruling
from kgqa.config import ROOT

ASSETS = ROOT / "assets"
FILES = {"style.css": "text/css", "review.css": "text/css", "review.js": "text/javascript", "icon.png": "image/png"}

log = logging.getLogger(__name__)


def review(reading: Reading) -> APIRouter:
    """All routes: files for anyone, the entrance, and the pages behind the gate."""
    gate, ruling = Gate(reading.login), Ruling(reading)
    whole = APIRouter()
    for name, kind in FILES.items():
        whole.add_api_route(f"{PATH}/{name}", _file(name, kind), response_model=None)
    whole.include_router(Entrance(reading.login).router(gate))
    gets: dict[str, Any] = {
        "": reading.queue, "/now": reading.now, "/names": reading.names, "/relations": reading.relations,
        "/dashboard": reading.dashboard, "/decisions": reading.decisions, "/export": reading.export,
        "/export.{ending}": reading.download,
    }  # fmt: skip
    posts: dict[str, Any] = {"/decide": ruling.decide, "/fact": ruling.fact, "/undo": ruling.undo}
    for routes, method, check in ((gets, "GET", gate.reading), (posts, "POST", gate.writing)):
        behind = APIRouter(prefix=PATH, route_class=GatedRoute, dependencies=[Depends(check)])
        for path, handler in routes.items():
            behind.add_api_route(path, handler, methods=[method], response_model=None)
        whole.include_router(behind)
    return whole


def closed() -> APIRouter:
    """What stands in the place of the review where no login is set up: nothing."""
    router = APIRouter()
    told = threading.Event()

    def nothing() -> Response:
        if not told.is_set():
            told.set()
            log.warning(HOW)
        return PlainTextResponse("There is no review page here.", 404)

    for path in (PATH, f"{PATH}/{{rest:path}}"):
        router.api_route(path, methods=["GET", "POST"], response_model=None)(nothing)
    return router


def _file(name: str, kind: str) -> Any:
    def send() -> FileResponse:
        return FileResponse(ASSETS / name, media_type=kind)

    return send
