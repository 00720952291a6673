"""The interface for programs: questions, entities and facts over HTTP, described as OpenAPI."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

import kgqa
from kgqa.chat import lookup, roster
from kgqa.chat.assistant import LONGEST, Assistant, QuestionError
from kgqa.chat.line import BusyError, Line, Result
from kgqa.chat.lookup import LARGEST_PAGE, LONGEST_ID, MOST_FOUND, Direction, Entities, FactPage
from kgqa.chat.manual import Example, manual
from kgqa.chat.markup import escape
from kgqa.chat.plain_page import plain_page
from kgqa.chat.refusal import Refusal
from kgqa.config import Settings
from kgqa.errors import UnknownEntityError
from kgqa.types import Answer, Operation

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/api"
MANUAL = f"{PREFIX}/docs"
ONE_QUESTION = f"Send one question of 1 to {LONGEST} characters."
LOOK_UP = f"Find its id with GET {PREFIX}/entities?prefix=…"
MANNERS = f"See {MANUAL} for what can be asked and how."
NOT_JSON = Refusal(400, "The body is not JSON.", 'Send a body such as {"question": "Who directed Jaws?"}.')

log = logging.getLogger(__name__)


class Asked(BaseModel):
    """A question in words."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"question": "Who directed Jaws?"}})

    question: Annotated[str, Field(description=f"One question in English, 1 to {LONGEST} characters.")]


class Problem(BaseModel):
    """Why a request was not done."""

    error: Annotated[str, Field(description="What is wrong.")]
    remedy: Annotated[str, Field(description="What to do about it.")]


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The body does not say that it is JSON."},
    422: {"model": Problem, "description": "Something is missing, empty, too long or of the wrong type."},
    429: {"model": Problem, "description": "Too many requests; `Retry-After` says how many seconds to wait."},
}
ANSWER = {
    "question": "The question as it was read.",
    "kind": "What the answer is; none where there is none.",
    "answers": "The entities or values that answer, best first, each with its score from 0 to 1.",
    "value": "The number, or yes or no, where the answer is one.",
    "confidence": "How likely it is that the answer is right, from 0 to 1.",
    "abstained": "Whether the graph doesn't seem to know, so that nothing is answered.",
    "why": "The reason, where nothing is answered.",
    "links": "What in the question was taken for which entity, with the other readings.",
    "paths": "The relations that were followed from each of these entities, with the others that lead on from there.",
    "combine": "Whether the answer is what several paths have in common.",
    "program": "The exact steps that were taken instead of paths, where the question counts, compares, ranks or leaves "
    "out: what each does, how many entities it leaves, the first of them, and the first of the numbers that took part. "
    "People read all numbers of the third step at `/api/numbers?question=…&step=3`.",
    "facts": "The facts that were used: ids of subject, relation and object.",
    "labels": "A name for every id in paths, program and facts.",
    "chosen": "What a person chose in the chat instead of what was taken; nothing here.",
    "after": "The questions before it that it leans on; nothing here, where every question stands alone.",
    "timings_ms": "How long it took, in milliseconds.",
}
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such entity."}}
READING: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (422, 429)}


def add_rest(app: "FastAPI", assistant: Assistant, line: Line, settings: Settings) -> None:
    """Give the application the interface, its description, its manual, and refusals that say what to do."""
    router = APIRouter(prefix=PREFIX)
    described = _answering(router, assistant, line)
    schema = get_openapi(
        title=settings.title,
        version=kgqa.__version__,
        description="Ask a knowledge graph, find its entities, and read its facts.",
        routes=described,
    )
    for name, about in ANSWER.items():
        schema["components"]["schemas"]["Answer"]["properties"][name]["description"] = about
    router.get("/openapi.json", include_in_schema=False)(lambda: schema)
    router.get("/numbers", include_in_schema=False)(_numbers_page(assistant, line))
    router.get("/docs", include_in_schema=False)(_manual_page(schema, assistant, settings.mcp))
    router.api_route("/{rest:path}", methods=_METHODS, include_in_schema=False)(_nothing_there(router))
    app.include_router(router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unreadable)


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _answering(router: APIRouter, assistant: Assistant, line: Line) -> list[Any]:
    """The three routes that answer."""

    async def ask(asked: Asked) -> Answer:
        """Answers one question about the graph, with the entities it was understood to name, the relations that were
        followed, the facts that were used, and how sure the answer is. The object is the one that
        `python -m kgqa ask --json` prints. Where the graph doesn't know, `abstained` is true and `why` says so."""
        return await asked_in_line(line, assistant, asked.question)

    def entities(
        prefix: Annotated[str, Query(min_length=1, max_length=LONGEST, description="The beginning of a name.")],
        limit: Annotated[int, Query(ge=1, le=MOST_FOUND, description="How many at most.")] = lookup.FOUND,
    ) -> Entities:
        """Finds entities by the beginning of one of their names, or of a word in it."""
        return lookup.entities(assistant, prefix, limit)

    def facts(
        entity: Annotated[str, Query(min_length=1, max_length=LONGEST_ID, description="The id of an entity.")],
        direction: Annotated[Direction, Query(description="Facts with it as subject, as object, or both.")] = "both",
        offset: Annotated[int, Query(ge=0, le=10**9, description="How many facts to skip.")] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many at most.")] = lookup.PAGE,
    ) -> FactPage:
        """Lists what the graph states of an entity, page by page: go on with `next_offset` until it is null."""
        try:
            return lookup.facts(assistant, entity, direction, offset, limit)
        except UnknownEntityError as error:
            raise Refusal(404, f"There is no entity {entity[:100]!r}.", LOOK_UP) from error

    router.post("/ask", summary="Ask a question", responses=PROBLEMS)(ask)
    router.get("/entities", summary="Find entities", responses=READING)(entities)
    router.get("/facts", summary="Read facts", responses={**UNKNOWN, **READING})(facts)
    return list(router.routes)


