"""The guards before the page."""

import re

import pytest
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
    routes += [Route("/api/page", page)]
    return TestClient(Starlette(routes=routes, middleware=list(guards)))


def test_a_body_within_the_limit_passes() -> None:
    assert client(Middleware(BodyLimit, limit=100)).post("/echo", content=b"x" * 100).text == "100"


def test_a_larger_body_is_refused_whether_or_not_it_says_so() -> None:
    guarded = client(Middleware(BodyLimit, limit=100))
    assert guarded.post("/echo", content=b"x" * 101).status_code == 413
    assert guarded.post("/echo", content=(b"x" * 60 for _ in range(3))).status_code == 413
    assert guarded.post("/echo", content=b"x", headers={"content-length": "abc"}).status_code == 413


async def swallowing(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except Exception:
        return PlainTextResponse("that went wrong", 400)


def test_a_larger_body_is_refused_even_where_the_application_hides_that_it_failed() -> None:
    app = Starlette(routes=[Route("/", swallowing, methods=["POST"])], middleware=[Middleware(BodyLimit, limit=100)])
    assert TestClient(app).post("/", content=(b"x" * 60 for _ in range(3))).status_code == 413


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    limit = RateLimit(Starlette(), per_minute=60, total_per_minute=6000)
    assert [limit.wait("a", 0.0) for _ in range(21)] == [0.0] * 20 + [1.0]
    assert limit.wait("b", 0.0) == 0
    assert limit.wait("a", 1.0) == 0
    assert limit.wait("a", 1.25) == pytest.approx(0.75)


def test_all_addresses_together_have_a_rate_of_their_own() -> None:
    limit = RateLimit(Starlette(), per_minute=60, total_per_minute=90)
    assert [limit.wait(str(number), 0.0) > 0 for number in range(31)] == [False] * 30 + [True]
    assert limit.wait("late", 1.0) == 0


def test_too_many_posts_are_told_to_wait_and_reading_is_free() -> None:
    guarded = client(Middleware(RateLimit, per_minute=3, total_per_minute=100))
    assert guarded.post("/echo").status_code == 200
    refused = guarded.post("/echo")
    assert (refused.status_code, refused.text) == (429, "Too many requests. Please wait 20 seconds and try again.")
    assert refused.headers["retry-after"] == "20"
    assert guarded.get("/").status_code == 200


def test_programs_are_refused_in_json_and_counted_also_while_reading() -> None:
    guarded = client(Middleware(RateLimit, per_minute=3, total_per_minute=100))
    assert guarded.get("/api/page").status_code == 200
    refused = guarded.get("/api/page")
    assert refused.status_code == 429
    assert refused.json() == {"error": "Too many requests.", "remedy": "Please wait 20 seconds and try again."}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
    ],
)
def test_an_ipv6_host_has_no_more_than_one_rate(first: str, second: str, same: bool) -> None:
    app = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
    limit = RateLimit(app, per_minute=3, total_per_minute=100)
    statuses = [TestClient(limit, client=(host, 1)).post("/echo").status_code for host in (first, second)]
    assert statuses == ([200, 429] if same else [200, 200])


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
