"""How a request is refused: what is wrong and what to do, as JSON for programs and as a line of text for the page."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response

FOR_PROGRAMS = ("/api/", "/mcp")


class Refusal(Exception):
    """A request that is not done; `status` is the HTTP status, `remedy` what would help."""

    def __init__(self, status: int, error: str, remedy: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.remedy, self.headers = status, error, remedy, dict(headers or {})

    def response(self, path: str) -> Response:
        """The answer to a request for this path."""
        if path.startswith(FOR_PROGRAMS):
            body = {"error": self.error, "remedy": self.remedy}
            return JSONResponse(body, self.status, self.headers)
        return PlainTextResponse(f"{self.error} {self.remedy}", self.status, self.headers)