async def asked_in_line(line: Line, assistant: Assistant, question: str) -> Answer:
    """The answer, or the refusal that says why there is none."""
    return await _in_line(line, lambda: assistant.ask(question))


async def _in_line(line: Line, asked: Callable[[], Result]) -> Result:
    """What comes of a question when its turn comes, or the refusal that says why nothing does."""
    try:
        return await line.run(asked)
    except QuestionError as error:
        raise Refusal(422, f"{str(error).split('. ')[0].rstrip('.')}.", ONE_QUESTION) from error
    except BusyError as error:
        remedy = "Please try again in 2 seconds."
        raise Refusal(429, "Too many questions are waiting.", remedy, {"retry-after": "2"}) from error
    except Exception as error:
        log.exception("a question could not be answered")
        raise Refusal(500, "The question could not be answered.", "Please try again later.") from error


def _numbers_page(assistant: Assistant, line: Line) -> Callable[..., Any]:
    """A page of all numbers that a step of a program held against each other."""

    async def page(question: Annotated[str, Query(min_length=1)], step: Annotated[int, Query(ge=1)]) -> HTMLResponse:
        found = await _in_line(line, lambda: assistant.measured(question, step - 1))
        if found is None:
            raise Refusal(404, f"Step {step} of this answer has no numbers.", "Ask the question to see its steps.")
        return HTMLResponse(plain_page(f"All numbers: {question}", _numbers(question, *found)))

    return page


def _numbers(question: str, operation: Operation, labels: Mapping[str, str]) -> str:
    missing = f", and {operation.missing:,} have none" if operation.missing else ""
    about = f"{operation.took_part:,} have such a value in this graph{missing}."
    return f"<header><h1>{escape(question)}</h1><p>{about}</p></header>{roster.whole(operation, labels)}"


def _manual_page(schema: dict[str, Any], assistant: Assistant, mcp: bool) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        return HTMLResponse(manual(schema, str(request.base_url).rstrip("/"), example_of(assistant), mcp))

    return page


def example_of(assistant: Assistant) -> Example:
    """What can be asked of the graph that answers: one of its example questions, and a well connected entity."""
    found = next((found for letter in "aeiosmt" for found in assistant.suggest(letter, 1)), None)
    question = assistant.examples[0] if assistant.examples else "Who directed Jaws?"
    return Example(question, found.label if found else "a", found.id if found else "id")


def _nothing_there(router: APIRouter) -> Callable[[Request], Response]:
    """What answers for every path and method that nothing else does."""

    def nothing(request: Request) -> Response:
        path = request.url.path
        known = {method for route in router.routes if _is_at(route, path) for method in route.methods}  # type: ignore[attr-defined]
        if known:
            allowed = ", ".join(sorted(known))
            raise Refusal(405, f"{request.method} is not for {path[:100]}.", f"Use {allowed}.", {"allow": allowed})
        raise Refusal(404, f"There is no {path[:100]}.", MANNERS)

    return nothing


def _is_at(route: Any, path: str) -> bool:
    return bool(route.path == path)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response(request.url.path)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return NOT_JSON.response(request.url.path)
    return Refusal(error.status_code, f"{error.detail}.", MANNERS, error.headers).response(request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _problem(request, error.errors()[0]).response(request.url.path)


def _problem(request: Request, first: Any) -> Refusal:
    """What the first thing wrong with a request comes to."""
    place = [str(part) for part in first["loc"]]
    if place[0] == "body" and "json" not in request.headers.get("content-type", ""):
        return Refusal(415, "The body does not say that it is JSON.", "Send the header content-type: application/json.")
    if first["type"] == "json_invalid":
        return NOT_JSON
    if first["type"] == "extra_forbidden":
        return Refusal(422, f"There is no field {place[-1][:40]!r}.", MANNERS)
    name = place[-1] if len(place) > 1 else "the body"
    return Refusal(422, f"{name}: {first['msg']}.", MANNERS)
