"""Signing in with Hugging Face: the OpenID code flow with PKCE, as far as telling who somebody is needs it.

The name is read from the provider itself, over the connection on which it takes this app's secret, so that nothing
that a browser brings along has to be believed but the code.
"""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx

from kgqa.config import Settings
from kgqa.errors import InputError, KgqaError

SCOPE = "openid profile"
MINUTES = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SignInError(KgqaError):
    """Somebody could not be signed in; the message is meant for them."""


@dataclass(frozen=True)
class HuggingFace:
    """An OpenID provider, this app's registration there, and the names (in lower case) that are let in."""

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    users: frozenset[str]
    public_url: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> "HuggingFace":
        """The provider that the settings name.

        Raises:
            InputError: if something is missing for it.
        """
        users = frozenset(filter(None, (name.strip().casefold() for name in settings.review_users.split(","))))
        if not users:
            raise InputError(f"KGQA_REVIEW_USERS names nobody, got {settings.review_users!r}")
        if not settings.oauth_client_id or not settings.oauth_client_secret:
            raise InputError(
                "KGQA_REVIEW_USERS needs a sign-in with Hugging Face: put `hf_oauth: true` into the front matter of "
                "the Space, or set KGQA_OAUTH_CLIENT_ID and KGQA_OAUTH_CLIENT_SECRET"
            )
        provider = settings.openid_provider_url.rstrip("/")
        parts = urlsplit(provider)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise InputError(f"KGQA_OPENID_PROVIDER_URL must begin with https://, got {provider!r}")
        return cls(
            provider, settings.oauth_client_id, settings.oauth_client_secret, users, settings.public_url.rstrip("/")
        )

    def begin(self, callback: str) -> tuple[str, str]:
        """Where to send the browser, and what it is to keep (sealed) until it comes back."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": callback,
            "scope": SCOPE,
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {"state": state, "verifier": verifier, "callback": callback, "until": time.time() + MINUTES * 60}
        return f"{self._endpoints()['authorization_endpoint']}?{urlencode(query)}", json.dumps(kept)

    def finish(self, query: Mapping[str, str], kept: str | None) -> str:
        """The name of who came back.

        Args:
            kept: what `begin` gave the browser to keep, unsealed.
        Raises:
            SignInError: if they did not set out from here, or the provider does not name them.
        """
        mine = json.loads(kept) if kept else {}
        state = query.get("state", "")
        if not mine or not secrets.compare_digest(state.encode(), str(mine["state"]).encode()):
            raise SignInError("This sign-in did not begin here. Please begin again.")
        if time.time() > mine["until"]:
            raise SignInError("That took too long. Please begin again.")
        if "code" not in query:
            raise SignInError("Hugging Face did not sign you in. Please begin again.")
        endpoints = self._endpoints()
        given = {
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": mine["callback"],
            "client_id": self.client_id,
            "code_verifier": mine["verifier"],
        }
        with httpx.Client(timeout=15) as client:
            answer = _json(
                client.build_request("POST", endpoints["token_endpoint"], data=given),
                client, auth=httpx.BasicAuth(self.client_id, self.client_secret),
            )  # fmt: skip
            bearer = {"authorization": f"Bearer {answer.get('access_token', '')}"}
            person = _json(client.build_request("GET", endpoints["userinfo_endpoint"], headers=bearer), client)
        name = person.get("preferred_username")
        if not isinstance(name, str) or not name:
            raise SignInError("Hugging Face did not say who you are. Please begin again.")
        return name

    def _endpoints(self) -> dict[str, str]:
        with httpx.Client(timeout=15) as client:
            found = _json(client.build_request("GET", f"{self.provider}/.well-known/openid-configuration"), client)
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
        endpoints = {name: str(found.get(name, "")) for name in names}
        home = urlsplit(self.provider)
        for url in endpoints.values():
            if (urlsplit(url).scheme, urlsplit(url).netloc) != (home.scheme, home.netloc):
                raise SignInError("The sign-in is not set up as expected. Please tell the owner of this page.")
        return endpoints


def _json(request: httpx.Request, client: httpx.Client, auth: httpx.Auth | None = None) -> dict[str, object]:
    try:
        answer = client.send(request, auth=auth).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise SignInError("Hugging Face could not be asked. Please try again in a moment.") from error
    return answer if isinstance(answer, dict) else {}


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
