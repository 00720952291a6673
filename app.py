"""The chat: joins the assistant, the page and the store, and serves them. `python app.py --help` tells the rest."""

import argparse
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

import db
from kgqa.chat.served import load_assistant, watched
from kgqa.config import ROOT, Settings, read_settings
from kgqa.errors import InputError, KgqaError
from kgqa.types import Answer
from stored import StoredMemory

if TYPE_CHECKING:
    from fastapi import FastAPI

    from kgqa.chat.assistant import Assistant
    from kgqa.chat.opening import Opening

ASSETS = ROOT / "assets"
KEEP_ALIVE = 75  # seconds: longer than proxies and people wait, whose next request would meet a connection being closed
ANSWER = TypeAdapter(Answer)
SAY = partial(print, flush=True)


def build_app(
    assistant: "Assistant", database: db.Database, settings: Settings, journal: db.Keeper | None = None
) -> "FastAPI":
    """The web application: the page, two signs of life, and the guards before them."""
    from fastapi import FastAPI, Request, Response
    from fastapi.responses import FileResponse

    from kgqa.chat.guards import BodyLimit, RateLimit, SecurityHeaders
    from kgqa.chat.line import Line
    from kgqa.chat.links import router
    from kgqa.chat.mcp import add_mcp
    from kgqa.chat.page import Page
    from kgqa.chat.rest import add_rest
    from kgqa.device import share_cores
    from kgqa.training.followups import Followups

    app = FastAPI(title=settings.title, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def ready(response: Response) -> dict[str, str]:
        try:
            database.check()
        except db.StoreError:
            response.status_code = 503
            return {"status": "the database does not answer"}
        return {"status": "ok", "model": assistant.version, **({"journal": journal.state} if journal else {})}

    @app.get("/page.js")
    @app.get("/history.js")
    @app.get("/style.css")
    @app.get("/history.css")
    def asset(request: Request) -> FileResponse:
        return FileResponse(ASSETS / request.url.path.rpartition("/")[2])

    line = Line(settings.workers, settings.queue_size)
    share_cores(settings.workers)
    add_rest(app, assistant, line, settings)
    if settings.mcp:
        add_mcp(app, assistant, line, settings)
    app.include_router(_review(assistant, database, settings))
    page = Page(assistant, StoredMemory(database, assistant), line, settings, Followups(lambda: assistant.model))
    app.include_router(router(page.memory, page.tickets, settings.title))
    _mount(app, page.build(), settings)
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    app.add_middleware(RateLimit, per_minute=settings.rate_per_minute, total_per_minute=settings.total_per_minute)
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
    return app


def _review(assistant: "Assistant", database: db.Database, settings: Settings) -> Any:
    """The routes of the review, or those that say that there is none."""
    from kgqa.chat.living import LivingGraph
    from kgqa.chat.login import Login
    from kgqa.chat.reading import Reading
    from kgqa.chat.review import closed, review

    login = Login.from_settings(settings)
    if login is None:
        return closed()
    desk = db.Desk(database, login.identify)
    return review(Reading(desk, login, assistant, LivingGraph(settings.model, assistant), (db.StoreError,)))


def _mount(app: "FastAPI", blocks: Any, settings: Settings) -> None:
    import gradio as gr

    from kgqa.chat.theme import theme

    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        server_name=settings.host,
        server_port=settings.port,
        theme=theme(),
        css_paths=[ASSETS / "style.css"],
        head='<link rel="stylesheet" href="history.css">'
        '<script src="page.js" defer></script><script src="history.js" defer></script>',
        favicon_path=str(ASSETS / "icon.png"),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
    )


def check_login(settings: Settings) -> None:
    """Refuse a login of the review that is half configured before anything slow is done; raises `InputError`."""
    from kgqa.chat.login import Login

    Login.from_settings(settings)


