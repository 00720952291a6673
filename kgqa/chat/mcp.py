"""What assistants ask over MCP: three tools that read, over Streamable HTTP, one JSON object for each request.

No session is kept, so every request stands alone. It is written out here because the `mcp` extra of Gradio wants an
older pydantic than the one that is pinned, and because of the protocol these tools need three methods.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import kgqa
from kgqa.chat import lookup
from kgqa.chat.assistant import LONGEST, Assistant
from kgqa.chat.explain import account
from kgqa.chat.line import Line
from kgqa.chat.lookup import LARGEST_PAGE, LONGEST_ID, MOST_FOUND, Direction, Entities, FactPage
from kgqa.chat.refusal import Refusal
from kgqa.chat.rest import asked_in_line
from kgqa.config import Settings
from kgqa.errors import UnknownEntityError
from kgqa.types import Answer

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/mcp"
VERSIONS = ("2025-11-25", "2025-06-18")  # of the protocol, newest first
NOT_JSON, NOT_A_REQUEST, NO_METHOD, BAD_PARAMETERS, OTHER_VERSION = -32700, -32600, -32601, -32602, -32022
INSTRUCTIONS = (
    "Answers come from one knowledge graph and nothing else. Use ask for a question in plain English about one or two "
    "named things; its answer says how sure it is and which facts it used. Use search_entities to find the id of a "
    "thing, and facts_about to read everything that the graph states of it."
)

Message = dict[str, Any]
log = logging.getLogger(__name__)


class ToolError(Exception):
    """The tool can't do it; the message tells the assistant what to try instead."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskArguments(_Arguments):
    question: Annotated[
        str, Field(description=f"One question in English, such as 'Who directed Jaws?'; 1 to {LONGEST} characters.")
    ]


class SearchArguments(_Arguments):
    prefix: Annotated[
        str, Field(min_length=1, max_length=LONGEST, description="The beginning of a name, or of a word in it.")
    ]
    limit: Annotated[int, Field(ge=1, le=MOST_FOUND, description="How many entities at most.")] = lookup.FOUND


class FactsArguments(_Arguments):
    entity: Annotated[
        str, Field(min_length=1, max_length=LONGEST_ID, description="The id of an entity, from search_entities or ask.")
    ]
    direction: Annotated[
        Direction, Field(description="out: facts with the entity as subject; in: as object; both: all.")
    ] = "both"
    offset: Annotated[int, Field(ge=0, le=10**9, description="How many facts to skip; next_offset of a page.")] = 0
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="How many facts at most.")] = lookup.PAGE


@dataclass(frozen=True)
class Tool:
    """Something that an assistant can have done: `run` gives the text to read, and the object behind it."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    result: Any
    run: Callable[[Any], Awaitable[tuple[str, Message]]]

    def described(self) -> Message:
        """What tools/list says of it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.arguments.model_json_schema(),
            "outputSchema": TypeAdapter(self.result).json_schema(mode="serialization"),
            "annotations": {"readOnlyHint": True, "openWorldHint": False, "idempotentHint": True},
        }

    async def call(self, arguments: object) -> Message:
        """The result of a call; one that went wrong says so in words."""
        try:
            text, found = await self.run(self.arguments.model_validate(arguments))
        except ValidationError as error:
            return _failed(_first(error))
        except ToolError as error:
            return _failed(str(error))
        except Refusal as error:
            return _failed(f"{error.error} {error.remedy}")
        return {"content": [{"type": "text", "text": text}], "structuredContent": found, "isError": False}


