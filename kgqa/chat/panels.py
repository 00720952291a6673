"""The panels of the side bar: one of three is shown, and what cannot be undone is asked for twice."""

from typing import Any

import gradio as gr

from kgqa.chat.tickets import Ticket, Tickets

PANELS = ("past", "manage", "data")
GONE = "That conversation is no longer there."
Parts = dict[str, Any]


def panels(shown: str) -> tuple[Any, Any, Any]:
    """Updates that show one of PANELS."""
    past, manage, data = (gr.update(visible=name == shown) for name in PANELS)
    return past, manage, data


def returned() -> tuple[Any, ...]:
    """Back to the list."""
    return (*panels("past"), "")


def confirmed(parts: Parts, name: str, words: str, sure: str) -> None:
    """A button, and the two that ask again before anything is lost."""
    slug = name.replace("_", "-")
    parts[name] = gr.Button(words, elem_id=slug, elem_classes="danger", size="sm")
    with gr.Row(elem_id=f"sure-{slug}", elem_classes="sure-row", visible=False) as parts[f"sure_{name}"]:
        parts[f"yes_{name}"] = gr.Button(sure, elem_id=f"yes-{slug}", variant="stop", size="sm", min_width=80)
        parts[f"no_{name}"] = gr.Button("Keep", elem_id=f"no-{slug}", size="sm", min_width=80)


def wire_sure(parts: Parts, name: str, quiet: dict[str, Any]) -> None:
    """Join what `confirmed` made: the first button asks again, "Keep" takes that back."""
    sure = parts[f"sure_{name}"]
    parts[name].click(_ask, None, sure, **quiet)
    parts[f"no_{name}"].click(_unask, None, sure, **quiet)


def _ask() -> Any:
    return asking(True)


def _unask() -> Any:
    return asking(False)


def asking(sure: bool) -> Any:
    """An update of the two buttons that ask again: whether they are shown."""
    return gr.update(visible=sure)


def download(tickets: Tickets, ticket: Ticket, words: str) -> str:
    """A link, as HTML, by which a browser fetches what the ticket gives."""
    return f'<a href="download/{tickets.issue(ticket)}" target="_blank">{words}</a>'


def many(count: int, noun: str) -> str:
    """So many of something, in words."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