def serve(app: "FastAPI | Opening", settings: Settings, listening: socket.socket) -> None:
    """Answer requests until the process is told to stop, or what was to be opened cannot be."""
    import uvicorn

    from kgqa.chat.opening import Opening

    config = uvicorn.Config(
        app,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    if isinstance(app, Opening):
        app.stop = partial(setattr, server, "should_exit", True)
    listening.listen(config.backlog)  # who comes between the next line and the server's start waits and is not refused
    host, port = listening.getsockname()[:2]
    print(f"{settings.title}: http://{'localhost' if host in ('0.0.0.0', '127.0.0.1') else host}:{port}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn ends by the handler that it found
    server.run(sockets=[listening])
    if isinstance(app, Opening) and app.error:
        raise app.error


def serve_model(settings: Settings, database: db.Database, journal: db.Keeper | None, listening: socket.socket) -> None:
    """Serve the chat over a trained model."""
    assistant = load_assistant(settings.model)
    app = build_app(assistant, database, settings, journal)
    with watched(settings.model, assistant, say=SAY):
        serve(app, settings, listening)


def serve_graph(settings: Settings, database: db.Database, journal: db.Keeper | None, listening: socket.socket) -> None:
    """Serve the chat over graph files: at once a page that says how far it is, then the chat.

    Raises:
        GraphFormatError: `file:line: reason`.
    """
    from kgqa.chat.opening import Opening
    from kgqa.graph.formats import GraphFile

    for path in settings.graph:
        GraphFile(path)  # that there is such a file can be said before anything slow begins
    if "title" not in settings.model_fields_set:
        settings = settings.model_copy(update={"title": f"Ask {settings.graph[0].name.split('.')[0]}"[:60]})
    with ExitStack() as stack:

        def prepare(step: Callable[[str], None]) -> "FastAPI":
            step("Starting")
            from kgqa.training.own_graph import OwnGraph

            model = OwnGraph(settings.graph, settings.model, settings.cache, settings.train).model(step)
            step("Opening the chat")
            assistant = load_assistant(model)
            stack.enter_context(watched(model, assistant, say=SAY))
            app = build_app(assistant, database, settings.model_copy(update={"model": model}), journal)
            print(f"ready; the model is {model}", flush=True)
            return app

        serve(Opening(prepare, settings.title, settings.frame_ancestors), settings, listening)


def journaled(settings: Settings, database: db.Database) -> AbstractContextManager[db.Keeper | None]:
    """The keeper of the journal, if there is to be one; a database without rows gets those of the journal."""
    if not settings.journal:
        return nullcontext()
    return db.journaled(database, settings.journal, settings.journal_seconds, check_snapshot)


def check_snapshot(snapshot: dict[str, Any]) -> None:
    """Refuse what the page could not show; raises `ValueError`."""
    ANSWER.validate_json(json.dumps(snapshot), strict=True)
    try:
        Answer.from_dict(snapshot)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no answer has these parts: {error}") from error


def listen(settings: Settings) -> socket.socket:
    """The socket to listen on, taken before anything slow is done."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise InputError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; choose another with --port"
        ) from error
    listening.set_inheritable(True)
    return listening


def parse(arguments: Sequence[str] | None) -> Settings:
    """The settings: what the command line says, then the environment, then the defaults."""
    parser = argparse.ArgumentParser(description="Serve the chat. Every option is also a KGQA_ environment variable.")
    parser.add_argument(
        "--model", type=Path, metavar="DIR_OR_HUB_ID", help="model directory, or its id on the hub (assets/world/model)"
    )
    parser.add_argument(
        "--graph", nargs="+", type=Path, metavar="FILE",
        help="answer from your own graph: .ttl .nt .tsv .csv .jsonl, each also .gz; the model is put onto it",
    )  # fmt: skip
    parser.add_argument(
        "--train", action="store_const", const=True, help="train on questions made from the graph as well (minutes)"
    )
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one (7860)")
    parser.add_argument("--database", metavar="URL", dest="database_url", help="sqlite:///FILE or postgresql://…")
    settings = read_settings(**vars(parser.parse_args(arguments)))
    if settings.train and not settings.graph:
        raise InputError("--train goes with --graph; without a graph, use python -m kgqa train")
    return settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the chat; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = parse(arguments)
        with listen(settings) as listening:
            check_login(settings)
            database = db.open_database(settings.database_url)
            with journaled(settings, database) as journal:
                (serve_graph if settings.graph else serve_model)(settings, database, journal, listening)
            database.close()
    except (KgqaError, db.StoreError) as error:
        print(f"app.py: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
