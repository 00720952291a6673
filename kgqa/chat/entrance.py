"""The entrance of the review: logging in with a password or with Hugging Face, and logging out."""

import math

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from kgqa.chat.frame import PATH, plain_page
from kgqa.chat.gate import COOKIE, Form, Gate, GatedRoute, from_here, trouble
from kgqa.chat.login import HOURS, Login, NotLoggedInError, Pass
from kgqa.chat.markup import escape
from kgqa.chat.oauth import MINUTES, SignInError

JOURNEY = "kgqa-review-signin"
LONGEST_PASSWORD = 1_000


class Entrance:
    """The routes of a login."""

    def __init__(self, login: Login) -> None:
        self.login = login

    def router(self, gate: Gate) -> APIRouter:
        """All of them; leaving needs a login."""
        router = APIRouter(prefix=PATH, route_class=GatedRoute)
        router.get("/login", response_model=None)(self.show)
        router.post("/login", response_model=None)(self.enter)
        router.get("/signin", response_model=None)(self.set_out)
        router.get("/callback", response_model=None)(self.come_back)
        router.post("/logout", response_model=None, dependencies=[Depends(gate.writing)])(self.leave)
        return router

    def show(self, request: Request) -> Response:
        """The page to log in on."""
        try:
            self.login.open(request.cookies.get(COOKIE))
        except NotLoggedInError:
            return self._page()
        return RedirectResponse(PATH, 303)

    async def enter(self, request: Request) -> Response:
        """A password was sent."""
        if not from_here(request):
            return trouble("That did not come from this page. Log in here.", 403)
        form = await Form.read(request)
        return await run_in_threadpool(self._try, request, form.one("password")[:LONGEST_PASSWORD])

    def _try(self, request: Request, password: str) -> Response:
        address = _address(request)
        wait = self.login.attempts.begin(address)
        if wait:
            return self._too_many(wait)
        login = self.login.by_password(password)
        if login is None:
            return self._page("That is not the password.", 401)
        self.login.attempts.succeed(address)
        response = RedirectResponse(PATH, 303)
        _hand_over(response, request, login)
        return response

    def leave(self, request: Request) -> Response:
        """Log out."""
        self.login.end(request.state.login)
        response = RedirectResponse(f"{PATH}/login", 303)
        response.delete_cookie(COOKIE, path=PATH)
        return response

    def set_out(self, request: Request) -> Response:
        """Off to Hugging Face."""
        if self.login.hub is None:
            return self._page("Signing in with Hugging Face is not set up here.", 404)
        home = self.login.hub.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
        try:
            url, kept = self.login.hub.begin(f"{home}{PATH}/callback")
        except SignInError as error:
            return self._page(str(error), 502)
        response = RedirectResponse(url, 303)
        response.set_cookie(
            JOURNEY, self.login.seal(kept), max_age=60 * MINUTES, path=PATH, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    def come_back(self, request: Request) -> Response:
        """Back from Hugging Face."""
        if self.login.hub is None:
            return self._page("Signing in with Hugging Face is not set up here.", 404)
        address = _address(request)
        wait = self.login.attempts.begin(address)
        if wait:
            return self._too_many(wait)
        try:
            kept = self.login.unseal(request.cookies.get(JOURNEY, ""))
            name = self.login.hub.finish(dict(request.query_params), kept)
        except SignInError as error:
            return self._page(str(error), 403)
        login = self.login.by_hub(name)
        if login is None:
            return self._page(f"{name} is not on the list of reviewers of this page.", 403)
        self.login.attempts.succeed(address)
        # A redirect would still count as coming from another site, and the login's cookie would not be sent with it.
        go_on = f'<p>Welcome, {escape(login.name)}. <a href="{PATH}">Go on to the review</a></p>'
        head = f'<meta http-equiv="refresh" content="0; url={PATH}">'
        response = HTMLResponse(plain_page("Review", go_on, head))
        _hand_over(response, request, login)
        response.delete_cookie(JOURNEY, path=PATH)
        return response

    def _too_many(self, wait: float) -> Response:
        minutes = math.ceil(wait / 60)
        unit = "minute" if minutes == 1 else "minutes"
        response = self._page(f"Too many attempts. Try again in {minutes} {unit}.", 429)
        response.headers["retry-after"] = str(math.ceil(wait))
        return response

    def _page(self, said: str = "", status: int = 200) -> Response:
        """The ways to log in that there are."""
        alert = f'<p class="notice trouble" role="alert">{escape(said)}</p>' if said else ""
        password = (
            f'<form method="post" action="{PATH}/login"><label class="field">Password<input type="password" '
            'name="password" autocomplete="current-password" required autofocus maxlength="1000"></label>'
            '<button class="main">Log in</button></form>'
        )
        hub = f'<p><a class="button quiet" href="{PATH}/signin">Sign in with Hugging Face</a></p>'
        ways = (password if self.login.password else "") + (hub if self.login.hub else "")
        intro = "<p>For whoever looks after this assistant: what people flagged, and how it goes.</p>"
        chat = '<p class="small"><a href="/">To the chat</a></p>'
        return HTMLResponse(plain_page("Review", f"<h1>Review</h1>{intro}{alert}{ways}{chat}"), status)


def _hand_over(response: Response, request: Request, login: Pass) -> None:
    """Give the browser the proof of its login: only sent back to the review, only from its own pages."""
    response.set_cookie(
        COOKIE, login.token, max_age=HOURS * 3600, path=PATH, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
