"""A small hub of models and data sets that speaks the routes that are needed here: a real server, in memory."""

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
    """Repositories as files by their path, data sets under `datasets/user/name`; `refuse` is a status to answer every
    change with, or those whose path ends as `refuse_only` says. `history` has what each commit left, the last one last.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.history: dict[str, list[dict[str, bytes]]] = {}
        self.visibility: dict[str, str | None] = {}
        self.refuse = 0
        self.refuse_only = ""

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


def repository(kind: str, name: str) -> str:
    return name if kind == "models" else f"{kind}/{name}"


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
        elif not self.known:
            self.give({"error": "you may not"}, 401)
        elif self.server.refuse and path.endswith(self.server.refuse_only):
            self.give({"error": "you may not"}, self.server.refuse)
        elif path == "/api/repos/create":
            row = json.loads(body)
            name = f"{row['organization']}/{row['name']}"
            there = repository(f"{row.get('type', 'model')}s", name)
            new = there not in self.server.repositories
            if new:
                self.server.repositories[there], self.server.visibility[there] = {}, row.get("visibility")
            self.give({"url": f"{self.server.address}/{there}", "name": name, "id": name}, 200 if new else 409)
        elif found := re.fullmatch(r"/api/(?:models|datasets)/([^/]+/[^/]+)/preupload/main", path):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in json.loads(body)["files"]
            ]
            self.give({"files": files})
        elif found := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)/commit/main", path):
            self.commit(repository(found[1], found[2]), body)
        elif found := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)/super-squash/main", path):
            del self.server.history[repository(found[1], found[2])][:-1]
            self.give({})
        else:
            self.give({"error": f"no {path}"}, 404)

    def commit(self, name: str, body: bytes) -> None:
        files = self.server.repositories[name]
        for row in map(json.loads, body.splitlines()):
            if row["key"] == "file":
                files[row["value"]["path"]] = base64.b64decode(row["value"]["content"])
            elif row["key"] == "deletedFile":
                del files[row["value"]["path"]]
        self.server.history.setdefault(name, []).append(dict(files))
        revision = self.server.revision(name)
        url = f"{self.server.address}/{name}/commit/{revision}"
        self.give({"success": True, "commitOid": revision, "commitUrl": url})

    def do_HEAD(self) -> None:
        self.do_GET()

    @property
    def known(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {TOKEN}"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if found := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)(/tree/[^/]+|/revision/[^/]+)?", path):
            name, file = repository(found[1], found[2]), ""
        elif found := re.fullmatch(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            name, file = found[1], found[2]
        if not found or name not in self.server.repositories:
            self.give({"error": "not found"}, 404, {"x-error-code": "RepoNotFound"})
        elif self.server.visibility.get(name) == "private" and not self.known:
            self.give({"error": "not found"}, 401, {"x-error-code": "RepoNotFound"})
        elif file:
            self.file(name, file)
        else:
            self.describe(name, tree="tree" in (found[3] or ""))

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
        private = self.server.visibility.get(name) == "private"
        self.give({"id": name, "modelId": name, "sha": revision, "private": private, "tags": [], "siblings": siblings})

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