class McpError(Exception):
    """A request that the protocol has no answer for but an error."""

    def __init__(self, code: int, message: str, data: Message | None = None, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.message, self.data, self.status = code, message, data, status

    def response(self, identifier: object) -> Response:
        """The error in the form of the protocol."""
        error = {"code": self.code, "message": self.message, **({"data": self.data} if self.data else {})}
        return JSONResponse({"jsonrpc": "2.0", "id": identifier, "error": error}, self.status)


class McpServer:
    """Reads one message of the protocol at a time, and answers it."""

    def __init__(self, tools: list[Tool], title: str) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self.title = title

    async def serve(self, request: Request) -> Response:
        """Answer a POST; anything else is refused."""
        if request.method != "POST":
            raise Refusal(405, f"{request.method} is not for {PATH}.", "Use POST.", {"allow": "POST"})
        identifier: object = None
        try:
            _check_origin(request)
            message = _read(await request.body())
            identifier = message.get("id")
            _check_version(request, message)
            if identifier is None or "method" not in message:
                return Response(status_code=202)
            result = await self._answer(message["method"], message.get("params") or {})
        except McpError as error:
            return error.response(identifier)
        return JSONResponse({"jsonrpc": "2.0", "id": identifier, "result": result})

    async def _answer(self, method: str, parameters: object) -> Message:
        if not isinstance(parameters, dict):
            raise McpError(BAD_PARAMETERS, "params must be an object")
        if method == "initialize":
            return self._introduction(parameters.get("protocolVersion"))
        if method == "ping":
            return {}
        if method == "tools/list":
            return {"tools": [tool.described() for tool in self.tools.values()]}
        if method == "tools/call":
            return await self._tool(parameters.get("name")).call(parameters.get("arguments") or {})
        raise McpError(NO_METHOD, f"there is no method {method[:100]!r}")

    def _introduction(self, wanted: object) -> Message:
        return {
            "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "kgqa", "title": self.title, "version": kgqa.__version__},
            "instructions": INSTRUCTIONS,
        }

    def _tool(self, name: object) -> Tool:
        tool = self.tools.get(name) if isinstance(name, str) else None
        if tool is None:
            raise McpError(BAD_PARAMETERS, f"there is no tool {str(name)[:100]!r}; there are {', '.join(self.tools)}")
        return tool


def add_mcp(app: "FastAPI", assistant: Assistant, line: Line, settings: Settings) -> None:
    """Let assistants ask at `PATH`."""
    server = McpServer(tools_of(assistant, line), settings.title)
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app.router.routes.append(Route(PATH, server.serve, methods=methods))


def tools_of(assistant: Assistant, line: Line) -> list[Tool]:
    """The three tools."""

    async def ask(given: AskArguments) -> tuple[str, Message]:
        answer = await asked_in_line(line, assistant, given.question)
        return account(answer), TypeAdapter(Answer).dump_python(answer, mode="json")

    async def search(given: SearchArguments) -> tuple[str, Message]:
        return _as_json(await run_in_threadpool(lookup.entities, assistant, given.prefix, given.limit))

    async def facts(given: FactsArguments) -> tuple[str, Message]:
        try:
            page = (given.entity, given.direction, given.offset, given.limit)
            return _as_json(await run_in_threadpool(lookup.facts, assistant, *page))
        except UnknownEntityError as error:
            raise ToolError(f"There is no entity {given.entity[:100]!r}; find its id with search_entities.") from error

    return [
        Tool(
            "ask",
            "Ask the graph",
            "Answer a question in plain English from the knowledge graph, with how sure the answer is and the facts "
            "that it rests on. Says so where the graph does not know.",
            AskArguments,
            Answer,
            ask,
        ),
        Tool(
            "search_entities",
            "Find entities",
            "Find entities of the knowledge graph by the beginning of a name, each with its id and what it is.",
            SearchArguments,
            Entities,
            search,
        ),
        Tool(
            "facts_about",
            "Read facts",
            "List what the knowledge graph states of one entity, given by its id, page by page.",
            FactsArguments,
            FactPage,
            facts,
        ),
    ]


def _as_json(record: BaseModel) -> tuple[str, Message]:
    found = record.model_dump(mode="json")
    return json.dumps(found, ensure_ascii=False), found


def _failed(text: str) -> Message:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "arguments"
    return f"{name[:100]}: {first['msg']}."


def _read(body: bytes) -> Message:
    """One message of the protocol."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise McpError(NOT_JSON, "the body is not JSON", status=400) from error
    method = message.get("method", "") if isinstance(message, dict) else None
    identifier = message.get("id") if isinstance(message, dict) else None
    numbered = isinstance(identifier, str | int | None) and not isinstance(identifier, bool)
    if not isinstance(method, str) or not numbered or message.get("jsonrpc") != "2.0":
        raise McpError(NOT_A_REQUEST, "expected one JSON-RPC 2.0 message", status=400)
    return dict(message)


def _check_version(request: Request, message: Message) -> None:
    """A version of the protocol that is named after the introduction must be one that was offered."""
    version = request.headers.get("mcp-protocol-version", VERSIONS[0])
    if version not in VERSIONS and message.get("method") != "initialize":
        data = {"supported": list(VERSIONS), "requested": version[:40]}
        raise McpError(OTHER_VERSION, f"version {version[:40]!r} is not supported", data, status=400)


def _check_origin(request: Request) -> None:
    """A page of another site may not ask through its visitor's browser."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refusal(403, "This page may not ask here.", "Ask from a program, or from a page of this server.")
