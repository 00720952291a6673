"""What stands between the network and the page: limits on bodies and rates, and security headers."""

import re
import secrets
import time
from collections import OrderedDict
from contextlib import suppress
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil, inf

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kgqa.chat.refusal import FOR_PROGRAMS, Refusal

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
        body = _Measured(receive, send, self.limit)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) <= self.limit:
            with suppress(BodyTooLargeError):
                await self.app(scope, body.receive, body.send)
            if body.started or not body.exceeded:
                return
        error = f"The request is larger than {self.limit:,} bytes."
        await Refusal(413, error, "Send less at once.").response(scope["path"])(scope, receive, send)


class _Measured:
    """Counts what comes in. Once that is too much, an answer that has not begun is not sent."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send, self.limit = receive, send, limit
        self.seen = 0
        self.started = False

    @property
    def exceeded(self) -> bool:
        return self.seen > self.limit

    async def receive(self) -> Message:
        message = await self._receive()
        self.seen += len(message.get("body", b""))
        if self.exceeded:
            raise BodyTooLargeError
        return message

    async def send(self, message: Message) -> None:
        if self.started or not self.exceeded:
            self.started = True
            await self._send(message)


class RateLimit:
    """Lets every address send `per_minute` requests a minute, and all together `total_per_minute`.

    A third of a minute's requests may come at once. What counts is every request that is more than a look at the
    page: those that send something, and those to the interface for programs.
    """

    def __init__(self, app: ASGIApp, per_minute: int, total_per_minute: int) -> None:
        self.app = app
        self.per_minute = per_minute
        self._everyone = _Bucket(total_per_minute)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _counts(scope):
            seconds = self.wait(_address(scope), time.monotonic())
            if seconds:
                await _too_many(seconds).response(scope["path"])(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def wait(self, address: str, now: float) -> float:
        """Take a token for a request from this address; returns 0, or the seconds until there is one."""
        own = self._buckets.pop(address, None) or _Bucket(self.per_minute)
        self._buckets[address] = own
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return own.take(now) or self._everyone.take(now)


class _Bucket:
    """Tokens that come back with time."""

    def __init__(self, per_minute: int) -> None:
        self.per_second = per_minute / 60
        self.most = max(1.0, per_minute / 3)
        self.tokens, self.last = self.most, -inf

    def take(self, now: float) -> float:
        """Take a token; returns 0, or the seconds until there is one."""
        self.tokens = min(self.most, self.tokens + (now - self.last) * self.per_second)
        self.last = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.per_second


def _too_many(seconds: float) -> Refusal:
    wait = ceil(seconds)
    remedy = f"Please wait {wait} second{'s' if wait > 1 else ''} and try again."
    return Refusal(429, "Too many requests.", remedy, {"retry-after": str(wait)})


def _counts(scope: Scope) -> bool:
    return scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(FOR_PROGRAMS)


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
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
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
    """Who asks, as far as can be told: the address, or the network of 64 bits that an IPv6 host has for itself."""
    client = scope.get("client")
    host: str = client[0] if client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address) or address.ipv4_mapped:
        return host
    return str(ip_network((int(address) >> 64 << 64, 64)))
