"""The gate before the review: which requests get through, and what the others are told."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from kgqa.chat.frame import PATH, POLICY, plain_page
from kgqa.chat.login import Login, NotLoggedInError, Pass

COOKIE = "kgqa-review"
MOST_FIELDS = 2_000


class Form(dict[str, list[str]]):
    """The fields of a form that was sent, each with its values."""

    def one(self, name: str) -> str:
        """The last value of a field, or nothing."""
        return self.get(name, [""])[-1]

    @classmethod
    async def read(cls, request: Request) -> "Form":
        """The form in the body of a request; the size of a body was limited before."""
        body = (await request.body()).decode("utf-8", "replace")
        try:
            return cls(parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise RefusedError(trouble("That form has too many fields.", 400)) from None


class RefusedError(Exception):
    """A request that goes no further, with what it is answered."""

    def __init__(self, response: Response) -> None:
        super().__init__("refused")
        self.response = response


class GatedRoute(APIRoute):
    """A route whose dependencies may refuse a request, and whose answers are kept by nobody on the way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def gated(request: Request) -> Response:
            try:
                response = await handle(request)
            except RefusedError as refused:
                response = refused.response
            response.headers["cache-control"] = "no-store"
            response.headers["content-security-policy"] = POLICY
            return response

        return gated


class Gate:
    """Lets requests with a login pass; those that change something only from a form of that login."""

    def __init__(self, login: Login) -> None:
        self.login = login

    def reading(self, request: Request) -> None:
        """A dependency: the login is in `request.state.login`, or the request is sent to log in."""
        request.state.login = self._login(request)

    async def writing(self, request: Request) -> None:
        """A dependency: as `reading`, and the form is in `request.state.form`; a forged one goes no further."""
        login = self._login(request)
        form = await Form.read(request)
        if not from_here(request) or not self.login.is_own_form(login, form.one("token")):
            raise RefusedError(trouble("That did not come from a page of this login. Reload the page and repeat.", 403))
        request.state.login, request.state.form = login, form

    def _login(self, request: Request) -> Pass:
        try:
            return self.login.open(request.cookies.get(COOKIE))
        except NotLoggedInError:
            raise RefusedError(RedirectResponse(f"{PATH}/login", 303)) from None


def from_here(request: Request) -> bool:
    """Whether a browser says that the request came from a page of this host, or is too old to say anything."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def trouble(text: str, status: int) -> Response:
    """A page that says what went wrong; the text is ours."""
    back = f'<p><a class="button quiet" href="{PATH}">To the review</a></p>'
    return HTMLResponse(plain_page("Review", f'<h1>That did not work</h1><p role="alert">{text}</p>{back}'), status)
