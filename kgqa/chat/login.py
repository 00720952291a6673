"""The login of reviewers: who is let in, the signed proof of it that a browser keeps, and its end."""

import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kgqa.chat.attempts import Attempts
from kgqa.chat.oauth import HuggingFace
from kgqa.chat.password import PasswordHash
from kgqa.config import Settings
from kgqa.errors import InputError, KgqaError

HOURS = 8
OWNER = "owner"
SHORTEST_SECRET = 16
HOW = (
    "The review page is off. To switch it on, set KGQA_REVIEW_PASSWORD_HASH to what `python -m kgqa hash-password` "
    "prints, or KGQA_REVIEW_USERS to Hugging Face names on a Space with `hf_oauth: true`."
)

log = logging.getLogger(__name__)


class NotLoggedInError(KgqaError):
    """There is no login, or it has ended."""


@dataclass(frozen=True)
class Pass:
    """A login as it was when it was looked at: who, until when (seconds since 1970), its id, and its token."""

    name: str
    until: int
    id: str
    token: str


class Login:
    """Lets reviewers in by a password or by Hugging Face, and knows them again by a signed token.

    Changing the secret, the password or the users ends every login.
    """

    def __init__(
        self,
        secret: str,
        password: PasswordHash | None = None,
        hub: HuggingFace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.password, self.hub, self.clock = password, hub, clock
        users = sorted(hub.users) if hub else []
        self._key = hmac.digest(secret.encode(), f"review {password or ''} {users}".encode(), "sha256")
        self._ended: dict[str, int] = {}
        self._trying = threading.Lock()  # one at a time: each takes memory
        self.attempts = Attempts()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Login | None":
        """The login that the settings ask for; None where the review is switched off.

        Raises:
            InputError: if it is half configured, or would be open to forgery; the app is not to start then.
        """
        if not settings.review_password_hash and not settings.review_users.strip():
            return None
        password = PasswordHash.read(settings.review_password_hash) if settings.review_password_hash else None
        hub = HuggingFace.from_settings(settings) if settings.review_users.strip() else None
        secret = settings.secret
        if len(secret) < SHORTEST_SECRET and settings.public:
            raise InputError(
                "a review page that others can reach needs KGQA_SECRET, "
                f"{SHORTEST_SECRET} characters or more that nobody can guess; for example: "
                "python -c 'import secrets; print(secrets.token_urlsafe())'"
            )
        if len(secret) < SHORTEST_SECRET:
            log.warning("KGQA_SECRET is not set or short: logins of the review page end when the app does")
            secret = secrets.token_urlsafe(32)
        return cls(secret, password, hub)

    def by_password(self, password: str) -> Pass | None:
        """Log the owner in; None if that is not the password."""
        if self.password is None:
            return None
        with self._trying:
            right = self.password.matches(password)
        return self._issue(OWNER, "password") if right else None

    def by_hub(self, name: str) -> Pass | None:
        """Log in somebody whom Hugging Face has named; None if they are not on the list."""
        return self._issue(name, "hub") if self._listed(name) else None

    def open(self, token: str | None) -> Pass:
        """The login behind a token.

        Raises:
            NotLoggedInError: if it was not made here, has run out, was ended, or is of somebody no longer on the list.
        """
        body, _, signature = (token or "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(f"login {body}").encode()):
            raise NotLoggedInError("log in first")
        row = json.loads(_decoded(body))
        found = Pass(row["name"], row["until"], row["id"], token or "")
        if found.until <= self.clock() or found.id in self._ended:
            raise NotLoggedInError("your login has ended; log in again")
        if row["by"] == "hub" and not self._listed(found.name):
            raise NotLoggedInError("you are no longer on the list of reviewers")
        return found

    def identify(self, token: str) -> tuple[str, datetime]:
        """Name and end of a login, for whoever has to know who decides."""
        found = self.open(token)
        return found.name, datetime.fromtimestamp(found.until, UTC)

    def end(self, login: Pass) -> None:
        """Log out: the token is no good from now on, wherever a copy of it lies."""
        self._ended = {id_: until for id_, until in self._ended.items() if until > self.clock()}
        self._ended[login.id] = login.until

    def form_token(self, login: Pass) -> str:
        """What every form of this login carries, and no other site can know."""
        return self._sign(f"form {login.id}")

    def is_own_form(self, login: Pass, given: str) -> bool:
        """Whether a form came from a page of this login."""
        return hmac.compare_digest(self.form_token(login).encode(), given.encode())

    def seal(self, text: str) -> str:
        """A text that a browser may keep and can't change."""
        body = _encoded(text.encode())
        return f"{body}.{self._sign(f'text {body}')}"

    def unseal(self, sealed: str) -> str | None:
        """The text in what `seal` made; None if it was changed."""
        body, _, signature = sealed.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(f"text {body}").encode()):
            return None
        return _decoded(body).decode()

    def _listed(self, name: str) -> bool:
        return self.hub is not None and name.casefold() in self.hub.users

    def _issue(self, name: str, by: str) -> Pass:
        row = {"name": name, "by": by, "until": int(self.clock()) + HOURS * 3600, "id": secrets.token_urlsafe(16)}
        body = _encoded(json.dumps(row).encode())
        token = f"{body}.{self._sign(f'login {body}')}"
        return Pass(name, int(str(row["until"])), str(row["id"]), token)

    def _sign(self, text: str) -> str:
        return _encoded(hmac.digest(self._key, text.encode(), hashlib.sha256))


def _encoded(data: bytes) -> str:
    """Letters that need no quotes in a cookie."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
