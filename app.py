"""The chat: joins the assistant, the page and the store, and serves them. `python app.py --help` tells the rest."""

import argparse
import logging
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import db
from kgqa.chat.memory import NotYoursError, Opinion, RightAnswer, ShownTurn
from kgqa.config import ROOT, Settings, read_settings
from kgqa.errors import InputError, KgqaError
from kgqa.manifest import MANIFEST
from kgqa.types import Answer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from kgqa.chat.assistant import Assistant

ASSETS = ROOT / "assets"


class StoredMemory:
    """The page's memory in the database: rows in, records out, and another visitor's rows don't exist."""

    def __init__(self, database: db.Database, assistant: "Assistant") -> None:
        self.database = database
        self.assistant = assistant
        self._versions: dict[str, UUID] = {}
        self.model_version()

    def model_version(self) -> UUID:
        """The row of the model that answers now."""
        version = self.assistant.version
        if version not in self._versions:
            with self.database.writer() as session:
                row = db.register_model_version(session=session, name=version, digest=version)
                self._versions[version] = row.id
        return self._versions[version]

    def start(self, visitor: str) -> str:
        with self.database.writer() as session:
            return str(db.start_conversation(session=session, visitor=visitor).id)

    def turns(self, visitor: str, conversation: str) -> list[ShownTurn]:
        with _owned(), self.database.reader() as session:
            rows = db.load_turns(session=session, conversation_id=_id(conversation), visitor=visitor)
            return [_shown(turn, feedback) for turn, feedback in rows]

    def turn(self, visitor: str, turn: str) -> ShownTurn:
        with _owned(), self.database.reader() as session:
            row = db.get_turn(session=session, turn_id=_id(turn), visitor=visitor)
        return next(
            (each for each in self.turns(visitor, str(row.conversation_id)) if each.id == turn), _shown(row, None)
        )

    def keep(self, visitor: str, conversation: str, answer: Answer, instead_of: str = "") -> str:
        model_version = self.model_version()
        with _owned(), self.database.writer() as session:
            if instead_of:
                db.replace_turns(session=session, turn_id=_id(instead_of), visitor=visitor)
            turn = db.append_turn(
                session=session,
                conversation_id=_id(conversation),
                visitor=visitor,
                question=answer.question,
                snapshot=answer.to_dict(),
                model_version_id=model_version,
            )
            return str(turn.id)

    def vote(self, visitor: str, turn: str, liked: bool | None) -> None:
        rating = {True: 1, False: -1, None: 0}[liked]
        with _owned(), self.database.writer() as session:
            db.give_feedback(session=session, turn_id=_id(turn), visitor=visitor, rating=rating)

    def correct(self, visitor: str, turn: str, right: tuple[RightAnswer, ...], comment: str) -> None:
        entities = [{"id": answer.id, "label": answer.label} for answer in right if answer.id]
        words = "; ".join(answer.label for answer in right if not answer.id)
        with _owned(), self.database.writer() as session:
            db.give_feedback(
                session=session,
                turn_id=_id(turn),
                visitor=visitor,
                rating=-1,
                comment=comment,
                corrected_answers=entities,
                corrected_text=words,
            )

    def withdraw(self, visitor: str, turn: str) -> None:
        with _owned(), self.database.writer() as session:
            db.withdraw_feedback(session=session, turn_id=_id(turn), visitor=visitor)


@contextmanager
def _owned() -> Iterator[None]:
    """Whatever is not found here, or is no id at all, is not the visitor's."""
    try:
        yield
    except db.NotFoundError as error:
        raise NotYoursError(str(error)) from error


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotYoursError(f"{text[:40]!r} is no id") from error


def _shown(turn: db.Turn, feedback: db.Feedback | None) -> ShownTurn:
    return ShownTurn(str(turn.id), Answer.from_dict(turn.snapshot), _opinion(feedback) if feedback else Opinion())


def _opinion(feedback: db.Feedback) -> Opinion:
    entities = tuple(RightAnswer(row["id"], row["label"]) for row in feedback.corrected_answers)
    words = (RightAnswer("", feedback.corrected_text),) if feedback.corrected_text else ()
    liked = {1: True, -1: False}.get(feedback.rating)
    return Opinion(liked, entities + words, feedback.comment)


def build_app(assistant: "Assistant", database: db.Database, settings: Settings) -> "FastAPI":
    """The web application: the page, two signs of life, and the guards before them."""
    from fastapi import FastAPI, Response
    from fastapi.responses import FileResponse

    from kgqa.chat.guards import BodyLimit, RateLimit, SecurityHeaders
    from kgqa.chat.page import Page

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
        return {"status": "ok", "model": assistant.version}

    @app.get("/page.js")
    def script() -> FileResponse:
        return FileResponse(ASSETS / "page.js", media_type="text/javascript")

    app.include_router(_review(assistant, database, settings))
    page = Page(assistant, StoredMemory(database, assistant), settings)
    _mount(app, page.build(), settings)
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    app.add_middleware(RateLimit, per_minute=settings.rate_per_minute)
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
        head='<script src="page.js" defer></script>',
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
    from kgqa.reasoning.pretrained import from_pretrained

    return Assistant(from_pretrained(directory))


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
    from kgqa.reasoning.pretrained import from_pretrained

    seen = _identity(directory)
    while not done.wait(every):
        now = _identity(directory)
        if now in (seen, None):
            continue
        seen = now
        try:
            assistant.take(from_pretrained(directory))
            print(f"{directory} was replaced: version {assistant.version} answers now", flush=True)
        except KgqaError as error:
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


def serve(app: "FastAPI", settings: Settings, listening: socket.socket) -> None:
    """Answer requests until the process is told to stop."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    host, port = listening.getsockname()[:2]
    print(f"{settings.title}: http://{'localhost' if host in ('0.0.0.0', '127.0.0.1') else host}:{port}", flush=True)
    uvicorn.Server(config).run(sockets=[listening])


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
    parser.add_argument("--model", type=Path, metavar="DIR", help="model directory (assets/world/model)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one (7860)")
    parser.add_argument("--database", metavar="URL", dest="database_url", help="sqlite:///FILE or postgresql://…")
    return read_settings(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the chat; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = parse(arguments)
        with listen(settings) as listening:
            check_login(settings)
            database = db.open_database(settings.database_url)
            assistant = load_assistant(settings.model)
            app = build_app(assistant, database, settings)
            with watched(settings.model, assistant):
                serve(app, settings, listening)
            database.close()
    except (KgqaError, db.StoreError) as error:
        print(f"app.py: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
