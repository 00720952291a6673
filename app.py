"""The chat: joins the assistant, the page and the store, and serves them. `python app.py --help` tells the rest."""

import argparse
import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import TypeAdapter

import db
from kgqa.chat.memory import Opinion, RightAnswer, ShownTurn
from kgqa.config import ROOT, Settings, read_settings
from kgqa.errors import InputError, KgqaError
from kgqa.manifest import MANIFEST
from kgqa.types import Answer
from stored import StoredArchive, identity, owned

if TYPE_CHECKING:
    from fastapi import FastAPI

    from kgqa.chat.assistant import Assistant
    from kgqa.chat.opening import Opening
    from kgqa.reasoning.answerer import Answerer

ASSETS = ROOT / "assets"
KEEP_ALIVE = 75  # seconds: longer than proxies and people wait, whose next request would meet a connection being closed
ANSWER = TypeAdapter(Answer)


class StoredMemory(StoredArchive):
    """The page's memory in the database: rows in, records out, and another visitor's rows don't exist."""

    def __init__(self, database: db.Database, assistant: "Assistant") -> None:
        super().__init__(database)
        self.assistant = assistant
        self._versions: dict[str, UUID] = {}
        self.model_version()

    def model_version(self) -> UUID:
        """The row of the model that answers now, with its figures, and after the row of the one it was tuned from."""
        model = self.assistant.model
        if model.version not in self._versions:
            parent = model.lineage.parent or None
            figures = {**model.figures, **({"lineage": model.lineage.to_dict()} if parent else {})}
            with self.database.writer() as session:
                if parent:
                    db.register_model_version(session=session, name=parent, digest=parent)
                row = db.register_model_version(
                    session=session, name=model.version, digest=model.version, parent_digest=parent, figures=figures
                )
                self._versions[model.version] = row.id
        return self._versions[model.version]

    def start(self, visitor: str) -> str:
        with self.database.writer() as session:
            return str(db.start_conversation(session=session, visitor=visitor).id)

    def turns(self, visitor: str, conversation: str) -> list[ShownTurn]:
        with owned(), self.database.reader() as session:
            rows = db.load_turns(session=session, conversation_id=identity(conversation), visitor=visitor)
            return [_shown(turn, feedback) for turn, feedback in rows]

    def turn(self, visitor: str, turn: str) -> ShownTurn:
        with owned(), self.database.reader() as session:
            row = db.get_turn(session=session, turn_id=identity(turn), visitor=visitor)
        return next(
            (each for each in self.turns(visitor, str(row.conversation_id)) if each.id == turn), _shown(row, None)
        )

    def keep(self, visitor: str, conversation: str, answer: Answer, instead_of: str = "") -> str:
        model_version = self.model_version()
        with owned(), self.database.writer() as session:
            if instead_of:
                db.replace_turns(session=session, turn_id=identity(instead_of), visitor=visitor)
            turn = db.append_turn(
                session=session,
                conversation_id=identity(conversation),
                visitor=visitor,
                question=answer.question,
                snapshot=answer.to_dict(),
                model_version_id=model_version,
            )
            return str(turn.id)

    def answer_anew(self, visitor: str, turn: str, answer: Answer) -> None:
        place: dict[str, Any] = {"turn_id": identity(turn), "visitor": visitor}
        chosen = _chosen(answer)
        with owned(), self.database.writer() as session:
            db.answer_anew(session=session, **place, snapshot=answer.to_dict() if chosen else None)
            blank: dict[str, Any] = {"rating": 0, "corrected_answers": [], "corrected_text": ""}
            feedback = db.give_feedback(session=session, **place, **blank, chosen=chosen)
            if not chosen and not feedback.comment:
                db.withdraw_feedback(session=session, **place)

    def vote(self, visitor: str, turn: str, liked: bool | None) -> None:
        rating = {True: 1, False: -1, None: 0}[liked]
        with owned(), self.database.writer() as session:
            chosen = _chosen_of(db.get_turn(session=session, turn_id=identity(turn), visitor=visitor))
            db.give_feedback(session=session, turn_id=identity(turn), visitor=visitor, rating=rating, chosen=chosen)

    def correct(self, visitor: str, turn: str, right: tuple[RightAnswer, ...], comment: str) -> None:
        entities = [{"id": answer.id, "label": answer.label} for answer in right if answer.id]
        words = "; ".join(answer.label for answer in right if not answer.id)
        with owned(), self.database.writer() as session:
            db.give_feedback(
                session=session,
                turn_id=identity(turn),
                visitor=visitor,
                rating=-1,
                comment=comment,
                corrected_answers=entities,
                corrected_text=words,
                chosen=_chosen_of(db.get_turn(session=session, turn_id=identity(turn), visitor=visitor)),
            )

    def withdraw(self, visitor: str, turn: str) -> None:
        with owned(), self.database.writer() as session:
            db.withdraw_feedback(session=session, turn_id=identity(turn), visitor=visitor)


