"""What is there before the chat: a page that says how far its preparation is, and gives way to it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from html import escape
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from tqdm import tqdm

from kgqa.chat.guards import SecurityHeaders
from kgqa.chat.markup import visible
from kgqa.chat.plain_page import plain_page
from kgqa.chat.refusal import Refusal

RELOAD_SECONDS = 2


@dataclass
class Steps:
    """What has been done, and last what is being done, in words."""

    said: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.said.append(step)
        tqdm.write(f"{step} …")

    @property
    def now(self) -> str:
        """What is being done."""
        return self.said[-1] if self.said else "Starting"


def bar() -> tuple[str, float] | None:
    """What the newest progress bar in the terminal says: its name, and how much is done, from 0 to 1."""
    with tqdm.get_lock():
        bars = [each for each in tqdm._instances if each.total]
    newest = min(bars, key=lambda each: each.pos, default=None)
    return (newest.desc.rstrip(": "), min(1.0, newest.n / newest.total)) if newest else None


class Opening:
    """Serves the waiting page while `prepare` makes the application in a thread, and then the application.

    If that fails, `error` is what was raised, and `stop` is called.
    """

    def __init__(self, prepare: Callable[[Steps], Any], title: str, frame_ancestors: str) -> None:
        self.prepare = prepare
        self.title = title
        self.steps = Steps()
        self.error: BaseException | None = None
        self.stop: Callable[[], None] = lambda: None
        self._app: ASGIApp | None = None
        self._waiting = SecurityHeaders(self._wait, frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._waiting(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and end with the server; the application's own life is within."""
        closing = asyncio.Event()
        await receive()
        opened = asyncio.create_task(self._open(closing))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        closing.set()
        if self._app is not None:
            await opened
        else:
            opened.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _open(self, closing: asyncio.Event) -> None:
        try:
            app = await self._prepared()
        except Exception as error:
            self.error = error
            self.stop()
            return
        life: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
        async with life:
            self._app = app
            await closing.wait()

    async def _prepared(self) -> Any:
        """The application, made in a thread that does not keep the process from ending."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        def settle(set_it: Callable[[Any], None], value: Any) -> None:
            if not done.done():
                set_it(value)

        def work() -> None:
            try:
                outcome = done.set_result, self.prepare(self.steps)
            except BaseException as error:
                outcome = done.set_exception, error
            with suppress(RuntimeError):  # the server has ended meanwhile, and nobody waits
                loop.call_soon_threadsafe(settle, *outcome)

        threading.Thread(target=work, daemon=True).start()
        return await done

    async def _wait(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._response(scope)(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        if scope["path"] == "/healthz":
            return JSONResponse({"status": "ok"})
        if scope["path"] == "/readyz":
            return JSONResponse({"status": "getting ready", "step": self.steps.now}, 503)
        later = {"retry-after": str(RELOAD_SECONDS), "cache-control": "no-store"}
        if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
            return HTMLResponse(self._page(), 503, later)
        remedy = f"Please try again in {RELOAD_SECONDS} seconds."
        return Refusal(503, "The chat is still getting ready.", remedy, later).response(scope["path"])

    def _page(self) -> str:
        done = "".join(f"<li>✓ {_text(step)}</li>" for step in self.steps.said[:-1])
        shown = bar()
        share = f' max="1" value="{shown[1]:.3f}"' if shown else ""
        detail = f"{shown[0]}: {shown[1]:.0%}" if shown else "This takes a moment."
        now = _text(self.steps.now)
        body = (
            f"<header><h1>{_text(self.title)}</h1>"
            "<p>The chat is getting ready. This page opens it by itself.</p></header>"
            f'<section role="status"><ul class="done">{done}</ul><h2>{now} …</h2>'
            f'<p>{_text(detail)}</p><progress aria-label="{now}"{share}></progress></section>'
        )
        return plain_page(self.title, body, f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">')


def _text(text: str) -> str:
    return escape(visible(text))
