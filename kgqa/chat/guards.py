"""What stands between the network and the page: limits on bodies and rates, and security headers."""

import re
import secrets
import time
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESSES = 10_000
CLOSED = re.compile(r"^(/gradio_api)?/(upload|upload_progress|proxy=|file=https?:|deep_link|monitoring|runs|stream/)")
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}


class BodyTooLargeError(Exception):
    """More came in than is allowed."""


class BodyLimit:
    """Refuses requests whose body is larger than `limit` bytes, also when they don't say so beforehand."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = PlainTextResponse(f"The request is larger than {self.limit:,} bytes.", 413)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared) > self.limit:
            await refusal(scope, receive, send)
            return
        try:
            await self.app(scope, self._counted(receive), send)
        except BodyTooLargeError:
            await refusal(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise BodyTooLargeError
            return message

        return counted


class RateLimit:
    """Lets every address send `per_minute` POST requests a minute, a third of them at once."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self.app = app
        self.per_second = per_minute / 60
        self.burst = max(1.0, per_minute / 3)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and not self.admit(_address(scope), time.monotonic()):
            response = PlainTextResponse("Too many requests. Please wait a moment.", 429, {"retry-after": "5"})
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def admit(self, address: str, now: float) -> bool:
        """Take a token from the address's bucket, if there is one."""
        tokens, last = self._buckets.pop(address, (self.burst, now))
        tokens = min(self.burst, tokens + (now - last) * self.per_second)
        admitted = tokens >= 1
        self._buckets[address] = (tokens - 1 if admitted else tokens, now)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return admitted


class SecurityHeaders:
    """Adds the headers, and to every page a nonce without which none of its scripts would run.

    A label that found its way into the page as markup could neither run a script nor ask another host
    for anything: both are refused by the browser.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        self.app, self.frame_ancestors = app, frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if CLOSED.match(scope["path"]):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        await self.app(_uncompressed(scope), receive, _Dressing(send, nonce, self._policy(nonce)))

    def _policy(self, nonce: str) -> str:
        rules = {
            "default-src": "'self'",
            "script-src": f"'self' 'nonce-{nonce}'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data: blob:",
            "font-src": "'self' data:",
            "connect-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'self'",
            "form-action": "'self'",
            "frame-ancestors": self.frame_ancestors,
        }
        return "; ".join(f"{name} {value}" for name, value in rules.items())


class _Dressing:
    """Sends a response on with its headers; HTML is held back until it is whole and its scripts have the nonce."""

    def __init__(self, send: Send, nonce: str, policy: str) -> None:
        self.send, self.nonce, self.policy = send, nonce, policy
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self.start is not None:
            await self._continue(message)
        else:
            await self.send(message)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers.update(HEADERS)
        headers.setdefault("content-security-policy", self.policy)  # a page may have a stricter one of its own
        if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
            self.start = message
        else:
            await self.send(message)

    async def _continue(self, message: Message) -> None:
        assert self.start is not None
        self.body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = re.sub(rb"<script(?=[\s>])", b'<script nonce="%s"' % self.nonce.encode(), self.body)
        headers = MutableHeaders(scope=self.start)
        headers["content-length"] = str(len(body))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": body})


def _uncompressed(scope: Scope) -> Scope:
    """Ask for a page as plain text, so that its scripts can be given their nonce."""
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return scope
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"