def _shown(turn: db.Turn, feedback: db.Feedback | None) -> ShownTurn:
    return ShownTurn(str(turn.id), Answer.from_dict(turn.shown), _opinion(feedback) if feedback else Opinion())


def _chosen_of(turn: db.Turn) -> list[dict[str, Any]]:
    """What the answer that the visitor sees was found under: an opinion of it is one of that choice too."""
    return _chosen(Answer.from_dict(turn.anew)) if turn.anew else []


def _chosen(answer: Answer) -> list[dict[str, Any]]:
    """What was chosen of an answer, as the rows that the store keeps."""
    rows: list[dict[str, Any]] = []
    for entity in answer.chosen.entities:
        mention = answer.question[entity.start : entity.end]
        rows.append({"mention": mention, "id": entity.entity, "label": answer.labels[entity.entity]})
    for hop in answer.chosen.relations:
        mention = answer.question[hop.start : hop.end]
        named = {"relation": hop.relation, "label": answer.labels[hop.relation], "inverse": hop.inverse}
        rows.append({"mention": mention, "hop": hop.hop, **named})
    return rows


def _opinion(feedback: db.Feedback) -> Opinion:
    entities = tuple(RightAnswer(row["id"], row["label"]) for row in feedback.corrected_answers)
    words = (RightAnswer("", feedback.corrected_text),) if feedback.corrected_text else ()
    liked = {1: True, -1: False}.get(feedback.rating)
    return Opinion(liked, entities + words, feedback.comment)


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

    line = Line(assistant.ask, settings.workers, settings.queue_size)
    add_rest(app, assistant, line, settings)
    if settings.mcp:
        add_mcp(app, assistant, line, settings)
    app.include_router(_review(assistant, database, settings))
    page = Page(assistant, StoredMemory(database, assistant), settings, Followups(lambda: assistant.model))
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


def load_assistant(directory: Path) -> "Assistant":
    """The assistant over the model in a directory; raises `ModelFormatError` when that is not one."""
    from kgqa.chat.assistant import Assistant

    return Assistant(read_model(directory))


def read_model(directory: Path) -> "Answerer":
    """The model in a directory, read again where it was replaced meanwhile: never a part of each."""
    from kgqa.reasoning.pretrained import from_pretrained

    while True:
        before = _identity(directory)
        try:
            model = from_pretrained(directory)
        except (KgqaError, OSError):
            if _identity(directory) == before:
                raise
        else:
            if _identity(directory) == before:
                return model


@contextmanager
def watched(directory: Path, assistant: "Assistant", every: float = 1.0) -> Iterator[None]:
    """While this lasts, a model directory that is replaced answers as soon as it is read, without a restart."""
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(directory, assistant, done, every), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(directory: Path, assistant: "Assistant", done: threading.Event, every: float) -> None:
    seen = _identity(directory)
    while not done.wait(every):
        now = _identity(directory)
        if now in (seen, None):
            continue
        seen = now
        try:
            assistant.take(read_model(directory))
            print(f"{directory} was replaced: version {assistant.version} answers now", flush=True)
        except (KgqaError, OSError) as error:
            logging.warning("%s; the model before it goes on answering", error)


def _identity(directory: Path) -> tuple[int, int] | None:
    """What tells one state of a model directory from the next; None while it is being replaced."""
    try:
        found = (directory / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


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
    with watched(settings.model, assistant):
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
            stack.enter_context(watched(model, assistant))
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
