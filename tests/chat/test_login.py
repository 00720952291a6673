"""The login of the review: passwords, attempts, tokens, Hugging Face, and what the app refuses to start with."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import app
from kgqa.chat.attempts import Attempts
from kgqa.chat.entrance import Entrance
from kgqa.chat.gate import COOKIE, Gate
from kgqa.chat.login import HOURS, Login, NotLoggedInError
from kgqa.chat.oauth import HuggingFace, SignInError
from kgqa.chat.password import PasswordHash
from kgqa.config import Settings, read_settings
from kgqa.errors import InputError
from tests.chat.provider import Provider, provider

PASSWORD = "correct horse battery"
HASH = PasswordHash.of(PASSWORD)
SECRET = "a secret of some length"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def browser(login: Login, base: str = "http://testserver", address: str = "1.2.3.4") -> TestClient:
    web = FastAPI()
    web.include_router(Entrance(login).router(Gate(login)))
    return TestClient(web, base_url=base, follow_redirects=False, client=(address, 5000))


def enter(client: TestClient, password: str = PASSWORD, **headers: str) -> Any:
    return client.post("/review/login", data={"password": password}, headers=headers)


# Passwords


def test_a_password_matches_its_own_hash_alone() -> None:
    again = PasswordHash.read(f" {HASH}\n")
    assert again == HASH
    assert again.matches(PASSWORD)
    assert not again.matches(PASSWORD + " ")
    assert not again.matches("")
    assert str(PasswordHash.of(PASSWORD)) != str(HASH)
    assert PASSWORD not in str(HASH)
    assert not set(str(HASH)) & set("$'\"\\ !")


def test_the_same_letters_typed_in_another_way_are_the_same_password() -> None:
    assert PasswordHash.of("pässword pässword").matches("pa\u0308ssword pa\u0308ssword")


def test_a_short_password_is_refused() -> None:
    with pytest.raises(InputError, match="has 5 characters; take at least 12"):
        PasswordHash.of("short")


@pytest.mark.parametrize(
    "text",
    ["", "password", "scrypt:1:1:1:a:b", str(HASH)[:-2], str(HASH).replace("scrypt", "md5")],
    ids=["nothing", "password", "too little", "cut off", "another way"],
)
def test_what_is_no_hash_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="python -m kgqa hash-password") as caught:
        PasswordHash.read(text)
    assert len(text) < 20 or text not in str(caught.value)


@pytest.mark.parametrize("cost", ["1048576", "32767", "9999999"])
def test_a_hash_that_would_take_all_memory_is_refused(cost: str) -> None:
    with pytest.raises(InputError, match="out of range"):
        PasswordHash.read(str(HASH).replace("32768", cost))


def test_the_command_prints_a_hash_of_what_was_typed_twice() -> None:
    def run(typed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-m", "kgqa", "hash-password"]
        return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=120, start_new_session=True)

    done = run(f"{PASSWORD}\n{PASSWORD}\n")
    name, _, made = done.stdout.strip().partition("=")
    assert (done.returncode, name) == (0, "KGQA_REVIEW_PASSWORD_HASH")
    assert PasswordHash.read(made).matches(PASSWORD)
    different = run(f"{PASSWORD}\nanother\n")
    assert (different.returncode, different.stdout) == (2, "")
    assert "not the same" in different.stderr


# Attempts


def test_so_many_attempts_of_one_address_and_then_a_wait() -> None:
    clock = Clock()
    attempts = Attempts(per_address=3, overall=100, window=60, clock=clock)
    assert [attempts.begin("a") for _ in range(3)] == [0, 0, 0]
    clock.now += 20
    assert attempts.begin("a") == 40
    assert attempts.begin("b") == 0
    clock.now += 40
    assert attempts.begin("a") == 0


def test_all_addresses_together_have_a_limit_too() -> None:
    attempts = Attempts(per_address=3, overall=5, window=60, clock=Clock())
    assert [attempts.begin(str(number)) for number in range(6)] == [0] * 5 + [60]


def test_a_success_is_taken_off_again() -> None:
    attempts = Attempts(per_address=2, overall=3, window=60, clock=Clock())
    for _ in range(10):
        assert attempts.begin("a") == 0
        attempts.succeed("a")


# Tokens


def test_a_login_is_known_again_and_ends() -> None:
    clock = Clock()
    login = Login(SECRET, HASH, clock=clock)
    assert login.by_password("wrong") is None
    first = login.by_password(PASSWORD)
    assert first is not None
    assert login.open(first.token) == first
    assert login.identify(first.token)[0] == "owner"
    assert Login(SECRET, HASH, clock=clock).open(first.token) == first, "a restart keeps it"
    clock.now += HOURS * 3600
    with pytest.raises(NotLoggedInError, match="has ended"):
        login.open(first.token)


def test_after_logging_out_a_copy_of_the_token_is_no_good() -> None:
    login = Login(SECRET, HASH)
    first, second = login.by_password(PASSWORD), login.by_password(PASSWORD)
    assert first is not None
    assert second is not None
    login.end(first)
    with pytest.raises(NotLoggedInError):
        login.open(first.token)
    assert login.open(second.token) == second


@pytest.mark.parametrize("token", [None, "", ".", "x.y", "é.ü"])
def test_what_is_no_token_is_refused(token: str | None) -> None:
    with pytest.raises(NotLoggedInError):
        Login(SECRET, HASH).open(token)


def test_a_token_that_was_changed_or_made_elsewhere_is_refused() -> None:
    good = Login(SECRET, HASH).by_password(PASSWORD)
    assert good is not None
    body, signature = good.token.split(".")
    others = [
        (Login(SECRET, HASH), f"{body[:-2]}xx.{signature}"),
        (Login(SECRET, HASH), f"{body}.{signature[:-1]}"),
        (Login("another secret", HASH), good.token),
        (Login(SECRET, PasswordHash.of("another password")), good.token),
    ]
    for login, token in others:
        with pytest.raises(NotLoggedInError):
            login.open(token)


def test_a_form_belongs_to_one_login() -> None:
    login = Login(SECRET, HASH)
    first, second = login.by_password(PASSWORD), login.by_password(PASSWORD)
    assert first is not None
    assert second is not None
    assert login.is_own_form(first, login.form_token(first))
    assert not login.is_own_form(first, login.form_token(second))
    assert not login.is_own_form(first, "")
    with pytest.raises(NotLoggedInError):
        login.open(login.seal("{}"))
    assert login.unseal(login.seal("kept ü")) == "kept ü"
    assert login.unseal(first.token) is None


# The entrance


def test_the_password_opens_and_the_cookie_is_kept_close() -> None:
    client = browser(Login(SECRET, HASH), "https://testserver")
    answer = enter(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/review", f"Max-Age={HOURS * 3600}"} <= set(
        cookie.split("; ")
    )
    assert "Secure" not in enter(browser(Login(SECRET, HASH))).headers["set-cookie"]
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_wrong_password_is_told_so_and_only_so_often() -> None:
    client = browser(Login(SECRET, HASH))
    for _ in range(5):
        answer = enter(client, "wrong")
        assert answer.status_code == 401
        assert "That is not the password" in answer.text
        assert "set-cookie" not in answer.headers
    refused = enter(client)
    assert refused.status_code == 429
    assert "Too many attempts. Try again in 15 minutes" in refused.text
    assert int(refused.headers["retry-after"]) > 800


def test_another_address_still_gets_in() -> None:
    login = Login(SECRET, HASH)
    for _ in range(6):
        enter(browser(login), "wrong")
    assert enter(browser(login, address="5.6.7.8")).status_code == 303


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://evil.example"}]
)
def test_another_site_can_not_log_somebody_in(headers: dict[str, str]) -> None:
    answer = enter(browser(Login(SECRET, HASH)), **headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_logging_out_needs_a_form_of_this_login_and_ends_it() -> None:
    login = Login(SECRET, HASH)
    client = browser(login)
    enter(client)
    token = client.cookies[COOKIE]
    assert client.post("/review/logout", data={"token": "forged"}).status_code == 403
    assert login.open(token)
    assert client.get("/review/login").headers["location"] == "/review"
    answer = client.post("/review/logout", data={"token": login.form_token(login.open(token))})
    assert answer.headers["location"] == "/review/login"
    with pytest.raises(NotLoggedInError):
        login.open(token)
    assert COOKIE not in client.cookies
    assert client.get("/review/login").status_code == 200


def test_a_huge_password_costs_no_more() -> None:
    assert enter(browser(Login(SECRET, HASH)), "x" * 100_000).status_code == 401


# Hugging Face


@pytest.fixture
def hub() -> Iterator[Provider]:
    with provider() as running:
        yield running


def through(hub: Provider, **given: Any) -> Login:
    settings: dict[str, Any] = {
        "secret": SECRET, "review_users": " rita, Ron ", "oauth_client_id": "client", "oauth_client_secret": "hidden",
        "openid_provider_url": hub.address,
    }  # fmt: skip
    login = Login.from_settings(Settings(**{**settings, **given}))
    assert login is not None
    return login


def test_somebody_on_the_list_is_signed_in(hub: Provider) -> None:
    login = through(hub)
    client = browser(login)
    assert "Sign in with Hugging Face" in client.get("/review/login").text
    assert "Password" not in client.get("/review/login").text
    away = client.get("/review/signin")
    assert "SameSite=lax" in away.headers["set-cookie"]
    assert "HttpOnly" in away.headers["set-cookie"]
    assert "hidden" not in away.headers["location"]
    back = client.get(hub.authorize(away.headers["location"]))
    assert back.status_code == 200
    assert 'http-equiv="refresh"' in back.text
    assert login.open(client.cookies[COOKIE]).name == "Rita"


def test_somebody_who_is_not_on_the_list_is_not(hub: Provider) -> None:
    hub.person = "Mallory<script>"
    client = browser(through(hub))
    back = client.get(hub.authorize(client.get("/review/signin").headers["location"]))
    assert back.status_code == 403
    assert "Mallory&#60;script&#62; is not on the list" in back.text
    assert COOKIE not in client.cookies


def test_somebody_taken_off_the_list_is_out(hub: Provider) -> None:
    login = through(hub)
    signed = login.by_hub("RITA")
    assert signed is not None
    with pytest.raises(NotLoggedInError):
        through(hub, review_users="ron").open(signed.token)


@pytest.mark.parametrize("damage", ["no cookie", "other state", "no code", "other code", "used code"])
def test_a_sign_in_that_did_not_begin_here_is_refused(hub: Provider, damage: str) -> None:
    login = through(hub)
    client = browser(login)
    url = hub.authorize(client.get("/review/signin").headers["location"])
    if damage == "no cookie":
        client.cookies.clear()
    if damage == "used code":
        assert client.get(url).status_code == 200
        kept = client.get("/review/signin").headers["location"]
        url = f"{url.split('state=')[0]}state={kept.split('state=')[1].split('&')[0]}"
        client.cookies.delete(COOKIE)
    url = url.replace("state=", "state=x") if damage == "other state" else url
    url = url.replace("code=", "error=") if damage == "no code" else url
    url = url.replace("code=", "code=x") if damage == "other code" else url
    assert client.get(url).status_code == 403
    assert COOKIE not in client.cookies


def test_a_sign_in_that_took_too_long_begins_again(hub: Provider) -> None:
    entry = through(hub).hub
    assert entry is not None
    url, kept = entry.begin("http://testserver/review/callback")
    late = json.dumps({**json.loads(kept), "until": 0})
    query = dict(parse_qsl(urlsplit(hub.authorize(url)).query))
    with pytest.raises(SignInError, match="took too long"):
        entry.finish(query, late)
    assert entry.finish(query, kept) == "Rita"


def test_a_provider_that_sends_the_secret_elsewhere_is_not_followed(hub: Provider) -> None:
    hub.elsewhere = "https://evil.example/token"
    answer = browser(through(hub)).get("/review/signin")
    assert answer.status_code == 502
    assert "not set up as expected" in answer.text


def test_a_provider_that_does_not_answer_is_told_plainly() -> None:
    with provider() as gone:
        login = through(gone)
    answer = browser(login).get("/review/signin")
    assert answer.status_code == 502
    assert "could not be asked" in answer.text


def test_the_sign_in_comes_back_to_the_address_of_the_space(hub: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_HOST", "me-kgqa.hf.space,kgqa.example")
    assert read_settings().public_url == "https://me-kgqa.hf.space"
    away = browser(through(hub)).get("/review/signin").headers["location"]
    assert "redirect_uri=https%3A%2F%2Fme-kgqa.hf.space%2Freview%2Fcallback" in away


def test_a_space_says_who_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ID": "client", "SECRET": "hidden"}.items():
        monkeypatch.setenv(f"OAUTH_CLIENT_{name}", value)
    monkeypatch.setenv("OPENID_PROVIDER_URL", "https://hub.example/")
    monkeypatch.setenv("KGQA_REVIEW_USERS", "rita")
    hub = HuggingFace.from_settings(read_settings())
    assert (hub.client_id, hub.client_secret, hub.provider) == ("client", "hidden", "https://hub.example")
    assert "hidden" not in repr(hub)
    assert "hidden" not in repr(read_settings())


# Settings


def test_without_settings_there_is_no_login() -> None:
    assert Login.from_settings(Settings()) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"review_password_hash": "nonsense"}, "KGQA_REVIEW_PASSWORD_HASH is no password hash"),
        ({"review_users": "rita"}, "KGQA_REVIEW_USERS needs a sign-in with Hugging Face"),
        ({"review_users": "rita", "oauth_client_id": "c"}, "KGQA_OAUTH_CLIENT_SECRET"),
        ({"review_users": " , "}, "names nobody"),
        (
            {
                "review_users": "r",
                "oauth_client_id": "c",
                "oauth_client_secret": "s",
                "openid_provider_url": "http://x.y",
            },
            "must begin with https://",
        ),
        ({"review_password_hash": str(HASH), "host": "0.0.0.0"}, "needs KGQA_SECRET"),
        ({"review_password_hash": str(HASH), "host": "0.0.0.0", "secret": "short"}, "needs KGQA_SECRET"),
    ],
)
def test_a_login_that_is_half_configured_keeps_the_app_from_starting(
    given: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"KGQA_{name.upper()}", value)
    assert app.main(["--port", "0", "--database", f"sqlite:///{tmp_path}/chat.db"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "chat.db").exists()


def test_a_space_needs_a_secret_whatever_it_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "someone/something")
    with pytest.raises(InputError, match="needs KGQA_SECRET"):
        Login.from_settings(Settings(review_password_hash=str(HASH)))
    assert Login.from_settings(Settings(review_password_hash=str(HASH), secret=SECRET)) is not None


def test_at_home_a_secret_is_made_up_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        first, second = (Login.from_settings(Settings(review_password_hash=str(HASH))) for _ in range(2))
    assert "logins of the review page end when the app does" in caplog.text
    assert first is not None
    assert second is not None
    entered = first.by_password(PASSWORD)
    assert entered is not None
    with pytest.raises(NotLoggedInError):
        second.open(entered.token)
