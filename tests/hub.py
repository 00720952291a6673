"""A small hub of models that speaks the routes which pushing and pulling need: a real server, in memory."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_secret"


class Hub(ThreadingHTTPServer):
    """Repositories as files by their path; `refuse` is a status to answer every change with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.visibility: dict[str, str | None] = {}
        self.refuse = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def revision(self, name: str) -> str:
        files = self.repositories[name]
        return hashlib.sha1(repr(sorted((path, digest(data)) for path, data in files.items())).encode()).hexdigest()


@contextmanager
def running_hub() -> Iterator[Hub]:
    with Hub() as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.shutdown()


def digest(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Desk(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urlsplit(self.path).path
        if path == "/api/validate-yaml":
            self.give({"errors": [], "warnings": []})
        elif self.server.refuse or self.headers.get("authorization") != f"Bearer {TOKEN}":
            self.give({"error": "you may not"}, self.server.refuse or 401)
        elif path == "/api/repos/create":
            row = json.loads(body)
            name = f"{row['organization']}/{row['name']}"
            self.server.repositories.setdefault(name, {})
            self.server.visibility.setdefault(name, row.get("visibility"))
            self.give({"url": f"{self.server.address}/{name}", "name": name, "id": name})
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/main", path):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in json.loads(body)["files"]
            ]
            self.give({"files": files})
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            self.commit(found[1], body)
        else:
            self.give({"error": f"no {path}"}, 404)

    def commit(self, name: str, body: bytes) -> None:
        files = self.server.repositories[name]
        for row in map(json.loads, body.splitlines()):
            if row["key"] == "file":
                files[row["value"]["path"]] = base64.b64decode(row["value"]["content"])
            elif row["key"] == "deletedFile":
                del files[row["value"]["path"]]
        revision = self.server.revision(name)
        url = f"{self.server.address}/{name}/commit/{revision}"
        self.give({"success": True, "commitOid": revision, "commitUrl": url})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)(/tree/[^/]+|/revision/[^/]+)?", path)
        if found and found[1] in self.server.repositories:
            self.describe(found[1], tree="tree" in (found[2] or ""))
        elif (found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)) and found[
            1
        ] in self.server.repositories:
            self.file(found[1], found[2])
        else:
            self.give({"error": "not found"}, 404, {"x-error-code": "RepoNotFound"})

    def describe(self, name: str, tree: bool) -> None:
        files = self.server.repositories[name]
        if tree:
            rows = [
                {"type": "file", "path": path, "size": len(data), "oid": digest(data)} for path, data in files.items()
            ]
            self.give(rows)
            return
        revision = self.server.revision(name)
        siblings = [{"rfilename": path} for path in files]
        self.give({"id": name, "modelId": name, "sha": revision, "private": False, "tags": [], "siblings": siblings})

    def file(self, name: str, path: str) -> None:
        data = self.server.repositories[name].get(path)
        if data is None:
            self.give({"error": "not found"}, 404, {"x-error-code": "EntryNotFound"})
            return
        headers = {"etag": f'"{digest(data)}"', "x-repo-commit": self.server.revision(name)}
        self.send(200, data, "application/octet-stream", headers)

    def give(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(value).encode(), "application/json", headers or {})

    def send(self, status: int, data: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
