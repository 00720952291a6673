"""The manual of the interface for programs: one page made from its OpenAPI description, asking no other host."""

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from kgqa.chat.markup import visible
from kgqa.chat.plain_page import plain_page

Row = tuple[str, str, str]

COPYING = """
<script>
document.querySelectorAll("pre").forEach((block) => {
  const button = document.createElement("button");
  const say = (short, long) => {
    button.textContent = short;
    button.setAttribute("aria-label", long);
  };
  button.type = "button";
  say("Copy", "Copy the example");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    say("Copied", "Copied");
    setTimeout(() => say("Copy", "Copy the example"), 1500);
  });
  if (navigator.clipboard) block.append(button);
});
</script>"""


@dataclass(frozen=True)
class Example:
    """What the examples ask: a question, the beginning of a name, and an entity's id."""

    question: str
    prefix: str
    entity: str


def manual(schema: dict[str, Any], address: str, example: Example, mcp: bool) -> str:
    """The page as HTML.

    Args:
        schema: the OpenAPI description.
        address: where the server is, without a slash at the end.
        mcp: whether it also speaks MCP.
    """
    title = f"{schema['info']['title']}, for programs"
    operations = [
        _operation(schema, path, method, operation, curl(address, path, method, example))
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    more = [_client(address, example), _mcp(address) if mcp else "", _refusals(), COPYING]
    return plain_page(title, "".join([_beginning(schema, title), *operations, *more]))


def curl(address: str, path: str, method: str, example: Example) -> str:
    """A command that can be pasted into a terminal."""
    if method == "post":
        body = json.dumps({"question": example.question}, ensure_ascii=False)
        header = "-H 'content-type: application/json'"
        return f"curl -s {shlex.quote(address + path)} {header} \\\n  -d {shlex.quote(body)}"
    query = {"prefix": example.prefix} if path.endswith("entities") else {"entity": example.entity, "limit": "5"}
    return f"curl -s {shlex.quote(f'{address}{path}?{urlencode(query)}')}"


def _beginning(schema: dict[str, Any], title: str) -> str:
    about = _text(schema["info"]["description"])
    return (
        f"<header><h1>{_text(title)}</h1><p>{about} Nothing is stored, and no key is needed. "
        'The description for tools is <a href="openapi.json">openapi.json</a>; '
        'people use <a href="../">the chat</a>.</p></header>'
    )


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], command: str) -> str:
    taken = list(_parameters(operation)) + list(_body(schema, operation))
    given = _fields(schema, operation["responses"]["200"]["content"]["application/json"]["schema"])
    badge = f'<span class="method">{_text(method.upper())}</span>'
    return (
        f'<section><h2>{_text(operation["summary"])}</h2><p class="route">{badge}<code>{_text(path)}</code></p>'
        f"<p>{_prose(operation['description'])}</p>{_code(command)}"
        f"{_table('What it takes', taken)}{_table('What it gives', given)}</section>"
    )


def _parameters(operation: dict[str, Any]) -> Iterable[Row]:
    for parameter in operation.get("parameters", []):
        kind = parameter["schema"]
        default = f" Default: {kind['default']}." if "default" in kind else ""
        yield parameter["name"], _kind(kind), f"{parameter['description']}{default}"


def _body(schema: dict[str, Any], operation: dict[str, Any]) -> Iterable[Row]:
    if "requestBody" in operation:
        yield from _fields(schema, operation["requestBody"]["content"]["application/json"]["schema"])


def _fields(schema: dict[str, Any], reference: dict[str, Any]) -> Iterable[Row]:
    record = schema["components"]["schemas"][_name(reference)]
    for name, field in record["properties"].items():
        about = field.get("description") or _summary(schema, field)
        yield name, _kind(field), about


def _summary(schema: dict[str, Any], field: dict[str, Any]) -> str:
    """The first sentence about the record that a field holds."""
    reference = field if "$ref" in field else field.get("items", {})
    if "$ref" not in reference:
        return ""
    text: str = schema["components"]["schemas"][_name(reference)].get("description", "")
    return text.split("\n\n")[0]


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _kind(field: dict[str, Any]) -> str:
    """The type of a field in a word or two."""
    if "$ref" in field:
        return _name(field)
    if "enum" in field:
        return " or ".join(json.dumps(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(each) for each in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}" if "items" in field else "list"
    return str(field.get("type", "any"))


def _client(address: str, example: Example) -> str:
    code = (
        "from gradio_client import Client\n\n"
        f"client = Client({json.dumps(address)})\n"
        f'print(client.predict({json.dumps(example.question, ensure_ascii=False)}, api_name="/ask"))'
    )
    return (
        "<section><h2>From Python</h2><p>The chat's own endpoint <code>ask</code> gives the same object as "
        f"<code>/api/ask</code>.</p>{_code(code)}</section>"
    )


def _mcp(address: str) -> str:
    settings = json.dumps({"mcpServers": {"kgqa": {"type": "http", "url": f"{address}/mcp"}}}, indent=2)
    return (
        "<section><h2>For assistants (MCP)</h2><p>The tools <code>ask</code>, <code>search_entities</code> and "
        f"<code>facts_about</code>, over Streamable HTTP.</p>{_code(settings)}</section>"
    )


def _refusals() -> str:
    rows = [
        ("400", "", "The body is not JSON."),
        ("404", "", "There is no such entity or no such path."),
        ("405", "", "The path is for another method."),
        ("413", "", "The body is too large."),
        ("415", "", "The body does not say that it is JSON."),
        ("422", "", "Something is missing, empty, too long or of the wrong type."),
        ("429", "", "Too many requests. Retry-After says how many seconds to wait."),
    ]
    form = _code('{"error": "what is wrong", "remedy": "what to do about it"}')
    return f"<section><h2>Refusals</h2><p>All have the same form:</p>{form}{_table('Status', rows)}</section>"


def _table(caption: str, rows: Iterable[Row]) -> str:
    cells = "".join(
        f'<tr><th scope="row"><code>{_text(name)}</code></th><td>{f"<i>{_text(kind)}</i> " if kind else ""}'
        f"{_prose(about)}</td></tr>"
        for name, kind, about in rows
    )
    return f"<table><caption>{_text(caption)}</caption><tbody>{cells}</tbody></table>" if cells else ""


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{_text(text)}</code></pre>'


def _prose(text: str) -> str:
    """Text with what stands between backticks as code."""
    parts = _text(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _text(text: str) -> str:
    return escape(visible(text))
