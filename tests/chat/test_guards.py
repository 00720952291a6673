"""The guards before the page."""

import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from kgqa.chat.guards import BodyLimit, RateLimit, SecurityHeaders


async def page(_: Request) -> Response:
    return HTMLResponse("<script>1</script><p>&lt;script&gt;</p><script src='a.js'></script>")


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def client(*guards: Middleware) -> TestClient:
    routes = [Route("/", page), Route("/echo", echo, methods=["POST"]), Route("/gradio_api/upload", page)]
    return TestClient(Starlette(routes=routes, middleware=list(guards)))


def test_a_body_within_the_limit_passes() -> None:
    assert client(Middleware(BodyLimit, limit=100)).post("/echo", content=b"x" * 100).text == "100"


def test_a_larger_body_is_refused_whether_or_not_it_says_so() -> None:
    guarded = client(Middleware(BodyLimit, limit=100))
    assert guarded.post("/echo", content=b"x" * 101).status_code == 413
    assert guarded.post("/echo", content=(b"x" * 60 for _ in range(3))).status_code == 413
    assert guarded.post("/echo", content=b"x", headers={"content-length": "abc"}).status_code == 413


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    limit = RateLimit(Starlette(), per_minute=60)
    assert [limit.admit("a", 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert limit.admit("b", 0.0)
    assert limit.admit("a", 1.0)
    assert not limit.admit("a", 1.0)


def test_too_many_posts_are_told_to_wait_and_reading_is_free() -> None:
    guarded = client(Middleware(RateLimit, per_minute=3))
    assert guarded.post("/echo").status_code == 200
    assert guarded.post("/echo").status_code == 429
    assert guarded.get("/").status_code == 200


def test_every_script_of_a_page_has_the_nonce_of_its_policy() -> None:
    guarded = client(Middleware(SecurityHeaders, frame_ancestors="'self'"))
    first, second = guarded.get("/"), guarded.get("/")
    nonce = re.search(r"'nonce-([\w-]+)'", first.headers["content-security-policy"])
    assert nonce is not None
    assert first.text.count(f'<script nonce="{nonce[1]}"') == 2
    assert nonce[1] not in second.text
    assert first.headers["x-content-type-options"] == "nosniff"


def test_other_hosts_and_inline_code_are_not_allowed() -> None:
    policy = client(Middleware(SecurityHeaders, frame_ancestors="'self'")).get("/").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy
    assert rules["frame-ancestors"] == "'self'"


def test_what_the_page_does_not_need_is_closed() -> None:
    guarded = client(Middleware(SecurityHeaders, frame_ancestors="'self'"))
    assert guarded.get("/gradio_api/upload").status_code == 404
