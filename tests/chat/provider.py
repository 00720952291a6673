"""An OpenID provider on this machine, which signs in whoever it is told to: it checks what a real one checks."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit


class Provider(ThreadingHTTPServer):
    """Its address, the client it knows, and who sits before the browser."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.client = ("client", "hidden")
        self.person: str | None = "Rita"
        self.codes: dict[str, dict[str, str]] = {}
        self.elsewhere = ""

    def authorize(self, url: str) -> str:
        """What the browser does there: signs in, and is sent back with a code."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["client_id"] == self.client[0]
        assert asked["code_challenge_method"] == "S256"
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"


class Answers(BaseHTTPRequestHandler):
    """The provider's endpoints."""

    server: Provider

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        home = self.server.address
        if self.path == "/.well-known/openid-configuration":
            token = self.server.elsewhere or f"{home}/token"
            names = {"authorization_endpoint": f"{home}/authorize", "token_endpoint": token}
            self._send(200, {**names, "userinfo_endpoint": f"{home}/me"})
        elif self.path == "/me" and self.headers["authorization"] == "Bearer good":
            self._send(200, {"sub": "1", "preferred_username": self.server.person})
        else:
            self._send(401, {})

    def do_POST(self) -> None:
        sent = {name: value[0] for name, value in parse_qs(self._body()).items()}
        asked = self.server.codes.pop(sent.get("code", ""), None)
        basic = base64.b64encode(":".join(self.server.client).encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        good = (
            asked is not None
            and self.headers["authorization"] == f"Basic {basic}"
            and sent["redirect_uri"] == asked["redirect_uri"]
            and challenge.decode().rstrip("=") == asked["code_challenge"]
        )
        self._send(200 if good else 400, {"access_token": "good"} if good else {"error": "invalid_grant"})

    def _body(self) -> str:
        return self.rfile.read(int(self.headers["content-length"])).decode()

    def _send(self, status: int, row: dict[str, Any]) -> None:
        body = json.dumps(row).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers while this lasts."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
